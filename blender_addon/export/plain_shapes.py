"""Shape keys as glTF has them: whole displacements of the basis.

Blender's exporter writes every shape key as it lies there, and forgets the vertex group that limits it and the shape
key that it is relative to.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import bpy
import numpy as np

from .blender_data import key_blocks, shape_keys


@contextmanager
def plain_shapes(objects: Iterable[bpy.types.Object]) -> Iterator[None]:
    """Writes vertex groups and relative keys into the shapes themselves, and afterwards all as it was.

    Shapes that are linked from other files stay as they lie there.
    """
    keyed = {key: obj for obj in objects if (key := shape_keys(obj)) is not None}
    held = {key: obj for key, obj in keyed.items() if key.use_relative and key.is_editable}
    changed = [(obj, block) for obj in held.values() for block in key_blocks(obj)[1:] if _is_limited(obj, block)]
    before = [(block, _points(block), block.vertex_group, block.relative_key) for _, block in changed]
    wanted = [_shown(obj, block) for obj, block in changed]
    try:
        for (obj, block), points in zip(changed, wanted, strict=True):
            block.vertex_group, block.relative_key = "", key_blocks(obj)[0]
            block.data.foreach_set("co", points.ravel())
        yield
    finally:
        for block, points, group, relative in before:
            block.vertex_group, block.relative_key = group, relative
            block.data.foreach_set("co", points.ravel())


def _is_limited(obj: bpy.types.Object, block: bpy.types.ShapeKey) -> bool:
    return block.vertex_group in obj.vertex_groups or block.relative_key != key_blocks(obj)[0]


def _shown(obj: bpy.types.Object, block: bpy.types.ShapeKey) -> np.ndarray:
    """float32 (vertices, 3): where the vertices are when the shape key alone is at 1."""
    moved = _points(block) - _points(block.relative_key)
    if block.vertex_group in obj.vertex_groups:
        moved *= _shares(obj, block.vertex_group)[:, None]
    return _points(key_blocks(obj)[0]) + moved


def _shares(obj: bpy.types.Object, group: str) -> np.ndarray:
    """float32 (vertices,): how much of each is in a vertex group."""
    index = obj.vertex_groups[group].index
    mesh = obj.data
    assert isinstance(mesh, bpy.types.Mesh)
    told = (next((one.weight for one in vertex.groups if one.group == index), 0.0) for vertex in mesh.vertices)
    return np.fromiter(told, np.float32, len(mesh.vertices))


def _points(block: bpy.types.ShapeKey) -> np.ndarray:
    points = np.empty((len(block.data), 3), np.float32)
    block.data.foreach_get("co", points.ravel())
    return points
