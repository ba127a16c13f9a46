"""Eyes without a ball that lids could slide on: large openings before a curved white, or eyes laid on closed skin.

Everything happens in a view straight onto the eye. Lids are curves that meet on a line near the lower one, and what
moves keeps its depth against a smooth surface laid over the opening, as a draughtsman would redraw it.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.interpolate import RBFInterpolator

from engine.transfer import mesh
from engine.transfer.landmarks import lid_edges

Array = np.ndarray

LIDS = {
    "eyeBlink": (-1.0, 1.0),
    "eyeSquint": (-0.08, 0.3),
    "eyeWide": (0.16, -0.05),
    "eyeLookUp": (0.06, -0.02),
    "eyeLookDown": (-0.16, 0.0),
}
"""How far the upper and the lower lid rise: shares of the way to where they meet in eyeBlink, else of the opening."""
_MEET, _DIP, _SHALLOW = 0.14, 0.22, 0.1
"""Where lids meet: a share of the opening from below; how far below the corners at most, a share of the width, and on
closed skin.
"""
_SKEW = 0.4
"""How much of the lids' lopsidedness is left in that line."""
_EVEN = 0.5
"""How far the edge of a lid is spread evenly over the line where lids meet, 0..1; lids of a round opening would pile up
at its corners.
"""
_LAPS = 0.02
"""Share of the opening's height by which a shut upper lid laps over the lower one."""
_STRONGEST = 0.18
"""Share of the opening's height by which shapes of brows, cheeks and nose move a lid at most."""
_BEYOND = 0.12
"""Share of the width beyond the corners at which lashes keep their direction."""
_STRAYED = 4.0
"""mm by which the edge of a lid may lie off where it was seen."""
_LOOKS = {"Up": (0.0, 0.17), "Down": (0.0, -0.2), "In": (-0.25, 0.0), "Out": (0.25, 0.0)}
"""How far an iris slides outwards and up, shares of its own width and height."""
_WHOLE = 0.5
"""Share of that for an eye in one piece, whose outline leaves its place."""
_HEIGHTS = {"eyeBlink": 0.06, "eyeSquint": 0.7, "eyeWide": 1.12}
"""What remains of the height of an eye on closed skin."""
_THICK = 2.0
"""How much thicker than the eye its lashes are then."""
_REACH, _LEAST, _MOST = 0.65, 7.0, 28.0
"""Share of the opening's height over which skin follows a lid; mm of that, at least and at most."""
_RIM, _HOLDS, _HELD, _FOLD = 1.5, 50.0, 0.05, 4.0
"""mm from its edge within which a lid goes exactly where it should; how much it is held to that, and how little further
away; mm over which it is smoothed there.
"""
_LINE, _LINE_MOST = 0.4, 0.12
"""Share of a lid's way that a fold drawn right above it goes; the most of that, a share of the opening's height."""
_EDGE, _AROUND, _FEWEST, _POINTS, _STIFF = 0.04, 0.6, 30, 400, 1e-3
"""Shares of the width around the opening from and up to which the surface over it is drawn, from how many points at
least and at most, how stiffly.
"""
_DEEP = 0.5
"""Share of the width by which skin that goes with the lids may lie off that surface."""
_LINING = 1.0
"""mm behind the surface from which skin is no longer seen."""
_CLOSED, _MIDDLE = 0.1, 0.2
"""Shares of the width from the surface, and around the middle, within which skin means that there is no opening."""
_OVER = 0.4
"""mm of a lid over the iris at least."""
_BESIDE = 4.0
"""mm beside a part of the eye at which it is no longer under a lid."""
_ON_THE_WAY = (0.35, 0.6, 0.8, 1.0)
"""Strengths of a shape at which its lids are lifted off the iris."""


