"""Maps from one face's space into another's: a similarity, and a smooth warp through scattered points."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import lu_factor, lu_solve
from scipy.spatial.distance import cdist

Array = np.ndarray
_BLOCK = 4000


class Similarity(NamedTuple):
    """x → scale · rotation @ x + shift."""

    scale: float
    rotation: Array
    shift: Array

    def __call__(self, points: Array) -> Array:
        return self.scale * points @ self.rotation.T + self.shift

    def inverse(self) -> "Similarity":
        back = self.rotation.T
        return Similarity(1 / self.scale, back, -back @ self.shift / self.scale)


def similarity(source: Array, target: Array, weights: Array | None = None) -> Similarity:
    """The similarity that brings `source` (n, 3) nearest to `target` (Umeyama 1991), without mirroring."""
    share = np.ones(len(source)) if weights is None else weights
    share = share / share.sum()
    a, b = share @ source, share @ target
    x, y = source - a, target - b
    u, s, v = np.linalg.svd((y * share[:, None]).T @ x)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ v))])
    rotation = u @ np.diag(sign) @ v
    scale = float((s * sign).sum() / (share @ (x * x).sum(1)))
    return Similarity(scale, rotation, b - scale * rotation @ a)


class Warp:
    """A smooth map of space that takes each centre to its image: an affine part and a biharmonic spline in 3D (|r|).

    stiffness: for each centre, how much it may be missed, in units of distance; 0 is met exactly.
    """

    def __init__(self, centres: Array, images: Array, stiffness: Array | float = 0.0) -> None:
        n = len(centres)
        self.middle, self.size = centres.mean(0), float(np.abs(centres - centres.mean(0)).max()) or 1.0
        self.centres = (centres - self.middle) / self.size
        kernel = -cdist(self.centres, self.centres)
        kernel[np.arange(n), np.arange(n)] += np.broadcast_to(np.asarray(stiffness) / self.size, n)
        flat = np.concatenate([np.ones((n, 1)), self.centres], 1)
        system = np.block([[kernel, flat], [flat.T, np.zeros((4, 4))]])
        right = np.concatenate([images - centres, np.zeros((4, 3))])
        self.weights = lu_solve(lu_factor(system), right)

    def __call__(self, points: Array) -> Array:
        out = np.empty_like(points, dtype=float)
        n = len(self.centres)
        for start in range(0, len(points), _BLOCK):
            part = points[start : start + _BLOCK]
            x = (part - self.middle) / self.size
            out[start : start + _BLOCK] = (
                part - cdist(x, self.centres) @ self.weights[:n] + self.weights[n] + x @ self.weights[n + 1 :]
            )
        return out
