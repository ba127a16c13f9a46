"""Takes as glTF animations: every animation moves the same nodes, so that none leaves anything behind in the next.

Format: Khronos, glTF 2.0 specification, section 3.11. Keys are LINEAR; sparse.py says why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from . import gltf_nodes
from .gltf_file import GltfFile
from .gltf_nodes import Trs
from .playing import Part, Performance
from .sparse import kept_samples

WEIGHT_ERROR: Final = 0.0005
"""Largest error of a morph weight between two keys."""
_ERRORS: Final = Trs(translation=1e-4, rotation=0.0005, scale=5e-4)
"""The same of a node's place: metres, a quaternion's components (a turn by 0.002 radians at most), shares."""
_MOVES: Final = Trs(translation=2e-4, rotation=5e-4, scale=5e-4)
"""Nodes that differ less from the file's rest do not move."""


def write_animations(
    file: GltfFile, performances: Sequence[Performance], parts: dict[int, Part], *, turn: np.ndarray | None = None
) -> None:
    """Adds one animation for each performance.

    parts: which object or bone a node is. turn: (4, 4), what the scene's roots have been turned by since the export.
    Keyed are the weights of every mesh with morph targets; the rotation of every bone that a take has curves for; and
    the places of nodes that any of the takes moves away from the file's rest.
    """
    places = [_places(file, performance, parts, turn) for performance in performances]
    moving = _moving(file, performances, places, parts)
    for performance, found in zip(performances, places, strict=True):
        animation = _Animation(file, performance.times)
        for node, part in parts.items():
            if "mesh" in file.document["nodes"][node] and part in performance.weights:
                animation.weights(node, performance.weights[part])
        for node, path in moving:
            animation.place(node, path, getattr(found[node], path))
        file.add(
            "animations", {"name": performance.name, "channels": animation.channels, "samplers": animation.samplers}
        )


def _places(
    file: GltfFile, performance: Performance, parts: dict[int, Part], turn: np.ndarray | None
) -> dict[int, Trs[np.ndarray]]:
    """Each node's place under its parent, sample by sample."""
    parents = gltf_nodes.parents(file)
    world = {node: gltf_nodes.in_gltf(performance.places[part], part, turn) for node, part in parts.items()}
    found = {}
    for node, matrices in world.items():
        parent = parents.get(node)
        if "skin" in file.document["nodes"][node] or (parent is not None and parent not in world):
            continue
        found[node] = gltf_nodes.decomposed(
            matrices if parent is None else np.linalg.inv(world[parent]) @ matrices, gltf_nodes.rest(file, node)
        )
    return found


def _moving(
    file: GltfFile,
    performances: Sequence[Performance],
    places: list[dict[int, Trs[np.ndarray]]],
    parts: dict[int, Part],
) -> list[tuple[int, str]]:
    """The nodes and paths that have keys in every animation."""
    keyed = frozenset().union(*(performance.keyed for performance in performances))
    found = []
    for node, part in parts.items():
        if not all(node in one for one in places):
            continue
        rest = gltf_nodes.rest(file, node)
        for path in ("translation", "rotation", "scale"):
            away = max(np.abs(getattr(one[node], path) - getattr(rest, path)).max() for one in places)
            if away > getattr(_MOVES, path) or (path == "rotation" and part in keyed):
                found.append((node, path))
    return found


@dataclass
class _Animation:
    """One animation in the making; equal arrays are stored once."""

    file: GltfFile
    times: np.ndarray
    channels: list[dict[str, Any]] = field(default_factory=list)
    samplers: list[dict[str, Any]] = field(default_factory=list)
    _known: dict[tuple[str, bytes], int] = field(default_factory=dict)

    def weights(self, node: int, shown: dict[str, np.ndarray]) -> None:
        names = gltf_nodes.morph_names(self.file, node)
        if not names:
            return
        still = np.zeros(len(self.times), np.float32)
        values = np.stack([shown.get(name, still) for name in names], axis=1)
        self._track(node, "weights", values, WEIGHT_ERROR, lambda kept: (kept.ravel(), "SCALAR"))

    def place(self, node: int, path: str, values: np.ndarray) -> None:
        kind = "VEC4" if path == "rotation" else "VEC3"
        self._track(node, path, values, getattr(_ERRORS, path), lambda kept: (kept, kind))

    def _track(
        self, node: int, path: str, values: np.ndarray, error: float, stored: Callable[..., tuple[np.ndarray, str]]
    ) -> None:
        kept = kept_samples(self.times, values, error)
        sampler = {
            "input": self._array(self.times[kept], "SCALAR", bounds=True),
            "output": self._array(*stored(values[kept])),
            "interpolation": "LINEAR",
        }
        self.samplers.append(sampler)
        self.channels.append({"sampler": len(self.samplers) - 1, "target": {"node": node, "path": path}})

    def _array(self, values: np.ndarray, kind: str, *, bounds: bool = False) -> int:
        values = values.astype(np.float32)
        key = kind, values.tobytes()
        if key not in self._known:
            self._known[key] = self.file.add_array(values, kind, bounds=bounds)
        return self._known[key]
