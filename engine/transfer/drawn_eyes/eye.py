"""A drawn eye seen straight from the front: its lids as two curves, and where those go in each shape."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from engine.transfer.drawn_eyes.amounts import RISES
from engine.transfer.drawn_eyes.surface import Surface

Array = np.ndarray

REACH = 0.65
"""Share of the opening's height over which skin follows a lid."""
DEEP = 0.3
"""Share of the width by which skin that goes with the lids may lie off the face's surface; behind is the socket."""
_EVEN = 0.5
"""How far the edge of a lid is spread evenly over the line where lids meet, 0..1; lids of a round opening would pile up
at its corners.
"""
_LAPS = 0.03
"""Share of the opening's height by which a shut upper lid laps over the lower one."""
_JUMPS = 6
"""Places of an edge on either side over which it is evened out: marks are some five places apart."""


class Eye(NamedTuple):
    """One eye. frame: rows along the slit outwards, out of the face, up; origin (3,): the inner corner.

    upper, lower (n, 3): edges of the lids in that frame, as are all places below. dip: how far below the corners lids
    meet, mm. surface: the face around the opening. closed: the skin goes on below the eye. lifts (2, n): how far the
    edges of the upper and the lower lid come forward in each of LIDS, to pass before what lies in the eye.
    """

    frame: Array
    origin: Array
    upper: Array
    lower: Array
    dip: float
    surface: Surface
    closed: bool
    lifts: Mapping[str, Array] = MappingProxyType({})

    @property
    def width(self) -> float:
        """From corner to corner, mm."""
        return float(self.upper[-1, 0])

    @property
    def tall(self) -> float:
        """The height of the opening where it is highest, mm."""
        return float(self.gap(self.upper[:, 0]).max())

    def local(self, points: Array) -> Array:
        """Places (n, 3) of points in the frame."""
        return (points - self.origin) @ self.frame.T

    def gap(self, along: Array) -> Array:
        """The height of the opening (n,)."""
        return np.maximum(height(self.upper, along) - height(self.lower, along), 0.0)

    def inside(self, places: Array) -> Array:
        """Whether places (n, 3) are seen in the opening, bool (n,)."""
        along, up = places[:, 0], places[:, 2]
        between = (height(self.lower, along) < up) & (up < height(self.upper, along))
        return between & (along > 0) & (along < self.width)

    def meets(self, along: Array) -> Array:
        """The height (n,) at which the lids meet: an even arc from corner to corner."""
        share = np.clip(along / self.width, 0, 1)
        return -self.dip * 4 * share * (1 - share)

    def seated(self, places: Array, offsets: Array) -> Array:
        """The offsets (n, 3) with the depth that keeps each place as far from the surface as it is."""
        out = offsets.copy()
        out[:, 1] = self.surface.depth(places + offsets) - self.surface.depth(places)
        return out

    def moved(self, name: str, upper: bool) -> Array:
        """Offsets of a lid's edge in one of LIDS, without their depth (n, 3)."""
        edge = self.upper if upper else self.lower
        out = np.zeros_like(edge)
        if name in RISES:
            out[:, 2] = RISES[name][0 if upper else 1] * self.gap(edge[:, 0])
            return out
        step = np.linalg.norm(np.diff(edge[:, [0, 2]], axis=0), axis=1)
        even = np.concatenate([[0.0], np.cumsum(step)]) / step.sum() * self.width
        along = edge[:, 0] + _EVEN * (even - edge[:, 0])
        laps = _LAPS * self.tall * np.sin(np.pi * np.clip(along / self.width, 0, 1)) if upper else 0.0
        out[:, 0] = along - edge[:, 0]
        out[:, 2] = self.meets(along) - laps - edge[:, 2]
        return out


def height(edge: Array, along: Array) -> Array:
    """The height (n,) of an edge (m, 3) above places along the slit (n,)."""
    order = np.argsort(edge[:, 0])
    return np.interp(along, edge[order, 0], edge[order, 2])


def feet(edge: Array, at: Array) -> Array:
    """Where along an edge (n, 3), in steps, lies what is nearest to each place (m, 3) seen from the front: (m,)."""
    flat, places = edge[:, [0, 2]], at[:, [0, 2]]
    way = np.diff(flat, axis=0)
    share = ((places[:, None] - flat[:-1]) * way).sum(2) / np.maximum((way * way).sum(1), 1e-12)
    share = np.clip(share, 0, 1)
    away = np.linalg.norm(flat[:-1] + share[..., None] * way - places[:, None], axis=2)
    nearest = away.argmin(1)
    return nearest + share[np.arange(len(at)), nearest]


def at_feet(foot: Array, values: Array) -> Array:
    """Values (n, …) of an edge at feet (m,): (m, …)."""
    before = np.clip(foot.astype(int), 0, len(values) - 2)
    share = (foot - before).reshape(-1, *[1] * (values.ndim - 1))
    return values[before] * (1 - share) + values[before + 1] * share


def evened(values: Array) -> Array:
    """Values (n, d) along an edge without their jumps; both ends stay."""
    some = min(_JUMPS, len(values) - 1)
    ahead, behind = (2 * end - beside for end, beside in ((values[0], values[some:0:-1]), (values[-1], values[-2::-1])))
    longer = np.concatenate([ahead, values, behind[:some]])
    weights = np.exp(-0.5 * (np.arange(-some, some + 1) / (some / 3)) ** 2)
    return np.stack([np.convolve(axis, weights / weights.sum(), "valid") for axis in longer.T], 1)
