"""Which channels morph targets show by moving what hangs on a bone, so that the bone does not move it as well."""

from collections.abc import Collection, Iterable
from typing import Any, Final

import numpy as np

from engine.avatars.arrays import rows
from engine.avatars.bones import below
from engine.avatars.face import Face
from engine.avatars.glb import Glb

_MOVED: Final = 0.05
"""Share of a target's largest displacement from which a vertex counts as moved."""
_ENOUGH: Final = 0.02
"""Share of the moved vertices that must hang on the bone: an eyeball has fewer vertices than the lids around it."""


def shown_on(avatar: Glb, found: Iterable[Face], bone: int, channels: Collection[str]) -> set[str]:
    """Those of the channels whose targets move vertices that hang mostly on a bone or on those below it.

    bone: a node's index. Where nothing is known to hang on it, a channel that any target shows counts: moving nothing
    is better than moving it twice.
    """
    found = list(found)
    by_name = set().union(*(face.shown for face in found)) & set(channels)
    if not by_name:
        return by_name
    moving = below(avatar, bone)
    carried: dict[int, np.ndarray] = {}
    for node, about in enumerate(avatar.items("nodes")):
        held = _held(avatar, node, about, moving)
        if held is None:
            return by_name
        if held.any():
            carried[node] = held
    if not carried:
        return by_name
    shown: set[str] = set()
    for face in found:
        for target, parts in face.parts.items():
            ways = {name for _, mix in parts for name, gain in mix.items() if gain > 0} & by_name & face.shown
            if face.node in carried and ways - shown and _moves(avatar, face.mesh, target, carried[face.node]):
                shown |= ways
    return shown


def _moves(avatar: Glb, mesh: int, target: int, held: np.ndarray) -> bool:
    """Whether the target moves what hangs on the bone; where that cannot be read, it may."""
    parts = []
    try:
        for primitive in avatar.items("meshes")[mesh]["primitives"]:
            targets = primitive.get("targets") or []
            rest = rows(avatar, primitive["attributes"]["POSITION"], "VEC3")
            place = targets[target].get("POSITION") if target < len(targets) else None
            moved = np.zeros_like(rest) if place is None else rows(avatar, place, "VEC3")
            if rest is None or moved is None:
                return True
            parts.append(moved)
    except (AttributeError, KeyError, TypeError):
        return True
    distance = np.linalg.norm(np.concatenate(parts), axis=1)
    if len(distance) != len(held):
        return True
    return bool(distance.any() and held[distance > _MOVED * distance.max()].mean() >= _ENOUGH)


def _held(avatar: Glb, node: int, about: dict[str, Any], moving: set[int]) -> np.ndarray | None:
    """bool (vertices of the node's mesh,): which hang mostly on the moving nodes; None where that cannot be read."""
    mesh = avatar.at("meshes", about.get("mesh"))
    skin = avatar.at("skins", about.get("skin"))
    listed = mesh.get("primitives") if mesh else None
    parts = [part.get("attributes") for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    attributes = [part for part in parts if isinstance(part, dict)]
    if skin is None:
        points = [rows(avatar, part.get("POSITION"), "VEC3") for part in attributes] if node in moving else []
        known = [own for own in points if own is not None]
        return np.ones(sum(map(len, known)), bool) if len(known) == len(points) else None
    joints = skin.get("joints")
    joints = joints if isinstance(joints, list) else []
    places = [place for place, joint in enumerate(joints) if type(joint) is int and joint in moving]
    if not places:
        return np.zeros(0, bool)
    held = []
    for part in attributes:
        influences, weights = rows(avatar, part.get("JOINTS_0"), "VEC4"), rows(avatar, part.get("WEIGHTS_0"), "VEC4")
        if influences is None or weights is None or influences.shape != weights.shape:
            return None
        held.append((weights * np.isin(influences, places)).sum(axis=1) > 0.5 * weights.sum(axis=1))
    return np.concatenate(held) if held else np.zeros(0, bool)
