"""A head with known channels: ICT-FaceKit's morphable model (MIT, USC Institute for Creative Technologies).

Lengths are centimetres, y up, z out of the face, x towards the head's own left.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.path import Path as MplPath
from scipy.sparse import csr_matrix

from engine.channels import INDEX, SHAPES
from engine.takes.eyes import turns

EYES = {"Left": (21451, 22221), "Right": (23021, 23791)}
"""First and last + 1 vertex of each eyeball's outer shell; the iris behind it is painted instead."""
SKIN, INSIDE, TEETH, EYE, LASH = range(5)
_MATERIALS = {0: SKIN, 1: SKIN, 2: INSIDE, 3: TEETH, 4: EYE, 6: EYE}
EYE_TURN = 0.8
"""Share of a gaze angle by which the model's eyeball turns. Its radius is 15 mm, whereas a real limbus moves on a
circle of about 11 mm around the eye's centre of rotation (12 to 12.5 mm eyeball), so a real iris travels less."""
LASHES = 48


@dataclass(frozen=True)
class Surface:
    """Vertices float32 (vertices, 3) and their unit normals, placed as the head's own axes are."""

    points: np.ndarray
    normals: np.ndarray


class Head:
    """The mean head, its triangles, and how identity, channels and gaze deform it."""

    def __init__(self, rigs: Path) -> None:
        """rigs: the folder with ict_facekit.npz and ict_identities.npz. Raises OSError where they are missing."""
        with np.load(rigs / "ict_facekit.npz", allow_pickle=False) as file:
            self.rest = file["neutral"].astype(np.float32)
            names = [str(name) for name in file["names"]]
            deltas = file["deltas"].astype(np.float32)
            quads, material = file["faces"], file["material"]
        with np.load(rigs / "ict_identities.npz", allow_pickle=False) as file:
            self.identities = file["deltas"].astype(np.float32)
        self._shapes = _channel_shapes(names, deltas)
        self._raiser = [deltas[names.index(f"cheekRaiser_{side}")] for side in "LR"]
        kept = np.isin(material, list(_MATERIALS))
        quads, material = quads[kept], material[kept]
        self.triangles, kinds = _triangles(quads, np.array([_MATERIALS[m] for m in material]))
        self.kinds = np.zeros(len(self.rest), np.int32)
        self.kinds[self.triangles] = kinds[:, None]
        self.painted = self._painted()
        self.triangles = self.triangles[self._ever_seen()]
        self._paint_marks()
        corners = self.triangles.ravel()
        owner = np.repeat(np.arange(len(self.triangles)), 3)
        shape = len(self.rest), len(self.triangles)
        self._around = csr_matrix((np.ones(len(corners), np.float32), (corners, owner)), shape)

    def person(self, coefficients: np.ndarray) -> np.ndarray:
        """The neutral vertices of an identity, float32 (vertices, 3); coefficients (100,), standard deviations."""
        return self.rest + np.tensordot(coefficients.astype(np.float32), self.identities, 1)

    def posed(self, neutral: np.ndarray, values: np.ndarray, lids: float = 1.0, raiser: float = 0.0) -> np.ndarray:
        """The vertices of a person who shows `values` (55,).

        lids: how far the lids follow the gaze, 1 as the model does. raiser: how much of the model's cheek raiser goes
        with cheekSquint, since people seldom tense one without the other.
        """
        shown = values[: len(SHAPES)].copy()
        for side in EYES:
            blink = shown[INDEX["eyeBlink" + side]]
            # A lid that is shut already has nowhere to go.
            for name in ("eyeLookDown", "eyeSquint"):
                shown[INDEX[name + side]] *= 1 - 0.8 * blink
            shown[INDEX["eyeWide" + side]] *= 1 - blink
        look = [i for name, i in INDEX.items() if name.startswith("eyeLook")]
        shown[look] *= lids
        active = np.flatnonzero(shown)
        points = neutral + np.tensordot(shown[active].astype(np.float32), self._shapes[active], 1)
        for side, delta in zip(EYES, self._raiser, strict=True):
            if weight := raiser * shown[INDEX["cheekSquint" + side]]:
                points += np.float32(weight) * delta
        for side, (first, last) in EYES.items():
            yaw, pitch = turns(values[None], side)
            centre = neutral[first:last].mean(0)
            turn = rotation(*(np.arcsin(EYE_TURN * np.sin([yaw[0], pitch[0], 0.0]))))
            # Shut lids of the mean head leave a slit; behind them the eyeball makes way.
            size = np.float32(1 - 0.08 * max(0.0, 2 * float(values[INDEX["eyeBlink" + side]]) - 1))
            points[first:last] = size * (neutral[first:last] - centre) @ turn.T.astype(np.float32) + centre
        return points

    def surface(self, points: np.ndarray) -> Surface:
        """Vertices with their normals."""
        a, b, c = (points[self.triangles[:, i]] for i in range(3))
        normals = self._around @ np.cross(b - a, c - a)
        return Surface(points, normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9))

    def lashes(self, points: np.ndarray, values: np.ndarray, length: float) -> np.ndarray:
        """The lashes' vertices, float32 (4 * 2 * LASHES, 3): roots then tips for each lid, as lash_triangles say.

        length: cm of the upper lashes. values: (55,), since closing lids turn their lashes down.
        """
        strips = []
        for side, (first, last) in EYES.items():
            centre = points[first:last].mean(0)
            blink = values[INDEX["eyeBlink" + side]]
            for lid, (reach, lift) in zip(self._lid_roots[side], ((1.0, 0.9 - 1.3 * blink), (0.45, -0.7)), strict=True):
                root = points[lid]
                out = root - centre
                out /= np.linalg.norm(out, axis=1, keepdims=True)
                out[:, 1] += lift
                out /= np.linalg.norm(out, axis=1, keepdims=True)
                strips += [root + 0.02 * out, root + reach * length * out]
        return np.concatenate(strips).astype(np.float32)

    def opening(self, points: np.ndarray) -> float:
        """Distance between the lips' middles, cm."""
        upper, lower = points[self._seam]
        return float(np.linalg.norm(upper - lower))

    def _painted(self) -> np.ndarray:
        """Where each vertex takes its paint from: its place on the mean head, for eyes from the eye's middle."""
        painted = self.rest.copy()
        for first, last in EYES.values():
            ball = self.rest[first:last]
            middle = (ball.min(0) + ball.max(0)) / 2
            middle[2] = ball[:, 2].min() + 1.5
            painted[first:last] -= middle
        return painted

    def _ever_seen(self) -> np.ndarray:
        """bool (triangles,): not the far side of the eyeballs, nor what lies deep in the throat."""
        kind, depth = self.kinds[self.triangles[:, 0]], self.painted[self.triangles].mean(1)[:, 2]
        hidden = ((kind == EYE) & (depth < 0.3)) | ((kind == TEETH) & (depth < 7)) | ((kind == INSIDE) & (depth < 4))
        return ~hidden

    def _paint_marks(self) -> None:
        marks = tomllib.loads(Path(__file__).with_name("marks.toml").read_text("utf-8"))
        front = np.flatnonzero((self.kinds == SKIN) & (self.rest[:, 2] > 5))
        self.brow = np.array(marks["brow"], np.float32)

        def nearest(places: np.ndarray) -> np.ndarray:
            """The outermost of the few vertices next to each place (x, y)."""
            away = np.linalg.norm(self.rest[front][None, :, :2] - places[:, None], axis=2)
            close = np.argsort(away, axis=1)[:, :4]
            return front[close[np.arange(len(places)), np.argmax(self.rest[front][close][..., 2], axis=1)]]

        self._lid_roots: dict[str, list[np.ndarray]] = {}
        lid_distance = np.full(len(self.rest), 9.0, np.float32)
        for side, sign in (("Left", 1), ("Right", -1)):
            self._lid_roots[side] = []
            for lid in ("upper_lid", "lower_lid"):
                line = _along(np.array(marks[lid]) * [sign, 1], LASHES)
                self._lid_roots[side].append(nearest(line))
                away = np.linalg.norm(self.rest[front][:, None, :2] - line[None], axis=2).min(1)
                lid_distance[front] = np.minimum(lid_distance[front], away)
        self._seam = nearest(np.array(marks["seam"]))
        half = np.array(marks["lips"])
        lips = _along(np.concatenate([half, half[::-1] * [-1, 1]]), 240)
        away = np.linalg.norm(self.rest[front][:, None, :2] - lips[None], axis=2).min(1)
        inside = MplPath(lips).contains_points(self.rest[front][:, :2])
        lip_distance = np.full(len(self.rest), 9.0, np.float32)
        lip_distance[front] = np.where(inside, -away, away)
        self.lid_distance, self.lip_distance = lid_distance, lip_distance

        step = np.arange(LASHES - 1)
        quad = np.stack([step, step + 1, step + LASHES, step + LASHES, step + 1, step + LASHES + 1], 1).reshape(-1, 3)
        self.lash_triangles = np.concatenate([quad + strip * 2 * LASHES for strip in range(4)]).astype(np.int32)
        across = np.tile(np.arange(LASHES) / (LASHES - 1), 8)
        along = np.tile(np.repeat([0.0, 1.0], LASHES), 4)
        lower = np.tile(np.repeat([0.0, 1.0], 2 * LASHES), 2)
        self.lash_painted = np.stack([across, along, lower], 1).astype(np.float32)


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The matrix (3, 3) of a turn to the person's left, then a nod upwards, then a tilt to their left; radians."""
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(-pitch), np.sin(-pitch), np.cos(-roll), np.sin(-roll)
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    nod = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    tilt = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return turn @ nod @ tilt


def _channel_shapes(names: list[str], deltas: np.ndarray) -> np.ndarray:
    """float32 (52, vertices, 3): the model's shapes in the channels' order; it has no tongueOut."""
    shapes = np.zeros((len(SHAPES), *deltas.shape[1:]), np.float32)
    for name, i in zip(SHAPES, range(len(SHAPES)), strict=True):
        theirs = name.replace("Left", "_L") if name.endswith("Left") else name.replace("Right", "_R")
        if name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
            theirs = name
        for part in (theirs, name + "_L", name + "_R"):
            if part in names:
                shapes[i] += deltas[names.index(part)]
    return shapes


def _along(line: np.ndarray, count: int) -> np.ndarray:
    """Points at even distances on a polyline (points, 2)."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, length[-1], count)
    return np.stack([np.interp(at, length, column) for column in line.T], 1)


def _triangles(quads: np.ndarray, kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    four = quads[:, 3] >= 0
    triangles = np.concatenate([quads[:, :3], quads[four][:, [0, 2, 3]]])
    return triangles.astype(np.int32), np.concatenate([kinds, kinds[four]])
