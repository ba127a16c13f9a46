"""Whether what hangs on an eye's bone is an eyeball, or drawn flat as anime eyes are, which may turn only a little."""

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np

from .parts import groups_of, hangs_on

_SAMPLE = 2000
"""Vertices of a mesh that are looked at, spread evenly."""
_FEWEST = 8
FLAT = 0.25
"""Depth of a disc, as a share of its width, up to which an eye is flat; a half of a ball has 0.5."""
_ROUND = 0.4
"""Height of a disc as a share of its width; below it, it is a line or a lash."""


def is_flat(meshes: Iterable[bpy.types.Object], armature: bpy.types.Object, motion: str, bone: str) -> bool:
    """Whether the vertices that hang on the bone, of the mesh that has most of them, lie in a shallow disc."""
    found = [_hanging(mesh, armature, motion, bone) for mesh in meshes]
    points = max(found, key=len, default=np.empty((0, 3)))
    if len(points) < _FEWEST:
        return False
    width, height, depth = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(height > _ROUND * width and depth < FLAT * width)


def _hanging(mesh: bpy.types.Object, armature: bpy.types.Object, motion: str, bone: str) -> np.ndarray:
    """float64 (vertices, 3)."""
    data: Any = mesh.data
    vertices = data.vertices
    chosen = np.linspace(0, len(vertices) - 1, min(_SAMPLE, len(vertices))).astype(int).tolist()
    if not hangs_on(mesh, armature, motion, bone):
        groups = groups_of(mesh, motion, armature, bone)
        chosen = [index for index in chosen if _held(vertices[index], groups)] if groups else []
    return np.array([vertices[index].co[:] for index in chosen], float).reshape(-1, 3)


def _held(vertex: Any, groups: frozenset[int]) -> bool:
    return any(one.weight > 0.5 and one.group in groups for one in vertex.groups)
