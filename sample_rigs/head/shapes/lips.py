"""Lips: each shape says where the red of the lips goes; the skin around is stretched after it.

Positions around the mouth: S -1 right corner .. 0 midline .. 1 left corner; t 0 at the border of the red,
1 where the lips meet, more inside. Offsets in mm: x left, y back, z up.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .. import anatomy as an
from ..face import Face
from .soft import Array, Spreader, smoothstep

Lip = Callable[[Array, Array, Array, Array], tuple[Array, Array, Array]]

CORNER_RING, CORNER = 4, 0.75  # outermost ring and least s that ride with the mouth's corner


def _full(S: Array) -> Array:
    """How full the lips are across the mouth, 1 in the middle; what thins them may not exceed it."""
    return np.clip(1 - S**2, 0, 1)


def _before_teeth(t: Array) -> Array:
    """How far the lips' inside goes back with the lips that press on the teeth."""
    return np.interp(t, [1.0, 1.5], [1.0, 0.4])


def _smile(x: Array, S: Array, side: Array, t: Array) -> tuple:
    c = smoothstep(-0.25, 1.05, S) ** 1.25
    thin = 1.5 * smoothstep(-0.3, 0.4, S) * (1 - np.clip(t, 0, 1)) * (1 - S**2)
    return 12.0 * c, 7.2 * c**1.1, 12.4 * c**1.5 - side * thin


def _frown(x: Array, S: Array, side: Array, t: Array) -> tuple:
    c = smoothstep(-0.05, 1.05, S) ** 1.3
    middle = smoothstep(-0.6, 0.1, S) * (1 - smoothstep(0.1, 0.7, S))
    return 2.0 * c, 1.5 * c, 1.2 * middle - 8.0 * c


def _dimple(x: Array, S: Array, side: Array, t: Array) -> tuple:
    c = smoothstep(0.0, 1.0, S) ** 1.3
    thin = 2.4 * (1 - np.clip(t, 0, 1)) * smoothstep(0.0, 0.7, S) * _full(S)
    return 3.0 * c, 5.0 * c, 4.6 * c - side * thin


def _stretch(x: Array, S: Array, side: Array, t: Array) -> tuple:
    c = smoothstep(-0.2, 1.05, S) ** 1.1
    low = (side < 0) * 2.2 * np.exp(-(((S - 0.6) / 0.4) ** 2)) * (1 - smoothstep(0.75, 1.0, S))
    thin = (1 - np.clip(t, 0, 1)) * smoothstep(-0.2, 0.5, S) * _full(S)
    return 9.0 * c, 6.0 * c, -3.4 * c - low - side * thin


def _press(x: Array, S: Array, side: Array, t: Array) -> tuple:
    half = smoothstep(-0.55, 0.5, S)
    body = 1 - np.clip(t, 0, 1)
    # What pushes on the other lip holds them shut when another shape would part them.
    close = (np.where(side > 0, -3.7, 4.3) * body - side * 1.7 * np.clip(t, 0, 1)) * _full(S)
    back = (1.3 - 0.9 * body) * _before_teeth(t) * (1 - 0.8 * smoothstep(0.6, 1, S))
    return 0.8 * half * smoothstep(0.3, 1, S), half * back, half * close


def _upper_up(x: Array, S: Array, side: Array, t: Array) -> tuple:
    w = (side > 0) * np.exp(-(((S - 0.36) / 0.44) ** 2)) * (1 - smoothstep(0.72, 1.0, np.abs(S)))
    return 0.6 * w, -1.2 * w * (1 - np.clip(t, 0, 1)), w * (8.6 + 0.6 * np.clip(t, 0, 1))


def _lower_down(x: Array, S: Array, side: Array, t: Array) -> tuple:
    w = (side < 0) * np.exp(-(((S - 0.36) / 0.46) ** 2)) * (1 - smoothstep(0.72, 1.0, np.abs(S)))
    return 0.8 * w, -0.6 * w, -w * (8.2 + 0.4 * np.clip(t, 0, 1))


def _pucker(x: Array, S: Array, side: Array, t: Array) -> tuple:
    rim = 1 - np.clip(t, 0, 1)
    full = np.sqrt(np.clip(1 - S**2, 0, 1))
    tall = side * (1.6 + 1.0 * (side < 0)) * np.abs(S) ** 1.2 * rim * full
    return -x * 0.44, -7.5 - 2.2 * np.clip(t, 0, 1) * full + 1.5 * S**2, tall - side * 0.4 * rim * full


def _funnel(x: Array, S: Array, side: Array, t: Array) -> tuple:
    inner = np.clip(t, 0, 1.5)
    oval = np.sqrt(np.clip(1 - S**2, 0, 1))
    open_ = np.where(side > 0, 4.2, -5.8) * oval * (0.62 + 0.38 * inner) * (side != 0)
    return -x * (0.40 + 0.03 * inner), -6.0 - 3.4 * np.interp(t, [0, 1, 1.75], [0, 1, 0.2]) * oval - 1.0 * oval, open_


def _roll_upper(x: Array, S: Array, side: Array, t: Array) -> tuple:
    w = (side > 0) * _full(S)
    return 0 * x, w * (1.4 + 0.5 * np.clip(t, 0, 1)) * _before_teeth(t), w * (-3.3 + 2.9 * np.clip(t, 0, 1))


def _roll_lower(x: Array, S: Array, side: Array, t: Array) -> tuple:
    w = (side < 0) * _full(S)
    return 0 * x, w * (1.5 + 1.4 * np.clip(t, 0, 1)) * _before_teeth(t), w * (3.7 - 3.7 * np.clip(t, 0, 1))


