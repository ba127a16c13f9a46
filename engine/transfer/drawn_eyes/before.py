"""Keeping what slides over an eye, such as a lid, before what lies in it."""

import numpy as np

from engine.transfer import mesh

Array = np.ndarray

_NEIGHBOURS = 6
"""Points of the eye, among which the foremost counts."""
_BESIDE = 0.08
"""Share of the eye's width beside a part of it at which nothing is behind a lid any more."""
_ON_THE_WAY = (0.5, 1.0)
"""Strengths of a shape at which its lids are lifted off the eye: a shape key moves along a straight line."""
_STILL = 1e-3
"""mm below which a place does not move, and is not moved."""


def kept_before(at: Array, offsets: Array, front: Array, cloud: Array, width: float) -> Array:
    """The offsets (n, 3) of places `at` (n, 3), lifted so far that those in `front`, bool (n,), stay before the cloud.

    cloud (m, 3): points of the eye. width: the eye's. All in the eye's frame. The other places go along with the
    nearest one in front.
    """
    skin, lining = np.flatnonzero(front), np.flatnonzero(~front)
    if not len(skin) or not len(cloud):
        return offsets
    tree = mesh.Tree(cloud[:, [0, 2]])

    def wall(places: Array) -> Array:
        away, nearest = tree.query(places[:, [0, 2]], k=min(_NEIGHBOURS, len(cloud)))
        away, nearest = away.reshape(len(places), -1), nearest.reshape(len(places), -1)
        return np.where(away < _BESIDE * width, cloud[nearest, 1], -np.inf).max(1)

    out = offsets.copy()
    over = mesh.Tree(at[skin]).query(at[lining])[1]
    moving = np.abs(offsets).max(1) > _STILL
    for share in _ON_THE_WAY:
        now = at[skin] + share * out[skin]
        push = np.where(moving[skin], np.maximum(wall(now) - now[:, 1], 0.0) / share, 0.0)
        out[skin, 1] += push
        out[lining, 1] += np.where(moving[lining], push[over], 0.0)
    return out
