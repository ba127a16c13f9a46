"""What else a head is made of: eyeballs, teeth, tongue, and things that lie on the skin; and how each follows."""

from typing import NamedTuple

import numpy as np

from engine.channels import INDEX
from engine.transfer import drawn_eyes, inner_mouth, lashes, mesh
from engine.transfer.drawn_eyes import Eye
from engine.transfer.landmarks import CONTOURS, NAMED, lid_edges
from engine.transfer.mouth import Mouth, Rim
from engine.transfer.source import Source

Array = np.ndarray

_ON_SKIN = 10.0
"""mm from the skin within which a small part is taken to lie on it, such as brows, lashes and beards."""

_IN_EYE = 0.5
"""A part of an eye has points within this share of the way from the opening's middle to its rim; lashes have not."""
_LASH = 2.5, 0.06
"""mm, and share of the eye's width, within which a lash comes to the rim."""
_BESIDE, _BEHIND = 12, 1.5
"""Places of the skin beside a line drawn on the lips, and mm that it lies behind the foremost of them at most."""
_SPACING = 1.5
"""mm between the places of the skin among which those below what lies on it are looked for."""
_TIP = 0.2
"""Share of a tongue's points that are its tip."""
_ALONG = 4.0
"""mm from the edge of a lip within which a drawn line follows it."""
_HEMISPHERE = 1.3
"""Radii that an eyeball is deep at least; the front of one is no ball that lids could slide on."""


class Ball(NamedTuple):
    """One eye: its vertices, also by piece; centre (3,), radius in mm; round: whether it is a whole eyeball."""

    vertices: Array
    pieces: tuple[Array, ...]
    centre: Array
    radius: float
    round: bool


class Parts(NamedTuple):
    """Vertices by what they are. balls and lashes by side, "Left" and "Right"; lashes of the upper and the lower lid;
    lip_lines: what is drawn on the upper and the lower lip; lining: gums in one piece, upper and lower. mouth (3,): the
    middle of the line between the lips.
    """

    balls: dict[str, Ball]
    lashes: dict[str, tuple[Array, Array]]
    lip_lines: tuple[Array, Array]
    upper_teeth: Array
    lower_teeth: Array
    lining: Array
    tongue: Array
    on_skin: Array
    mouth: Array


def find_parts(points: Array, pieces: Array, skin: int, skin_points: Array, marks: Array, opens: bool = True) -> Parts:
    """Sorts the pieces other than the skin. points (v, 3) and marks (468, 3) in the sample's space, mm.

    opens: whether lips part in the skin; else what lies at the mouth is drawn on it.
    """
    balls: dict[str, list[Array]] = {"Left": [], "Right": []}
    teeth: tuple[list[Array], list[Array]] = [], []
    lines: list[Array] = []
    lining: list[Array] = []
    tongue: list[Array] = []
    worn: list[Array] = []
    grown: dict[str, tuple[list[Array], list[Array]]] = {"Left": ([], []), "Right": ([], [])}
    mouth = marks[[NAMED["mouthCornerLeft"], NAMED["mouthCornerRight"], NAMED["lipUpperEdge"]]].mean(0)
    half = np.ptp(marks[[NAMED["mouthCornerLeft"], NAMED["mouthCornerRight"]], 0]) / 2
    tree = mesh.Tree(skin_points)
    order = np.argsort(pieces, kind="stable")
    for vertices in np.split(order, np.flatnonzero(np.diff(pieces[order])) + 1):
        if pieces[vertices[0]] == skin or len(vertices) < 3:
            continue
        cloud = points[vertices]
        middle, extent = (cloud.min(0) + cloud.max(0)) / 2, np.ptp(cloud, axis=0)
        side = _eye_of(cloud, marks)
        inside = middle - mouth
        if side:
            balls[side].append(vertices)
        elif lash := _lid_of(cloud, marks):
            grown[lash[0]][lash[1]].append(vertices)
        elif abs(inside[0]) < 1.4 * half and -8 < inside[1] < 75 and abs(inside[2]) < 28 and extent.max() < 120:
            if not opens or _before(cloud, skin_points):
                lines.append(vertices)
            elif inner_mouth.is_lining(cloud, mouth, half):
                lining.append(vertices)
            elif inner_mouth.is_tongue(cloud, mouth, half):
                tongue.append(vertices)
            else:
                teeth[int(inside[2] < -1.0)].append(vertices)
        elif extent.max() < 90 and np.quantile(tree.query(cloud)[0], 0.9) < _ON_SKIN:
            worn.append(vertices)
    found = {side: _ball(points, tuple(some)) for side, some in balls.items() if some}
    lashed = {side: (_joined(upper), _joined(under)) for side, (upper, under) in grown.items()}
    upper, under = _by_lip(lines, points, marks)
    if not len(under):
        worn, upper = [*worn, upper], under
    rows = _joined(teeth[0]), _joined(teeth[1])
    return Parts(found, lashed, (upper, under), *rows, _joined(lining), _joined(tongue), _joined(worn), mouth)


