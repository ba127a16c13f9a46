"""The fingers of a humanoid: below each hand, in order, the bones whose names tell a finger."""

import re
from itertools import pairwise
from typing import Final

import bpy

from ..rig.avatar_bones import stated_bones
from ..rig.words import words
from .blender_data import armature_bones

_JOINTS: Final = {
    "Thumb": ("Metacarpal", "Proximal", "Distal"),
    **dict.fromkeys(("Index", "Middle", "Ring", "Little"), ("Proximal", "Intermediate", "Distal")),
}
"""VRM 1.0's fingers and their bones, from the hand outwards."""
_NAMES: Final = {
    "Thumb": {"thumb"},
    "Index": {"index"},
    "Middle": {"middle", "mid"},
    "Ring": {"ring"},
    "Little": {"little", "pinky", "pinkie"},
}
_PALM: Final = {"metacarpal", "palm"}
"""Words of bones in the palm, which VRM has for the thumb alone."""


def hand_bones(armature: bpy.types.Object, body: dict[str, str]) -> dict[str, str]:
    """Humanoid bone to the armature's bone, of all fingers that hang on the hands in `body`."""
    own, stated = armature_bones(armature), stated_bones(armature)
    found: dict[str, str] = {}
    for side in ("left", "right"):
        hand = own[body[f"{side}Hand"]]
        for finger, joints in _JOINTS.items():
            names = [f"{side}{finger}{joint}" for joint in joints]
            told = {name: stated[name] for name in names if name in stated}
            if not _hang_on(own, list(told.values()), hand):
                told = dict(zip(names, _named(hand, finger), strict=False))
            found |= told
    return {name: bone for name, bone in found.items() if bone not in body.values()}


def _hang_on(own: dict[str, bpy.types.Bone], chain: list[str], hand: bpy.types.Bone) -> bool:
    above = [hand, *(own[bone] for bone in chain)]
    return bool(chain) and all(one in other.parent_recursive for one, other in pairwise(above))


def _named(hand: bpy.types.Bone, finger: str) -> list[str]:
    """The bones of a finger, each below the one before."""
    chain: list[bpy.types.Bone] = []
    below = sorted(hand.children_recursive, key=lambda bone: len(bone.parent_recursive))
    for bone in below:
        told = {re.sub(r"\d+$", "", word) for word in words(bone.name)}
        if not told & _NAMES[finger] or (finger != "Thumb" and told & _PALM):
            continue
        if not chain or chain[-1] in bone.parent_recursive:
            chain.append(bone)
    return [bone.name for bone in chain[: len(_JOINTS[finger])]]
