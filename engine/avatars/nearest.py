"""An avatar's file as a rig to be fitted to: its shapes, its expressions with their overrides, and what they move."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from engine.avatars.arrays import rows
from engine.avatars.face import expressions, target_names
from engine.avatars.glb import Glb
from engine.retarget.controls import Expression, Mesh
from engine.retarget.mesh import Moved
from engine.retarget.overrides import GROUPS

_APART: Final = 1e-5
"""Parts of a mesh's size by which vertices differ that are not one."""


def meshes_of(avatar: Glb) -> dict[int, Mesh]:
    """By number, the meshes that have morph targets."""
    stated, overrides = expressions(avatar), _overrides(avatar)
    found = {}
    for number, names in target_names(avatar).items():
        own = []
        for name, binds in stated:
            here = {names[index]: weight for mesh, index, weight in binds if mesh == number and 0 <= index < len(names)}
            if here:
                own.append(Expression(name, here, overrides.get(name, {})))
        found[number] = Mesh(names, own, moved=_moved(avatar, avatar.items("meshes")[number], names))
    return found


def _overrides(avatar: Glb) -> dict[str, dict[str, str]]:
    """What VRM 1.0 expressions hold back, by their names; 0.x knows no such rule."""
    stated = _inside(avatar.document, "extensions", "VRMC_vrm", "expressions")
    found = {}
    for table in ("preset", "custom"):
        for name in _inside(stated, table):
            expression = _inside(stated, table, name)
            modes = {group: expression.get(f"override{group[0].upper()}{group[1:]}") for group in GROUPS}
            found[name] = {group: mode for group, mode in modes.items() if mode in ("block", "blend")}
    return found


def _inside(table: Any, *path: str) -> dict[str, Any]:
    for name in path:
        table = table.get(name) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def _moved(avatar: Glb, mesh: Mapping[str, Any], names: tuple[str, ...]) -> Moved | None:
    """What the targets move; None where the file keeps it in an encoding of its own."""
    points: list[np.ndarray] = []
    moved: list[list[np.ndarray]] = [[] for _ in names]
    primitives = mesh.get("primitives")
    for primitive in primitives if isinstance(primitives, list) else ():
        rest = rows(avatar, _inside(primitive, "attributes").get("POSITION"), "VEC3")
        if rest is None:
            return None
        points.append(rest)
        targets = primitive.get("targets")
        targets = targets if isinstance(targets, list) else []
        for index in range(len(names)):
            place = _inside(targets[index]).get("POSITION") if index < len(targets) else None
            delta = np.zeros_like(rest) if place is None else rows(avatar, place, "VEC3")
            if delta is None or delta.shape != rest.shape:
                return None
            moved[index].append(delta)
    if not points:
        return None
    return _joined(np.concatenate(points), [np.concatenate(own) for own in moved], names)


def _joined(points: np.ndarray, moved: list[np.ndarray], names: tuple[str, ...]) -> Moved:
    """Vertices that are one on the artist's mesh and several in the file, for the sake of normals or textures, once.

    Those that lie together at rest may still part, as lips do, so that a mixture of all targets is compared as well.
    """
    shares = np.random.default_rng(0).uniform(0.5, 1.0, len(moved))
    mixture = sum((share * one for share, one in zip(shares, moved, strict=True)), np.zeros_like(points))
    size = float(np.ptp(points, axis=0).max()) if len(points) else 0.0
    places = np.round(np.concatenate([points, mixture], axis=1) / (_APART * (size or 1.0))).astype(np.int64)
    _, first = np.unique(places, axis=0, return_index=True)
    first.sort()
    return Moved(points[first], {name: one[first] for name, one in zip(names, moved, strict=True)})
