"""Where an avatar's nodes stand: what hangs below what, their matrices, and which way the character looks."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from engine.avatars.glb import Glb
from engine.avatars.words import words
from engine.errors import FaceMimicError

_AT_REST: Final = {"rotation": (0.0, 0.0, 0.0, 1.0), "scale": (1.0, 1.0, 1.0), "translation": (0.0, 0.0, 0.0)}


def parents(avatar: Glb) -> dict[int, int]:
    """Node to the node that it hangs on."""
    return {child: number for number, node in enumerate(avatar.items("nodes")) for child in _children(node)}


def above(index: int, parents: dict[int, int]) -> Iterator[int]:
    """The nodes above one, nearest first; a ring of parents, which glTF forbids, ends where it closes."""
    seen = {index}
    while (index := parents.get(index, -1)) >= 0 and index not in seen:
        seen.add(index)
        yield index


def below(avatar: Glb, index: int) -> set[int]:
    """A node and all nodes below it."""
    nodes, found, waiting = avatar.items("nodes"), set(), [index]
    while waiting:
        one = waiting.pop()
        if one not in found and 0 <= one < len(nodes):
            found.add(one)
            waiting += _children(nodes[one])
    return found


def matrix_above(avatar: Glb, index: int, parents: dict[int, int]) -> np.ndarray:
    """(4, 4), from the terms of the node's parent to the scene's."""
    nodes, place = avatar.items("nodes"), np.eye(4)
    for one in above(index, parents):
        place = _matrix(nodes[one]) @ place
    return place


def position(avatar: Glb, index: int, parents: dict[int, int]) -> np.ndarray:
    """(3,), where a node stands in the scene."""
    return (matrix_above(avatar, index, parents) @ _matrix(avatar.items("nodes")[index]))[:3, 3]


def joints(avatar: Glb) -> dict[int, str]:
    """The names of the nodes that deform something, by index."""
    found = {}
    for skin in avatar.items("skins"):
        listed = skin.get("joints")
        for index in listed if isinstance(listed, list) else ():
            node = avatar.at("nodes", index)
            if node is not None and isinstance(node.get("name"), str):
                found[index] = node["name"]
    return found


def facing(avatar: Glb, parents: dict[int, int]) -> np.ndarray:
    """(3, 3), columns: the character's left, up and forward in the scene. VRM says it; else the sides of bones do."""
    extensions = avatar.document.get("extensions")
    extensions = extensions if isinstance(extensions, dict) else {}
    if "VRMC_vrm" in extensions:
        return np.eye(3)
    if "VRM" in extensions:
        return np.diag([-1.0, 1.0, -1.0])
    sides: dict[tuple[str, ...], dict[str, int]] = {}
    for index, name in joints(avatar).items():
        parts = words(name)
        for side in {"left", "right"}.intersection(parts):
            sides.setdefault(tuple("*" if part == side else part for part in parts), {})[side] = index
    left = np.zeros(3)
    for pair in sides.values():
        if len(pair) == 2:
            left += position(avatar, pair["left"], parents) - position(avatar, pair["right"], parents)
    left[1] = 0.0
    axis = int(np.abs(left).argmax())
    if abs(left[axis]) < 1e-6:
        return np.eye(3)
    snapped = np.zeros(3)
    snapped[axis] = np.sign(left[axis])
    up = np.array([0.0, 1.0, 0.0])
    return np.stack([snapped, up, np.cross(snapped, up)], axis=1)


def floats(node: dict[str, Any], name: str, count: int) -> np.ndarray:
    """A node's numbers of that name, or what they are when it has none.

    Raises FaceMimicError (kind "file") where they are no numbers, or not so many.
    """
    told = node.get(name, _AT_REST.get(name))
    if not (isinstance(told, list | tuple) and len(told) == count and all(isinstance(n, int | float) for n in told)):
        raise FaceMimicError(
            f"The avatar is damaged: the {name} of a bone is {str(told)[:40]}. Export it again.", "file"
        )
    return np.array(told, np.float64)


def _matrix(node: dict[str, Any]) -> np.ndarray:
    """(4, 4), from the node's terms to its parent's."""
    if "matrix" in node:
        return floats(node, "matrix", 16).reshape(4, 4).T
    x, y, z, w = floats(node, "rotation", 4)
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * floats(node, "scale", 3)
    matrix[:3, 3] = floats(node, "translation", 3)
    return matrix


def _children(node: dict[str, Any]) -> list[int]:
    children = node.get("children")
    return [child for child in children if type(child) is int] if isinstance(children, list) else []
