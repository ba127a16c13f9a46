"""The eyeballs: spheres whose iris and pupil are painted on dense rings around the line of sight."""

from __future__ import annotations

import numpy as np

from . import anatomy as an
from .part import Array, Part, join, mirrored, tube

SEGMENTS = 64
PUPIL, IRIS = 12.0, 29.5  # degrees from the line of sight
GAZE = {"Up": 20.0, "Down": 24.0, "In": 26.0, "Out": 28.0}  # degrees at 1.0


def _hash(n: Array) -> Array:
    return np.modf(np.abs(np.sin(n * 12.9898 + 4.1414) * 43758.5453))[0]


def _iris_colour(share: Array, turn: Array, seed: Array) -> Array:
    """Colour of the iris; share 0 at the pupil .. 1 at the limbus, turn in radians (0 = up)."""
    inner, outer = np.array([0.36, 0.30, 0.08]), np.array([0.012, 0.20, 0.22])
    rim = np.array([0.004, 0.022, 0.035])
    mix = np.clip(share * 2.0, 0, 1)[:, None] ** 0.8
    colour = inner * (1 - mix) + outer * mix
    streak = 0.72 + 0.56 * _hash(seed)
    colour = colour * (1 + (streak - 1) * np.sin(np.pi * np.clip(share, 0, 1)))[:, None]
    edge = np.clip((share - 0.72) / 0.28, 0, 1)[:, None] ** 1.5
    colour = colour * (1 - edge) + rim * edge
    # The cornea gathers light opposite the lamp, so the lower half of the iris is the bright one.
    glow = 1.0 - 0.62 * np.cos(turn) * np.sin(np.pi * np.clip(share * 0.9 + 0.05, 0, 1))
    return colour * glow[:, None]


def _one() -> Part:
    polar = np.concatenate(
        [
            [2.0, 6.0, PUPIL - 0.6, PUPIL + 0.4],
            np.linspace(PUPIL + 2, IRIS - 1.6, 8),
            [IRIS - 0.5, IRIS + 0.7, IRIS + 2.0],
            np.linspace(35, 172, 16),
        ]
    )
    turn = np.arange(SEGMENTS) * 2 * np.pi / SEGMENTS
    a, t = np.meshgrid(np.radians(polar), turn, indexing="ij")
    d = np.stack([np.sin(a) * np.sin(t), -np.cos(a), np.sin(a) * np.cos(t)], axis=-1)
    radius = an.EYE_RADIUS + 0.45 * np.exp(-((np.degrees(a) / 24.0) ** 4))
    # The back of the ball is never seen and tapers, so that it stays inside a narrow temple.
    taper = 1 - 0.26 * np.clip((np.degrees(a) - 60) / 40, 0, 1) ** 1.6
    points = an.EYE_CENTRE + d * radius[..., None] * np.stack([taper, np.ones_like(taper), taper], axis=-1)

    flat, quads = tube(points)
    polar_flat, turn_flat = np.degrees(a).ravel(), t.ravel()
    seed = np.tile(np.arange(SEGMENTS), len(polar)).astype(float)
    share = (polar_flat - PUPIL) / (IRIS - PUPIL)
    colour = np.tile([0.80, 0.79, 0.77], (len(flat), 1))
    pink = np.clip((polar_flat - 40) / 30, 0, 1)[:, None]
    colour = colour * (1 - pink) + np.array([0.72, 0.52, 0.47]) * pink
    # Lids shade the top of the ball; painted, since few samples render it blotchy.
    shade = np.clip((d.reshape(-1, 3)[:, 2] - 0.16) / 0.34, 0, 1)[:, None]
    iris = polar_flat < IRIS + 0.2
    colour[iris] = _iris_colour(share, turn_flat, seed)[iris]
    colour[polar_flat < PUPIL] = 0.002
    colour *= 1 - 0.42 * shade
    return Part("eye", flat, quads, colour, ["Nova Eye"], np.zeros(len(quads), int))


def rotate(points: Array, centre: Array, axis: Array, degrees: float | Array) -> Array:
    """Points turned about an axis through `centre`, right-handed, by one angle or one for each point."""
    axis = np.asarray(axis, float) / np.linalg.norm(axis)
    a = np.radians(np.broadcast_to(degrees, len(points)))[:, None]
    q = points - centre
    along = axis * (q @ axis)[:, None]
    return centre + along + (q - along) * np.cos(a) + np.cross(axis, q) * np.sin(a)


def build() -> Part:
    """Both eyes with the eight gaze shapes."""
    left = _one()
    right = mirrored(left)
    for part, side, sign in ((left, "Left", 1.0), (right, "Right", -1.0)):
        centre = an.EYE_CENTRE * np.array([sign, 1, 1])
        across, upright = (1, 0, 0), (0, 0, 1)
        turns = {"Up": (across, -1), "Down": (across, 1), "Out": (upright, sign), "In": (upright, -sign)}
        for way, (axis, direction) in turns.items():
            moved = rotate(part.points, centre, np.array(axis, float), direction * GAZE[way])
            part.shapes[f"eyeLook{way}{side}"] = moved - part.points
        part.weights[f"{side.lower()}Eye"] = np.ones(len(part.points))
        part.groups[f"eyeball {side}"] = np.arange(len(part.points))
    return join("Nova Eyes", [left, right])
