"""Which of a character's shape keys Godot's face tracker drives, and under which names it would drive the others."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import bpy

from ..export.blender_data import key_blocks
from ..rig.character import Character, Target
from ..rig.schemes import all_schemes
from ..rig.words import normalised, words

HALVED: Final = "browInnerUp"
HALVES: Final = ("browInnerUpLeft", "browInnerUpRight")
_SIDES: Final = ("Left", "Right")
_LEADS: Final = 0.5
"""Gain from which a shape key is the shape of a channel."""


class Wanted(NamedTuple):
    """aliases: mesh, shape key, known name. halves: mesh and shape key that needs two. unknown: mesh and shape key."""

    aliases: list[tuple[bpy.types.Object, str, str]]
    halves: list[tuple[bpy.types.Object, str]]
    unknown: list[tuple[bpy.types.Object, str]]


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("tracker_names.toml").read_text("utf-8"))


def names() -> dict[str, tuple[str, ...]]:
    """Channel to the names that the tracker knows for it, as `plain` gives them."""
    return {channel: tuple(known) for channel, known in _data()["channels"].items()}


@cache
def known() -> frozenset[str]:
    """Every name that the tracker drives, as `plain` gives them."""
    data = _data()
    others = [*data["both_sides"].values(), *data["others"]["names"]]
    others += [part + side for part in data["others"]["sides"] for side in _SIDES]
    return frozenset().union(*names().values(), map(plain, others))


def plain(name: str) -> str:
    """A name as the tracker compares it."""
    return name.lower().replace("_", "")


def wanted(character: Character) -> Wanted:
    """What of the character's shape keys the tracker would leave still."""
    found = Wanted([], [], [])
    taken = {mesh: {plain(block.name) for block in key_blocks(mesh)} for mesh in character.meshes}
    for target in character.targets:
        mesh, shape_key = target.mesh, target.shape_key
        if plain(shape_key) in known():
            continue
        name = _name_for(target)
        if name == HALVED:
            if not taken[mesh].issuperset(map(plain, HALVES)):
                found.halves.append((mesh, shape_key))
                taken[mesh].update(map(plain, HALVES))
        elif name and not taken[mesh].intersection(_alike(name)):
            found.aliases.append((mesh, shape_key, name))
            taken[mesh].add(plain(name))
        elif not name:
            found.unknown.append((mesh, shape_key))
    return found


def repeated(character: Character) -> list[tuple[bpy.types.Object, list[str]]]:
    """The shape keys of a mesh that the tracker takes for one, of which it drives the last."""
    found = []
    for mesh in character.meshes:
        alike: dict[frozenset[str], list[str]] = {}
        for block in key_blocks(mesh):
            if plain(block.name) in known():
                alike.setdefault(frozenset(_alike(block.name)), []).append(block.name)
        found += [(mesh, same) for same in alike.values() if len(same) > 1]
    return found


def _name_for(target: Target) -> str:
    """The name under which the tracker would drive a shape key; empty where it knows no such shape."""
    leading = [channel for channel, gain in target.mix.items() if gain >= _LEADS]
    if len(leading) != len(target.mix) or _is_emotion(target.shape_key):
        return ""
    if len(leading) == 1:
        return _single(leading[0], target.shape_key)
    stems = {channel.removesuffix(side) for channel in leading for side in _SIDES if channel.endswith(side)}
    return _data()["both_sides"].get(stems.pop(), "") if len(leading) == 2 and len(stems) == 1 else ""


def _single(channel: str, shape_key: str) -> str:
    sides = [side for side in _SIDES if side.lower() in words(shape_key)]
    if not sides or channel.endswith(_SIDES):
        return channel
    # One side of what is whole in ARKit, as cheekPuff_L.
    name = channel + sides[0]
    return name if len(sides) == 1 and plain(name) in known() else ""


def _alike(name: str) -> set[str]:
    """What the tracker takes for the same: the other names of a channel."""
    return {plain(name)}.union(*(all_of for all_of in names().values() if plain(name) in all_of))


def _is_emotion(shape_key: str) -> bool:
    """Whether a shape shows a whole expression, of which the tracker would play a part."""
    meanings = (scheme.meanings.get(normalised(shape_key)) for scheme in all_schemes())
    return any(meaning is not None and meaning.table == "expressions" for meaning in meanings)
