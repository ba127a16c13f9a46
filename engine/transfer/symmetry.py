"""Shapes made alike on both sides of a face."""

import numpy as np

from engine.channels import INDEX, SHAPES, mirrored_name
from engine.transfer import mesh
from engine.transfer.landmarks import NAMED
from engine.transfer.register import features
from engine.transfer.warp import similarity

Array = np.ndarray
_ROUNDS, _ENOUGH = 60, 2500
"""Rounds in which a reflection settles, and points that are enough for it."""
_FLIP = np.array([-1.0, 1.0, 1.0])


def midplane(marks: Array, points: Array) -> tuple[Array, Array]:
    """The reflection that lays the face over itself: matrix (3, 3) and shift (3,).

    marks (468, 3): the face's points. points (n, 3): its skin.
    """
    pairs = [(NAMED[name], NAMED[mirrored_name(name)]) for name in NAMED if name.endswith(("Left", "Right"))]
    left, right = np.array(pairs).T
    matrix, shift = _reflection(marks[left], marks[right])
    near = points[np.linalg.norm(points - marks[NAMED["noseBridge"]], axis=1) < 90]
    return settled(near, points, matrix, shift)[:2]


def settled(points: Array, among: Array, matrix: Array, shift: Array) -> tuple[Array, Array, float]:
    """A reflection moved until it lays `points` (n, 3) over `among` (m, 3), in mm, and mm it misses at the median."""
    tree = mesh.Tree(among)
    some = points[:: max(len(points) // _ENOUGH, 1)]
    for _ in range(_ROUNDS):
        away, partner = tree.query(some @ matrix.T + shift)
        close = away < max(2.0, float(np.median(away)))
        before = matrix
        matrix, shift = _reflection(some[close], among[partner[close]])
        if np.abs(matrix - before).max() < 1e-5:
            break
    return matrix, shift, float(np.median(tree.query(some @ matrix.T + shift)[0]))


def _reflection(source: Array, target: Array) -> tuple[Array, Array]:
    fit = similarity(np.concatenate([source, target]) * _FLIP, np.concatenate([target, source]))
    normal = np.linalg.eigh((fit.rotation * _FLIP) + (fit.rotation * _FLIP).T)[1][:, 0]
    matrix = np.eye(3) - 2 * np.outer(normal, normal)
    middle = (source + target).mean(0) / 2
    return matrix, middle - matrix @ middle


def symmetric(values: Array, points: Array, triangles: Array, sides: Array, matrix: Array, shift: Array) -> Array:
    """Values (52, n, 3) averaged with the mirrored values of the shape of the other side.

    sides (n, 2): as `sides.sides` tells, since lips that touch are not to be mixed up.
    """
    spread = mesh.samples(points, triangles, 1.0)
    normals = mesh.vertex_normals(points, triangles) @ matrix.T
    tree = mesh.Tree(features(spread.points, spread.normals, spread.spread(sides)))
    there = points @ matrix.T + shift
    _, near = tree.query(features(there, normals, sides))
    away = np.linalg.norm(spread.points[near] - there, axis=1)
    alike = np.clip(2.0 - away / 3.0, 0, 1)[:, None]
    order = [INDEX[mirrored_name(name)] for name in SHAPES]
    out = np.empty_like(values)
    for shape, other in enumerate(order):
        mirrored = spread.mix(values[other], near) @ matrix.T
        out[shape] = values[shape] + 0.5 * alike * (mirrored - values[shape])
    return out
