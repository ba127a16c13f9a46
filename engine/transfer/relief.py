"""The even surface of a face around its mouth, over which lips slide: a muzzle carries them forwards, cheeks back."""

import numpy as np
from scipy.interpolate import RBFInterpolator

from engine.transfer import mesh

Array = np.ndarray

_REACH = 45.0
"""mm around the middle of the mouth that are told."""
_FACES = 0.3
"""Cosine of the angle within which skin faces the viewer."""
_POINTS, _EVEN = 300, 3.0
"""Places by which the surface is told, and how much it is evened out there, in the units of a thin plate."""


class Relief:
    """The depth y of a face over x and z, millimetres."""

    def __init__(self, points: Array, triangles: Array, middle: Array, outer: Array) -> None:
        """points (n, 3) and triangles of the skin; middle (3,) of the mouth; outer bool (n,): what can be seen."""
        self.middle = middle
        near = outer & (np.linalg.norm(points - middle, axis=1) < _REACH)
        near &= mesh.vertex_normals(points, triangles)[:, 1] < -_FACES
        spread = mesh.samples(points, triangles[near[triangles].all(1)], 2.0)
        some = np.random.default_rng(0).permutation(len(spread.points))[:_POINTS]
        at = (spread.points[some] - middle) / _REACH
        _, once = np.unique(np.round(at[:, [0, 2]], 4), axis=0, return_index=True)
        self._depth = RBFInterpolator(at[once][:, [0, 2]], at[once, 1], smoothing=_EVEN)

    def rises(self, points: Array, offsets: Array) -> Array:
        """How much deeper the surface is (n,) where points (n, 3) are moved to than where they are."""
        start, end = ((at - self.middle)[:, [0, 2]] / _REACH for at in (points, points + offsets))
        return _REACH * (self._depth(end) - self._depth(start))
