"""Pictures of every shape on a face, for the artist to judge."""

from collections.abc import Callable

import numpy as np

from engine.channels import INDEX, SHAPES
from engine.transfer import detect, mesh
from engine.transfer.landmarks import NAMED

Array = np.ndarray

_YAW = 12.0
"""Degrees from the front, so that both the outline of the lips and their depth are seen."""
_EYES = [NAMED[name] for name in ("eyeOuterLeft", "eyeInnerLeft", "eyeInnerRight", "eyeOuterRight")]
_BROWS = [number for name, number in NAMED.items() if name.startswith("brow")]
_ABOVE, _BELOW = 0.15, 0.2
"""Room for brows that rise and for a jaw that opens, as shares of the way from the brows to the chin."""
_BESIDE = 1.5
"""A picture's width at least, as a share of the way between the outer corners of the eyes."""


def tiles(
    points: Array,
    triangles: Array,
    colours: Array | None,
    turn: Array,
    marks: Array,
    vertices: Array,
    deltas: Array,
    size: int = 192,
    progress: Callable[[float], None] | None = None,
) -> Array:
    """The rest and then each shape at full strength, sRGB 0..1, float32 (53, size, size, 3), rows from the top.

    turn (3, 3) and marks (468, 3) tell where the face is. vertices, deltas: as `transfer` answers them. mouthClose,
    which closes an open jaw, is shown together with jawOpen.
    """
    a = np.radians(_YAW)
    view = np.array([[np.cos(a), np.sin(a), 0], [-np.sin(a), np.cos(a), 0], [0, 0, 1]]) @ turn
    face = marks @ view.T
    centre, side = _frame(face)
    paint = np.full((len(points), 3), 0.6) if colours is None else colours
    used = _near(points @ view.T, triangles, centre, side)
    kept, faces = np.unique(triangles[used], return_inverse=True)
    faces = faces.reshape(-1, 3)
    place = np.full(len(points), -1)
    place[vertices] = np.arange(len(vertices))
    row = place[kept]
    pictures = np.empty((len(SHAPES) + 1, size, size, 3), np.float32)
    for number in range(len(SHAPES) + 1):
        at = points[kept].astype(float)
        if number:
            moved = deltas[number - 1].astype(float)
            if number - 1 == INDEX["mouthClose"]:
                moved = moved + deltas[INDEX["jawOpen"]]
            at[row >= 0] += moved[row[row >= 0]]
        at = at @ view.T
        shape = detect.Mesh(at, faces, paint[kept], np.zeros(len(kept)), mesh.vertex_normals(at, faces))
        # Twice as fine, then averaged: outlines of lids and lips are what is judged.
        fine = detect.draw(shape, centre, side, 2 * size).pixels.astype(np.float32) / 255
        pictures[number] = fine.reshape(size, 2, size, 2, 3).mean((1, 3))
        if progress:
            progress(number / len(SHAPES))
    return pictures


def _frame(face: Array) -> tuple[Array, float]:
    """The middle (x, z) and the side of a square from raised brows to an open jaw's chin; face (468, 3), z up.

    Hair, ears and neck tell nothing about a shape.
    """
    brows, chin = face[_BROWS, 2].max(), face[NAMED["chin"]]
    tall = brows - chin[2]
    top, bottom = brows + _ABOVE * tall, chin[2] - _BELOW * tall
    side = max(top - bottom, _BESIDE * float(np.ptp(face[_EYES, 0])))
    return np.array([(face[_EYES, 0].mean() + chin[0]) / 2, (top + bottom) / 2]), float(side)


def _near(turned: Array, triangles: Array, centre: Array, side: float) -> Array:
    """The triangles that the pictures can show, bool (t,); a body below would only cost time."""
    middle = turned[triangles].mean(1)
    return (np.abs(middle[:, [0, 2]] - centre) < 0.75 * side).all(1)
