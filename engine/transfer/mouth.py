"""Where a skin's mouth can open: the edges of both lips from corner to corner, found in the mesh itself."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

from engine.transfer import mesh
from engine.transfer.landmarks import CONTOURS, NAMED
from engine.transfer.source import Source

Array = np.ndarray

_REACH = 2.2
"""Half widths of the mouth around its middle within which its edges are looked for."""
_SEES = 0.2
"""Cosine of the angle within which skin faces the viewer, on whom the tracker's points lie."""
_SPACING = 1.0
"""mm between the places of one lip to which the gap from the other is measured."""
_MIDDLE = 0.25
"""Share of the mouth's half width around its middle in which both edges are begun."""
_DEEP = 0.2
"""mm of a gap that 1 mm away from skin that faces the viewer counts for: of what touches, the foremost is the edge."""
_DETOUR = 2.0
"""How many times as long as straight the way over the skin between two lips is at least, where they can part."""
_ROUNDING = 1e-3
"""mm by which a way over the skin may exceed that for being rounded."""
_CLEAR = 6.0
"""mm from the line of the lips at which a place surely belongs to one of them."""
_STEP = 0.05
"""mm of a gap that a way costs even where lips touch."""
_FEWEST = 5
"""Vertices of a lip's edge that can open."""
_NARROWEST = 0.4
"""Share of the mouth's width as it was seen that its edges span at least."""


class Rim(NamedTuple):
    """One lip's edge from the right corner to the left. vertices int (m,); along (m,): 0..1 between the corners."""

    vertices: Array
    along: Array

    def place(self, points: Array, which: Array) -> Array:
        """Where between the corners some of the points lie (n,), 0..1 beside the edge."""
        ray = points[self.vertices[-1]] - points[self.vertices[0]]
        return (points[which] - points[self.vertices[0]]) @ ray / max(float(ray @ ray), 1e-12)

    def at(self, values: Array, stations: Array) -> Array:
        """Values (…, v, c) of vertices at `stations` (s,) along the edge: (…, s, c)."""
        right = np.clip(np.searchsorted(self.along, stations, side="right"), 1, len(self.along) - 1)
        low, high = self.along[right - 1], self.along[right]
        share = np.clip((stations - low) / np.maximum(high - low, 1e-12), 0, 1)[:, None]
        own = values[..., self.vertices, :]
        return own[..., right - 1, :] * (1 - share) + own[..., right, :] * share


class Mouth(NamedTuple):
    """Both edges, which share their corners."""

    upper: Rim
    lower: Rim

    @property
    def vertices(self) -> Array:
        """Those of both edges, each once."""
        return np.union1d(self.upper.vertices, self.lower.vertices)

    def among(self, numbers: Array) -> "Mouth":
        """The same mouth where its vertices have other numbers, int (v,)."""
        return Mouth(*(rim._replace(vertices=numbers[rim.vertices]) for rim in self))

    def wide(self, points: Array) -> float:
        """The way from corner to corner."""
        return float(np.linalg.norm(points[self.upper.vertices[-1]] - points[self.upper.vertices[0]]))


def of_source(source: Source) -> Mouth:
    """The sample's mouth."""
    edge = np.flatnonzero(source.lip_ring == 0)
    corners = edge[source.label[edge] == 0]
    lips = [np.concatenate([edge[source.label[edge] == label], corners]) for label in (1, 2)]
    upper, lower = (lip[np.argsort(source.points[lip, 0])] for lip in lips)
    return _mouth(upper, lower, source.points)


