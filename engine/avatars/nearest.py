"""An avatar's file as a rig to be fitted to: its shapes, its expressions with their overrides, and what they move."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from engine.avatars.face import expressions, target_names
from engine.avatars.glb import Glb
from engine.retarget.controls import Expression, Mesh
from engine.retarget.mesh import Moved
from engine.retarget.overrides import GROUPS

_FLOAT: Final = 5126
_INDICES: Final = {5121: "u1", 5123: "<u2", 5125: "<u4"}


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
        rest = _vectors(avatar, _inside(primitive, "attributes").get("POSITION"))
        if rest is None:
            return None
        points.append(rest)
        targets = primitive.get("targets")
        targets = targets if isinstance(targets, list) else []
        for index in range(len(names)):
            place = _inside(targets[index]).get("POSITION") if index < len(targets) else None
            delta = np.zeros_like(rest) if place is None else _vectors(avatar, place)
            if delta is None or delta.shape != rest.shape:
                return None
            moved[index].append(delta)
    if not points:
        return None
    return Moved(np.concatenate(points), {name: np.concatenate(own) for name, own in zip(names, moved, strict=True)})


def _vectors(avatar: Glb, index: Any) -> np.ndarray | None:
    """float64 (rows, 3) of a plain or sparse float accessor."""
    about = avatar.at("accessors", index)
    if about is None or about.get("componentType") != _FLOAT or about.get("type") != "VEC3":
        return None
    try:
        rows = np.zeros((about["count"], 3))
        if "bufferView" in about:
            view = avatar.at("bufferViews", about["bufferView"]) or {}
            rows[:] = _strided(avatar, about["bufferView"], about, about["count"], view.get("byteStride") or 12)
        if "sparse" in about:
            sparse = about["sparse"]
            count, at = sparse["count"], sparse["indices"]
            data = avatar.view(at["bufferView"])
            if data is None:
                return None
            places = np.frombuffer(data, _INDICES[at["componentType"]], count, at.get("byteOffset", 0))
            rows[places] = _strided(avatar, sparse["values"]["bufferView"], sparse["values"], count, 12)
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    return rows if np.isfinite(rows).all() else None


def _strided(avatar: Glb, view: Any, about: Mapping[str, Any], count: int, stride: int) -> np.ndarray:
    data = avatar.view(view)
    if data is None:
        raise ValueError
    block = np.ndarray((count, 3), "<f4", data, about.get("byteOffset", 0), (stride, 4))
    return block.astype(float)