def _shrug_upper(x: Array, S: Array, side: Array, t: Array) -> tuple:
    w = np.exp(-((S / 0.75) ** 2)) * (1 - smoothstep(0.7, 1.0, np.abs(S)))
    up = np.where(side > 0, 3.6, 3.0)
    return 0 * x, -w * np.where(side > 0, 2.2, 0.8), w * up


def _shrug_lower(x: Array, S: Array, side: Array, t: Array) -> tuple:
    w = np.exp(-((S / 0.8) ** 2)) * (1 - 0.8 * smoothstep(0.7, 1.0, np.abs(S)))
    corner = smoothstep(0.6, 1, np.abs(S))
    return 0 * x, -w * np.where(side < 0, 3.0, 0.8), w * 4.0 - 2.0 * corner


def _sideways(x: Array, S: Array, side: Array, t: Array) -> tuple:
    shift = 8.0 - 2.2 * S
    # The mouth slides around the teeth, whose arch falls back on both sides.
    return shift, ((x + shift) ** 2 - x**2) * 0.011, 0.8 * S


def _tongue_gap(x: Array, S: Array, side: Array, t: Array) -> tuple:
    oval = np.clip(1 - np.abs(S) ** 2.6, 0, 1) * (side != 0)
    return 0 * x, -1.2 * oval, np.where(side > 0, 3.0, -6.5) * oval * (0.55 + 0.45 * np.clip(t, 0, 1))


def _puff(x: Array, S: Array, side: Array, t: Array) -> tuple:
    rim = (1 - np.clip(t, 0, 1)) * (side != 0) * _full(S)
    return 1.8 * S**3, -2.0 - 3.0 * S**4, -side * 1.0 * rim


ONE_SIDED: dict[str, Lip] = {
    "mouthSmile": _smile,
    "mouthFrown": _frown,
    "mouthDimple": _dimple,
    "mouthStretch": _stretch,
    "mouthPress": _press,
    "mouthUpperUp": _upper_up,
    "mouthLowerDown": _lower_down,
}
WHOLE: dict[str, Lip] = {
    "mouthPucker": _pucker,
    "mouthFunnel": _funnel,
    "mouthRollUpper": _roll_upper,
    "mouthRollLower": _roll_lower,
    "mouthShrugUpper": _shrug_upper,
    "mouthShrugLower": _shrug_lower,
    "tongueOut": _tongue_gap,
    "cheekPuff": _puff,
}


class Lips:
    """Spreads what the lips do over the lower face.

    corners_ride: the skin just outside the corners goes with them, as shapes that pull the corners away need.
    """

    def __init__(self, face: Face, edges: Array, corners_ride: bool = False) -> None:
        self.face = face
        p, ring = face.points, face.mouth_ring
        # The quads there are narrow: a smile would fold them.
        corner = (ring >= CORNER_RING) & (face.mouth_s > CORNER) & corners_ride
        self.moved = ((ring >= 6) | corner) & (ring <= 17)
        self.handles = self.moved & (ring <= 13)
        nose = (np.abs(p[:, 0]) < 15) & (p[:, 2] > -43) & (p[:, 1] < -36)
        area = (p[:, 2] < -22) & (p[:, 2] > -122) & (p[:, 1] < 44) & ~nose & (face.eye_ring < 3)
        self.spreader = Spreader(p, edges, area & (ring < 6) & ~corner)
        # Skin beside a corner goes as far as the corner, which would climb over it otherwise.
        self.S = np.where(corner & (ring < 6), 1.0, face.mouth_s) * np.where(p[:, 0] < 0, -1.0, 1.0)
        self.t = (ring - 6) / 4.0

    def spread(self, handles: Array) -> Array:
        """Offsets (n, 3) given on the handles, carried over the skin outside and faded into the mouth."""
        values = np.where(self.handles[:, None], handles, 0.0)
        ring = self.face.mouth_ring
        fade = np.interp(ring, [12, 13, 14, 15, 16], [1.0, 0.75, 0.4, 0.15, 0.0])
        inside = ring > 12
        values[inside] = (handles * fade[:, None])[inside]
        return self.spreader.spread(values)

    def shape(self, lip: Lip) -> Array:
        p = self.face.points
        x, y, z = lip(p[:, 0], self.S, self.face.mouth_side, np.maximum(self.t, 0.0))
        offsets = np.stack(np.broadcast_arrays(x, y, z), axis=1).astype(float)
        offsets[~self.moved] = 0.0
        return self.spread(offsets)

    def close(self, jaw_open: Array) -> Array:
        """The corrective that seals the lips while the jaw is open.

        The sealed mouth hangs lower and narrower than at rest; skin of the chin stays with the open jaw.
        """
        face, p = self.face, self.face.points
        lower_mid = face.part.groups["lip line lower"]
        drop = jaw_open[lower_mid][np.argmin(np.abs(p[lower_mid, 0]))]
        s = face.mouth_s
        share = 0.42 + 0.03 * s
        sealed = drop[None, :] * share[:, None] * np.array([0, 0.12, 1.0])
        sealed[:, 0] = -p[:, 0] * 0.05
        # Stretched lips are thinner: the border of the red comes towards the line between them.
        rim = np.clip(1 - self.t, 0, 1) * (face.mouth_ring <= 10)
        height = np.where(face.mouth_side > 0, an.LIP_UPPER, an.LIP_LOWER)
        sealed[:, 2] += face.mouth_side * rim * height * 0.10 * (1 - s**2)
        values = sealed - jaw_open
        values[~self.moved] = 0.0
        return self.spread(values)
