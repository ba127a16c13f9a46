"""Brows and upper lashes: small solid strokes that follow the skin."""

from __future__ import annotations

import numpy as np

from . import anatomy as an
from .part import Array, Part, join, mirrored, tube
from .place import lid_curve, resample
from .sculpt import Sculpt

HAIR_COLOUR = np.array([0.070, 0.022, 0.011])
LASH_COLOUR = np.array([0.012, 0.007, 0.006])

# The brow's middle line and half width, from the nose to the temple: x, z, half width (mm).
BROW = np.array(
    [
        [13.5, 28.0, 1.4],
        [16.0, 28.8, 2.8],
        [21.5, 30.4, 3.4],
        [31.0, 32.9, 3.3],
        [41.0, 34.4, 2.8],
        [50.0, 33.6, 2.2],
        [57.0, 30.6, 1.4],
        [61.5, 27.2, 0.35],
    ]
)


def _smooth(rows: Array, count: int) -> Array:
    """A Catmull-Rom line through the rows, resampled evenly."""
    p = np.concatenate([2 * rows[:1] - rows[1:2], rows, 2 * rows[-1:] - rows[-2:-1]])
    out = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
        t = np.linspace(0, 1, 12, endpoint=False)[:, None]
        out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return resample(np.concatenate([*out, rows[-1:]]), count)


def _brow(sculpt: Sculpt) -> Part:
    line = _smooth(BROW, 26)
    tangent = np.gradient(line[:, :2], axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    up = np.stack([-tangent[:, 1], tangent[:, 0]], 1)
    profile = np.array(
        [[-1, 0.0], [-0.75, 0.6], [-0.3, 1.0], [0.3, 1.1], [0.75, 0.7], [1, 0.0], [0.5, -0.9], [-0.5, -0.9]]
    )
    sections = np.zeros((len(line), len(profile), 3))
    for n, (across, height) in enumerate(profile):
        xz = line[:, :2] + up * (line[:, 2] * across)[:, None]
        base = np.stack([xz[:, 0], sculpt.front(xz[:, 0], xz[:, 1]), xz[:, 1]], 1)
        lift = height * np.minimum(1.7, 0.35 + 0.45 * line[:, 2]) + 0.25
        sections[:, n] = base + sculpt.normal(base) * lift[:, None]
    points, quads = tube(sections)
    colour = np.tile(HAIR_COLOUR, (len(points), 1))
    return Part(
        "brow",
        points,
        quads[:, ::-1],
        colour,
        ["Nova Brow"],
        np.zeros(len(quads), int),
        {"brow": np.arange(len(points))},
    )


def _lash() -> Part:
    """A dark wing along the upper lid's edge, longest towards the temple."""
    count = 28
    edge = lid_curve(True, count)
    s = np.linspace(0, 1, count)
    flat = np.stack([edge[:, 0], 0 * s, edge[:, 1]], 1)

    def shell(radius: float) -> Array:
        """The lid's edge on a sphere of `radius` around the eye."""
        return an.EYE_CENTRE + flat - np.sqrt(radius**2 - (edge**2).sum(1))[:, None] * [0.0, 1.0, 0.0]

    length = (0.5 + 5.4 * s**1.3) * (1 - 0.92 * ((s - 0.74).clip(0) / 0.26) ** 2)
    direction = np.stack([0.10 + 0.75 * s**2, -0.8 + 0.35 * s, 0.55 + 0 * s], 1)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    thick = (0.2 + 0.4 * np.sin(np.pi * s**0.8)) * (1 - 0.9 * s**8)
    low = shell(an.EYE_RADIUS + 0.5) - np.array([0, 0, 0.15])
    high = shell(an.EYE_RADIUS + an.LID_THICKNESS + 0.15) + np.stack([0 * s, 0 * s, thick], 1)
    tip = (low + high) / 2 + direction * length[:, None]
    mid = (high + tip) / 2 + np.stack([0 * s, 0 * s, thick * 0.45], 1)
    under = (low + tip) / 2 - np.array([0, 0, 0.1])
    thin = np.array([0.0, 0.0, 0.12])
    sections = np.stack([low, under, tip - thin, tip + thin, mid, high], axis=1)
    points, quads = tube(sections)
    colour = np.tile(LASH_COLOUR, (len(points), 1))
    return Part(
        "lash", points, quads, colour, ["Nova Lash"], np.zeros(len(quads), int), {"lash": np.arange(len(points))}
    )


def build() -> Part:
    sculpt = Sculpt()
    left = join("left", [_brow(sculpt), _lash()])
    right = mirrored(left)
    left.groups["left"] = np.arange(len(left.points))
    right.groups["right"] = np.arange(len(right.points))
    return join("Nova Brows", [left, right])
