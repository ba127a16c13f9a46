"""What else a head is made of: eyeballs, teeth, tongue, and things that lie on the skin; and how each follows."""

from typing import NamedTuple

import numpy as np

from engine.channels import INDEX
from engine.transfer import mesh
from engine.transfer.landmarks import CONTOURS, NAMED
from engine.transfer.source import Source
from engine.transfer.warp import Warp, similarity

Array = np.ndarray

_ON_SKIN = 10.0
"""mm from the skin within which a small part is taken to lie on it, such as brows, lashes and beards."""

_SOFT = 12.0
"""mm of height over which gums in one piece pass from the skull to the jaw."""
_FLAT_HEIGHT = {"eyeBlink": 0.1, "eyeSquint": 0.7, "eyeWide": 1.12}
"""What remains of a flat eye's height."""
_LINE = 0.3
"""Where a flat eye shuts: a share of its height from below."""
_LIFT = 0.08
"""How far it comes forward, a share of its height."""


class Ball(NamedTuple):
    """One eyeball: its vertices, centre (3,), radius in mm; round: whether it is a sphere rather than a flat eye."""

    vertices: Array
    centre: Array
    radius: float
    round: bool


class Parts(NamedTuple):
    """Vertices by what they are; balls by side, "Left" and "Right"; lining: gums in one piece, upper and lower;
    mouth (3,): the middle of the line between the lips.
    """

    balls: dict[str, Ball]
    lower_teeth: Array
    lining: Array
    tongue: Array
    on_skin: Array
    mouth: Array


def find_parts(points: Array, pieces: Array, skin: int, skin_points: Array, marks: Array) -> Parts:
    """Sorts the pieces other than the skin. points (v, 3) and marks (468, 3) in the sample's space, mm."""
    balls: dict[str, list[Array]] = {"Left": [], "Right": []}
    lower: list[Array] = []
    lining: list[Array] = []
    tongue: list[Array] = []
    worn: list[Array] = []
    mouth = marks[[NAMED["mouthCornerLeft"], NAMED["mouthCornerRight"], NAMED["lipUpperEdge"]]].mean(0)
    half = np.ptp(marks[[NAMED["mouthCornerLeft"], NAMED["mouthCornerRight"]], 0]) / 2
    tree = mesh.Tree(skin_points)
    order = np.argsort(pieces, kind="stable")
    for vertices in np.split(order, np.flatnonzero(np.diff(pieces[order])) + 1):
        if pieces[vertices[0]] == skin or len(vertices) < 3:
            continue
        cloud = points[vertices]
        middle, extent = (cloud.min(0) + cloud.max(0)) / 2, np.ptp(cloud, axis=0)
        side = _eye_of(middle, extent, marks)
        inside = middle - mouth
        if side:
            balls[side].append(vertices)
        elif abs(inside[0]) < 1.4 * half and -8 < inside[1] < 75 and abs(inside[2]) < 28 and extent.max() < 120:
            if cloud[:, 2].max() > mouth[2] + 5 and cloud[:, 2].min() < mouth[2] - 5 and extent[2] > 16:
                lining.append(vertices)
            elif _is_tongue(cloud):
                tongue.append(vertices)
            elif inside[2] < -1.0:
                lower.append(vertices)
        elif extent.max() < 90 and np.quantile(tree.query(cloud)[0], 0.9) < _ON_SKIN:
            worn.append(vertices)
    found = {side: _ball(points, np.concatenate(some)) for side, some in balls.items() if some}
    return Parts(found, _joined(lower), _joined(lining), _joined(tongue), _joined(worn), mouth)


def _joined(some: list[Array]) -> Array:
    return np.concatenate(some) if some else np.zeros(0, int)


def _eye_of(middle: Array, extent: Array, marks: Array) -> str | None:
    for side in ("Left", "Right"):
        rim = marks[CONTOURS[f"lidUpper{side}"] + CONTOURS[f"lidLower{side}"]]
        centre, width = rim.mean(0), float(np.ptp(rim[:, 0]))
        away = middle - centre
        near = abs(away[0]) < 0.5 * width and abs(away[2]) < 0.5 * width and -0.4 * width < away[1] < 1.3 * width
        # Lashes and brows are wider than tall; eyeballs, irises and pupils are about as tall as wide.
        rounded = extent[[0, 2]].min() > 0.45 * extent[[0, 2]].max() > 0.1 * width
        if near and rounded and extent.max() < 2.2 * width:
            return side
    return None


def _ball(points: Array, vertices: Array) -> Ball:
    """A sphere through the vertices by least squares; a flat eye turns about a centre behind it."""
    cloud = points[vertices]
    system = np.concatenate([2 * cloud, np.ones((len(cloud), 1))], 1)
    answer = np.linalg.lstsq(system, (cloud**2).sum(1), rcond=None)[0]
    centre = answer[:3]
    radius = float(np.sqrt(max(answer[3] + centre @ centre, 0.0)))
    half = np.ptp(cloud, axis=0)[[0, 2]].max() / 2
    away = np.abs(np.linalg.norm(cloud - centre, axis=1) - radius)
    if np.median(away) < 0.12 * radius and 0.7 * half < radius < 1.6 * half:
        return Ball(vertices, centre, radius, True)
    middle = (cloud.min(0) + cloud.max(0)) / 2
    return Ball(vertices, np.array([middle[0], cloud[:, 1].min() + half, middle[2]]), half, False)


