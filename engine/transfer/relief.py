"""The even surface of a face around its mouth, over which lips slide: a muzzle carries them forwards, cheeks back."""

from typing import NamedTuple

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


class Slide(NamedTuple):
    """What lips slide over on the sample and on another face: near (v,): how near each of the sample's vertices is to
    the lips, 0..1; wider: how many times as wide the other's mouth is; own, other: both surfaces.
    """

    near: Array
    wider: float
    own: Relief
    other: Relief

    def deeper(self, which: Array, moves: tuple[Array, Array], moved: tuple[Array, Array], sizes: Array) -> Array:
        """How much deeper places (n, 3) of the other face must go to stay as high over it as the sample's do over its.

        which int (n,): vertices of the sample; moves, moved: places and offsets (n, 3) there and here; sizes (n,): how
        many times as large the other face is.
        """
        return self.near[which] * (self.other.rises(*moved) - sizes * self.own.rises(*moves))
