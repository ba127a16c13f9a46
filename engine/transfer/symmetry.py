"""Shapes made alike on both sides of a face."""

import numpy as np

from engine.channels import INDEX, SHAPES, mirrored_name
from engine.transfer import mesh
from engine.transfer.landmarks import NAMED
from engine.transfer.warp import similarity

Array = np.ndarray
_FLIP = np.array([-1.0, 1.0, 1.0])


def midplane(marks: Array, points: Array) -> tuple[Array, Array]:
    """The reflection that lays the face over itself: matrix (3, 3) and shift (3,).

    marks (468, 3): the face's points. points (n, 3): its skin.
    """
    pairs = [(NAMED[name], NAMED[mirrored_name(name)]) for name in NAMED if name.endswith(("Left", "Right"))]
    left, right = np.array(pairs).T
    matrix, shift = _reflection(marks[left], marks[right])
    near = points[np.linalg.norm(points - marks[NAMED["noseBridge"]], axis=1) < 90]
    tree = mesh.Tree(near)
    for _ in range(15):
        away, partner = tree.query(near @ matrix.T + shift)
        close = away < max(2.0, float(np.median(away)))
        matrix, shift = _reflection(near[close], near[partner[close]])
    return matrix, shift


def _reflection(source: Array, target: Array) -> tuple[Array, Array]:
    fit = similarity(np.concatenate([source, target]) * _FLIP, np.concatenate([target, source]))
    normal = np.linalg.eigh((fit.rotation * _FLIP) + (fit.rotation * _FLIP).T)[1][:, 0]
    matrix = np.eye(3) - 2 * np.outer(normal, normal)
    middle = (source + target).mean(0) / 2
    return matrix, middle - matrix @ middle


def symmetric(values: Array, points: Array, triangles: Array, matrix: Array, shift: Array) -> Array:
    """Values (52, n, 3) averaged with the mirrored values of the shape of the other side."""
    spread = mesh.samples(points, triangles, 1.0)
    away, near = mesh.Tree(spread.points).query(points @ matrix.T + shift)
    alike = np.clip(2.0 - away / 3.0, 0, 1)[:, None]
    order = [INDEX[mirrored_name(name)] for name in SHAPES]
    out = np.empty_like(values)
    for shape, other in enumerate(order):
        mirrored = spread.mix(values[other], near) @ matrix.T
        out[shape] = values[shape] + 0.5 * alike * (mirrored - values[shape])
    return out
