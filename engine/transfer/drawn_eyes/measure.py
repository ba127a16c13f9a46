"""Measuring a drawn eye on a mesh: its lids from where they were seen, and whether there is an opening at all."""

import numpy as np

from engine.transfer import mesh
from engine.transfer.drawn_eyes.eye import DEEP, REACH, Eye, evened, height
from engine.transfer.drawn_eyes.surface import fitted
from engine.transfer.landmarks import lid_edges

Array = np.ndarray

# All are shares of the eye's width.
_AROUND = 0.2
"""Around the opening, what counts as the face at least, where lids have no long way."""
_EDGE = 0.04
"""Right at the edge lies what lines the lids, which is deeper than the face."""
_SPACING = 0.03
"""Between samples of the skin."""
_STRAYED = 0.1
"""By which the edge of a lid may lie off where it was seen."""
_CLOSED = 0.1
"""From the face's surface, within which skin in the middle of an eye means that there is no opening."""
_DIP = 0.22
"""Below the corners, where lids meet at the lowest: shut along its lower edge, a round eye would grin."""
_FEWEST = 6
"""Places that tell how the face is curved."""


def opening(points: Array, triangles: Array, marks: Array, side: str) -> Eye:
    """The eye of one side, in the sample's space. points (n, 3), triangles: the skin; marks (468, 3)."""
    upper, lower = lid_edges(marks, side)
    frame, origin = _frame(upper, lower), upper[0]
    upper, lower, places = ((part - origin) @ frame.T for part in (upper, lower, points))
    width = float(upper[-1, 0])
    rim = np.concatenate([upper, lower])
    corners = places[triangles]
    here = (corners.max(1) > rim.min(0) - width).all(1) & (corners.min(1) < rim.max(0) + width).all(1)
    skin = mesh.samples(places, triangles[here], _SPACING * width, mesh.vertex_normals(points, triangles) @ frame.T)
    at = skin.points
    away = mesh.Tree(rim[:, [0, 2]]).query(at[:, [0, 2]])[0]
    near = (skin.normals[:, 1] > 0.2) & (away < max(REACH * float((upper - lower)[:, 2].max()), _AROUND * width))
    near &= np.abs(at[:, 1] - fitted(rim, width).depth(at)) < DEEP * width
    inside = (at[:, 0] > 0) & (at[:, 0] < width)
    inside &= (height(upper, at[:, 0]) > at[:, 2]) & (height(lower, at[:, 0]) < at[:, 2])
    ground = at[near & ~inside & (away > _EDGE * width)]
    surface = fitted(ground if len(ground) >= _FEWEST else np.concatenate([rim, ground]), width)
    core = at[near & inside & (away > 0.5 * away[inside].max(initial=0.0))]
    closed = bool(len(core) and np.median(np.abs(surface.depth(core) - core[:, 1])) < _CLOSED * width)
    if closed:
        surface = fitted(at[near], width)
    else:
        upper, lower = _on_skin(upper, 1.0, skin, width), _on_skin(lower, -1.0, skin, width)
    dip = min(max(-float(lower[:, 2].min()), 0.0), _DIP * width)
    return Eye(frame, origin, upper, lower, dip, surface, closed)


def _frame(upper: Array, lower: Array) -> Array:
    """Rows: along the slit, out of the face, up."""
    along = upper[-1] - upper[0]
    along = along / np.linalg.norm(along)
    up = upper.mean(0) - lower.mean(0)
    up = up - (up @ along) * along
    up = up / np.linalg.norm(up)
    out = np.cross(up, along)
    return np.stack([along, out if out[1] < 0 else -out, up])


def _on_skin(edge: Array, up: float, skin: mesh.Samples, width: float) -> Array:
    """The edge (n, 3) of an upper (up 1) or lower (-1) lid moved outwards or inwards to where the skin ends."""
    tangent = np.gradient(edge[:, [0, 2]], axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    outwards = up * np.stack([-tangent[:, 1], tangent[:, 0]], 1)
    places = skin.points[skin.normals[:, 1] > 0.5]
    strayed = _STRAYED * width
    off = np.zeros(len(edge))
    for number, place in enumerate(edge):
        ray = (places - place)[:, [0, 2]]
        beside, out = np.abs(ray @ tangent[number]), ray @ outwards[number]
        deep = place[1] - places[:, 1]
        own = out[(beside < 0.2 * strayed) & (np.abs(out) < strayed) & (deep < 0.2 * strayed) & (deep > -strayed)]
        # Where the skin goes on as far as is looked, its end was not found.
        off[number] = own.min() if len(own) and own.min() > -0.9 * strayed else 0.0
    off[[0, -1]] = 0.0
    moved = edge.copy()
    moved[:, [0, 2]] += outwards * off[:, None]
    return evened(moved)