def _before(cloud: Array, skin_points: Array) -> bool:
    """Whether a piece near the mouth lies on the lips rather than behind them."""
    near = mesh.Tree(skin_points[:, [0, 2]]).query(cloud[:, [0, 2]], k=min(_BESIDE, len(skin_points)))[1]
    return bool(np.median(cloud[:, 1] - skin_points[near, 1].min(1)) < _BEHIND)


def _by_lip(lines: list[Array], points: Array, marks: Array) -> tuple[Array, Array]:
    """Lines on the upper and on the lower lip; a single one belongs to both, and all of it comes first."""
    edge = marks[CONTOURS["lipUpperInner"]]
    heights = [float((points[one, 2] - np.interp(points[one, 0], edge[:, 0], edge[:, 2])).mean()) for one in lines]
    middle = (max(heights, default=0.0) + min(heights, default=0.0)) / 2
    upper = [one for one, height in zip(lines, heights, strict=True) if height >= middle]
    return _joined(upper), _joined([one for one in lines if not any(one is other for other in upper)])


def _joined(some: list[Array]) -> Array:
    return np.concatenate(some) if some else np.zeros(0, int)


def _eye_of(cloud: Array, marks: Array) -> str | None:
    """The side of the eye that a piece is part of; None for lashes, brows and everything else."""
    middle, extent = (cloud.min(0) + cloud.max(0)) / 2, np.ptp(cloud, axis=0)
    for side in ("Left", "Right"):
        rim = np.concatenate(lid_edges(marks, side))
        centre, width = (rim.min(0) + rim.max(0)) / 2, float(np.ptp(rim[:, 0]))
        away = middle - centre
        near = abs(away[0]) < 0.5 * width and abs(away[2]) < 0.5 * width and -0.4 * width < away[1] < 1.3 * width
        if not near or extent.max() > 2.2 * width:
            continue
        angle, far = _around(rim, centre)
        order = np.argsort(angle)
        own, own_far = _around(cloud, centre)
        share = own_far / np.interp(own, angle[order], far[order], period=2 * np.pi)
        if share.min() < _IN_EYE:
            return side
    return None


def _around(points: Array, centre: Array) -> tuple[Array, Array]:
    """Angle and distance (n,) of points around a centre, seen from the front."""
    x, z = (points - centre)[:, [0, 2]].T
    return np.arctan2(z, x), np.hypot(x, z)


