"""What the tests ask of a committed drawn character, read once."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

import bpy
import numpy as np

RIGS = Path(__file__).parents[2] / "sample_rigs"


class Drawn:
    """Points and offsets of a character's meshes, in mm as drawn, eyes at height 0. name: "aki" or "pip"."""

    def __init__(self, name: str) -> None:
        self.path = RIGS / f"{name}.blend"
        self.look = import_module(f"sample_rigs.{name}.look")
        bpy.ops.wm.open_mainfile(filepath=str(self.path))
        self.title = name.capitalize()
        self.objects = {o.name: o for o in bpy.data.objects}
        self.points: dict[str, np.ndarray] = {}
        self.shapes: dict[str, dict[str, np.ndarray]] = {}
        for obj in bpy.data.objects:
            if obj.type != "MESH":
                continue
            label = obj.name.removeprefix(self.title + " ")
            rest = self._read(obj.data.vertices)
            blocks = obj.data.shape_keys.key_blocks[1:] if obj.data.shape_keys else ()
            self.points[label] = rest
            self.shapes[label] = {b.name: self._read(b.data) - rest for b in blocks}
        self.face = self.points["Face"]
        self.names = {name for shapes in self.shapes.values() for name in shapes}

    def _read(self, data) -> np.ndarray:
        flat = np.empty(len(data) * 3, np.float32)
        data.foreach_get("co", flat)
        return flat.reshape(-1, 3).astype(float) * 1000 / self.look.SIZE - [0, 0, self.look.GROUND]

    def object(self, label: str) -> bpy.types.Object:
        return self.objects[f"{self.title} {label}"]

    def group(self, name: str, label: str = "Face") -> np.ndarray:
        """Indices of the vertices of a group."""
        obj = self.object(label)
        index = obj.vertex_groups[name].index
        return np.array([v.index for v in obj.data.vertices if any(g.group == index for g in v.groups)])

    def posed(self, weights: dict[str, float], label: str = "Face") -> np.ndarray:
        """The mesh with several shapes at once."""
        shapes = self.shapes[label]
        return self.points[label] + sum((w * shapes[n] for n, w in weights.items() if n in shapes), 0.0)

    def lid_gap(self, weights: dict[str, float], side: str) -> float:
        """The widest distance between the lids' edges, in mm."""
        at, rest = self.posed(weights), self.face
        edge = self.group(f"lid edge {side}")
        sign = 1.0 if side == "Left" else -1.0
        inner, outer = (np.array(p) * [sign, 1.0] for p in (self.look.LIDS.inner, self.look.LIDS.outer))
        along = (rest[edge, 0] - inner[0]) / (outer[0] - inner[0])
        above = rest[edge, 2] >= inner[1] + along * (outer[1] - inner[1])
        x = inner[0] + np.linspace(0.1, 0.9, 15) * (outer[0] - inner[0])

        def height(points: np.ndarray) -> np.ndarray:
            points = points[np.argsort(points[:, 0])]
            return np.interp(x, points[:, 0], points[:, 2])

        return float((height(at[edge[above]]) - height(at[edge[~above]])).max())

    def mouth_gap(self, weights: dict[str, float]) -> float:
        """The distance between the lips in their middle, in mm."""
        edge = self.group("lip edge")
        middle = edge[np.abs(self.face[edge, 0]) < 1e-3]
        return float(np.ptp(self.posed(weights)[middle, 2]))

    def corner(self, side: str) -> int:
        """The vertex in a corner of the mouth."""
        edge = self.group("lip edge")
        return int(edge[np.argmax(self.face[edge, 0] * (1 if side == "Left" else -1))])

    @cache  # noqa: B019
    def skin_faces(self) -> np.ndarray:
        """The quads that wear the skin, (n, 4)."""
        mesh = self.object("Face").data
        slot = mesh.materials.find(f"{self.title} Skin")
        return np.array([tuple(p.vertices) for p in mesh.polygons if p.material_index == slot])


def mirror_partner(points: np.ndarray) -> np.ndarray:
    """The vertex on the other side, found by place."""
    from scipy.spatial import cKDTree

    distance, index = cKDTree(points).query(points * [-1, 1, 1])
    assert distance.max() < 0.02, "not symmetric"
    return index


def normals(points: np.ndarray, quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit normals and areas of quads."""
    a, b, c, d = (points[quads[:, i]] for i in range(4))
    cross = np.cross(c - a, d - b) / 2
    area = np.linalg.norm(cross, axis=1)
    return cross / np.maximum(area, 1e-9)[:, None], area
