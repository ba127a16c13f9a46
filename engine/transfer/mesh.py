"""What the transfer asks of a triangle mesh: welding, pieces, normals, dense samples, distances over the surface."""

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.sparse.linalg import splu
from scipy.spatial import KDTree

Array = np.ndarray

_WELD = 1e-5
"""Share of the mesh's size below which two points are one, as where a file splits vertices along texture seams."""

_AT_ONCE = 8
"""Shapes that are smoothed at once, which bounds the memory."""
_STIFFEST = 1e6
"""Where a mesh is far finer than what is smoothed, equations would lose their digits."""


class Samples(NamedTuple):
    """Points spread over a surface: points, normals (n, 3), the triangle int (n, 3) and the weights (n, 3) of each."""

    points: Array
    normals: Array
    vertices: Array
    weights: Array

    def mix(self, values: Array, which: Array) -> Array:
        """Values of vertices (…, v, c) at the samples `which`: (…, len(which), c)."""
        return (values[..., self.vertices[which], :] * self.weights[which][..., None]).sum(-2)

    def spread(self, values: Array) -> Array:
        """Values of vertices (v, c) at all samples (n, c)."""
        return (values[self.vertices] * self.weights[..., None]).sum(1)


class Place(NamedTuple):
    """Places on a surface: points (n, 3), and vertices int (n, 3) with weights (n, 3) that make each."""

    points: Array
    vertices: Array
    weights: Array

    def mix(self, values: Array) -> Array:
        """Values of vertices (…, v, c) at the places: (…, n, c)."""
        return (values[..., self.vertices, :] * self.weights[..., None]).sum(-2)


class Tree:
    """Points to find the nearest of."""

    def __init__(self, points: Array) -> None:
        self._tree: Any = KDTree(points)

    def query(self, at: Array, k: int = 1) -> tuple[Array, Array]:
        """How far the nearest point, or the nearest k, lie from each place, and which they are: (n,) or (n, k)."""
        return self._tree.query(at, k=k)


def nearest_on(points: Array, triangles: Array, at: Array) -> Place:
    """The place of one triangle, int (n, 3), that lies nearest to each of the points `at` (n, 3)."""
    a, b, c = points[triangles].transpose(1, 0, 2)
    inside = _barycentric(a, b, c, at)
    best, away = inside, np.linalg.norm(_mixed(a, b, c, inside) - at, axis=1)
    away[(inside < 0).any(1)] = np.inf
    zero = np.zeros(len(at))
    for first, second, order in ((a, b, (0, 1, 2)), (b, c, (1, 2, 0)), (c, a, (2, 0, 1))):
        edge = second - first
        share = np.clip(((at - first) * edge).sum(1) / np.maximum((edge * edge).sum(1), 1e-12), 0, 1)
        weights = np.empty((len(at), 3))
        for column, values in zip(order, (1 - share, share, zero), strict=True):
            weights[:, column] = values
        far = np.linalg.norm(first + share[:, None] * edge - at, axis=1)
        nearer = far < away
        best, away = np.where(nearer[:, None], weights, best), np.where(nearer, far, away)
    return Place(_mixed(a, b, c, best), triangles, best)


def _mixed(a: Array, b: Array, c: Array, weights: Array) -> Array:
    return a * weights[:, :1] + b * weights[:, 1:2] + c * weights[:, 2:]


def _barycentric(a: Array, b: Array, c: Array, at: Array) -> Array:
    """Weights (n, 3) of the places in the triangles' planes below `at`."""
    u, v, w = b - a, c - a, at - a
    uu, uv, vv = (u * u).sum(1), (u * v).sum(1), (v * v).sum(1)
    wu, wv = (w * u).sum(1), (w * v).sum(1)
    area = np.maximum(uu * vv - uv * uv, 1e-18)
    second, third = (vv * wu - uv * wv) / area, (uu * wv - uv * wu) / area
    return np.stack([1 - second - third, second, third], 1)


def weld(points: Array, triangles: Array) -> tuple[Array, Array]:
    """(of, kept): the welded vertex of each vertex, and one original vertex for each welded one.

    Vertices weld where the surface ends and another part of it begins at the same place and looks the same way; lips
    that touch go on into the mouth and stay apart.
    """
    size = float(np.ptp(points, axis=0).max()) or 1.0
    normals = np.round(vertex_normals(points, triangles))
    cell = np.round((points - points.min(0)) / (size * _WELD))
    own = np.where(_ends(len(points), triangles), 0, 1 + np.arange(len(points)))
    _, kept, of = np.unique(
        np.concatenate([cell, normals, own[:, None]], 1), axis=0, return_index=True, return_inverse=True
    )
    return of.ravel(), kept


