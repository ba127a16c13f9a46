"""Points of a face that were seen in a picture, made to agree with the mesh: both sides alike, the mouth where its slit
is, the chin where it turns under. Drawn and animal faces differ most from what the tracker knows just there.

Everything lies in the turned space: the face looks along -y, z up, x to its left. `unit` is the length of the sample's
millimetre there.
"""

from functools import lru_cache

import numpy as np
from scipy.optimize import linear_sum_assignment

from engine.channels import mirrored_name
from engine.transfer import mesh, symmetry
from engine.transfer.landmarks import CONTOURS, NAMED
from engine.transfer.source import load_source
from engine.transfer.warp import Warp

Array = np.ndarray

_ALIKE = 0.8
"""mm that the two sides of a symmetric mesh differ by, at the median."""
_FACE = 110.0
"""mm around the bridge of the nose that the face takes up."""
_MOST_TILT = 35.0
"""Degrees by which a face is turned at most to look straight ahead."""
_SLIT = 2.5
"""mm between two lips that are shut."""
_DEEP = 7.0
"""mm behind the front of the mouth at which two lips no longer show."""
_MOUTH = 12.0, 110.0
"""mm that a mouth is wide, at least and at most."""
_AGREES = 2.5
"""mm between the line of the lips as it was seen and the slit, up to which what was seen is kept."""
_UNDER = 1.2
"""Slope of the profile, back for each step down, from which it is the underside of a chin."""
_AROUND = 60
"""Places of the skin, seen from the front, among which the front one is looked for."""
_LIPS = ("lipUpperOuter", "lipLowerOuter", "lipUpperInner", "lipLowerInner")


@lru_cache(maxsize=1)
def partners() -> Array:
    """For each of MediaPipe's points the one on the other side of the face, int (468,)."""
    sample = load_source().landmarks
    out = np.full(len(sample), -1)
    for name, number in NAMED.items():
        out[number] = NAMED[mirrored_name(name)]
    for name, run in CONTOURS.items():
        other = CONTOURS[mirrored_name(name)]
        out[run] = other if name.endswith(("Left", "Right")) else other[::-1]
    rest = np.flatnonzero(out < 0)
    away = np.linalg.norm(sample[rest][:, None] * [-1.0, 1.0, 1.0] - sample[rest][None], axis=2)
    out[rest] = rest[linear_sum_assignment(away)[1]]
    return out


def mirror(marks: Array, skin: Array, unit: float) -> tuple[Array, float] | None:
    """The plane between a symmetric face's sides, as a unit normal (3,) to its left and an offset; None without one."""
    origin = marks[NAMED["noseBridge"]]
    points, own = (skin - origin) / unit, (marks - origin) / unit
    near = points[np.linalg.norm(points, axis=1) < _FACE]
    across = np.array([points[:, 0].min() + points[:, 0].max(), 0.0, 0.0])
    # The tracker's points may be far off on a drawn face; but most meshes stand straight in their file.
    starts = (symmetry.midplane(own, points), (np.diag([-1.0, 1.0, 1.0]), across))
    matrix, shift, miss = min((symmetry.settled(near, points, *start) for start in starts), key=lambda found: found[2])
    normal = np.linalg.eigh(matrix)[1][:, 0]
    normal *= np.sign(normal[0]) or 1.0
    if miss > _ALIKE or normal[0] < np.cos(np.radians(_MOST_TILT)):
        return None
    return normal, float(normal @ (origin + unit * shift / 2))


def straight(normal: Array) -> Array:
    """The smallest rotation (3, 3) that turns a plane's normal to +x."""
    axis = np.cross(normal, [1.0, 0.0, 0.0])
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + cross + cross @ cross / (1 + normal[0])


def refined(marks: Array, points: Array, triangles: Array, unit: float, middle: float | None) -> Array:
    """The marks (468, 3) moved to where this skin's mouth and chin are. middle: x of its plane of symmetry, if any."""
    out = marks.copy()
    if middle is not None:
        flipped = marks[partners()] * [-1.0, 1.0, 1.0] + [2 * middle, 0.0, 0.0]
        out = (marks + flipped) / 2
    out = _with_mouth(out, points, triangles, unit, middle)
    out = _with_chin(out, points, triangles, unit)
    spread = mesh.samples(points, triangles, 2.0 * unit)
    front = spread.normals[:, 1] < 0.3
    near = mesh.Tree(spread.points[front]).query(out)[1]
    moved = np.linalg.norm(out - marks, axis=1) > 0.2 * unit
    return np.where(moved[:, None], spread.points[front][near], out)


