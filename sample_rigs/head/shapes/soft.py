"""Soft regions and smooth spreading: the tools the shapes are made with."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import splu

Array = np.ndarray


def smoothstep(low: float, high: float, x: Array) -> Array:
    """0 below `low`, 1 above `high`, smooth between; `low` may exceed `high`."""
    t = np.clip((np.asarray(x, float) - low) / (high - low), 0.0, 1.0)
    return t * t * (3 - 2 * t)


def bump(points: Array, centre: tuple, radii: tuple) -> Array:
    """A soft region: 1 at the centre, 0 from `radii` away; a radius may be (towards negative, positive)."""
    d = np.zeros(len(points))
    for axis in range(3):
        q = points[:, axis] - centre[axis]
        r = radii[axis]
        r = np.where(q < 0, r[0], r[1]) if isinstance(r, tuple) else r
        d += (q / r) ** 2
    return np.clip(1 - d, 0, 1) ** 2


class Spreader:
    """Carries offsets from some vertices smoothly over the free ones around them (a thin plate)."""

    def __init__(self, points: Array, edges: Array, free: Array) -> None:
        n = len(points)
        length = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
        w = 1.0 / np.maximum(length, 0.3)
        i, j = edges.T
        ends = np.concatenate([i, j]), np.concatenate([j, i])
        weight = coo_matrix((np.concatenate([w, w]), ends), (n, n))
        degree = np.asarray(weight.sum(1)).ravel()
        laplace = (diags(1.0 / degree) @ (diags(degree) - weight.tocsr())).tocsr()
        plate = (laplace.T @ laplace).tocsr()
        self.free = np.flatnonzero(free)
        self.fixed = np.flatnonzero(~free)
        self.rest = plate[self.free][:, self.fixed]
        self.solve = splu(plate[self.free][:, self.free].tocsc()).solve

    def spread(self, values: Array) -> Array:
        """Values (n,) or (n, k) whose free entries are replaced by the smoothest continuation."""
        out = values.astype(float).copy()
        out[self.free] = self.solve(-(self.rest @ out[self.fixed]))
        return out
