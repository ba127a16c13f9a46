"""What the add-on sends of a rig, as the solve takes it; the worker's operation `retarget`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.avatars.resolve import Part
from engine.channels import INDEX
from engine.errors import FaceMimicError
from engine.retarget.controls import Expression, Mesh
from engine.retarget.mesh import Moved
from engine.retarget.overrides import GROUPS, MODES


def meshes_from(told: Any, arrays: Mapping[str, np.ndarray]) -> list[Mesh]:
    """The meshes of a request. Raises FaceMimicError when it is none.

    told: a list of {keys, locked, given, expressions}; see controls.Mesh. arrays: where the displacements are known,
    "points N" (V, 3) and "moved N" (keys, V, 3) for mesh N.
    """
    if not isinstance(told, list) or not told:
        raise _refused("a list of meshes")
    return [
        _mesh(one, arrays.get(f"points {number}"), arrays.get(f"moved {number}")) for number, one in enumerate(told)
    ]


def names_from(told: Any) -> list[str]:
    """A list of names, as text. Raises FaceMimicError when it is none."""
    if not isinstance(told, list) or not all(isinstance(name, str) for name in told):
        raise _refused("names in lists")
    return told


def _mesh(told: Any, points: np.ndarray | None, moved: np.ndarray | None) -> Mesh:
    if not isinstance(told, dict):
        raise _refused("meshes as tables")
    keys = names_from(told.get("keys"))
    given = told.get("given", {})
    stated = told.get("expressions", [])
    if not isinstance(given, dict) or not isinstance(stated, list):
        raise _refused("given as a table and expressions as a list")
    return Mesh(
        keys,
        [_expression(one) for one in stated],
        frozenset(names_from(told.get("locked", []))),
        {str(key): [_part(part) for part in parts] for key, parts in given.items()},
        _moved(keys, points, moved),
    )


def _expression(told: Any) -> Expression:
    if not isinstance(told, dict) or not isinstance(told.get("binds"), dict):
        raise _refused("expressions with names and binds")
    overrides = told.get("overrides")
    overrides = overrides if isinstance(overrides, dict) else {}
    kept = {group: mode for group, mode in overrides.items() if group in GROUPS and mode in MODES}
    return Expression(str(told.get("name")), {str(key): _number(w) for key, w in told["binds"].items()}, kept)


def _part(told: Any) -> Part:
    if not isinstance(told, list) or len(told) != 2 or not isinstance(told[1], dict):
        raise _refused("parts as a weight and gains by channel")
    return _number(told[0]), {name: _number(gain) for name, gain in told[1].items() if name in INDEX}


def _number(told: Any) -> float:
    if isinstance(told, bool) or not isinstance(told, int | float) or not np.isfinite(told):
        raise _refused("numbers as weights")
    return float(told)


def _moved(keys: list[str], points: np.ndarray | None, moved: np.ndarray | None) -> Moved | None:
    if points is None or moved is None or not len(points):
        return None
    if points.ndim != 2 or points.shape[1] != 3 or moved.shape != (len(keys), *points.shape):
        raise _refused("displacements of every shape and vertex")
    if not (np.isfinite(points).all() and np.isfinite(moved).all()):
        return None
    return Moved(points.astype(float), dict(zip(keys, moved.astype(float), strict=True)))


def _refused(needed: str) -> FaceMimicError:
    return FaceMimicError(f"A rig is fitted to a performance by {needed}; this request has something else.")
