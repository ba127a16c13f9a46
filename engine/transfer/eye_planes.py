"""Eyes drawn as textures on planes of a few faces: their surface lies in the opening, and perhaps no vertex of it."""

import numpy as np

from engine.transfer import mesh
from engine.transfer.landmarks import lid_edges
from engine.transfer.parts import Ball, Parts

Array = np.ndarray

_WIDEST = 2.2
"""How much wider than the opening such a plane is at most."""
_DEEPEST = 1.0
"""Share of the opening's width by which it lies before or behind the lids at most."""
_MIDDLE = 0.25
"""Share of the opening, around its middle, in which the plane is looked for."""


def with_planes(found: Parts, points: Array, triangles: Array, pieces: Array, skin: int, marks: Array) -> Parts:
    """The parts with an eye for each side that has none but a plane, which was taken for a lash or a patch of skin.

    points (v, 3) and marks (468, 3) in the sample's space; pieces (v,): of each vertex, `skin` that of the face.
    """
    balls = dict(found.balls)
    for side in ("Left", "Right"):
        planes = [] if side in balls else _planes(points, triangles, pieces, skin, marks, side)
        if planes:
            balls[side] = _eye(points, planes)
    taken = np.concatenate([ball.vertices for ball in balls.values()]) if balls else np.zeros(0, int)
    lashes = {
        side: (np.setdiff1d(upper, taken), np.setdiff1d(lower, taken)) for side, (upper, lower) in found.lashes.items()
    }
    return found._replace(balls=balls, lashes=lashes, on_skin=np.setdiff1d(found.on_skin, taken))


def _planes(points: Array, triangles: Array, pieces: Array, skin: int, marks: Array, side: str) -> list[Array]:
    """The vertices of each piece that is seen in the middle of one side's opening."""
    rim = np.concatenate(lid_edges(marks, side))
    middle, (width, _, tall) = (rim.min(0) + rim.max(0)) / 2, np.ptp(rim, axis=0)
    near = np.abs(points[triangles] - middle).max((1, 2)) < _WIDEST * width
    near &= pieces[triangles[:, 0]] != skin
    if not near.any():
        return []
    spread = mesh.samples(points, triangles[near], 0.5 * _MIDDLE * tall)
    away = np.abs(spread.points - middle) < [_MIDDLE * width, _DEEPEST * width, _MIDDLE * tall]
    return [np.flatnonzero(pieces == piece) for piece in np.unique(pieces[spread.vertices[away.all(1), 0]])]


def _eye(points: Array, planes: list[Array]) -> Ball:
    vertices = np.concatenate(planes)
    cloud = points[vertices]
    half = float(np.ptp(cloud, axis=0)[[0, 2]].max()) / 2
    middle = (cloud.min(0) + cloud.max(0)) / 2
    return Ball(vertices, tuple(planes), np.array([middle[0], cloud[:, 1].min() + half, middle[2]]), half, False)
