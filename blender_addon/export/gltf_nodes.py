"""A glTF file's nodes: where they are, which object or bone each of them is, and what its morph targets are called."""

from typing import Any, Final, Generic, NamedTuple, TypeVar

import bpy
import numpy as np
from mathutils import Matrix, Quaternion, Vector

from .blender_data import armature_bones
from .gltf_file import GltfFile
from .humanoid import GLTF_AXES
from .playing import Part

T = TypeVar("T")

_STILL: Final = 1e-5
"""Matrices that differ less are the same: rounding alone, where parents move."""


class Trs(NamedTuple, Generic[T]):
    """Something about each part of a node's place; rotations are x, y, z, w."""

    translation: T
    rotation: T
    scale: T


def parents(file: GltfFile) -> dict[int, int]:
    """Node to the node that it hangs on."""
    nodes = file.document.get("nodes", [])
    return {child: index for index, node in enumerate(nodes) for child in node.get("children", [])}


def parts_of_nodes(
    file: GltfFile, objects: tuple[bpy.types.Object, ...], armature: bpy.types.Object | None
) -> dict[int, Part]:
    """Which object or bone each node is. Objects that carry a bone's name are told apart by the hierarchy."""
    nodes = file.document.get("nodes", [])
    by_name = {obj.name: obj for obj in objects}
    bones = armature_bones(armature) if armature else {}
    found: dict[int, Part] = {}
    waiting = [(root, False) for scene in file.document.get("scenes", []) for root in scene.get("nodes", [])]
    while waiting:
        index, in_armature = waiting.pop()
        node = nodes[index]
        name, part = node.get("name"), None
        if in_armature and name in bones and "mesh" not in node and name not in found.values():
            part = name
        elif name in by_name:
            part = by_name[name]
        if part is not None:
            found[index] = part
        inside = part is not None and (part == armature or isinstance(part, str))
        waiting += [(child, inside) for child in node.get("children", [])]
    return dict(sorted(found.items()))


def morph_names(file: GltfFile, node: int) -> list[str]:
    """The shape keys of a node's morph targets, in their order."""
    mesh = file.document["meshes"][file.document["nodes"][node]["mesh"]]
    return mesh.get("extras", {}).get("targetNames", [])


def in_gltf(places: np.ndarray, part: Part, turn: np.ndarray | None = None) -> np.ndarray:
    """Places in Blender's world, (…, 4, 4), as glTF has them: up +Y, and objects' own axes turned likewise.

    Bones keep their own axes. turn: (4, 4), acts last.
    """
    axes = np.array(GLTF_AXES)
    turned = axes @ places if turn is None else turn @ axes @ places
    return turned if isinstance(part, str) else turned @ np.linalg.inv(axes)


def local_matrix(node: dict[str, Any]) -> Matrix:
    """A node's place under its parent."""
    if "matrix" in node:
        return Matrix([node["matrix"][row::4] for row in range(4)])
    x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    return Matrix.LocRotScale(
        Vector(node.get("translation", (0.0, 0.0, 0.0))),
        Quaternion((w, x, y, z)),
        Vector(node.get("scale", (1.0, 1.0, 1.0))),
    )


def world_matrices(file: GltfFile) -> list[Matrix]:
    """Every node's place in the scene."""
    nodes = file.document["nodes"]
    places = [Matrix() for _ in nodes]
    children = set(parents(file))
    waiting = [(index, Matrix()) for index in range(len(nodes)) if index not in children]
    while waiting:
        index, above = waiting.pop()
        places[index] = above @ local_matrix(nodes[index])
        waiting += [(child, places[index]) for child in nodes[index].get("children", [])]
    return places


def rest(file: GltfFile, node: int) -> Trs[np.ndarray]:
    """A node's place under its parent as the file has it, float64 (3,), (4,) and (3,)."""
    about = file.document["nodes"][node]
    return Trs(
        np.array(about.get("translation", (0.0, 0.0, 0.0))),
        np.array(about.get("rotation", (0.0, 0.0, 0.0, 1.0))),
        np.array(about.get("scale", (1.0, 1.0, 1.0))),
    )


def decomposed(matrices: np.ndarray, near: Trs[np.ndarray]) -> Trs[np.ndarray]:
    """(samples, 4, 4) as translations, rotations and scales; the first rotation on the side of the one in `near`."""
    still = np.ptp(matrices, axis=0).max() < _STILL
    parts = [Matrix(matrix.tolist()).decompose() for matrix in (matrices[:1] if still else matrices)]
    translations = np.array([place.to_tuple() for place, _, _ in parts])
    rotations = np.array([(turn.x, turn.y, turn.z, turn.w) for _, turn, _ in parts])
    scales = np.array([scale.to_tuple() for _, _, scale in parts])
    flips = np.where((rotations[1:] * rotations[:-1]).sum(axis=1) < 0, -1.0, 1.0)
    first = -1.0 if rotations[0] @ near.rotation < 0 else 1.0
    rotations *= first * np.concatenate(([1.0], np.cumprod(flips)))[:, None]
    whole = Trs(translations, rotations, scales)
    return Trs(*(np.repeat(values, len(matrices), axis=0) for values in whole)) if still else whole