def find(points: Array, triangles: Array, marks: Array) -> Mouth | None:
    """The mouth of a skin whose lips can part; None where no edges are found.

    points (n, 3) and triangles of the skin, marks (468, 3), all in the sample's space, mm.
    """
    if _grown_together(points, triangles, marks):
        return None
    corners = marks[[NAMED["mouthCornerRight"], NAMED["mouthCornerLeft"]]]
    middle, half = corners.mean(0), float(np.ptp(corners[:, 0])) / 2
    near = (np.linalg.norm(points - middle, axis=1) < _REACH * half)[triangles].any(1)
    kept, faces = np.unique(triangles[near], return_inverse=True)
    faces = faces.reshape(-1, 3)
    skin = points[kept]
    seen = _seen(skin, faces)
    if seen is None:
        return None
    lead = _lead(skin, faces, marks, seen)
    upper = lead >= 0
    gap = _gap(skin, faces, upper, seen)
    # What lies between the lips' ways over the surface, as at the back of the mouth, is no edge to begin with.
    central = (np.abs(skin[:, 0] - middle[0]) < max(_MIDDLE * half, _SPACING)) & (np.abs(lead) > half)
    ways = [_Ways.over(skin, faces, own, gap, central) for own in (upper, ~upper)]
    pairs = mesh.edges(faces)
    crossing = pairs[upper[pairs[:, 0]] != upper[pairs[:, 1]]]
    crossing = np.where(upper[crossing[:, :1]], crossing, crossing[:, ::-1])
    total = ways[0].cost[crossing[:, 0]] + ways[1].cost[crossing[:, 1]]
    ends = []
    for side in (-1.0, 1.0):
        own = ((skin[crossing].mean(1)[:, 0] - middle[0]) * side > 0) & np.isfinite(total)
        if not own.any():
            return None
        ends.append(crossing[own][np.argmin(total[own])])
    rims = [np.array(ways[lip].to(ends[0][lip])[:-1] + ways[lip].to(ends[1][lip])[::-1], int) for lip in (0, 1)]
    if min(len(rim) for rim in rims) < _FEWEST:
        return None
    found = _mouth(kept[rims[0]], kept[rims[1]], points)
    wide = float(np.ptp(points[found.upper.vertices[[0, -1]], 0]))
    return found if wide > _NARROWEST * 2 * half else None


def marked(marks: Array, points: Array, mouth: Mouth, source: Source, own: Mouth) -> Array:
    """The marks (468, 3) with those of the lips' edges and corners where this mouth's are. own: the sample's mouth."""
    out = marks.copy()
    corners = source.points[own.upper.vertices[[0, -1]]]
    across = corners[1] - corners[0]
    for name in ("lipUpperInner", "lipLowerInner"):
        along = (source.landmarks[CONTOURS[name]] - corners[0]) @ across / (across @ across)
        out[CONTOURS[name]] = (mouth.upper.at(points, along) + mouth.lower.at(points, along)) / 2
    ends = mouth.upper.vertices[[0, -1]]
    wide = np.linalg.norm(points[ends[1]] - points[ends[0]]) / np.linalg.norm(across)
    for name, corner, end in zip(("mouthCornerRight", "mouthCornerLeft"), corners, ends, strict=True):
        out[NAMED[name]] = points[end] + wide * (source.landmarks[NAMED[name]] - corner)
    return out


def pinned(own: Mouth, other: Mouth | None, points: Array) -> tuple[Array, Array]:
    """Vertices of the sample's lips and where they belong (n, 3) on the other face, whose skin has `points`."""
    if other is None:
        return np.zeros(0, int), np.zeros((0, 3))
    here = np.concatenate([own.upper.vertices, own.lower.vertices])
    return here, np.concatenate([other.upper.at(points, own.upper.along), other.lower.at(points, own.lower.along)])


def _grown_together(points: Array, triangles: Array, marks: Array) -> bool:
    """Whether skin leads straight from the upper lip to the lower: the mouth is only painted or laid on it.

    points (n, 3) and triangles of the skin, marks (468, 3). Where lips can part, the way leads through the mouth or
    around its corners.
    """
    tree = mesh.Tree(points)
    upper, lower = (int(tree.query(marks[NAMED[name]][None])[1][0]) for name in ("lipUpperTop", "lipLowerBottom"))
    way = mesh.surface_distance(points, triangles, np.array([upper]))[lower]
    return bool(way <= _DETOUR * np.linalg.norm(points[upper] - points[lower]) + _ROUNDING)


