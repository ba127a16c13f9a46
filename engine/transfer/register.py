"""Laying the sample head's skin over another face: landmarks first, then ever softer, to the nearest fitting surface.

A non-rigid registration in the manner of Amberg et al. 2007 with a Laplacian for stiffness: in every round each vertex
is drawn to the nearest surface that looks the same way and belongs to the same lip or lid.
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from engine.transfer import mesh
from engine.transfer.source import Source
from engine.transfer.warp import Warp

Array = np.ndarray

NORMAL_WEIGHT = 8.0
"""mm that two surfaces at right angles count as apart, divided by the square root of 2."""
LABEL_WEIGHT = 8.0
"""mm that an upper and a lower lip count as apart, halved."""
_ROUNDS = ((200.0, 20.0), (60.0, 14.0), (20.0, 10.0), (8.0, 8.0), (3.0, 6.0), (1.5, 5.0), (1.0, 4.0))
"""Stiffness, and mm within which a surface is believed in, for each round."""
_PULL = 4.0
"""How much more a landmark or an edge pulls than a surface."""


def features(points: Array, normals: Array, sides: Array) -> Array:
    """Where a point of a surface is for matching: place, direction and which lip and lid, (n, 8)."""
    return np.concatenate([points, NORMAL_WEIGHT * normals, LABEL_WEIGHT * sides], axis=-1)


def register(
    source: Source,
    warp: Warp,
    marks: tuple[Array, Array],
    edges: tuple[Array, Array],
    target: mesh.Samples,
    sides: tuple[Array, Array],
    progress: Callable[[float], None] | None = None,
) -> Array:
    """Where the source's vertices lie on the target, (v, 3).

    warp: the first fit. marks, edges: numbers of source vertices and where they belong (n, 3), roughly and exactly.
    target: samples of the skin.
    sides (n, 2): of the source's vertices and of the samples, as `sides.sides` tells.
    """
    first = warp(source.points)
    laplacian = mesh.laplacian(source.points, source.triangles)
    stiff = (laplacian.T @ laplacian).tocsc()
    own, others = sides
    tree = mesh.Tree(features(target.points, target.normals, others))
    count = len(first)
    rough, exact = (_pinned(count, *some) for some in (marks, edges))
    believed = ~source.hidden
    at = first.copy()
    for number, (stiffness, reach) in enumerate(_ROUNDS):
        normals = mesh.vertex_normals(at, source.triangles)
        _, near = tree.query(features(at, normals, own))
        goal = target.points[near]
        away = np.linalg.norm(goal - at, axis=1)
        alike = (target.normals[near] * normals).sum(1)
        weight = np.where(believed & (alike > 0.5), np.clip(1.5 - away / reach, 0, 1), 0.0)
        # Displacements of the plane slide along it freely, so that features are not dragged by flat skin.
        goal = (
            at
            + 0.7 * ((goal - at) * target.normals[near]).sum(1, keepdims=True) * target.normals[near]
            + 0.3 * (goal - at)
        )
        held, held_to = (a + b if stiffness > 2 else b for a, b in zip(rough, exact, strict=True))
        system = sp.diags(weight + held + 1e-6) + stiffness * stiff
        right = weight[:, None] * (goal - first) + held_to - held[:, None] * first
        at = first + splu(system.tocsc()).solve(right)
        if progress:
            progress((number + 1) / len(_ROUNDS))
    return at


def _pinned(count: int, vertices: Array, places: Array) -> tuple[Array, Array]:
    """How much each of the vertices is pulled (count,), and the places it is pulled to, times that (count, 3)."""
    pull = np.bincount(vertices, minlength=count) * _PULL
    return pull, np.stack([np.bincount(vertices, places[:, axis], count) for axis in range(3)], 1) * _PULL