def _with_mouth(marks: Array, points: Array, triangles: Array, unit: float, middle: float | None) -> Array:
    line = _slit(marks, points, triangles, unit, middle)
    if line is None:
        return marks
    before, after = [], []
    wide = np.ptp(line[:, 0]) / max(np.ptp(marks[CONTOURS["lipUpperInner"], 0]), 1e-9)
    inner = marks[CONTOURS["lipUpperInner"]]
    off = np.abs(np.interp(inner[:, 0], line[:, 0], line[:, 2]) - inner[:, 2]).mean() / unit
    if off < _AGREES and 0.75 < wide < 1.3:
        # On a face like a person's the tracker sees the corners of the mouth better than a slit tells them.
        return marks
    centre, to = inner.mean(0), np.array([(line[0, 0] + line[-1, 0]) / 2, line[:, 1].mean(), line[:, 2].mean()])
    out = marks.copy()
    for name in _LIPS:
        run = CONTOURS[name]
        x = to[0] + (marks[run, 0] - centre[0]) * wide
        goal = np.stack([x, *(np.interp(x, line[:, 0], line[:, axis]) for axis in (1, 2))], 1)
        # The red of the lips keeps its height over the line.
        old = np.interp(marks[run, 0], inner[:, 0], inner[:, 2])
        goal[:, 2] += 0.0 if name.endswith("Inner") else np.clip(wide, 0.5, 1.0) * (marks[run, 2] - old)
        before.append(marks[run])
        after.append(goal)
        out[run] = goal
    others = [
        NAMED[name] for name in ("noseTip", "noseBridge", "cheekLeft", "cheekRight", "chin", "jawLeft", "jawRight")
    ]
    here, there = np.concatenate([*before, marks[others]]), np.concatenate([*after, marks[others]])
    _, once = np.unique(np.round(here / unit, 1), axis=0, return_index=True)
    rest = np.setdiff1d(np.arange(len(marks)), [number for name in _LIPS for number in CONTOURS[name]])
    near = rest[np.linalg.norm(marks[rest] - centre, axis=1) < 1.2 * np.linalg.norm(centre - marks[NAMED["chin"]])]
    below = near[marks[near, 2] < marks[NAMED["noseBase"], 2]]
    out[below] = Warp(here[once], there[once], unit)(marks[below])
    return out


def _slit(marks: Array, points: Array, triangles: Array, unit: float, middle: float | None) -> Array | None:
    """The line between shut lips from the right corner to the left (n, 3); None where no lips are or they are apart."""
    nose, chin = marks[NAMED["noseBase"]], marks[NAMED["chin"]]
    tall = nose[2] - chin[2]
    box = (np.abs(points[:, 0] - nose[0]) < 1.1 * tall) & (points[:, 2] < nose[2] - 0.05 * tall)
    box &= (points[:, 2] > chin[2] - 0.1 * tall) & (points[:, 1] < nose[1] + 0.9 * tall)
    normals = mesh.vertex_normals(points, triangles)
    chosen = np.flatnonzero(box & np.isin(np.arange(len(points)), triangles))
    upper, lower = chosen[normals[chosen, 2] < -0.35], chosen[normals[chosen, 2] > 0.35]
    if len(upper) < 3 or len(lower) < 3:
        return None
    away, near = mesh.Tree(points[lower]).query(points[upper])
    gap = points[upper] - points[lower[near]]
    step = mesh.edge_lengths(points, triangles)[upper]
    face = (away < np.maximum(_SLIT * unit, 0.6 * step)) & (gap[:, 2] > -0.2 * unit)
    face &= (normals[upper] * normals[lower[near]]).sum(1) < -0.3
    places = (points[upper] + points[lower[near]])[face] / 2
    if len(places) < 5:
        return None
    places = places[places[:, 1] < np.quantile(places[:, 1], 0.02) + 25 * unit]
    bins = np.round(places[:, 0] / (2.0 * unit)).astype(int)
    line = np.array([places[bins == one][np.argmin(places[bins == one, 1])] for one in np.unique(bins)])
    # Inside the cheeks the lining lies on itself too, but behind the skin.
    spread = mesh.samples(points, triangles, 1.5 * unit)
    around = mesh.Tree(spread.points[:, [0, 2]]).query(line[:, [0, 2]], k=_AROUND)[1]
    front = spread.points[around, 1].min(1)
    line = line[line[:, 1] < front + _DEEP * unit]
    if len(line) < 4:
        return None
    parted = np.flatnonzero(np.diff(line[:, 0]) > 7.0 * unit) + 1
    line = max(np.split(line, parted), key=len)
    if middle is not None:
        half = min(line[-1, 0] - middle, middle - line[0, 0])
        line = line[np.abs(line[:, 0] - middle) <= half + 1e-6 * unit]
    wide = np.ptp(line[:, 0]) / unit if len(line) > 3 else 0.0
    return line if _MOUTH[0] < wide < _MOUTH[1] else None


def _with_chin(marks: Array, points: Array, triangles: Array, unit: float) -> Array:
    """Marks below the mouth stretched, so that the lowest lies where the profile turns under."""
    mouth, chin = marks[CONTOURS["lipLowerInner"]].mean(0), marks[NAMED["chin"]]
    spread = mesh.samples(points, triangles, 2.0 * unit)
    tall = mouth[2] - chin[2]
    own = spread.points[np.abs(spread.points[:, 0] - mouth[0]) < 3 * unit]
    heights = np.arange(mouth[2] - 5 * unit, mouth[2] - 1.8 * tall, -2 * unit)
    deep = float(own[:, 1].max(initial=mouth[1]))
    front = np.array([own[np.abs(own[:, 2] - z) < 2 * unit, 1].min(initial=deep) for z in heights])
    slope = np.diff(front) / (2 * unit)
    under = np.flatnonzero((slope > _UNDER) & (heights[1:] < mouth[2] - 0.35 * tall))
    if not len(under):
        return marks
    bottom = heights[under[0]]
    share = (mouth[2] - bottom) / tall
    if not 0.4 < share < 1.4 or abs(share - 1) < 0.06:
        return marks
    out = marks.copy()
    lowest = marks[CONTOURS["lipLowerOuter"], 2].min()
    low = marks[:, 2] < lowest
    fixed = mouth[2] - lowest
    stretch = (mouth[2] - bottom - fixed) / max(tall - fixed, 1e-9)
    out[low, 2] = lowest + (marks[low, 2] - lowest) * max(stretch, 0.2)
    return out
