"""Lids that meet and stay outside the eyeball: what a fraction of a millimetre decides."""

from typing import NamedTuple

import numpy as np

from engine.transfer import mesh

Array = np.ndarray

_EDGE = 1.2
"""Rings from the edge within which a vertex counts as lying on it."""
_BAND = (-4.0, -1.0, 1.0, 3.0)
"""Rings between which a correction rises from 0 to all of it, and falls again."""
_NEAR = 0.08
"""Share of a seam's length over which its edge is followed."""
_STATIONS = 80
"""Places along a seam at which its edges are told."""
_MOVES = 1e-3
_FACES_OUT = 0.2
"""Cosine of the angle from which a surface looks away from the eyeball rather than towards it."""
_ON_THE_WAY = (0.35, 0.5, 0.65, 0.8, 1.0, 0.5, 1.0)
"""Strengths of a shape at which its lids are lifted off the eyeball."""
_KEPT_OUT = 0.6
"""How much of the way into an eyeball is taken from lids that are made to meet."""
_THIN, _THICK = 0.2, 1.5
"""mm of a lid over the eyeball, at least and at most."""


class Seam(NamedTuple):
    """Two edges that can meet. upper, lower bool (n,); ring (n,): rings of the sample from the edge; place (n,): along
    the seam, in mm; width: its length.
    """

    upper: Array
    lower: Array
    ring: Array
    place: Array

    @property
    def width(self) -> float:
        chosen = self.place[(self.upper | self.lower) & (np.abs(self.ring) < _EDGE)]
        return float(np.ptp(chosen)) if len(chosen) else 0.0

    def share(self) -> Array:
        """How much of a correction of the edge each vertex takes, 0..1 (n,)."""
        return np.interp(self.ring, _BAND, (0.0, 1.0, 1.0, 0.0)) * (self.upper | self.lower)

    def edge(self, values: Array, upper: bool) -> Array | None:
        """The mean of values (n, 3) along one edge, at the place of every vertex (n, 3); None without an edge."""
        on = (self.upper if upper else self.lower) & (np.abs(self.ring) < _EDGE)
        if on.sum() < 3 or self.width <= 0:
            return None
        place, ring = self.place[on], self.ring[on]
        stations = np.linspace(place.min(), place.max(), _STATIONS)
        # A line through the neighbours, since vertices of a coarse mesh lie unevenly along the edge.
        step = (place[None] - stations[:, None]) / (_NEAR * self.width)
        weight = np.exp(-0.5 * step**2) * np.exp(-0.5 * (ring / 0.5) ** 2) + 1e-9 / (1 + step**2)
        weight /= weight.sum(1, keepdims=True)
        mean, spread = (weight * step).sum(1), (weight * step**2).sum(1)
        tilt = (weight * step) @ values[on] - mean[:, None] * (weight @ values[on])
        line = weight @ values[on] - (mean / (spread - mean**2 + 0.05))[:, None] * tilt
        return np.stack([np.interp(self.place, stations, axis) for axis in line.T], 1)


def closed(seam: Seam, values: Array, falls: float) -> Array:
    """A correction (n, 3) that makes `values` (n, 3) alike on both edges, such as the places of lids that meet.

    falls: the upper edge's share of the way, 0..1.
    """
    upper, lower = seam.edge(values, True), seam.edge(values, False)
    if upper is None or lower is None:
        return np.zeros_like(values)
    inside = np.abs(seam.place - np.median(seam.place[seam.upper | seam.lower])) < 0.6 * seam.width
    way = (lower - upper) * (seam.share() * inside)[:, None]
    return np.where(seam.upper[:, None], falls, np.where(seam.lower[:, None], falls - 1.0, 0.0)) * way


def not_inwards(offsets: Array, rays: Array) -> Array:
    """The offsets (n, 3) with little of what leads against the rays (n, 3), as towards the middle of an eyeball."""
    out = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    return offsets - _KEPT_OUT * np.minimum((offsets * out).sum(1, keepdims=True), 0.0) * out


def outside(
    rest: Array, normals: Array, delta: Array, ball: Array, centre: Array, near: Array, turns: Array | None = None
) -> Array:
    """`delta` (n, 3) with the vertices `near` kept off an eyeball, at the distance they keep at rest.

    ball (m, 3): its points, whose cornea may bulge; turns (m, 3): what they do in the same shape. Skin that faces
    away from the eyeball keeps off it; what lines the lid goes with the skin over it, and no deeper than it is at rest.
    """

    def clearance(points: Array, share: float) -> tuple[Array, Array]:
        rays = ball - centre if turns is None else ball + share * turns - centre
        length = np.linalg.norm(rays, axis=1)
        tree = mesh.Tree(rays / length[:, None])
        ray = points - centre
        far = np.linalg.norm(ray, axis=1, keepdims=True)
        surface = length[tree.query(ray / far, k=min(6, len(ball)))[1]].max(1)
        return far[:, 0] - surface, ray / far

    moving = near if turns is not None else near[np.linalg.norm(delta[near], axis=1) > _MOVES]
    was, ray = clearance(rest[moving], 0.0)
    faces_out = ((normals[moving] * ray).sum(1) > _FACES_OUT) & (was > -_THIN)
    skin, lining = moving[faces_out], moving[~faces_out]
    if not len(skin):
        return delta
    # A cornea that comes by lifts a lid no more than it has to.
    least = np.clip(was[faces_out], _THIN, _THICK if turns is None else _THIN)
    touching = np.minimum(was[~faces_out], 0.0)
    out = delta.copy()
    over = mesh.Tree(rest[skin]).query(rest[lining])[1]
    # A shape key moves along a straight line, which cuts through the ball between its ends.
    for share in _ON_THE_WAY:
        now, ray = clearance(rest[skin] + share * out[skin], share)
        push = ray * (np.maximum(least - now, 0.0) / share)[:, None]
        out[skin] += push
        out[lining] += push[over]
        if len(lining):
            now, ray = clearance(rest[lining] + share * out[lining], share)
            out[lining] += ray * (np.maximum(touching - now, 0.0) / share)[:, None]
    return out