class Eye(NamedTuple):
    """One eye. frame: rows along the slit outwards, out of the face, up; origin (3,): the inner corner.

    upper, lower (n, 3): edges of the lids in that frame, as are all places below. meeting (2,): the line where they
    meet, as waves. surface: depth over (along, up) in widths. closed: the skin goes on below the eye.
    """

    frame: Array
    origin: Array
    upper: Array
    lower: Array
    meeting: Array
    surface: Any
    closed: bool

    @property
    def width(self) -> float:
        return float(self.upper[-1, 0])

    @property
    def tall(self) -> float:
        return float(self.gap(self.upper[:, 0]).max())

    def local(self, points: Array) -> Array:
        """Places (n, 3) of points in the frame."""
        return (points - self.origin) @ self.frame.T

    def gap(self, along: Array) -> Array:
        """The height of the opening (n,)."""
        return np.maximum(_height(self.upper, along) - _height(self.lower, along), 0.0)

    def meets(self, along: Array) -> Array:
        """The height (n,) at which the lids meet."""
        return _waves(along / self.width).T @ self.meeting

    def depth(self, places: Array) -> Array:
        """Depth (n,) of the smooth surface at places (n, 3)."""
        return self.surface(places[:, [0, 2]] / self.width) * self.width

    def seated(self, places: Array, offsets: Array) -> Array:
        """The offsets (n, 3) with the depth that keeps each place as far from the surface as it is."""
        out = offsets.copy()
        out[:, 1] = self.depth(places + offsets) - self.depth(places)
        return out

    def moved(self, name: str, upper: bool) -> Array:
        """Offsets of a lid's edge in one of LIDS, without their depth (n, 3)."""
        edge = self.upper if upper else self.lower
        out = np.zeros_like(edge)
        if name != "eyeBlink":
            out[:, 2] = LIDS[name][0 if upper else 1] * self.gap(edge[:, 0])
            return out
        step = np.linalg.norm(np.diff(edge[:, [0, 2]], axis=0), axis=1)
        even = np.concatenate([[0.0], np.cumsum(step)]) / step.sum() * self.width
        along = edge[:, 0] + _EVEN * (even - edge[:, 0])
        out[:, 0] = along - edge[:, 0]
        laps = _LAPS * self.tall * np.sin(np.pi * np.clip(along / self.width, 0, 1)) if upper else 0.0
        out[:, 2] = self.meets(along) - laps - edge[:, 2]
        return out

    def shut(self, places: Array, name: str, thick: float = 1.0) -> Array:
        """Offsets of places (n, 3) of an eye on closed skin, without their depth."""
        height = _HEIGHTS.get(name, 1.0)
        out = np.zeros_like(places)
        over = places[:, 2] - self.meets(np.clip(places[:, 0], 0, self.width))
        out[:, 2] = ((thick * height if name == "eyeBlink" else height) - 1.0) * over
        return out


def opening(points: Array, triangles: Array, marks: Array, side: str) -> Eye:
    """The eye of one side, in the sample's space. points (n, 3), triangles: the skin; marks (468, 3)."""
    upper, lower = lid_edges(marks, side)
    along = upper[-1] - upper[0]
    along = along / np.linalg.norm(along)
    up = upper.mean(0) - lower.mean(0)
    up = up - (up @ along) * along
    up = up / np.linalg.norm(up)
    out = np.cross(up, along)
    frame = np.stack([along, out if out[1] < 0 else -out, up])
    origin = upper[0]
    upper, lower, places = ((part - origin) @ frame.T for part in (upper, lower, points))
    width = float(upper[-1, 0])
    spread = mesh.samples(places, triangles, 0.03 * width, mesh.vertex_normals(points, triangles) @ frame.T)
    rim = np.concatenate([upper, lower])
    seen = spread.normals[:, 1] > 0.2
    level = np.median(rim[:, 1])
    away = mesh.Tree(rim[:, [0, 2]]).query(spread.points[:, [0, 2]])[0]
    inside = (_height(upper, spread.points[:, 0]) > spread.points[:, 2]) & (
        _height(lower, spread.points[:, 0]) < spread.points[:, 2]
    )
    near = seen & (away < _AROUND * width) & (np.abs(spread.points[:, 1] - level) < width)
    closed = False
    # Right at the edge lies what lines the lids, which is deeper.
    ground = spread.points[near & ~inside & (away > _EDGE * width)]
    ground = ground if len(ground) >= _FEWEST else np.concatenate([rim, ground])
    surface = _surface(ground / width)
    middle = rim.mean(0)
    core = near & (np.linalg.norm((spread.points - middle)[:, [0, 2]], axis=1) < _MIDDLE * width)
    if core.any():
        below = surface(spread.points[core][:, [0, 2]] / width) * width - spread.points[core, 1]
        closed = bool(np.median(np.abs(below)) < _CLOSED * width)
    if closed:
        surface = _surface(spread.points[near] / width)
    else:
        upper, lower = _on_skin(upper, 1.0, spread), _on_skin(lower, -1.0, spread)
    low, high = _fitted(lower), _fitted(upper)
    meeting = (low + _MEET * (high - low)) * [1.0, _SKEW]
    meeting *= min(
        1.0,
        (_SHALLOW if closed else _DIP)
        * width
        / max(float(np.abs(meeting @ _waves(np.linspace(0, 1, 50))).max()), 1e-9),
    )
    return Eye(frame, origin, upper, lower, meeting, surface, closed)