def _lid_of(cloud: Array, marks: Array) -> tuple[str, int] | None:
    """The side, and 0 for the upper or 1 for the lower lid, on whose edge a piece grows; None for what does not."""
    for side in ("Left", "Right"):
        edges = lid_edges(marks, side)
        width = float(np.ptp(edges[0][:, 0]))
        deep = np.ptp(edges[0][:, 1]) + 0.3 * width
        if abs(cloud[:, 1].mean() - edges[0][:, 1].mean()) > deep:
            continue
        away = [mesh.Tree(edge[:, [0, 2]]).query(cloud[:, [0, 2]])[0] for edge in edges]
        touches = min(far.min() for far in away) < max(_LASH[0], _LASH[1] * width)
        if touches and np.median(np.minimum(*away)) < 0.7 * width and np.ptp(cloud, axis=0).max() < 2 * width:
            return side, int(away[1].mean() < away[0].mean())
    return None


def _ball(points: Array, pieces: tuple[Array, ...]) -> Ball:
    """A sphere through the vertices by least squares; a flat eye turns about a centre behind it."""
    vertices = np.concatenate(pieces)
    cloud = points[vertices]
    system = np.concatenate([2 * cloud, np.ones((len(cloud), 1))], 1)
    answer = np.linalg.lstsq(system, (cloud**2).sum(1), rcond=None)[0]
    centre = answer[:3]
    radius = float(np.sqrt(max(answer[3] + centre @ centre, 0.0)))
    half = np.ptp(cloud, axis=0)[[0, 2]].max() / 2
    away = np.abs(np.linalg.norm(cloud - centre, axis=1) - radius)
    whole = np.ptp(cloud[:, 1]) > _HEMISPHERE * radius
    if whole and np.median(away) < 0.12 * radius and 0.7 * half < radius < 1.6 * half:
        return Ball(vertices, pieces, centre, radius, True)
    middle = (cloud.min(0) + cloud.max(0)) / 2
    return Ball(vertices, pieces, np.array([middle[0], cloud[:, 1].min() + half, middle[2]]), half, False)


def move_parts(
    parts: Parts,
    points: Array,
    triangles: Array,
    skin: Array,
    out: Array,
    source: Source,
    jaws: dict[str, Array],
    marks: Array,
    lips: Mouth | None,
    lining: Array,
    drawn: dict[str, Eye],
) -> None:
    """Fills in `out` (52, v, 3) for everything that is not the skin, whose vertices are `skin`.

    jaws: the rigid motion (3, 4) of the lower jaw in each of its shapes. lips: their edges, if they can part; lining:
    the vertices of the skin behind them. drawn: the eyes, by side, that are no turning balls.
    """
    inner_mouth.follow(np.concatenate([parts.lower_teeth, parts.tongue]), points, out, jaws)
    if len(parts.lining):
        teeth = parts.upper_teeth, parts.lower_teeth
        hangs = inner_mouth.hanging(points, triangles, parts.lining, teeth, parts.mouth)
        inner_mouth.follow(parts.lining, points, out, jaws, hangs)
    if len(parts.tongue):
        if len(lining):
            # Lips that close over an open jaw would be pierced by a tongue that lies close behind them.
            tip = points[parts.tongue]
            tip = tip[tip[:, 1] <= np.quantile(tip[:, 1], _TIP)]
            before = skin[mesh.Tree(points[skin]).query(tip)[1]]
            out[INDEX["mouthClose"], parts.tongue] += out[INDEX["mouthClose"], before].mean(0)
        out[INDEX["tongueOut"], parts.tongue] += inner_mouth.tongue_out(
            points[parts.tongue], source, float(parts.mouth[1])
        )
    faces = triangles[np.isin(triangles, skin).all(1)]
    _lay(parts.on_skin, points, faces, out)
    for vertices, edge in zip(parts.lip_lines, lips or (None, None), strict=True):
        if edge is not None and len(vertices) and _along(vertices, edge, points):
            out[:, vertices] = edge.at(out, np.clip(edge.place(points, vertices), 0.0, 1.0))
        else:
            _lay(vertices, points, faces, out)
    for side, ball in parts.balls.items():
        eye = drawn.get(side)
        if eye is None:
            for name, offsets in gaze(ball, side, points, source).items():
                out[INDEX[name], ball.vertices] = offsets
        else:
            _slide(ball, side, eye, points, out)
            _keep_lines(parts.on_skin, side, eye, points, out)
    for side, grown in parts.lashes.items():
        _ride(grown, side, points, skin, out, marks, parts.balls.get(side), drawn.get(side))