def _seen(points: Array, triangles: Array) -> mesh.Samples | None:
    """Places of the skin that face the viewer; None without any."""
    corners = points[triangles]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    front = facing[:, 1] < -_SEES * np.linalg.norm(facing, axis=1)
    return mesh.samples(points, triangles[front], _SPACING) if front.any() else None


def _lead(points: Array, triangles: Array, marks: Array, seen: mesh.Samples) -> Array:
    """How much nearer each vertex lies to the upper lip than to the lower by the way over the surface (n,), mm."""
    tree = mesh.Tree(seen.points)
    line = marks[CONTOURS["lipUpperInner"]]
    ways = []
    for name, sign in (("lipUpperOuter", 1.0), ("lipLowerOuter", -1.0)):
        # Thin lips as they were seen may lie on the wrong side of where they meet.
        on = marks[CONTOURS[name]][2:-2]
        height = np.interp(on[:, 0], line[:, 0], line[:, 2])
        on[:, 2] = height + sign * np.maximum(sign * (on[:, 2] - height), _CLEAR)
        near = tree.query(on)[1]
        ways.append(mesh.surface_distance(points, triangles, np.unique(seen.vertices[near])))
    most = 2.0 * max(float(way[np.isfinite(way)].max()) for way in ways)
    return np.minimum(ways[1], most) - np.minimum(ways[0], most)


def _gap(points: Array, triangles: Array, upper: Array, seen: mesh.Samples) -> Array:
    """How far each vertex lies from the other lip (n,), mm, what lies deeper counting as further away."""
    gap = np.full(len(points), np.inf)
    for own in (upper, ~upper):
        other = mesh.samples(points, triangles[~own[triangles].any(1)], _SPACING)
        if own.any() and len(other.points):
            gap[own] = mesh.Tree(other.points).query(points[own])[0]
    return gap + _DEEP * mesh.Tree(seen.points).query(points)[0]


class _Ways(NamedTuple):
    """The cheapest ways over one lip from the middle of its edge: the cost (n,) of that to each vertex, infinite off
    the lip, and the vertex before it, int (n,).
    """

    start: int
    cost: Array
    before: Array

    @classmethod
    def over(cls, points: Array, triangles: Array, own: Array, gap: Array, central: Array) -> "_Ways":
        """Ways over the vertices `own`, bool (n,), cheap where the gap (n,) is small; central bool (n,): the middle."""
        starts = np.flatnonzero(own & central & np.isfinite(gap))
        if not len(starts):
            return cls(-1, np.full(len(points), np.inf), np.full(len(points), -1))
        start = int(starts[np.argmin(gap[starts])])
        pairs = mesh.edges(triangles)
        pairs = pairs[own[pairs].all(1)]
        cost = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1) * (gap[pairs].mean(1) + _STEP)
        graph = sp.coo_matrix((cost, pairs.T), shape=(len(points), len(points))).tocsr()
        way, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
        return cls(start, way, before)

    def to(self, end: int) -> list[int]:
        """The vertices of the way from `end` to the start."""
        way = [int(end)]
        while way[-1] != self.start:
            way.append(int(self.before[way[-1]]))
        return way


def _mouth(upper: Array, lower: Array, points: Array) -> Mouth:
    """The mouth of two edges from right to left, int (m,), the further of whose ends become corners of both."""
    across = points[upper[-1]] - points[upper[0]]
    for end, sign in ((0, 1.0), (-1, -1.0)):
        corner = min(upper[end], lower[end], key=lambda vertex: sign * float(points[vertex] @ across))
        upper, lower = (_ending(edge, int(corner), end) for edge in (upper, lower))
    rims = []
    for edge in (upper, lower):
        rim = Rim(edge, np.zeros(len(edge)))
        # A way over a coarse or folded corner zigzags, so its length would tell little.
        rims.append(rim._replace(along=np.clip(np.maximum.accumulate(rim.place(points, edge)), 0.0, 1.0)))
    return Mouth(*rims)


def _ending(edge: Array, corner: int, end: int) -> Array:
    if edge[end] == corner:
        return edge
    return np.append(edge, corner) if end else np.insert(edge, 0, corner)
