"""What the lips hide: teeth, gums and tongue."""

from __future__ import annotations

import numpy as np

from . import anatomy as an
from .part import Array, Part, join, tube

ARCH_FRONT_UPPER = -34.3  # y of the front teeth's faces, mm
LOWER_TEETH = 5  # a side; those behind would stand up in the corner of an open mouth
LOWER_SINK = 0.0045  # mm per squared mm along the arch that the lower teeth sink towards the back
# Half width and height of each tooth from the middle back.
TEETH = ((4.7, 9.6), (3.8, 8.7), (4.0, 9.1), (3.8, 7.9), (3.9, 7.4), (4.8, 6.7), (5.0, 6.2))


def _arch(distance: Array, front: float, width: float) -> tuple[Array, Array]:
    """Points on a parabolic arch at arc distances from the midline, and outward directions, in x-y."""
    x = np.linspace(0, width, 400)
    y = front + 34.0 * (x / width) ** 3.2
    arc = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    sign, d = np.where(distance < 0, -1.0, 1.0), np.abs(distance)
    px, py = np.interp(d, arc, x), np.interp(d, arc, y)
    tx, ty = np.interp(d, arc, np.gradient(x, arc)), np.interp(d, arc, np.gradient(y, arc))
    return np.stack([px * sign, py], -1), np.stack([ty * sign, -tx], -1)


def _tooth(half: float, height: float, thick: float) -> tuple[Array, Array]:
    """A rounded wedge: x across, y outwards negative, z from the gum (0) to the edge (-height)."""
    levels = np.array([0.0, 0.25, 0.6, 0.88, 1.0])
    grow = np.array([0.95, 0.97, 1.0, 0.98, 0.86])
    deep = np.array([0.7, 0.85, 0.78, 0.5, 0.28])
    turn = (np.arange(12) + 0.5) * 2 * np.pi / 12
    c, s = np.cos(turn), np.sin(turn)
    square = 1.0 / np.maximum((np.abs(c) ** 4 + np.abs(s) ** 4) ** 0.25, 1e-6)
    rows = []
    for level, w, d in zip(levels, grow, deep, strict=True):
        y = thick * d * s * square
        y = np.where(s < 0, y, y) + thick * (1 - d) * 0.25
        rows.append(np.stack([half * w * c * square, y, np.full(12, -height * level)], -1))
    points, quads = tube(np.array(rows))
    return points, quads


def _row(upper: bool) -> Part:
    shrink = 1.0 if upper else 0.86
    front = ARCH_FRONT_UPPER if upper else ARCH_FRONT_UPPER + 3.0
    width = 29.6 if upper else 26.3
    bite = an.MOUTH_HEIGHT - 2.6 if upper else an.MOUTH_HEIGHT - 1.2  # height of the edges' line
    parts = []
    at = 0.0
    for half, height in TEETH if upper else TEETH[:LOWER_TEETH]:
        half, height = half * shrink, height * (1.0 if upper else 0.92)
        at += half
        for sign in (1.0, -1.0):
            local, quads = _tooth(half * 0.985, height, 3.0 if half < 4.5 * shrink else 4.2)
            (centre,), (out,) = _arch(np.array([at * sign]), front, width)
            across = np.array([-out[1], out[0]])
            flat = centre + local[:, :1] * across - (local[:, 1:2] + 2.8) * out
            z = local[:, 2] + height
            z = bite + z if upper else bite - z - LOWER_SINK * at**2
            p = np.concatenate([flat, z[:, None]], axis=1)
            if not upper:
                quads = quads[:, ::-1]
            shade = 0.86 + 0.08 * np.clip(1 - at / 30, 0, 1)
            colour = np.tile(np.array([1.0, 0.955, 0.87]) * shade, (len(p), 1))
            parts.append(Part("tooth", p, quads, colour, ["Nova Teeth"], np.zeros(len(quads), int)))
        at += half
    arc = np.linspace(-at + 1, at - 1, 41)
    centre, out = _arch(arc, front, width)
    turn = np.arange(10) * 2 * np.pi / 10
    root = bite + (10.2 if upper else -9.7)
    sections = []
    for p, o in zip(centre, out, strict=True):
        ring = np.zeros((10, 3))
        ring[:, :2] = p - o * 3.0 + o * (np.cos(turn) * 2.6)[:, None]
        ring[:, 2] = root + np.sin(turn) * 4.6
        sections.append(ring)
    points, quads = tube(np.array(sections))
    colour = np.tile([0.50, 0.13, 0.13], (len(points), 1))
    parts.append(Part("gum", points, quads, colour, ["Nova Tongue"], np.zeros(len(quads), int)))
    row = join("upper teeth" if upper else "lower teeth", parts)
    row.groups[row.name] = np.arange(len(row.points))
    return row


def _tongue() -> Part:
    """Rows from root to tip; columns around."""
    rows, columns = 22, 20
    t = np.linspace(0, 1, rows)
    turn = np.arange(columns) * 2 * np.pi / columns
    y = 32.0 - 57.0 * t
    spine = an.MOUTH_HEIGHT - 11.5 + 5.0 * np.sin(np.pi * (0.12 + 0.72 * t)) + 1.5 * t
    half = 17.5 * np.clip(1 - t**5.0, 0.0, 1) ** 0.5 * (0.85 + 0.15 * t) + 0.5
    thick = 6.0 * np.clip(1 - t**3.5, 0.0, 1) ** 0.55 + 0.4
    sections = np.zeros((rows, columns, 3))
    for r in range(rows):
        c, s = np.cos(turn), np.sin(turn)
        groove = -1.6 * np.exp(-((c / 0.3) ** 2)) * (s > 0) * np.sin(np.pi * np.clip(t[r], 0, 1))
        sections[r, :, 0] = half[r] * c
        sections[r, :, 1] = y[r]
        sections[r, :, 2] = spine[r] + thick[r] * s * np.where(s > 0, 1.0, 0.8) + groove
    points, quads = tube(sections)
    colour = np.tile([0.56, 0.16, 0.17], (len(points), 1))
    part = Part("tongue", points, quads, colour, ["Nova Tongue"], np.zeros(len(quads), int))
    part.groups["tongue"] = np.arange(len(points))
    return part


def build() -> Part:
    return join("Nova Mouth", [_row(True), _row(False), _tongue()])
