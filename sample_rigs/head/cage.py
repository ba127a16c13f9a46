"""The head's topology: which quads there are, before anything is placed.

Half a head is a grid of columns (front midline to back midline) and rows (neck to crown), closed by a
patch on top. Eyes, mouth, nostrils and ears replace a block of cells by concentric rings, so that edge
loops run around every opening; each opening ends in a small patch of quads and leaves no hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

COLUMNS, ROWS = 42, 54
TOP_FRONT = 10  # cells of the top patch from the midline to its corner


@dataclass(frozen=True)
class Opening:
    """A block of cells [i0, i1) x [j0, j1) replaced by `rings` rings of quads and, if `closed`, a patch."""

    name: str
    i0: int
    i1: int
    j0: int
    j1: int
    rings: int
    closed: bool = True

    @property
    def open_path(self) -> bool:
        """True where the block touches the midline and its rings are half rings."""
        return self.i0 == 0

    def perimeter(self) -> list[tuple[int, int]]:
        """Grid corners around the block, counter-clockwise seen from outside, from its lower inner corner."""
        path = [(i, self.j0) for i in range(self.i0, self.i1)]
        path += [(self.i1, j) for j in range(self.j0, self.j1)]
        path += [(i, self.j1) for i in range(self.i1, self.i0, -1)]
        if self.open_path:
            return [*path, (0, self.j1)]
        return path + [(self.i0, j) for j in range(self.j1, self.j0, -1)]


MOUTH = Opening("mouth", 0, 10, 14, 26, 17)
NOSTRIL = Opening("nostril", 1, 4, 27, 30, 4)
EYE = Opening("eye", 4, 18, 34, 44, 13)
EAR = Opening("ear", 24, 30, 29, 40, 9)
OPENINGS = (MOUTH, NOSTRIL, EYE, EAR)

Key = tuple


@dataclass
class Cage:
    """Half of the mesh (x >= 0): vertex keys, quads by index, and the vertices on the midline."""

    index: dict[Key, int] = field(default_factory=dict)
    quads: list[tuple[int, int, int, int]] = field(default_factory=list)
    midline: set[int] = field(default_factory=set)

    def add(self, *key: object) -> int:
        return self.index.setdefault(key, len(self.index))

    def ring(self, opening: Opening, number: int) -> list[int]:
        """Vertex indices of ring `number`; ring 0 is the block's perimeter in the grid."""
        path = opening.perimeter()
        if number == 0:
            return [self.index[("g", i, j)] for i, j in path]
        return [self.index[(opening.name, number, k)] for k in range(len(path))]

    def keys(self) -> list[Key]:
        return list(self.index)


def _covered(openings: Sequence[Opening], i: int, j: int) -> bool:
    return any(o.i0 <= i < o.i1 and o.j0 <= j < o.j1 for o in openings)


def _fill_opening(cage: Cage, o: Opening) -> None:
    path = o.perimeter()
    rings = [[cage.add("g", i, j) for i, j in path]]
    rings += [[cage.add(o.name, r, k) for k in range(len(path))] for r in range(1, o.rings + 1)]
    steps = len(path) - 1 if o.open_path else len(path)
    for outer, inner in pairwise(rings):
        for k in range(steps):
            n = (k + 1) % len(path)
            cage.quads.append((outer[k], outer[n], inner[n], inner[k]))
    last = {corner: rings[-1][k] for k, corner in enumerate(path)}

    def patch(i: int, j: int) -> int:
        return last[(i, j)] if (i, j) in last else cage.add(o.name + " patch", i, j)

    for i in range(o.i0, o.i1 if o.closed else o.i0):
        for j in range(o.j0, o.j1):
            cage.quads.append((patch(i, j), patch(i + 1, j), patch(i + 1, j + 1), patch(i, j + 1)))
    if o.open_path:
        for ring in rings:
            cage.midline.update((ring[0], ring[-1]))
        cage.midline.update(patch(0, j) for j in range(o.j0, o.j1 + 1))


def _fill_top(cage: Cage, columns: int, rows: int, top_front: int) -> None:
    a, b = top_front, columns - 2 * top_front

    def corner(u: int, v: int) -> int:
        if v == 0:
            return cage.add("g", u, rows)
        if v == b:
            return cage.add("g", columns - u, rows)
        if u == a:
            return cage.add("g", a + v, rows)
        return cage.add("top", u, v)

    for u in range(a):
        for v in range(b):
            cage.quads.append((corner(u, v), corner(u + 1, v), corner(u + 1, v + 1), corner(u, v + 1)))
    cage.midline.update(corner(0, v) for v in range(b + 1))


def build(
    openings: Sequence[Opening] = OPENINGS, columns: int = COLUMNS, rows: int = ROWS, top_front: int = TOP_FRONT
) -> Cage:
    """Half a head of columns x rows cells; columns - 2 * top_front > 0."""
    cage = Cage()
    for j in range(rows + 1):
        for i in range(columns + 1):
            inside = any(o.i0 < i < o.i1 and o.j0 < j < o.j1 for o in openings)
            on_open_midline = i == 0 and any(o.open_path and o.j0 < j < o.j1 for o in openings)
            if inside or on_open_midline:
                continue
            v = cage.add("g", i, j)
            if i in (0, columns):
                cage.midline.add(v)
    for i in range(columns):
        for j in range(rows):
            if not _covered(openings, i, j):
                corners = ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1))
                cage.quads.append(tuple(cage.add("g", *c) for c in corners))
    for opening in openings:
        _fill_opening(cage, opening)
    _fill_top(cage, columns, rows, top_front)
    return cage


def mirror(cage: Cage, half: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The whole head from half of it.

    Returns positions (n, 3), quads (m, 4), `source` (n,) the half's vertex behind each vertex, and
    `partner` (n,) the vertex on the other side of the face.
    """
    count = len(half)
    middle = np.zeros(count, bool)
    middle[list(cage.midline)] = True
    other = np.arange(count)
    other[~middle] = count + np.arange((~middle).sum())
    flipped = half[~middle] * np.array([-1.0, 1.0, 1.0])
    points = np.concatenate([half, flipped])
    points[:count][middle, 0] = 0.0
    quads = np.array(cage.quads)
    quads = np.concatenate([quads, other[quads][:, ::-1]])
    source = np.concatenate([np.arange(count), np.flatnonzero(~middle)])
    partner = np.concatenate([other, np.flatnonzero(~middle)])
    return points, quads, source, partner
