"""Brows, cheeks, nose and chin: soft pushes on the skin, each (centre, radii, offset) in mm.

Described on the left side; a pair of radii is (towards negative, towards positive).
"""

from __future__ import annotations

import numpy as np

from ..face import Face
from .soft import Array, bump, smoothstep

# (centre, radii, offset)
Push = tuple[tuple, tuple, tuple]

LEFT: dict[str, list[Push]] = {
    "browDown": [
        ((16, -30, 31), ((22, 34), 60, (24, 24)), (-5.4, -1.2, -10.8)),
        ((42, -22, 33), (26, 60, (15, 22)), (-2.4, -0.6, -3.6)),
        ((6, -34, 28), (4.6, 30, (16, 18)), (0, 2.5, 0)),
        ((13, -34, 28), (8, 30, 14), (0, -1.4, 0)),
    ],
    "browOuterUp": [((49, -16, 32), ((36, 36), 60, (24, 42)), (0.8, 0.8, 9.4))],
    "cheekSquint": [((42, -22, -33), (27, 50, (22, 20)), (0.6, -3.6, 6.2))],
    "eyeSquint": [((40, -22, -30), (26, 50, (18, 18)), (0, -0.9, 2.2))],
    "noseSneer": [
        ((11, -42, -37), ((11, 13), 30, (12, 20)), (2.6, 0.4, 8.0)),
        ((9, -30, -12), ((9, 12), 30, (22, 18)), (-1.6, -3.4, 3.4)),
        ((17, -30, -47), ((10, 16), 30, (12, 16)), (0.8, 0.4, 4.4)),
        ((18, -28, 30), ((22, 18), 50, (20, 16)), (-1.4, -1.0, -4.0)),
    ],
    "mouthSmile": [
        ((43, -20, -42), (24, 50, (20, 26)), (2.0, -4.0, 6.4)),
        ((27, -32, -48), ((8, 9), 30, (15, 13)), (0.6, 2.1, 0.4)),
    ],
    "mouthUpperUp": [
        ((12, -40, -41), ((10, 12), 30, 12), (1.0, 0.2, 1.8)),
        ((30, -24, -40), (18, 40, 18), (0.4, -1.4, 1.6)),
    ],
    "mouthDimple": [
        ((33, -26, -63), ((9, 8), 30, (14, 12)), (0, 3.0, 0)),
        ((43, -18, -60), ((10, 16), 30, (20, 18)), (0.6, -2.0, 1.0)),
    ],
    "mouthFrown": [((12, -36, -88), ((20, 18), 30, 14), (0, -1.4, 1.2))],
    "mouthStretch": [((34, 0, -100), (30, 50, 40), (2.0, 0, -3.0))],
}

WHOLE: dict[str, list[Push]] = {
    "browInnerUp": [
        ((13, -30, 30), ((28, 33), 60, (19, 46)), (-1.6, 0.2, 10.6)),
        ((54, -16, 30), (20, 60, 20), (0, 0, -1.8)),
        ((0, -30, 31), (14, 60, (14, 40)), (0, 0.2, 3.2)),
    ],
    "cheekPuff": [((45, -14, -54), ((38, 28), 60, (32, 32)), (8.0, -9.4, -0.6))],
    "mouthShrugLower": [((0, -38, -88), (24, 40, (16, 14)), (0, -2.6, 4.6))],
    "mouthPucker": [((26, -26, -65), (20, 40, 24), (-3.0, 1.0, 0))],
    "mouthFunnel": [((26, -26, -65), (20, 40, 26), (-3.2, 1.6, 0))],
}


def offsets(face: Face, pushes: list[Push], both_sides: bool) -> Array:
    """Offsets (n, 3) of the whole face; lids, mouth lining and lips stay where other shapes put them."""
    p = face.points
    lids = np.where(face.eye_ring >= 0, 1 - smoothstep(2.0, 6.5, face.eye_ring), 1.0)
    lips = np.where(face.mouth_ring >= 0, 1 - smoothstep(0.5, 6.0, face.mouth_ring), 1.0)
    mask = lids * lips * ~(face.hidden & (face.mouth_ring >= 0))
    total = np.zeros_like(p)
    mirrored = p * np.array([-1.0, 1.0, 1.0])
    for centre, radii, push in pushes:
        total += bump(p, centre, radii)[:, None] * np.array(push)
        if both_sides:
            total += bump(mirrored, centre, radii)[:, None] * np.array(push) * np.array([-1.0, 1.0, 1.0])
    return total * mask[:, None]
