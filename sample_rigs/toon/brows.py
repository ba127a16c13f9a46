"""Brows: drawn bars in front of the skin. A brow is rows of x, z and half width (mm), from the nose outwards."""

from __future__ import annotations

import numpy as np

from .lids import Lids
from .mesh import Array, Mesh, smooth_line
from .pose import Pose


def brow(rows: Array, pose: Pose, side: str, front, ink: Array, lift: float = 1.6) -> Mesh:
    """The left brow in a pose of "Left" or "Right"."""
    line = smooth_line(rows, 13)
    s = np.linspace(0, 1, len(line))
    flat = line[:, :2].copy()
    flat[:, 1] += pose.side("browIn", side) * (1 - s) ** 1.4
    flat[:, 1] += pose.side("browMid", side) * np.sin(np.pi * s)
    flat[:, 1] += pose.side("browOut", side) * s**1.4
    flat[:, 0] += pose.side("browX", side) * (1 - s) ** 1.2
    tangent = np.gradient(flat, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    up = np.stack([-tangent[:, 1], tangent[:, 0]], 1) * line[:, 2:]
    return Lids._ribbon(flat - up, flat + up, front, lift, 0 * s, ink)
