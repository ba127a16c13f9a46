"""Whether a shape key moves the same part of a mesh as a bone."""

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np

from .bones import means_motion

_SAMPLE = 200
"""Vertices that are looked at, of those that a shape key moves."""
_MOVED = 0.05
"""Share of a shape key's largest displacement from which a vertex counts as moved."""
_ENOUGH = 0.02
"""Share of the moved vertices that must hang on the bone: an eyeball has fewer vertices than the lids around it."""


def groups_of(mesh: bpy.types.Object, motion: str, armature: bpy.types.Object, bone: str) -> frozenset[int]:
    """Indices of the vertex groups that a motion carries along.

    They are the bone's own, those of bones below it, and where it is a control, those of the bones that it steers.
    """
    if not mesh.vertex_groups:
        return frozenset()
    data: Any = armature.data
    below = {bone, *(child.name for child in data.bones[bone].children_recursive)}
    return frozenset(
        group.index for group in mesh.vertex_groups if group.name in below or means_motion(group.name, motion)
    )


def hangs_on(mesh: bpy.types.Object, armature: bpy.types.Object, motion: str, bone: str) -> bool:
    """Whether the whole mesh is a child of the motion's bone."""
    if mesh.parent != armature or mesh.parent_type != "BONE":
        return False
    return mesh.parent_bone == bone or means_motion(mesh.parent_bone, motion)


def moves_groups(mesh: bpy.types.Object, shape_key: str, groups: Iterable[int], armature: bpy.types.Object) -> bool:
    """Whether the shape key moves vertices that hang mostly on one of these vertex groups.

    Groups without a bone, for masks and modifiers, carry nothing and do not count.
    """
    groups = frozenset(groups)
    if not groups:
        return False
    bones: Any = armature.data
    carrying = groups | {group.index for group in mesh.vertex_groups if group.name in bones.bones}
    moved = _displaced(mesh, shape_key)
    chosen = moved[np.linspace(0, len(moved) - 1, min(_SAMPLE, len(moved))).astype(int)]
    data: Any = mesh.data
    vertices = data.vertices
    wanted = _ENOUGH * len(chosen)
    hanging = 0
    for index in chosen.tolist():
        weights = [(held.group, held.weight) for held in vertices[index].groups if held.group in carrying]
        own = sum(weight for group, weight in weights if group in groups)
        hanging += own > 0.5 * sum(weight for _, weight in weights)
        if hanging > wanted:
            return True
    return False


def _displaced(mesh: bpy.types.Object, shape_key: str) -> np.ndarray:
    """Indices of the vertices that the shape key moves clearly, by ascending index."""
    data: Any = mesh.data
    block = data.shape_keys.key_blocks[shape_key]
    moved = _points(block) - _points(block.relative_key)
    distance = np.einsum("ij,ij->i", moved, moved)
    largest = float(distance.max(initial=0.0))
    return np.flatnonzero(distance > _MOVED**2 * largest) if largest > 0 else np.empty(0, int)


def _points(block: Any) -> np.ndarray:
    """float32 (vertices, 3)."""
    held = block.points if hasattr(block, "points") else block.data
    flat = np.empty(3 * len(held), np.float32)
    held.foreach_get("co", flat)
    return flat.reshape(-1, 3)
