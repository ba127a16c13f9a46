"""The jaw turns about its hinge; skin, lower lip, lower teeth and tongue follow it."""

from __future__ import annotations

import numpy as np

from .. import anatomy as an
from ..eyes import rotate
from ..face import Face
from .soft import Array, Spreader

OPEN_DEGREES = 17.0
FORWARD, SIDEWAYS, SIDE_TURN = 7.0, 8.0, 4.0  # mm, mm, degrees


def follow(face: Face, edges: Array) -> Array:
    """How far each vertex of the face goes with the jaw, 0..1."""
    p, ring, s, side = face.points, face.mouth_ring, face.mouth_s, face.mouth_side
    w = np.zeros(len(p))
    corner = 0.5 * (1 - np.clip(1 - s**2, 0, 1) ** 0.62)
    lips = (ring >= 5) & (ring <= 17)
    w[lips] = np.where(side < 0, 1 - corner, corner)[lips]
    w[lips & (side == 0)] = 0.5
    bag = ring >= 14
    w[bag] = (0.5 - side * (0.5 - corner * (ring <= 17)))[bag]
    w[ring == 18] = (0.5 - 0.5 * side)[ring == 18]
    deep = ring >= 16
    w[deep] = 0.3 + 0.4 * w[deep]
    chin = (p[:, 2] < -80) & (p[:, 1] < 8) & (p[:, 2] > -118) & (ring < 5)
    w[chin] = 1.0
    still = (p[:, 2] > -36) | (p[:, 1] > 62) | (p[:, 2] < -138)
    free = ~(lips | chin | still | bag | face.hidden)
    w[still & ~lips & ~bag] = 0.0
    return np.clip(Spreader(p, edges, free).spread(w), 0.0, 1.0)


def motions(points: Array, weight: Array) -> dict[str, Array]:
    """Offsets of points that follow the jaw by `weight` (1 for bone)."""

    def turned(axis: tuple, degrees: float, shift: tuple) -> Array:
        moved = rotate(points, an.JAW_HINGE, np.array(axis, float), degrees * weight)
        return moved + np.array(shift) * weight[:, None] - points

    return {
        "jawOpen": turned((1, 0, 0), OPEN_DEGREES, (0, 1.0, 0)),
        "jawForward": turned((1, 0, 0), 0.0, (0, -FORWARD, 0.6)),
        "jawLeft": turned((0, 0, 1), SIDE_TURN, (SIDEWAYS * 0.45, 0, 0)),
        "jawRight": turned((0, 0, 1), -SIDE_TURN, (-SIDEWAYS * 0.45, 0, 0)),
    }
