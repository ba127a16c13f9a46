"""Humanoid bones by where they are: below a head, a body has two branches that reach down and two that reach out."""

from collections.abc import Callable, Iterator
from typing import Any

import bpy
from mathutils import Vector

from ..rig.bones import facing, head_bone
from .blender_data import armature_bones

_FOOT: float = 0.25
"""Part of the hips' height below which a leg's bone is the foot."""
_FINGERS = 3
"""Children that make an arm's bone the hand."""


def bones_by_shape(armature: bpy.types.Object) -> dict[str, str]:
    """Humanoid bone to the armature's bone, from the rest pose alone; empty when it does not look like a person."""
    bones = armature_bones(armature)
    name = head_bone(armature)
    if not name:
        return {}
    axes: Any = facing(armature).transposed()
    at = {bone: axes @ bones[bone].head_local for bone in bones}
    body = [bones[name], *bones[name].parent_recursive]
    hips = _fork(body, at, lambda place: -place.y)
    arms = _fork(body, at, lambda place: abs(place.x))
    if not hips or not arms:
        return {}
    root, legs = hips
    ground = min(at[leg[-1]].y for leg in legs)
    found = {"hips": root, "head": name}
    for side, leg, arm in zip(("left", "right"), legs, arms[1], strict=True):
        found |= {side + part: bone for part, bone in _leg(leg, at, ground, at[root].y)}
        found |= {side + part: bone for part, bone in _arm(arm, bones)}
    chain = [bone.name for bone in reversed(body)]
    between = chain[chain.index(root) + 1 : chain.index(name)]
    upper = between.index(arms[0]) + 1 if arms[0] in between else 0
    found |= dict(zip(("spine", "chest", "upperChest"), between[:upper], strict=False))
    if between[upper:]:
        found["neck"] = between[-1]
    return found


def _fork(
    body: list[bpy.types.Bone], at: dict[str, Vector], reach: Callable[[Vector], float]
) -> tuple[str, tuple[list[str], list[str]]] | None:
    """The bone of the body whose left and right branches reach farthest, and both paths to their ends."""
    on_body = {bone.name for bone in body}
    best = None
    farthest = 0.0
    for bone in body[1:]:
        paths: dict[bool, list[str]] = {}
        for child in bone.children:
            if child.name in on_body:
                continue
            path = max(_paths(child), key=lambda names: reach(at[names[-1]]))
            side = at[path[-1]].x > 0
            if side not in paths or reach(at[path[-1]]) > reach(at[paths[side][-1]]):
                paths[side] = path
        if len(paths) == 2:
            length = min(reach(at[path[-1]]) - reach(at[bone.name]) for path in paths.values())
            if length > farthest:
                best, farthest = (bone.name, (paths[True], paths[False])), length
    return best


def _paths(bone: bpy.types.Bone) -> Iterator[list[str]]:
    if not bone.children:
        yield [bone.name]
    for child in bone.children:
        for path in _paths(child):
            yield [bone.name, *path]


def _leg(path: list[str], at: dict[str, Vector], ground: float, hips: float) -> list[tuple[str, str]]:
    feet = [i for i, name in enumerate(path) if at[name].y - ground < _FOOT * (hips - ground) and i >= 2]
    if not feet:
        return []
    foot = feet[0]
    knee = (at[path[0]].y + at[path[foot]].y) / 2
    lower = min(path[1:foot], key=lambda name: abs(at[name].y - knee))
    found = [("UpperLeg", path[0]), ("LowerLeg", lower), ("Foot", path[foot])]
    return [*found, ("Toes", path[foot + 1])] if foot + 1 < len(path) else found


def _arm(path: list[str], bones: dict[str, bpy.types.Bone]) -> list[tuple[str, str]]:
    hand = next((i for i, name in enumerate(path) if len(bones[name].children) >= _FINGERS), len(path) - 1)
    if hand < 2:
        return []
    found = [("UpperArm", path[hand - 2]), ("LowerArm", path[hand - 1]), ("Hand", path[hand])]
    return [("Shoulder", path[hand - 3]), *found] if hand >= 3 else found
