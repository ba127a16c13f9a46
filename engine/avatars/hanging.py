"""What hangs on which node, and which channels morph targets show by moving it: the bone must not move it as well."""

from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

import numpy as np

from engine.avatars.arrays import rows
from engine.avatars.face import Face
from engine.avatars.glb import Glb
from engine.avatars.places import below

_MOVED: Final = 0.05
"""Share of a target's largest displacement from which a vertex counts as moved."""
_ENOUGH: Final = 0.02
"""Share of the moved vertices that must hang on the bone: an eyeball has fewer vertices than the lids around it."""


_FEWEST: Final = 8
_FLAT: Final = 0.25
"""Depth of a disc, as a share of its width, up to which an eye is flat; a half of a ball has 0.5."""
_ROUND: Final = 0.4
"""Height of a disc as a share of its width; below it, it is a line or a lash."""


class _Skin(NamedTuple):
    """nodes: int (vertices, influences), the nodes that move each vertex. weights: float64, as many."""

    nodes: np.ndarray
    weights: np.ndarray


class Hanging:
    """What the vertices of an avatar's meshes hang on, read once.

    carrying: the nodes that a vertex hangs on more than on others; None where the file keeps that in an encoding of
    its own.
    """

    def __init__(self, avatar: Glb) -> None:
        self._avatar = avatar
        self._skins = {
            node: _skin(avatar, node, about) for node, about in enumerate(avatar.items("nodes")) if "mesh" in about
        }
        self.carrying: frozenset[int] | None = None
        if None not in self._skins.values():
            self.carrying = frozenset(
                int(node)
                for skin in self._skins.values()
                if skin is not None and len(skin.nodes)
                for node in np.unique(skin.nodes[np.arange(len(skin.nodes)), skin.weights.argmax(axis=1)])
            )

    def is_flat(self, bone: int) -> bool:
        """Whether what hangs on a bone is a shallow disc, as anime eyes are drawn, and no ball."""
        moving, found = below(self._avatar, bone), [np.empty((0, 3))]
        for node, skin in self._skins.items():
            points = _points(self._avatar, node) if skin is not None else None
            if skin is not None and points is not None and len(points) == len(skin.nodes):
                found.append(points[_held(skin, moving)])
        points = max(found, key=len)
        if len(points) < _FEWEST:
            return False
        width, height, depth = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
        return bool(height > _ROUND * width and depth < _FLAT * width)

    def shown(self, found: Iterable[Face], bone: int, channels: Collection[str]) -> set[str]:
        """Those of the channels whose targets move vertices that hang mostly on a bone or on those below it.

        bone: a node's index. Where nothing is known to hang on it, a channel that any target shows counts: moving
        nothing is better than moving it twice.
        """
        found = list(found)
        by_name = set().union(*(face.shown for face in found)) & set(channels)
        if not by_name or self.carrying is None:
            return by_name
        moving = below(self._avatar, bone)
        held = {node: _held(skin, moving) for node, skin in self._skins.items() if skin is not None}
        carried = {node: own for node, own in held.items() if own.any()}
        if not carried:
            return by_name
        shown: set[str] = set()
        for face in found:
            for target, parts in face.parts.items():
                ways = {name for _, mix in parts for name, gain in mix.items() if gain > 0} & by_name & face.shown
                if (
                    face.node in carried
                    and ways - shown
                    and _moves(self._avatar, face.mesh, target, carried[face.node])
                ):
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


def _points(avatar: Glb, node: int) -> np.ndarray | None:
    """float64 (vertices, 3) of a node's mesh, in its own terms; None where they cannot be read."""
    listed = (avatar.at("meshes", avatar.items("nodes")[node].get("mesh")) or {}).get("primitives")
    parts = [part.get("attributes") for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    found = [rows(avatar, part.get("POSITION"), "VEC3") for part in parts if isinstance(part, dict)]
    known = [own for own in found if own is not None]
    return np.concatenate(known) if known and len(known) == len(found) else None


def _held(skin: _Skin, moving: set[int]) -> np.ndarray:
    """bool (vertices,): which hang mostly on the moving nodes."""
    return (skin.weights * np.isin(skin.nodes, list(moving))).sum(axis=1) > 0.5 * skin.weights.sum(axis=1)


def _skin(avatar: Glb, node: int, about: dict[str, Any]) -> _Skin | None:
    """What the vertices of a node's mesh hang on, the node itself where it has no skin; None where that is hidden."""
    mesh = avatar.at("meshes", about.get("mesh"))
    skin = avatar.at("skins", about.get("skin"))
    listed = mesh.get("primitives") if mesh else None
    parts = [part.get("attributes") for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    attributes = [part for part in parts if isinstance(part, dict)]
    if skin is None:
        points = [rows(avatar, part.get("POSITION"), "VEC3") for part in attributes]
        known = [own for own in points if own is not None]
        count = sum(map(len, known))
        return _Skin(np.full((count, 1), node), np.ones((count, 1))) if len(known) == len(points) else None
    joints = skin.get("joints")
    joints = np.array([joint if type(joint) is int else -1 for joint in joints] if isinstance(joints, list) else [])
    nodes, held = [np.zeros((0, 4), int)], [np.zeros((0, 4))]
    for part in attributes:
        influences, weights = rows(avatar, part.get("JOINTS_0"), "VEC4"), rows(avatar, part.get("WEIGHTS_0"), "VEC4")
        if influences is None or weights is None or influences.shape != weights.shape:
            return None
        places = influences.astype(int)
        if places.size and not (places.min() >= 0 and places.max() < len(joints)):
            return None
        nodes.append(joints[places] if places.size else places)
        held.append(weights)
    return _Skin(np.concatenate(nodes), np.concatenate(held))
