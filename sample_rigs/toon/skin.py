"""The skin of a face: laid out once, then posed by moving the edges of its lids and lips.

Every vertex around an eye or the mouth belongs to a ring; the innermost rings lie on the edge of a lid or where the
lips meet. A pose says where those edges go, seen from the front; the rings around follow less and less, and the
depth is read from the sculpt, so that skin slides over the head.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import map_coordinates

from ..head import cage as topo
from ..head.place import edges_of
from ..head.sculpt import Sculpt
from ..head.shapes.soft import smoothstep
from . import mesh as make
from .lids import Lids
from .lips import Lips
from .mesh import Array, Mesh
from .pose import Pose

LID_EDGE, LIP_EDGE = 4, 5  # rings that lie on the edge of the lids, and where the lips meet
LID_INSIDE, LIP_INSIDE = (
    ((1.6, 1.00), (9.0, 0.99)),
    ((1.8, 0.9, 1.0), (7.0, 6.0, 1.02), (17.0, 11.0, 1.1), (26.0, 12.0, 1.0)),
)
"""Rings behind the edges: (mm backwards, share of the width) and (mm backwards, mm open, share of the width)."""


@dataclass(frozen=True)
class Layout:
    """How many cells there are and where they lie: azimuths (degrees) and heights (mm) at some columns and rows."""

    columns: int = 27
    rows: int = 30
    top_front: int = 7
    eye: tuple[int, int, int, int] = (3, 12, 15, 24)
    mouth: tuple[int, int, int, int] = (0, 8, 5, 11)
    azimuth: tuple[tuple[float, float], ...] = ((0, 0), (1, 2), (3, 7), (12, 62), (14, 80), (27, 180))
    height: tuple[tuple[float, float], ...] = (
        (0, -140),
        (2, -98),
        (3, -86),
        (4, -81),
        (5, -75),
        (11, -42),
        (13, -33),
        (15, -25),
        (24, 33),
        (30, 88),
    )
    nose: tuple[float, float] = (-42.0, -14.0)  # heights between which the quads of the nose stay where they are
    axis: tuple[tuple[float, float], ...] = ((-100, 45), (-80, 32))  # y of the axis that azimuths turn about, by height


class Front:
    """Depth of the sculpt seen from the front, sampled once on a grid of 1.5 mm and interpolated smoothly."""

    def __init__(self, sculpt: Sculpt, half: float, low: float, high: float, cell: float = 1.5) -> None:
        steps = round(half / cell)
        self.x, self.z = np.arange(-steps, steps + 1) * cell, np.arange(low, high + cell, cell)
        gx, gz = np.meshgrid(self.x, self.z, indexing="ij")
        depth = sculpt.front(gx.ravel(), gz.ravel()).reshape(gx.shape)
        # Melting volumes in turn is not quite even on both sides.
        self.depth = (depth + depth[::-1]) / 2
        self.cell = cell

    def __call__(self, x: Array, z: Array) -> Array:
        """The y of the surface at points x, z."""
        at = [(np.asarray(x) - self.x[0]) / self.cell, (np.asarray(z) - self.z[0]) / self.cell]
        return map_coordinates(self.depth, at, order=1, mode="nearest")


@dataclass
class Skin:
    """The whole skin at rest, with the ring that each vertex belongs to."""

    sculpt: Sculpt
    front: Front
    lids: Lids
    lips: Lips
    points: Array
    quads: Array
    partner: Array
    eye_ring: Array
    eye_turn: Array  # place along the ring
    mouth_ring: Array
    mouth_turn: Array
    lid_loop: Array
    layout: Layout = field(default_factory=Layout)

    def __post_init__(self) -> None:
        normals = self.sculpt.normal(self.points)
        self.normals = (normals + normals[self.partner] * [-1.0, 1.0, 1.0]) / 2

    def posed(self, pose: Pose) -> Array:
        """Positions (n, 3) of all vertices in a pose."""
        return self.points + self._offsets(pose)

    def _offsets(self, pose: Pose) -> Array:
        p = self.points
        jaw = self.lips.jaw(p, pose)
        flat = jaw.copy()
        out = np.zeros_like(p)
        loops = {side: self.lids.loop(pose, side, self.lid_loop) for side in ("Left", "Right")}
        rest, lifted = self.lids.loop(Pose(), "Left", self.lid_loop), np.zeros(len(p))
        for side, sign in (("Left", 1.0), ("Right", -1.0)):
            on = np.flatnonzero((self.eye_ring > 0) & (p[:, 0] * sign > 0))
            moved = (loops[side] - rest)[self.eye_turn[on]] * [sign, 1.0]
            share = np.clip(self.eye_ring[on] / LID_EDGE, 0, 1) ** 1.4
            flat[on] = moved * share[:, None]
            lifted[on] = self.lids.forward(pose, side, self.lid_loop[self.eye_turn[on]]) * share
        on = np.flatnonzero(self.mouth_ring > 0)
        upper, lower = self.lips.edges(pose), self.lips.edges(Pose())
        moved = (upper - lower)[self.mouth_turn[on]]
        share = np.clip(self.mouth_ring[on] / LIP_EDGE, 0, 1) ** 0.9
        flat[on] = moved[:, :2] * share[:, None] + flat[on] * (1 - share)[:, None]
        deep = np.interp(self.mouth_ring[on], [LIP_EDGE, LIP_EDGE + 3, LIP_EDGE + 4], [1.0, 0.9, 0.8])
        if self.lips.hold:
            # What lies behind a held lip would come out below the chin.
            low = np.interp(self.mouth_ring[on], [LIP_EDGE, LIP_EDGE + 2, LIP_EDGE + 4], [1.0, 0.6, 0.4])
            deep = np.where(moved[:, 1] < 0, low, deep)
        flat[on] *= deep[:, None]
        out[:, 0], out[:, 2] = flat.T
        moves = np.abs(flat).max(1) > 1e-9
        moves &= p[:, 1] < 30.0
        a = p[moves]
        deeper = self.front(a[:, 0] + out[moves, 0], a[:, 2] + out[moves, 2]) - self.front(a[:, 0], a[:, 2])
        # What looks down or sideways, as the skin below the chin, has no depth to be read from in front.
        out[moves, 1] = np.clip(deeper, -9.0, 9.0) * smoothstep(0.12, 0.5, -self.normals[moves, 1])
        inside = self.eye_ring > LID_EDGE
        out[inside, 1] = 0.0
        out[:, 1] -= np.where(inside, 0.0, lifted)
        for sign in (1.0, -1.0):
            at = np.flatnonzero((self.eye_ring > LID_EDGE) & (p[:, 0] * sign > 0))
            edge = np.flatnonzero((self.eye_ring == LID_EDGE) & (p[:, 0] * sign > 0))
            by_turn = dict(zip(self.eye_turn[edge], edge, strict=True))
            out[at, 1] = [out[by_turn[t], 1] for t in self.eye_turn[at]]
        push = np.zeros(len(p))
        push[on] = moved[:, 2] * share
        out[:, 1] += push + self.lips.back(p, pose)
        return out + self._swell(pose)

    def _swell(self, pose: Pose) -> Array:
        """Cheeks that fill, rise or squint, and a nose that wrinkles."""
        p, out = self.points, np.zeros_like(self.points)
        free = np.where(self.mouth_ring > 0, 1 - smoothstep(1.0, LIP_EDGE, self.mouth_ring), 1.0)
        free *= np.where(self.eye_ring > 0, 1 - smoothstep(0.5, 3.5, self.eye_ring), 1.0)
        for name, centre, radius, push in self.lips.swells:
            for side, sign in (("Left", 1.0), ("Right", -1.0)):
                amount = pose.side(name, side)
                if amount:
                    d = np.linalg.norm((p - np.array(centre) * [sign, 1, 1]) / radius, axis=1)
                    out += amount * (np.clip(1 - d * d, 0, 1) ** 2 * free)[:, None] * np.array(push) * [sign, 1, 1]
        return out

    def mesh(self, pose: Pose) -> Mesh:
        """The skin and the mouth's lining.

        Texture: half a face seen from the front, from its middle (u 0) to 120 mm beside it; both halves share it.
        Behind the ears u goes on outwards.
        """
        inner = (self.mouth_ring[self.quads] > LIP_EDGE).sum(1) >= 2
        rest = self.points
        beside = np.abs(rest[:, 0]) + 1.3 * np.clip(rest[:, 1] - 12.0, 0, None)
        uv = np.stack([np.clip(beside / 120, 0.002, 0.998), (rest[:, 2] + 140) / 280], 1)
        found = make.of(self.posed(pose), [tuple(int(v) for v in q) for q in self.quads], uv, "Skin")
        found.materials = ["Mouth" if i else "Skin" for i in inner]
        # Lines in the hollow between chin and neck would only look like dirt.
        hollow = (rest[:, 2] < self.lips.chin + 2) & (rest[:, 2] > self.lips.chin - 32) & (rest[:, 1] > -22)
        hollow &= (np.abs(rest[:, 0]) < 24) | (self.normals[:, 2] < -0.3)
        # Nor should the fold below a lip that is held in front of its chin.
        hollow |= (self.lips.hold > 0) & (self.mouth_ring >= 0) & (rest[:, 2] < self.lips.height)
        found.no_outline = (self.eye_ring >= 3) | (self.mouth_ring >= 4) | hollow
        left = rest[:, 0] > 0
        for side, at in (("Left", left), ("Right", ~left)):
            found.groups[f"lid edge {side}"] = np.flatnonzero((self.eye_ring == LID_EDGE) & at)
        found.groups["lip edge"] = np.flatnonzero(self.mouth_ring == LIP_EDGE)
        return found


def build(sculpt: Sculpt, lids: Lids, lips: Lips, layout: Layout) -> Skin:
    """Lays the cage of a face over a sculpt."""
    eye = topo.Opening("eye", *layout.eye, LID_EDGE + len(LID_INSIDE), closed=False)
    mouth = topo.Opening("mouth", *layout.mouth, LIP_EDGE + len(LIP_INSIDE))
    cage = topo.build((eye, mouth), layout.columns, layout.rows, layout.top_front)
    front = Front(sculpt, 96.0, -125.0, 110.0)
    at = np.zeros((len(cage.index), 3))
    free = _place_grid(cage, at, sculpt, layout)
    loop = _lid_loop(eye)
    edge = lids.loop(Pose(), "Left", loop)
    _place_eye(cage, eye, at, free, front, edge)
    _place_mouth(cage, mouth, at, free, front, lips)
    nose = (np.abs(at[:, 0]) < 9) & (at[:, 2] > layout.nose[0]) & (at[:, 2] < layout.nose[1]) & (at[:, 1] < 0)
    _relax(cage, at, free & ~nose, sculpt)
    for n, (back, wide) in enumerate(LID_INSIDE):
        idx, margin = cage.ring(eye, LID_EDGE + 1 + n), cage.ring(eye, LID_EDGE)
        middle = at[margin].mean(0)
        at[idx] = middle + (at[margin] - middle) * [wide, 1, wide] + [0, back, 0]
    points, quads, source, partner = topo.mirror(cage, at)
    labels = {name: np.full(len(at), -1) for name in ("eye ring", "eye turn", "mouth ring", "mouth turn")}
    for name, opening in (("eye", eye), ("mouth", mouth)):
        for ring in range(1, opening.rings + 1):
            idx = cage.ring(opening, ring)
            labels[name + " ring"][idx], labels[name + " turn"][idx] = ring, np.arange(len(idx))
    turns = labels["mouth turn"]
    for key, v in cage.index.items():
        if key[0] == "mouth patch":
            path = mouth.perimeter()
            low = key[2] * 2 < mouth.j0 + mouth.j1
            labels["mouth ring"][v] = mouth.rings
            turns[v] = path.index((key[1], mouth.j0 if low else mouth.j1))
    labels = {name: value[source] for name, value in labels.items()}
    # The right half's turns count on after the left's, so that lips can be uneven.
    half = len(mouth.perimeter())
    right = (np.arange(len(points)) >= len(at)) & (labels["mouth ring"] >= 0)
    labels["mouth turn"][right] += half
    return Skin(
        sculpt, front, lids, lips, points, quads, partner,
        labels["eye ring"], labels["eye turn"], labels["mouth ring"], labels["mouth turn"], loop, layout,
    )  # fmt: skip


def _place_grid(cage: topo.Cage, at: Array, sculpt: Sculpt, layout: Layout) -> Array:
    azimuth = np.radians(np.interp(np.arange(layout.columns + 1), *np.array(layout.azimuth).T))
    height = np.interp(np.arange(layout.rows + 1), *np.array(layout.height).T)
    keys = [(v, k) for k, v in cage.index.items() if k[0] == "g"]
    idx = np.array([v for v, _ in keys])
    a, z = azimuth[[k[1] for _, k in keys]], height[[k[2] for _, k in keys]]
    origin = np.stack([0 * z, np.interp(z, *np.array(layout.axis).T), z], 1)
    at[idx] = sculpt.march(origin, np.stack([np.sin(a), -np.cos(a), 0 * a], 1))
    top_a, top_b = layout.top_front, layout.columns - 2 * layout.top_front
    for key, v in cage.index.items():
        if key[0] == "top":
            at[v] = (key[1] / top_a * 45.0, 42.0 + (key[2] / top_b - 0.5) * 95.0, 118.0)
    tops = [v for k, v in cage.index.items() if k[0] == "top"]
    at[tops] = sculpt.project(at[tops], steps=6)
    free = np.zeros(len(at), bool)
    free[[v for k, v in cage.index.items() if k[0] in ("g", "top") and not (k[0] == "g" and k[2] == 0)]] = True
    return free


def _relax(cage: topo.Cage, at: Array, free: Array, sculpt: Sculpt, rounds: int = 70) -> None:
    """Evens out the quads along the surface; the sculpt keeps its features, since nothing leaves it."""
    edges = edges_of(np.array(cage.quads))
    middle = np.zeros(len(at), bool)
    middle[list(cage.midline)] = True
    total = np.zeros(len(at))
    np.add.at(total, edges.ravel(), 1.0)
    for _ in range(rounds):
        mean = np.zeros_like(at)
        np.add.at(mean, edges[:, 0], at[edges[:, 1]])
        np.add.at(mean, edges[:, 1], at[edges[:, 0]])
        step = (mean / total[:, None] - at)[free]
        normal = sculpt.normal(at[free])
        step -= (step * normal).sum(1, keepdims=True) * normal
        step[middle[free], 0] = 0.0
        at[free] = sculpt.project(at[free] + 0.4 * step, steps=1)
    at[free] = sculpt.project(at[free], steps=4)
    at[middle, 0] = 0.0


def _lid_loop(eye: topo.Opening) -> Array:
    """For each step around the eye: 0 inner corner .. 1 outer corner along the lower lid, .. 2 back along the upper."""
    wide, tall = eye.i1 - eye.i0, eye.j1 - eye.j0
    count = 2 * (wide + tall)
    outer, inner = wide + tall / 2, 2 * wide + tall + tall / 2
    k = np.arange(count)
    lower = ((k - (inner - count)) % count) / (outer - inner + count)
    upper = 1 + (k - outer) / (inner - outer)
    return np.where((k >= outer) & (k <= inner), upper, lower)


def _place_eye(cage: topo.Cage, eye: topo.Opening, at: Array, free: Array, front: Front, edge: Array) -> None:
    block = at[cage.ring(eye, 0)]
    for ring in range(1, LID_EDGE + 1):
        share = (ring / LID_EDGE) ** 0.85
        xz = block[:, [0, 2]] * (1 - share) + edge * share
        idx = cage.ring(eye, ring)
        at[idx] = np.stack([xz[:, 0], front(xz[:, 0], xz[:, 1]), xz[:, 1]], 1)
        free[idx] = ring < LID_EDGE


def _place_mouth(cage: topo.Cage, mouth: topo.Opening, at: Array, free: Array, front: Front, lips: Lips) -> None:
    half = len(mouth.perimeter())
    edge = lips.edges(Pose())[:half]
    side = lips.side[:half]
    block = at[cage.ring(mouth, 0)]
    for ring in range(1, LIP_EDGE + 1):
        share = (ring / LIP_EDGE) ** 0.85
        xz = block[:, [0, 2]] * (1 - share) + edge[:, :2] * share
        idx = cage.ring(mouth, ring)
        at[idx] = np.stack([xz[:, 0], front(xz[:, 0], xz[:, 1]), xz[:, 1]], 1)
        free[idx] = ring < LIP_EDGE - 1
    lip = at[cage.ring(mouth, LIP_EDGE)]
    for n, (back, open_, wide) in enumerate(LIP_INSIDE):
        oval = np.sqrt(np.clip(1 - lips.S[:half] ** 2, 0, 1))
        idx = cage.ring(mouth, LIP_EDGE + 1 + n)
        z = edge[:, 1] + side * open_ * lips.room * oval * (0.35 if n == 0 else 1.0)
        at[idx] = np.stack([lip[:, 0] * wide, lip[:, 1] + back * ((1 + lips.room) / 2 if n else 1.0), z], 1)
    last = {c: at[i] for c, i in zip(mouth.perimeter(), cage.ring(mouth, mouth.rings), strict=True)}
    for key, v in cage.index.items():
        if key[0] == "mouth patch":
            t = (key[2] - mouth.j0) / (mouth.j1 - mouth.j0)
            low, high = last[(key[1], mouth.j0)], last[(key[1], mouth.j1)]
            at[v] = low * (1 - t) + high * t + [0, 3.0, 0]
