"""What the edges of the lips do in each shape, told along them from corner to corner, and who goes with them."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from engine.transfer import jaw, mesh
from engine.transfer.mouth import Mouth
from engine.transfer.source import Source

Array = np.ndarray

STATIONS = np.linspace(0.0, 1.0, 65)
"""Places along the lips, from the right corner to the left, at which their motion is told."""
_PARTED = 1.5
"""mm by which lips part that do not stay shut."""


class Edges(NamedTuple):
    """What each lip does at STATIONS: upper, lower (shapes, stations, 3)."""

    upper: Array
    lower: Array

    @classmethod
    def of(cls, mouth: Mouth, values: Array) -> "Edges":
        """From values (shapes, v, 3) of vertices."""
        return cls(mouth.upper.at(values, STATIONS), mouth.lower.at(values, STATIONS))

    def onto(self, mouth: Mouth, values: Array) -> None:
        """Writes what the lips do into values (shapes, v, 3) of another face's vertices."""
        for rim, own in ((mouth.lower, self.lower), (mouth.upper, self.upper)):
            for shape, line in enumerate(own):
                values[shape, rim.vertices] = np.stack([np.interp(rim.along, STATIONS, axis) for axis in line.T], 1)

    def shut(self, shapes: list[int]) -> None:
        """Lets both lips rise and fall alike in these shapes."""
        both = (self.upper[shapes, :, 2] + self.lower[shapes, :, 2]) / 2
        self.upper[shapes, :, 2] = self.lower[shapes, :, 2] = both

    def sealed(self, seal: int, opens: int) -> None:
        """Makes the shape `seal` undo how far the shape `opens` parts the lips, each lip half of what is missing."""
        missing = self.upper[opens] + self.upper[seal] - self.lower[opens] - self.lower[seal]
        self.upper[seal] -= missing / 2
        self.lower[seal] += missing / 2


def stay_shut(source: Source, mouth: Mouth) -> list[int]:
    """Numbers of the shapes that do not part the sample's lips."""
    lips = Edges.of(mouth, source.deltas)
    parted = np.abs(lips.upper - lips.lower)[:, :, 2].max(1)
    moving = np.abs(lips.upper).max((1, 2)) > _PARTED
    return [int(shape) for shape in np.flatnonzero((parted < _PARTED) & moving)]


class Lining(NamedTuple):
    """What lines the mouth behind the lips. vertices int (n,); away (n,): mm over the surface from the lips' edges;
    before int (n,): the vertex of the outer skin that lies as far from the edges, and beside the same lip; below (n,):
    how much it goes with the lower lip rather than with the upper, 0..1.
    """

    vertices: Array
    away: Array
    before: Array
    below: Array


def lining(points: Array, triangles: Array, mouth: Mouth) -> Lining:
    """The lining of a mouth in the skin, whose points (n, 3) and triangles are given."""
    rim = mouth.vertices
    pairs = mesh.edges(triangles)
    pairs = pairs[~np.isin(pairs, rim).any(1)]
    count = len(points)
    piece = connected_components(sp.coo_matrix((np.ones(len(pairs)), pairs.T), shape=(count, count)), directed=False)[1]
    up, down = (mesh.surface_distance(points, triangles, edge.vertices[1:-1]) for edge in (mouth.upper, mouth.lower))
    away, reached = np.minimum(up, down), np.isfinite(up + down)
    outer = piece == np.bincount(piece[reached]).argmax()
    inside = np.flatnonzero(~outer & reached & ~np.isin(np.arange(count), rim))
    outside = np.flatnonzero(outer & reached)
    if not len(inside):
        return Lining(inside, away[inside], inside, away[inside])
    like = np.stack([mouth.upper.place(points, np.arange(count)) * mouth.wide(points), up, down], 1)
    before = outside[mesh.Tree(like[outside]).query(like[inside])[1]]
    return Lining(inside, away[inside], before, jaw.passing((up / np.maximum(up + down, 1e-9))[inside]))
