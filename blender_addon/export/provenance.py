"""What an exported file says about where its performance comes from."""

import json
import math
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path, PurePath
from typing import Any, Final

import bpy

from ..bake.write import takes
from .gltf_file import GltfFile

_LONGEST: Final = 2000
"""Characters of JSON that one fact may take: requests fit, recorded curves do not belong here."""
_DIGITS: Final = 6
"""Decimals of a number: 0.68 is what was asked, not 0.6799999999999999."""


@cache
def generator() -> str:
    """Name and version of the add-on, as its manifest says it."""
    manifest = tomllib.loads((Path(__file__).parents[1] / "blender_manifest.toml").read_text("utf-8"))
    return f"{manifest['name']} {manifest['version']}"


def of_action(action: bpy.types.Action, frame_range: tuple[float, float] | None = None) -> dict[str, Any]:
    """Where the takes that were baked into an Action come from; empty for actions that FaceMimic did not make.

    One take gives its own facts, several give {"takes": [facts, …]}; those outside of frame_range are left out.
    """
    start, end = frame_range or (-math.inf, math.inf)
    found = [take["provenance"] for take in takes(action) if take["start"] <= end and take["end"] >= start]
    return dict(found[0]) if len(found) == 1 else {"takes": found} if found else {}


def of_actions(actions: Sequence[bpy.types.Action]) -> dict[str, Any]:
    """The same of several Actions."""
    found = [facts for action in actions if (facts := of_action(action))]
    every = [take for facts in found for take in facts.get("takes", [facts])]
    return found[0] if len(found) == 1 else {"takes": every} if every else {}


def stamp(file: GltfFile, facts: dict[str, Any] | None) -> None:
    """Writes into asset.extras who made the file, its performance's `facts`, and if so that a machine made that."""
    about: dict[str, Any] = {"generator": generator()}
    if facts is not None:
        if _machine_made(facts):
            about["machine-made performance"] = True
        about.update({name: value for name, value in _public(facts).items() if name not in about})
    file.document["asset"].setdefault("extras", {})["FaceMimic"] = about


def _machine_made(facts: dict[str, Any]) -> bool:
    """Whether a model made the performance, or one of the takes in it; recorded and hand-made ones are no such."""
    return any(take.get("machine_made") is True for take in (facts, *facts.get("takes", ())))


def _public(value: Any) -> Any:
    """Facts without folders of the artist's disk, without long data, and with numbers as people write them."""
    if isinstance(value, dict):
        kept = {str(name): _public(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if len(json.dumps(item)) <= _LONGEST}
    if isinstance(value, list):
        return [_public(item) for item in value]
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, str) and PurePath(value).is_absolute():
        return PurePath(value).name
    return value