def _ends(count: int, triangles: Array) -> Array:
    """Whether a vertex lies on an edge of one triangle only, bool (count,)."""
    pairs = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    once, times = np.unique(pairs, axis=0, return_counts=True)
    out = np.zeros(count, bool)
    out[once[times == 1]] = True
    return out


def vertex_normals(points: Array, triangles: Array) -> Array:
    """Unit normals (v, 3), weighted by area; 0 for vertices of no triangle."""
    corners = points[triangles]
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    spread = sp.csr_matrix(
        (np.ones(triangles.size), (triangles.ravel(), np.repeat(np.arange(len(triangles)), 3))),
        shape=(len(points), len(triangles)),
    )
    normals = spread @ flat
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)


def edges(triangles: Array) -> Array:
    """Each edge once, int (e, 2)."""
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    return np.unique(np.sort(pairs, axis=1), axis=0)


def edge_lengths(points: Array, triangles: Array) -> Array:
    """The mean length of the edges at each vertex (v,); of all edges for vertices without any."""
    pairs = edges(triangles)
    length = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    count = np.bincount(pairs.ravel(), minlength=len(points))
    total = np.bincount(pairs.ravel(), np.repeat(length, 2), len(points))
    return np.where(count > 0, np.maximum(total / np.maximum(count, 1), 1e-3), max(length.mean(), 1e-3))


def pieces(count: int, triangles: Array) -> Array:
    """The number of the connected piece that each vertex belongs to, int (v,)."""
    pairs = edges(triangles)
    graph = sp.coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def laplacian(points: Array, triangles: Array) -> sp.csr_matrix:
    """Difference of each vertex from the mean of its neighbours, nearer ones counting more; sparse (v, v)."""
    pairs = edges(triangles)
    length = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    weight = 1.0 / np.maximum(length, 0.1 * np.median(length) if len(length) else 1.0)
    count = len(points)
    graph = sp.coo_matrix((weight, (pairs[:, 0], pairs[:, 1])), shape=(count, count)).tocsr()
    graph = graph + graph.T
    total = np.asarray(graph.sum(1)).ravel()
    share = sp.diags(np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)) @ graph
    return (sp.diags((total > 0).astype(float)) - share).tocsr()


def smooth(values: Array, weight: Array, points: Array, triangles: Array, over: Array) -> Array:
    """Values (m, n, 3) at vertices, bent as little as weights (n,) allow; over (n,): mm of detail that is lost."""
    bend = laplacian(points, triangles)
    stiff = np.clip((over / edge_lengths(points, triangles)) ** 4, 0.02, _STIFFEST)
    system = sp.diags(weight) + bend.T @ sp.diags(stiff) @ bend
    solve = splu(system.tocsc()).solve
    out = np.empty_like(values, dtype=float)
    for start in range(0, len(values), _AT_ONCE):
        some = values[start : start + _AT_ONCE]
        right = (some * weight[:, None]).transpose(1, 0, 2)
        out[start : start + _AT_ONCE] = solve(right.reshape(len(points), -1)).reshape(right.shape).transpose(1, 0, 2)
    return out


def surface_distance(points: Array, triangles: Array, seeds: Array, limit: float = np.inf) -> Array:
    """Length of the shortest way along edges from the nearest seed, (v,); infinite beyond `limit`."""
    pairs = edges(triangles)
    length = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1) + 1e-9
    graph = sp.coo_matrix((length, (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points))).tocsr()
    return dijkstra(graph, directed=False, indices=seeds, min_only=True, limit=limit)


def samples(points: Array, triangles: Array, spacing: float, normals: Array | None = None) -> Samples:
    """Samples no further than about `spacing` apart, the vertices among them."""
    if normals is None:
        normals = vertex_normals(points, triangles)
    corners = points[triangles]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(1)
    steps = np.clip(np.ceil(longest / spacing), 1, 40).astype(int)
    _, first = np.unique(triangles, return_index=True)
    who, weights = [triangles[first // 3]], [np.eye(3)[first % 3]]
    for n in np.unique(steps):
        if n == 1:
            continue
        grid = np.array([(i, j, n - i - j) for i in range(n + 1) for j in range(n + 1 - i)]) / n
        grid = grid[grid.max(1) < 1]
        chosen = triangles[steps == n]
        who.append(np.repeat(chosen, len(grid), 0))
        weights.append(np.tile(grid, (len(chosen), 1)))
    vertices, share = np.concatenate(who), np.concatenate(weights)
    at = (points[vertices] * share[..., None]).sum(1)
    facing = (normals[vertices] * share[..., None]).sum(1)
    facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-12)
    return Samples(at, facing, vertices, share)
