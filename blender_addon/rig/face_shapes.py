"""Face shapes written as shape keys, to be kept or discarded."""

import json
from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from ..messages import AddonError
from .face_mesh import PREVIEW, FaceMesh, basis

_MOVES = 1e-4
"""Share of the largest motion of all below which an object's vertices count as still."""


def add_shapes(whole: FaceMesh, names: Sequence[str], vertices: np.ndarray, deltas: np.ndarray) -> dict[str, int]:
    """Adds shape keys, all at 0, to the objects that move; returns how many each object got.

    names: of the shapes. vertices int (n,): those of the whole that move. deltas (shapes, n, 3) in world space.
    An object's own shape keys stay, also those that already have one of the names. Raises AddonError for arrays that
    do not fit.
    """
    if deltas.shape != (len(names), len(vertices), 3) or (len(vertices) and vertices.max() >= len(whole.points)):
        raise AddonError("The engine's answer does not fit the mesh. Install FaceMimic and its engine again.")
    least = _MOVES * float(np.abs(deltas).max(initial=0.0))
    added: dict[str, int] = {}
    for part in whole.parts:
        inside = np.flatnonzero((vertices >= part.vertices.start) & (vertices < part.vertices.stop))
        moving = deltas[:, inside] @ np.linalg.inv(part.linear).T
        own = vertices[inside] - part.vertices.start
        shown = [number for number in range(len(names)) if np.abs(deltas[number, inside]).max(initial=0.0) > least]
        count = _add(part.obj, [names[number] for number in shown], own, moving[shown])
        if count:
            added[part.obj.name] = count
    return added


def _add(obj: bpy.types.Object, names: list[str], vertices: np.ndarray, deltas: np.ndarray) -> int:
    data: Any = obj.data
    before = data.shape_keys.key_blocks.keys() if data.shape_keys else []
    missing = [number for number, name in enumerate(names) if name not in before]
    if not missing:
        return 0
    active = obj.active_shape_key_index
    if not before:
        obj.shape_key_add(name="Basis", from_mix=False)
    rest = basis(obj)
    reference = data.shape_keys.reference_key
    for number in missing:
        block = obj.shape_key_add(name=names[number], from_mix=False)
        moved = rest.copy()
        moved[vertices] += deltas[number]
        block.data.foreach_set("co", moved.astype(np.float32).ravel())
        block.relative_key = reference
        block.value = 0.0  # Blender 5 adds a shape key at 1
    obj.active_shape_key_index = active
    data.shape_keys[PREVIEW] = json.dumps({"added": [names[number] for number in missing], "created": not before})
    data.update()
    return len(missing)


def keep_shapes(obj: bpy.types.Object) -> None:
    """Makes the previewed shapes of an object its own."""
    data: Any = obj.data
    del data.shape_keys[PREVIEW]


def discard_shapes(obj: bpy.types.Object) -> None:
    """Takes the previewed shapes away again; what the object had before, and what was added since, stays."""
    data: Any = obj.data
    try:
        noted = json.loads(data.shape_keys[PREVIEW])
        added, created = set(noted["added"]), bool(noted["created"])
    except (ValueError, KeyError, TypeError):
        added, created = set(), False
    del data.shape_keys[PREVIEW]
    active = obj.active_shape_key
    name = active.name if active else ""
    for block in list(data.shape_keys.key_blocks):
        if block.name in added:
            obj.shape_key_remove(block)
    if created and len(data.shape_keys.key_blocks) == 1:
        obj.shape_key_clear()
    elif name in data.shape_keys.key_blocks:
        obj.active_shape_key_index = data.shape_keys.key_blocks.find(name)
