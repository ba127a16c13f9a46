"""Shape keys that repeat another under a name that some program asks for. They take no part in a performance."""

import json
from typing import Any, Final

import bpy

PROPERTY: Final = "facemimic_aliases"
"""Custom property of a Key: JSON of alias to the shape key that it repeats."""


def aliases(key: bpy.types.Key | None) -> dict[str, str]:
    """Alias to the shape key that it repeats; one whose original is gone is a shape key like others."""
    told: Any = key.get(PROPERTY) if key is not None else None
    if key is None or not isinstance(told, str):
        return {}
    try:
        known = json.loads(told)
    except ValueError:
        return {}
    present = set(key.key_blocks.keys())
    pairs = known.items() if isinstance(known, dict) else ()
    return {alias: original for alias, original in pairs if {alias, str(original)} <= present}


def remember(key: bpy.types.Key, alias: str, original: str) -> None:
    """Keeps that a shape key is an alias; forgets those that are gone."""
    key[PROPERTY] = json.dumps({**aliases(key), alias: original}, ensure_ascii=False)
