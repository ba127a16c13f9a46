"""What the tests ask of the committed character, read once."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from sample_rigs.head import anatomy as an

BLEND = Path(__file__).parents[2] / "sample_rigs" / "head.blend"


class Nova:
    """Points and offsets of every mesh: millimetres, eyes at height 0."""

    def __init__(self) -> None:
        bpy.ops.wm.open_mainfile(filepath=str(BLEND))
        self.objects = {o.name: o for o in bpy.data.objects}
        self.points: dict[str, np.ndarray] = {}
        self.shapes: dict[str, dict[str, np.ndarray]] = {}
        for obj in bpy.data.objects:
            if obj.type != "MESH":
                continue
            rest = self._read(obj.data.vertices)
            self.points[obj.name] = rest
            blocks = obj.data.shape_keys.key_blocks[1:] if obj.data.shape_keys else ()
            self.shapes[obj.name] = {b.name: self._read(b.data) - rest for b in blocks}
        self.face = self.points["Nova Face"]
        mesh = self.objects["Nova Face"].data
        self.sizes = {p.loop_total for p in mesh.polygons}
        self.quads = np.array([tuple(p.vertices) for p in mesh.polygons])
        pairs = np.sort(np.concatenate([self.quads[:, [i, (i + 1) % 4]] for i in range(4)]), axis=1)
        self.edges, self.uses = np.unique(pairs, axis=0, return_counts=True)

    @staticmethod
    def _read(data: object) -> np.ndarray:
        flat = np.empty(len(data) * 3, np.float32)
        data.foreach_get("co", flat)
        return flat.reshape(-1, 3).astype(float) * 1000 - [0, 0, an.ORIGIN_HEIGHT]

    def shape(self, name: str, mesh: str = "Nova Face") -> np.ndarray:
        return self.shapes[mesh][name]

    def group(self, name: str) -> np.ndarray:
        obj = self.objects["Nova Face"]
        index = obj.vertex_groups[name].index
        return np.array([v.index for v in obj.data.vertices if any(g.group == index for g in v.groups)])

    def material_points(self, name: str, material: str) -> np.ndarray:
        """Indices of the vertices whose faces wear a material."""
        mesh = self.objects[name].data
        slot = mesh.materials.find(material)
        return np.array(sorted({v for p in mesh.polygons if p.material_index == slot for v in p.vertices}))
