"""Keeping what slides over an eye, such as a lid, before what lies in it."""

import numpy as np

from engine.transfer import mesh

Array = np.ndarray

_NEIGHBOURS = 6
"""Points of the eye, among which the foremost counts."""
_BESIDE = 0.08
"""Share of the eye's width beside a part of it at which nothing is behind a lid any more."""
_SUNK = 0.05
"""Share of the eye's width behind the cloud from where skin stays behind: there the eye comes through it at rest."""
_ON_THE_WAY = (0.5, 1.0)
"""Strengths of a shape at which its lids are lifted off the eye: a shape key moves along a straight line."""
_STILL = 1e-3
"""mm below which a place does not move, and is not moved."""


def kept_before(
    at: Array, offsets: Array, cover: tuple[Array, Array], lining: Array, cloud: Array, width: float, thin: float = 0.0
) -> Array:
    """The offsets (n, 3) of places `at` (n, 3), lifted so far that what covers the eye stays before it.

    cover: samples of the surface that covers it, as numbers of places (m, k) and their weights (m, k). lining (l,):
    places behind that surface, which go along with the nearest place of it. cloud (c, 3): points of the eye. width: the
    eye's. thin: mm before the cloud that the cover stays at least. All in the eye's frame.
    """
    who, weights = cover
    if not len(who) or not len(cloud):
        return offsets
    tree = mesh.Tree(cloud[:, [0, 2]])

    def above(places: Array) -> Array:
        """How far the samples lie before the cloud; infinite beside it."""
        spots = (places[who] * weights[..., None]).sum(1)
        away, nearest = tree.query(spots[:, [0, 2]], k=min(_NEIGHBOURS, len(cloud)))
        away, nearest = away.reshape(len(spots), -1), nearest.reshape(len(spots), -1)
        return spots[:, 1] - np.where(away < _BESIDE * width, cloud[nearest, 1], -np.inf).max(1)

    least = np.minimum(above(at) + _SUNK * width, thin)
    skin = np.unique(who)
    over = skin[mesh.Tree(at[skin]).query(at[lining])[1]]
    moving = np.abs(offsets).max(1) > _STILL
    out = offsets.copy()
    for share in _ON_THE_WAY:
        push = np.zeros(len(at))
        needed = np.maximum(least - above(at + share * out), 0.0) / share
        np.maximum.at(push, who[weights > 0], np.repeat(needed, (weights > 0).sum(1)))
        push[lining] = push[over]
        out[:, 1] += np.where(moving, push, 0.0)
    return out
