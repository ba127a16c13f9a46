"""Plays a glTF file as a program that follows the specification does, and Blender's viewport beside it.

Khronos, glTF 2.0 specification, sections 3.6 (accessors), 3.7.2 (morph targets), 3.7.3 (skins), 3.11 (animations).
"""

import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pygltflib
from mathutils import Matrix, Quaternion, Vector

_TYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_PATHS = ("translation", "rotation", "scale", "weights")


class Player:
    """A file's nodes and vertices at any second of one of its animations."""

    def __init__(self, path: Path, animation: str | None = None) -> None:
        self.gltf: Any = pygltflib.GLTF2().load_binary(str(path))
        named = {one.name: one for one in self.gltf.animations}
        found = named[animation] if animation else next(iter(named.values()), None)
        self.tracks = {
            (channel.target.node, channel.target.path): (
                self.array(found.samplers[channel.sampler].input)[:, 0],
                self.array(found.samplers[channel.sampler].output),
            )
            for channel in (found.channels if found else ())
        }
        self.above = {child: index for index, node in enumerate(self.gltf.nodes) for child in node.children or ()}

    def array(self, index: int) -> np.ndarray:
        """The values of an accessor, (count, width)."""
        about = self.gltf.accessors[index]
        width, kind = _WIDTHS[about.type], _TYPES[about.componentType]
        values = np.zeros((about.count, width), kind)
        if about.bufferView is not None:
            values[:] = self._block(about.bufferView, about.byteOffset, kind, about.count * width).reshape(-1, width)
        if about.sparse:
            places, told = about.sparse.indices, about.sparse.values
            at = self._block(places.bufferView, places.byteOffset, _TYPES[places.componentType], about.sparse.count)
            values[at] = self._block(told.bufferView, told.byteOffset, kind, about.sparse.count * width).reshape(
                -1, width
            )
        return values

    def _block(self, view: int, offset: int | None, kind: type, count: int) -> np.ndarray:
        start = (self.gltf.bufferViews[view].byteOffset or 0) + (offset or 0)
        return np.frombuffer(self.gltf.binary_blob(), kind, count, start)

    def node(self, name: str, shown: bool = False) -> int:
        """The node of that name. shown: the one with a mesh; bones may have an object's name."""
        return next(
            index
            for index, node in enumerate(self.gltf.nodes)
            if node.name == name and (node.mesh is not None) >= shown
        )

    def value(self, node: int, path: str, seconds: float) -> np.ndarray | None:
        """What the animation says of a node; None where it says nothing."""
        if (node, path) not in self.tracks:
            return None
        times, values = self.tracks[node, path]
        rows = values.reshape(len(times), -1)
        after = min(max(int(np.searchsorted(times, seconds)), 1), len(times) - 1) if len(times) > 1 else 0
        before = max(after - 1, 0)
        gap = float(times[after] - times[before])
        share = min(max((seconds - float(times[before])) / gap, 0.0), 1.0) if gap else 0.0
        if path == "rotation":
            one, other = (Quaternion((row[3], *row[:3])) for row in (rows[before], rows[after]))
            w, x, y, z = one.slerp(other, share)
            return np.array((x, y, z, w))
        return rows[before] + share * (rows[after] - rows[before])

    def place(self, node: int, seconds: float) -> Matrix:
        """A node's place in the scene."""
        about = self.gltf.nodes[node]
        rest = [about.translation or (0, 0, 0), about.rotation or (0, 0, 0, 1), about.scale or (1, 1, 1)]
        told = [self.value(node, path, seconds) for path in _PATHS[:3]]
        place, (x, y, z, w), scale = (
            [float(one) for one in (value if value is not None else still)]
            for value, still in zip(told, rest, strict=True)
        )
        own = Matrix.LocRotScale(Vector(place), Quaternion((w, x, y, z)), Vector(scale))
        if about.matrix is not None:
            own = Matrix(np.array(about.matrix).reshape(4, 4).T.tolist())
        return self.place(self.above[node], seconds) @ own if node in self.above else own

    def weights(self, node: int, seconds: float) -> dict[str, float]:
        """A node's morph targets by name and weight."""
        mesh = self.gltf.meshes[self.gltf.nodes[node].mesh]
        names = (mesh.extras or {}).get("targetNames", [])
        told = self.value(node, "weights", seconds)
        return dict(zip(names, map(float, told if told is not None else mesh.weights or [0] * len(names)), strict=True))

    def points(self, node: int, seconds: float) -> np.ndarray:
        """(vertices, 3): where a node's mesh is, morphed and skinned."""
        about = self.gltf.nodes[node]
        weights = list(self.weights(node, seconds).values())
        every = []
        for part in self.gltf.meshes[about.mesh].primitives:
            points = self.array(part.attributes.POSITION).astype(float)
            for weight, target in zip(weights, part.targets or (), strict=True):
                points += weight * self.array(target["POSITION"])
            points = np.concatenate([points, np.ones((len(points), 1))], axis=1)
            if about.skin is None:
                every.append(points @ np.array(self.place(node, seconds)).T)
                continue
            skin = self.gltf.skins[about.skin]
            bound = self.array(skin.inverseBindMatrices).reshape(-1, 4, 4).transpose(0, 2, 1)
            moved = np.array([np.array(self.place(joint, seconds)) for joint in skin.joints]) @ bound
            joints, shares = self.array(part.attributes.JOINTS_0), self.array(part.attributes.WEIGHTS_0).astype(float)
            every.append(np.einsum("vk,vkij,vj->vi", shares, moved[joints], points))
        return np.concatenate(every)[:, :3]


def viewport_points(obj: bpy.types.Object, frame: float) -> np.ndarray:
    """(vertices, 3): where the viewport shows a mesh object at a frame, in glTF's axes."""
    scene = bpy.context.scene
    scene.frame_set(math.floor(frame), subframe=frame - math.floor(frame))
    evaluated: Any = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.empty(3 * len(evaluated.data.vertices), np.float32)
    evaluated.data.vertices.foreach_get("co", points)
    place = np.array(evaluated.matrix_world)
    world = points.reshape(-1, 3) @ place[:3, :3].T + place[:3, 3]
    return world[:, [0, 2, 1]] * (1, 1, -1)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """How far the farthest point of either is from the other's nearest; files hold vertices more than once."""
    distances = np.linalg.norm(one[:, None] - other[None], axis=2)
    return float(max(distances.min(axis=0).max(), distances.min(axis=1).max()))
