"""How clothes and limbs hang on bones: by nearness, at most four, summing to 1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..head.armature import bones
from .mesh import Mesh


def hang(mesh: Mesh, path: Path, ground: float, names: Sequence[str], power: float = 4.0) -> Mesh:
    """Weights of a mesh on the named bones of a bones.toml. power: how sharply one bone gives way to the next."""
    table = {b.name: b for b in bones(path)}
    points = mesh.points + np.array([0.0, 0.0, ground])
    near = np.empty((len(points), len(names)))
    for n, name in enumerate(names):
        a, b = np.array(table[name].head), np.array(table[name].tail)
        t = np.clip((points - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        near[:, n] = 1.0 / np.maximum(np.linalg.norm(points - (a + t[:, None] * (b - a)), axis=1), 4.0) ** power
    if near.shape[1] > 4:
        np.put_along_axis(near, np.argsort(near, axis=1)[:, :-4], 0.0, axis=1)
    for _ in range(2):
        near /= near.sum(1, keepdims=True)
        near[near < 0.02] = 0.0
    near /= near.sum(1, keepdims=True)
    mesh.weights = {name: near[:, n] for n, name in enumerate(names) if near[:, n].any()}
    return mesh
