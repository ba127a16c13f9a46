"""A character's meshes as the engine sees them for face shapes: one mesh in world space, with colours."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import bpy
import numpy as np

from ..messages import AddonError
from .colours import vertex_colours
from .family import no_face, relatives

PREVIEW = "facemimic_preview"
"""Custom property of a mesh's shape keys while face shapes wait for Keep or Discard."""


class Part(NamedTuple):
    """One object of the whole. vertices: where its own lie in it; linear (3, 3): its own space to the world's."""

    obj: bpy.types.Object
    vertices: slice
    linear: np.ndarray


class FaceMesh(NamedTuple):
    """points (v, 3) in world space, triangles int (t, 3), colours linear rgb (v, 3); notes: what was left out, why."""

    parts: tuple[Part, ...]
    points: np.ndarray
    triangles: np.ndarray
    colours: np.ndarray
    notes: tuple[str, ...]

    def arrays(self) -> dict[str, np.ndarray]:
        """What is sent to the engine; the pipe carries float32, which holds vertex numbers up to 16 million."""
        return {"points": self.points, "triangles": self.triangles, "colours": self.colours}


def face_mesh(obj: bpy.types.Object) -> FaceMesh:
    """The meshes of the character that `obj`, a mesh or an armature, belongs to.

    Raises AddonError for an object that cannot be given shape keys; of a character's other meshes such are left out.
    """
    if obj.type not in {"MESH", "ARMATURE"}:
        raise AddonError(no_face(obj, "face mesh"))
    parts: list[Part] = []
    points: list[np.ndarray] = []
    triangles: list[np.ndarray] = []
    colours: list[np.ndarray] = []
    notes: list[str] = []
    start = 0
    for mesh in relatives(obj):
        if mesh.type != "MESH" or (not mesh.visible_get() and mesh != obj):
            continue
        if reason := obstacle(mesh):
            if mesh == obj:
                raise AddonError(reason)
            notes.append(reason)
            continue
        matrix = np.array(mesh.matrix_world)
        own = _triangles(mesh)
        if not len(own):
            continue
        if np.linalg.det(matrix[:3, :3]) < 0:
            own = own[:, ::-1]
        rest = basis(mesh)
        parts.append(Part(mesh, slice(start, start + len(rest)), matrix[:3, :3]))
        points.append(rest @ matrix[:3, :3].T + matrix[:3, 3])
        triangles.append(own + start)
        colours.append(vertex_colours(mesh))
        start += len(rest)
    if not parts:
        raise AddonError(notes[0] if notes else f"{obj.name} carries no visible mesh with faces. Select the face mesh.")
    whole = np.concatenate(points), np.concatenate(triangles), np.concatenate(colours)
    return FaceMesh(tuple(parts), *whole, tuple(notes))


def basis(mesh: bpy.types.Object) -> np.ndarray:
    """The mesh at rest, in its own space (v, 3)."""
    data: Any = mesh.data
    keys = data.shape_keys
    return read(keys.reference_key.data if keys else data.vertices)


def read(points: Any) -> np.ndarray:
    """The `co` of vertices or of a shape key's points, float64 (v, 3)."""
    flat = np.empty(len(points) * 3, np.float32)
    points.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(float)


def obstacle(mesh: bpy.types.Object) -> str | None:
    """Why this object cannot be given shape keys, as a sentence with the way out; None when it can."""
    data: Any = mesh.data
    local = "Make it local (Object > Relations > Make Local > Selected Objects, Data & Materials) or open that file."
    for block in (mesh, data, data.shape_keys):
        if block is not None and block.library:
            return f"{mesh.name} is linked from {bpy.path.basename(block.library.filepath)}. {local}"
        if block is not None and block.override_library:
            return f"{mesh.name} is a library override, which cannot be given shape keys. {local}"
    if data.users > 1:
        return (
            f"{mesh.name} shares its mesh “{data.name}” with other objects, which would get the shapes too. "
            "Make it a single user first (Object > Relations > Make Single User > Object & Data)."
        )
    if mesh.mode != "OBJECT":
        return f"{mesh.name} is in {mesh.mode.replace('_', ' ').title()} Mode. Go to Object Mode first (Tab)."
    if data.shape_keys and not data.shape_keys.use_relative:
        return f"{mesh.name} has absolute shape keys. Turn on Relative in its Shape Keys panel."
    if data.shape_keys and PREVIEW in data.shape_keys:
        return f"{mesh.name} has face shapes that wait for your decision. Press Keep or Discard first."
    if any(modifier.type == "MIRROR" for modifier in mesh.modifiers):
        return (
            f"{mesh.name} has a Mirror modifier, with which one side cannot blink alone. Apply it first: in its menu "
            "(⌄) press Apply."
        )
    linear = np.array(mesh.matrix_world)[:3, :3]
    if not np.isfinite(linear).all() or abs(np.linalg.det(linear)) < 1e-18:
        return f"{mesh.name} is scaled to nothing along an axis. Give it a scale first (N panel > Item > Scale)."
    return None


def previewed(objects: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
    """Those of the objects whose face shapes wait for Keep or Discard."""
    found = []
    for obj in objects:
        keys = getattr(obj.data, "shape_keys", None) if obj.type == "MESH" else None
        if keys is not None and PREVIEW in keys:
            found.append(obj)
    return found


def _triangles(mesh: bpy.types.Object) -> np.ndarray:
    data: Any = mesh.data
    data.calc_loop_triangles()
    flat = np.empty(len(data.loop_triangles) * 3, np.int32)
    data.loop_triangles.foreach_get("vertices", flat)
    return flat.reshape(-1, 3)