def _on_skin(edge: Array, up: float, spread: mesh.Samples) -> Array:
    """The edge (n, 3) of an upper (up 1) or lower (-1) lid moved outwards or inwards to where the skin ends."""
    tangent = np.gradient(edge[:, [0, 2]], axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    outwards = up * np.stack([-tangent[:, 1], tangent[:, 0]], 1)
    places = spread.points[spread.normals[:, 1] > 0.5]
    off = np.zeros(len(edge))
    for number, place in enumerate(edge):
        ray = (places - place)[:, [0, 2]]
        beside, out = np.abs(ray @ tangent[number]), ray @ outwards[number]
        deep = place[1] - places[:, 1]
        own = out[(beside < 1.0) & (np.abs(out) < _STRAYED) & (deep < _LINING) & (deep > -_STRAYED)]
        off[number] = own.min() if len(own) and own.min() > -0.9 * _STRAYED else 0.0
    step = np.arange(len(edge))
    even = np.exp(-0.5 * ((step[:, None] - step) / 2.0) ** 2)
    off = even @ off / even.sum(1)
    off[[0, -1]] = 0.0
    moved = edge.copy()
    moved[:, [0, 2]] += outwards * off[:, None]
    return moved


def lids(eye: Eye, points: Array, triangles: Array, cloud: Array) -> dict[str, Array]:
    """Offsets (n, 3) of the skin for each of LIDS. cloud (m, 3): what lies in the eye, which the lids pass over."""
    at = eye.local(points)
    reach = float(np.clip(_REACH * eye.tall, _LEAST, _MOST))
    boxed = (
        (at >= [-reach, -np.inf, eye.lower[:, 2].min() - reach])
        & (at <= [eye.width + reach, np.inf, eye.upper[:, 2].max() + reach])
    ).all(1)
    near = np.flatnonzero(boxed)
    off = at[near, 1] - eye.depth(at[near])
    near, off = near[np.abs(off) < _DEEP * eye.width], off[np.abs(off) < _DEEP * eye.width]
    above = at[near, 2] > eye.meets(at[near, 0])
    kept, faces = np.unique(triangles[np.isin(triangles, near).any(1)], return_inverse=True)
    faces = faces.reshape(-1, 3)
    rises = np.zeros((len(LIDS), len(points), 3))
    held = np.full(len(points), _HOLDS)
    for upper, edge in ((True, eye.upper), (False, eye.lower)):
        own = near[above == upper]
        far, nearest = mesh.Tree(edge[:, [0, 2]]).query(at[own][:, [0, 2]])
        follow = np.clip(1 - np.maximum(far - _RIM, 0.0) / reach, 0, 1) ** 1.5
        held[own] = np.where((far < _RIM) | (follow == 0), _HOLDS, _HELD)
        for number, name in enumerate(LIDS):
            rises[number, own] = follow[:, None] * eye.moved(name, upper)[nearest]
    rises[:, kept] = mesh.smooth(rises[:, kept], held[kept], at[kept], faces, np.full(len(kept), _FOLD))
    rises[:, np.setdiff1d(np.arange(len(points)), near)] = 0.0
    facing = mesh.vertex_normals(points, triangles)[near] @ eye.frame[1]
    front = (off > -_LINING) & (facing > 0.1)
    out = {}
    for number, name in enumerate(LIDS):
        offsets = np.zeros_like(points)
        moved = eye.seated(at[near], rises[number, near])
        offsets[near] = _over(at[near], moved, front, eye.local(cloud)) @ eye.frame
        out[name] = offsets
    return out


def calmed(eye: Eye, points: Array, deltas: Array) -> None:
    """Weakens the deltas (shapes, n, 3) of other shapes where they would pull a large eye's lids too far."""
    at = eye.local(points)
    far, _ = mesh.Tree(np.concatenate([eye.upper, eye.lower])).query(at)
    near = np.clip(1.5 - far / (0.5 * eye.width), 0, 1)
    edge = far < 2 * _RIM
    for offsets in deltas:
        most = np.linalg.norm(offsets[edge], axis=1).max(initial=0.0)
        share = min(1.0, _STRONGEST * eye.tall / max(most, 1e-9))
        offsets *= (1 - (1 - share) * near)[:, None]


def lines(eye: Eye, points: Array) -> dict[str, Array]:
    """Offsets (n, 3) of what is drawn on the skin around an eye for each of LIDS: folds barely move, brows stay."""
    at = eye.local(points)
    far, nearest = mesh.Tree(eye.upper[:, [0, 2]]).query(at[:, [0, 2]])
    near = np.clip(1 - far / eye.tall, 0, 1) ** 3 * (at[:, 2] > eye.meets(at[:, 0]))
    out = {}
    for name in LIDS:
        offsets = np.zeros_like(at)
        most = _LINE_MOST * eye.tall
        rises = np.clip(_LINE * eye.moved(name, True)[:, 2], -most, most)
        offsets[:, 2] = near * rises[nearest]
        out[name] = eye.seated(at, offsets) @ eye.frame
    return out


def lashes(eye: Eye, points: Array, upper: bool) -> dict[str, Array]:
    """Offsets (n, 3) of lashes for each of LIDS: they go with the edge of their lid and turn as it bends."""
    at = eye.local(points)
    if eye.closed:
        return {name: eye.seated(at, eye.shut(at, name, _THICK)) @ eye.frame for name in LIDS}
    edge = eye.upper if upper else eye.lower
    nearest = mesh.Tree(edge[:, [0, 2]]).query(at[:, [0, 2]])[1]
    arm = (at - edge[nearest])[:, [0, 2]]
    beyond = np.maximum(-at[:, 0], at[:, 0] - eye.width) / (_BEYOND * eye.width)
    out = {}
    for name in LIDS:
        moved = eye.moved(name, upper)
        turn = _turn_of(edge + moved) - _turn_of(edge)
        turn = ((turn + np.pi) % (2 * np.pi) - np.pi)[nearest] * np.clip(1 - beyond, 0, 1)
        c, s = np.cos(turn), np.sin(turn)
        offsets = moved[nearest]
        offsets[:, 0] += arm[:, 0] * (c - 1) - arm[:, 1] * s
        offsets[:, 2] += arm[:, 0] * s + arm[:, 1] * (c - 1)
        out[name] = eye.seated(at, offsets) @ eye.frame
    return out


def _turn_of(edge: Array) -> Array:
    """Direction of an edge seen from the front (n,), evened out."""
    tangent = np.gradient(edge[:, [0, 2]], axis=0)
    step = np.arange(len(edge))
    even = np.exp(-0.5 * ((step[:, None] - step) / 2.0) ** 2)
    tangent = even @ tangent
    return np.unwrap(np.arctan2(tangent[:, 1], tangent[:, 0]))


def _over(at: Array, offsets: Array, front: Array, cloud: Array) -> Array:
    """The offsets (n, 3) with the places in `front`, bool (n,), kept before the points `cloud`; the others go along."""
    skin, lining = np.flatnonzero(front), np.flatnonzero(~front)
    if not len(skin) or not len(cloud):
        return offsets
    tree = mesh.Tree(cloud[:, [0, 2]])

    def wall(places: Array) -> Array:
        away, nearest = tree.query(places[:, [0, 2]], k=min(6, len(cloud)))
        deep = np.where(away < _BESIDE, cloud[nearest, 1], -np.inf)
        return deep.max(1)

    least = np.clip(at[skin, 1] - wall(at[skin]), 0.0, _OVER)
    out = offsets.copy()
    over = mesh.Tree(at[skin]).query(at[lining])[1] if len(lining) else lining
    still = np.abs(offsets).max(1) < 1e-3
    for share in _ON_THE_WAY:
        now = at[skin] + share * out[skin]
        push = np.maximum(wall(now) + least - now[:, 1], 0.0) / share
        push[still[skin]] = 0.0
        out[skin, 1] += push
        out[lining, 1] += np.where(still[lining], 0.0, push[over] if len(lining) else 0.0)
    return out


def looks(eye: Eye, pieces: tuple[Array, ...], points: Array) -> dict[str, tuple[Array, Array]]:
    """For each of eyeLook…: which vertices slide, and their offsets (n, 3). pieces: the eye's, vertices of each."""
    sizes = [np.ptp(eye.local(points[piece])[:, [0, 2]], axis=0) for piece in pieces]
    room = np.array([eye.width, eye.tall])
    # A white is as large as the opening and stays; where all is one piece, all of it slides.
    sliding = [number for number, size in enumerate(sizes) if not (size > 0.9 * room).all()]
    parted = 0 < len(sliding) < len(pieces)
    if not parted:
        sliding = list(range(len(pieces)))
    size = np.max([sizes[number] for number in sliding], axis=0)
    vertices = np.concatenate([pieces[number] for number in sliding])
    at = eye.local(points[vertices])
    white = np.setdiff1d(np.concatenate(pieces), vertices)
    out = {}
    for way, shares in _LOOKS.items():
        offsets = np.zeros_like(at)
        offsets[:, [0, 2]] = np.array(shares) * size * (1.0 if parted else _WHOLE)
        offsets = eye.seated(at, offsets)
        offsets = _over(at, offsets, np.ones(len(at), bool), eye.local(points[white]))
        out[f"eyeLook{way}"] = vertices, offsets @ eye.frame
    return out


def shut(eye: Eye, points: Array) -> dict[str, Array]:
    """Offsets (n, 3) of an eye on closed skin, which becomes a line."""
    at = eye.local(points)
    return {name: eye.seated(at, eye.shut(at, name)) @ eye.frame for name in _HEIGHTS}


def _waves(share: Array) -> Array:
    """Two arches between the corners (2, n), from which smooth lids are made."""
    t = np.pi * np.clip(share, 0, 1)
    return np.stack([np.sin(t), np.sin(2 * t)])


def _fitted(edge: Array) -> Array:
    return np.linalg.lstsq(_waves(edge[:, 0] / edge[-1, 0]).T, edge[:, 2], rcond=None)[0]


def _height(edge: Array, along: Array) -> Array:
    order = np.argsort(edge[:, 0])
    return np.interp(along, edge[order, 0], edge[order, 2])


def _surface(places: Array) -> Any:
    """Depth over (along, up), a thin plate; places (n, 3)."""
    some = np.random.default_rng(0).permutation(len(places))[:_POINTS]
    _, once = np.unique(np.round(places[some][:, [0, 2]], 3), axis=0, return_index=True)
    ground = places[some][once]
    return RBFInterpolator(ground[:, [0, 2]], ground[:, 1], smoothing=_STIFF)
