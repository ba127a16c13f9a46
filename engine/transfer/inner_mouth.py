"""Teeth, gums and tongue: which of them hang on the lower jaw, and how a tongue comes out."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from engine.channels import INDEX
from engine.transfer import jaw, mesh
from engine.transfer.source import Source

Array = np.ndarray

_ROOTED = 4.0
"""mm from the root of a tooth within which gums hold it."""
_THROAT = 8.0
"""mm behind the last tooth from which the throat begins, which stays with the skull."""
_UP = 0.5
"""Cosine of the angle within which a surface looks up."""
_LEVEL = 6.0
"""mm over and under the line of the lips from which gums without teeth belong to the skull and to the jaw."""
_LOOSE = 1e-6
_SHOWN, _FURTHEST = 0.5, 4.0
"""Share of a tongue's length that shows before the lips; how many times as far as the sample's it comes at most."""


def is_lining(cloud: Array, mouth: Array, half: float) -> bool:
    """Gums in one piece reach above and below the line between the lips, and across; a long molar only the former."""
    high, low = cloud[:, 2].max() - mouth[2], mouth[2] - cloud[:, 2].min()
    return bool(high > 5 and low > 5 and high + low > 16 and np.ptp(cloud[:, 0]) > half)


def is_tongue(cloud: Array, mouth: Array, half: float) -> bool:
    """A tongue lies low and runs along the midline all the way back; gums and rows of teeth part into an arch.

    mouth (3,): the middle of the line between the lips, `half` as long.
    """
    extent = np.ptp(cloud, axis=0)
    aside, _, above = np.abs((cloud.min(0) + cloud.max(0)) / 2 - mouth) * [1, 1, np.sign(cloud[:, 2].mean() - mouth[2])]
    if extent[0] < half / 2 or extent[1] < half / 2 or aside > half / 4 or above > -half / 8:
        return False
    rear = cloud[cloud[:, 1] > cloud[:, 1].min() + 0.6 * extent[1]]
    return len(rear) > 3 and bool((np.abs(rear[:, 0]) < 0.2 * extent[0]).any())


def hanging(points: Array, triangles: Array, lining: Array, teeth: tuple[Array, Array], mouth: Array) -> Array:
    """How much the vertices of the `lining` go with the lower jaw, 0..1: as the teeth that they hold do, and as evenly
    as the surface allows between those; a tongue goes with what it grows from.

    points (v, 3), triangles (t, 3) of everything. teeth: vertices of the upper and the lower ones. mouth (3,): the
    middle of the line between the lips.
    """
    number = np.full(len(points), -1)
    number[lining] = np.arange(len(lining))
    faces = number[triangles[(number[triangles] >= 0).all(1)]]
    height = points[lining, 2] - mouth[2]
    held = [height > _LEVEL, height < -_LEVEL]
    if all(len(row) for row in teeth):
        roots = _roots(points[teeth[0]], 1), _roots(points[teeth[1]], -1)
        held = [mesh.Tree(some).query(points[lining])[0] < _ROOTED for some in roots]
        behind = points[lining, 1] - points[np.concatenate(teeth), 1].max()
        # What looks up from below the lips is a tongue or the floor under it.
        up = mesh.vertex_normals(points[lining], faces)[:, 2] > _UP
        held = [held[0] | (behind > _THROAT), held[1] | (up & (height < _LEVEL) & ~held[0] & (behind < 0))]
    fixed = np.where(held[0] | held[1], 1.0, _LOOSE)
    goal = np.where(held[1] & ~held[0], 1.0, np.where(held[0], 0.0, np.clip(0.5 - height / (2 * _LEVEL), 0, 1)))
    pairs = mesh.edges(faces)
    graph = sp.coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(lining), len(lining))).tocsr()
    graph = graph + graph.T
    system = sp.diags(np.asarray(graph.sum(1)).ravel() + fixed * 1e3) - graph
    return jaw.passing(splu(system.tocsc()).solve(fixed * 1e3 * goal))


def _roots(teeth: Array, up: int) -> Array:
    """The half of a row of teeth (n, 3) that lies above (up 1) or below (-1) its middle; a tongue touches the other."""
    height = up * teeth[:, 2]
    return teeth[height >= np.median(height)]


def follow(vertices: Array, points: Array, out: Array, jaws: dict[str, Array], share: Array | float = 1.0) -> None:
    """Lets vertices go with the jaw's rigid motions (3, 4) by a share, 0..1."""
    for name, motion in jaws.items():
        out[INDEX[name], vertices] = np.reshape(share, (-1, 1)) * jaw.offsets(motion, points[vertices])


def tongue_out(cloud: Array, source: Source, lips: float) -> Array:
    """The sample's tongue stretched into this one's box tells how each point comes out.

    lips: their y. A tongue that lies further back, as in drawn mouths, comes so far that its tip is seen before them.
    """
    low, size = cloud.min(0), np.maximum(np.ptp(cloud, axis=0), 1e-6)
    own_low, own_size = source.tongue.min(0), np.ptp(source.tongue, axis=0)
    scale = size / own_size
    _, near = mesh.Tree(source.tongue).query((cloud - low) / scale + own_low, k=4)
    out = source.tongue_out[near].mean(1) * np.array([scale[0], scale[1], scale[1]])
    way = -float(out[:, 1].min())
    out[:, 1] *= np.clip((low[1] - lips + _SHOWN * size[1]) / max(way, 1e-6), 1.0, _FURTHEST)
    return out
