"""Which lip and which lid a place of the skin belongs to: what touches in space may be far apart over the surface."""

import numpy as np

from engine.transfer import mesh
from engine.transfer.landmarks import CONTOURS
from engine.transfer.mouth import Mouth

Array = np.ndarray

_PAIRS = (
    (0, "lipUpperOuter", "lipLowerOuter", 30.0),
    (1, "lidUpperLeft", "lidLowerLeft", 14.0),
    (1, "lidUpperRight", "lidLowerRight", 14.0),
)
"""Column, upper and lower contour, and the mm over the surface at which belonging has faded away."""


def sides(points: Array, triangles: Array, marks: Array, mouth: Mouth | None = None) -> Array:
    """Lips and lids, 1 for the upper and -1 for the lower at their edges, fading with distance to 0: float (n, 2).

    points (n, 3) and triangles of the skin, marks (468, 3), all in mm. Each place belongs to the contour that lies
    nearer by the way over the surface; lips to their own edges where the mouth can open.
    """
    tree = mesh.Tree(points)
    out = np.zeros((len(points), 2))
    for column, upper, lower, limit in _PAIRS:
        if mouth and column == 0:
            seeds = [np.setdiff1d(mouth.upper.vertices, mouth.lower.vertices)]
            seeds.append(np.setdiff1d(mouth.lower.vertices, mouth.upper.vertices))
        else:
            seeds = [np.unique(tree.query(marks[CONTOURS[name][1:-1]])[1]) for name in (upper, lower)]
        up, down = (mesh.surface_distance(points, triangles, own, limit) for own in seeds)
        near = np.minimum(up, down)
        share = np.where(np.isfinite(near), np.clip(1.0 - near / limit, 0, 1), 0.0)
        value = np.where(up < down, share, -share)
        out[:, column] = np.where(np.abs(value) > np.abs(out[:, column]), value, out[:, column])
    return out
