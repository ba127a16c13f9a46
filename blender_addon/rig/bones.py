"""Which bone turns the head, and which way the character looks."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix, Vector

from .schemes import normalised, words


@lru_cache(maxsize=1)
def _head_names() -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
    data = tomllib.loads((Path(__file__).parent / "bones.toml").read_text(encoding="utf-8"))["head"]
    return tuple(_plain(name) for name in data["names"]), frozenset(data["words"]), frozenset(data["never"])


def _plain(name: str) -> str:
    """Bones are numbered on purpose (spine.006), so that the number stays."""
    return normalised(name.replace(".", "_"))


def head_bone(armature: bpy.types.Object) -> str | None:
    """The name of the bone that turns the head, or None. armature: an armature object."""
    data: Any = armature.data
    bones = data.bones
    stated = _stated_head(armature)
    if stated and stated in bones:
        return stated
    names, wanted, never = _head_names()
    full = {_plain(bone.name): bone.name for bone in reversed(bones)}
    short = {_plain(bone.name.rpartition(":")[2]): bone.name for bone in reversed(bones)}
    for name in names:
        if found := full.get(name) or short.get(name):
            return found
    likely = [
        (len(bone.parent_recursive), index, bone.name)
        for index, bone in enumerate(bones)
        if wanted & set(parts := [word.rstrip("0123456789") for word in words(bone.name)]) and not never & set(parts)
    ]
    return min(likely)[2] if likely else None


def _stated_head(armature: bpy.types.Object) -> str | None:
    """The head bone that a VRM avatar names itself: noted by our import, or kept by the VRM Add-on."""
    noted = armature.get("facemimic_head")
    if isinstance(noted, str):
        return noted
    extension: Any = getattr(armature.data, "vrm_addon_extension", None)
    try:
        return extension.vrm1.humanoid.human_bones.head.node.bone_name or None
    except AttributeError:
        return None


def facing(armature: bpy.types.Object) -> Matrix:
    """3×3 matrix whose columns are the character's left, up and forward in armature space at rest.

    Left is read from the bones' own sides and up from the pelvis to the head, so that it holds for characters that
    face either way; where a rig has no sides it faces -Y and stands along Z, as Blender's own rigs do.
    """
    data: Any = armature.data
    bones = data.bones
    sides: dict[tuple[str, ...], dict[str, Vector]] = {}
    for bone in bones:
        parts = words(bone.name)
        for side in ("left", "right"):
            if side in parts:
                rest = tuple("*" if part == side else part for part in parts)
                sides.setdefault(rest, {})[side] = bone.head_local
    left = Vector((0.0, 0.0, 0.0))
    for pair in sides.values():
        if len(pair) == 2:
            left += pair["left"] - pair["right"]
    up = Vector((0.0, 0.0, 1.0))
    name = head_bone(armature)
    if name and (chain := bones[name].parent_recursive):
        # The root often lies on the floor, in front of or behind the body; only its direction up matters.
        rise = bones[name].head_local - chain[-1].head_local
        if rise.length > 1e-6:
            axis = max(range(3), key=lambda k: abs(rise[k]))
            up = Vector([0.0, 0.0, 0.0])
            up[axis] = 1.0 if rise[axis] > 0 else -1.0
    left -= up * left.dot(up)
    if left.length < 1e-6:
        left = Vector((1.0, 0.0, 0.0)) if abs(up.x) < 0.5 else Vector((0.0, 1.0, 0.0))
    else:
        axis = max(range(3), key=lambda k: abs(left[k]))
        sign = 1.0 if left[axis] > 0 else -1.0
        left = Vector([0.0, 0.0, 0.0])
        left[axis] = sign
    columns: Any = (left, up, left.cross(up))
    return Matrix(columns).transposed()
