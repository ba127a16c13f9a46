"""Turns parts into Blender objects: mesh, colours, shape keys, vertex groups."""

from __future__ import annotations

import bmesh
import bpy
import numpy as np

from . import anatomy as an
from . import materials
from .part import Array, Part
from .shapes.arkit import NAMES

STILL = 1e-4  # mm below which a shape counts as not moving a vertex


def to_metres(points: Array) -> Array:
    """Millimetres around the eyes -> metres above the ground."""
    return (points + np.array([0.0, 0.0, an.ORIGIN_HEIGHT])) / 1000.0


def make(part: Part, collection: bpy.types.Collection, turn_outwards: bool = True) -> bpy.types.Object:
    """The part as an object. turn_outwards: let Blender orient the faces of closed islands."""
    mesh = bpy.data.meshes.new(part.name)
    mesh.from_pydata(to_metres(part.points).tolist(), [], part.quads.tolist())
    for name in part.materials:
        mesh.materials.append(materials.get(name))
    mesh.polygons.foreach_set("material_index", part.material.astype(np.int32))
    if turn_outwards:
        work = bmesh.new()
        work.from_mesh(mesh)
        bmesh.ops.recalc_face_normals(work, faces=work.faces)
        work.to_mesh(mesh)
        work.free()
    mesh.shade_smooth()
    paint = mesh.color_attributes.new(materials.COLOUR, "FLOAT_COLOR", "POINT")
    rgba = np.concatenate([part.colour, np.ones((len(part.colour), 1))], axis=1)
    paint.data.foreach_set("color", rgba.astype(np.float32).ravel())
    obj = bpy.data.objects.new(part.name, mesh)
    collection.objects.link(obj)
    _shape_keys(obj, part)
    for bone, weight in part.weights.items():
        group = obj.vertex_groups.new(name=bone)
        for value in np.unique(np.round(weight, 4)):
            if value > 0:
                group.add(np.flatnonzero(np.round(weight, 4) == value).tolist(), float(value), "REPLACE")
    for label, points in part.groups.items():
        if label.startswith(("lid ", "lip line ")):
            obj.vertex_groups.new(name=label).add(points.tolist(), 1.0, "REPLACE")
    return obj


def _shape_keys(obj: bpy.types.Object, part: Part) -> None:
    names = [n for n in NAMES if n in part.shapes]
    if not names:
        return
    obj.shape_key_add(name="Basis", from_mix=False)
    for name in names:
        offsets = part.shapes[name].copy()
        offsets[np.abs(offsets).max(1) < STILL] = 0.0
        key = obj.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", to_metres(part.points + offsets).astype(np.float32).ravel())
        key.slider_min, key.slider_max = 0.0, 1.0
    obj.active_shape_key_index = 0