def _is_tongue(cloud: Array) -> bool:
    """A tongue runs along the midline all the way back; gums and rows of teeth part into an arch."""
    extent = np.ptp(cloud, axis=0)
    if extent[0] < 12 or extent[1] < 18 or abs((cloud[:, 0].min() + cloud[:, 0].max()) / 2) > 6:
        return False
    rear = cloud[cloud[:, 1] > cloud[:, 1].min() + 0.6 * extent[1]]
    return len(rear) > 3 and bool((np.abs(rear[:, 0]) < 0.2 * extent[0]).any())


def move_parts(parts: Parts, points: Array, skin: Array, out: Array, source: Source, to: Warp, back: Warp) -> None:
    """Fills in `out` (52, v, 3) for everything that is not the skin, whose vertices are `skin`."""
    jawed = np.concatenate([parts.lower_teeth, parts.tongue])
    if len(jawed):
        _follow_jaw(jawed, points, out, source, to, back)
    if len(parts.lining):
        # Upper and lower half are told apart by height alone, and the soft cheek between them stretches.
        below = np.clip((parts.mouth[2] - points[parts.lining, 2]) / _SOFT + 0.5, 0, 1)
        share = below * below * (3 - 2 * below)
        _follow_jaw(parts.lining, points, out, source, to, back, share[:, None])
    if len(parts.tongue):
        out[INDEX["tongueOut"], parts.tongue] += _tongue_out(points[parts.tongue], source)
    if len(parts.on_skin):
        away, near = mesh.Tree(points[skin]).query(points[parts.on_skin], k=min(6, len(skin)))
        weight = 1.0 / (away + 0.5) ** 2
        weight /= weight.sum(1, keepdims=True)
        for shape in range(len(out)):
            out[shape, parts.on_skin] = (out[shape, skin[near]] * weight[..., None]).sum(1)
    for side, ball in parts.balls.items():
        _turn(ball, side, points, out, source)
        _shut_flat(ball, side, points, skin, parts.on_skin, out)


def _turn(ball: Ball, side: str, points: Array, out: Array, source: Source) -> None:
    sign = 1.0 if side == "Left" else -1.0
    for way, degrees, axis in zip(
        ("Up", "Down", "In", "Out"), source.gaze, ((-1, 0, 0), (1, 0, 0), (0, 0, -sign), (0, 0, sign)), strict=True
    ):
        angle = np.radians(degrees if ball.round else 0.6 * degrees)
        ray, pole = points[ball.vertices] - ball.centre, np.array(axis, float)
        along = pole * (ray @ pole)[:, None]
        turned = along + (ray - along) * np.cos(angle) + np.cross(pole, ray) * np.sin(angle)
        out[INDEX[f"eyeLook{way}{side}"], ball.vertices] = turned - ray


def _shut_flat(ball: Ball, side: str, points: Array, skin: Array, worn: Array, out: Array) -> None:
    """Eyes that lie on a face without lids, as drawn ones do, shut by becoming a line, and their lashes with them."""
    cloud = points[ball.vertices]
    low, high = cloud.min(0), cloud.max(0)
    tall, wide = high[2] - low[2], high[0] - low[0]
    lids = np.abs(points[skin][:, [0, 2]] - ball.centre[[0, 2]]).max(1) < tall
    if ball.round or np.abs(out[INDEX[f"eyeBlink{side}"], skin[lids]]).max(initial=0.0) > 0.3 * tall:
        return
    near = np.abs(points[worn, 0] - ball.centre[0]) < wide
    lashes = worn[near & (points[worn, 2] > low[2]) & (points[worn, 2] < high[2] + 0.2 * tall)]
    for name, height in _FLAT_HEIGHT.items():
        shape = INDEX[name + side]
        for vertices in (ball.vertices, lashes):
            out[shape, vertices, 2] = (height - 1.0) * (points[vertices, 2] - low[2] - _LINE * tall)
            # A line would sink into the curve of the face.
            out[shape, vertices, 1] = min(height - 1.0, 0.0) * _LIFT * tall


def _follow_jaw(
    vertices: Array, points: Array, out: Array, source: Source, to: Warp, back: Warp, share: Array | float = 1.0
) -> None:
    """What hangs on the jaw moves as one rigid body, as the sample's teeth do at the same place."""
    here = back(points[vertices])
    rest = to(here)
    for name, motion in source.jaw.items():
        moved = points[vertices] + to(here @ motion[:, :3].T + motion[:, 3]) - rest
        fit = similarity(points[vertices], moved)
        middle = points[vertices].mean(0)
        turned = (points[vertices] - middle) @ fit.rotation.T + moved.mean(0)
        out[INDEX[name], vertices] = share * (turned - points[vertices])


def _tongue_out(cloud: Array, source: Source) -> Array:
    """The sample's tongue stretched into this one's box tells how each point comes out."""
    low, size = cloud.min(0), np.maximum(np.ptp(cloud, axis=0), 1e-6)
    own_low, own_size = source.tongue.min(0), np.ptp(source.tongue, axis=0)
    scale = size / own_size
    _, near = mesh.Tree(source.tongue).query((cloud - low) / scale + own_low, k=4)
    return source.tongue_out[near].mean(1) * np.array([scale[0], scale[1], scale[1]])