def _lay(vertices: Array, points: Array, triangles: Array, out: Array) -> None:
    """What lies on the skin, whose triangles are given, goes with the places below it."""
    if not len(vertices) or not len(triangles):
        return
    spread = mesh.samples(points, triangles, _SPACING)
    nearest = spread.vertices[mesh.Tree(spread.points).query(points[vertices])[1]]
    place = mesh.nearest_on(points, nearest, points[vertices])
    for shape in range(len(out)):
        out[shape, vertices] = place.mix(out[shape])


def _along(vertices: Array, edge: Rim, points: Array) -> bool:
    """Whether a line is drawn along the edge of a lip rather than around its red."""
    return bool(np.median(mesh.Tree(points[edge.vertices]).query(points[vertices])[0]) < _ALONG)


def _slide(ball: Ball, side: str, eye: Eye, points: Array, out: Array) -> None:
    for name, (vertices, offsets) in drawn_eyes.looks(eye, ball.pieces, points).items():
        out[INDEX[name + side], vertices] = offsets
    if eye.closed:
        for name, offsets in drawn_eyes.shut(eye, points[ball.vertices]).items():
            out[INDEX[name + side], ball.vertices] = offsets


def _keep_lines(on_skin: Array, side: str, eye: Eye, points: Array, out: Array) -> None:
    """Folds and brows keep their form where the skin below them is drawn over the eye."""
    own = on_skin[np.abs(eye.local(points[on_skin])[:, 0] / eye.width - 0.5) < 1.5]
    if len(own):
        for name, offsets in drawn_eyes.lines(eye, points[own]).items():
            out[INDEX[name + side], own] = offsets


def _ride(
    grown: tuple[Array, Array],
    side: str,
    points: Array,
    skin: Array,
    out: Array,
    marks: Array,
    ball: Ball | None,
    eye: Eye | None,
) -> None:
    """Lashes of one eye go with the edges of its lids."""
    upper, lower = lid_edges(marks, side)
    lies_above = mesh.Tree(upper).query(points[skin])[0] < mesh.Tree(lower).query(points[skin])[0]
    for lid, (edge, own) in enumerate(((upper, skin[lies_above]), (lower, skin[~lies_above]))):
        vertices = grown[lid]
        if not len(vertices) or not len(own):
            continue
        motion = lashes.edge_motion(edge, points[own], out[:, own])
        centre = ball.centre if ball is not None and eye is None else None
        out[:, vertices] = lashes.carried(points[vertices], edge, motion, centre)
        if eye is not None:
            for name, offsets in drawn_eyes.lashes(eye, points[vertices], lid == 0).items():
                out[INDEX[name + side], vertices] = offsets


def gaze(ball: Ball, side: str, points: Array, source: Source) -> dict[str, Array]:
    """Offsets (n, 3) of an eyeball's vertices in each eyeLook shape, by name with its side."""
    sign = 1.0 if side == "Left" else -1.0
    ray, out = points[ball.vertices] - ball.centre, {}
    for way, degrees, axis in zip(
        ("Up", "Down", "In", "Out"), source.gaze, ((-1, 0, 0), (1, 0, 0), (0, 0, -sign), (0, 0, sign)), strict=True
    ):
        angle, pole = np.radians(degrees), np.array(axis, float)
        along = pole * (ray @ pole)[:, None]
        turned = along + (ray - along) * np.cos(angle) + np.cross(pole, ray) * np.sin(angle)
        out[f"eyeLook{way}{side}"] = turned - ray
    return out
