"""The artist's answers about an avatar, kept with its armature, so that the next export starts from them."""

import json
from typing import Any, Final

import bpy

from .vrm_meta import CHOICES
from .vrm_meta_offered import Offered, offered_meta

ANSWERS: Final = "facemimic_vrm_answers"
"""Custom property of the armature: JSON of VrmMeta's fields, as the artist left them at the last export."""


def starting_values(armature: bpy.types.Object | None) -> Offered:
    """The artist's own answers, and for the rest what the avatar's file says."""
    offered = offered_meta(armature)
    return offered._replace(fields={**offered.fields, **_answers(armature)})


def remember(armature: bpy.types.Object, fields: dict[str, Any]) -> None:
    """Keeps VrmMeta's fields that were answered."""
    armature[ANSWERS] = json.dumps(fields, ensure_ascii=False)


def _answers(armature: bpy.types.Object | None) -> dict[str, Any]:
    try:
        told = json.loads(armature.get(ANSWERS, "")) if armature is not None else {}
    except (TypeError, ValueError):
        return {}
    if not isinstance(told, dict):
        return {}
    return {name: value for name, value in told.items() if value in CHOICES.get(name, (value,))}
