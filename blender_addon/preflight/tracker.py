"""Which of a character's shape keys Godot's face tracker drives, and what they would have to be called."""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import bpy

from ..export.blender_data import key_blocks
from ..rig.character import Character

HALVED = "browInnerUp"
HALVES = ("browInnerUpLeft", "browInnerUpRight")

_LEADS = 0.5
"""Gain from which a shape key is the shape of a channel."""


class Wanted(NamedTuple):
    """renames: mesh, shape key, new name. halves: mesh and shape key that needs two. unknown: mesh and shape key."""

    renames: list[tuple[bpy.types.Object, str, str]]
    halves: list[tuple[bpy.types.Object, str]]
    unknown: list[tuple[bpy.types.Object, str]]


@cache
def names() -> dict[str, frozenset[str]]:
    """Channel to the names that the tracker knows for it, lower case without underscores."""
    data = tomllib.loads(Path(__file__).with_name("tracker_names.toml").read_text("utf-8"))
    return {channel: frozenset(known) for channel, known in data.items()}


def wanted(character: Character) -> Wanted:
    """What of the character's shape keys the tracker would leave still."""
    found = Wanted([], [], [])
    taken = {mesh: {_plain(block.name) for block in key_blocks(mesh)} for mesh in character.meshes}
    every = frozenset().union(*names().values()) | {_plain(half) for half in HALVES}
    for target in character.targets:
        if _plain(target.shape_key) in every:
            continue
        leading = [channel for channel, gain in target.mix.items() if gain >= _LEADS]
        alone = leading[0] if len(leading) == 1 and len(target.mix) == 1 else None
        if alone == HALVED:
            if not taken[target.mesh].issuperset(map(_plain, HALVES)):
                found.halves.append((target.mesh, target.shape_key))
        elif alone is not None and alone.lower() not in taken[target.mesh]:
            taken[target.mesh].add(alone.lower())
            found.renames.append((target.mesh, target.shape_key, alone))
        else:
            found.unknown.append((target.mesh, target.shape_key))
    return found


def _plain(name: str) -> str:
    return name.lower().replace("_", "")
