"""The tongue: it follows the jaw with its tip more than with its root, and slides out over the lower lip."""

from __future__ import annotations

import numpy as np

from .. import anatomy as an
from .soft import Array, smoothstep

OUT = 40.0  # mm the tip travels forward


def _share(points: Array) -> Array:
    """0 at the root .. 1 at the tip."""
    return np.clip((32.0 - points[:, 1]) / 57.0, 0, 1)


def jaw_follow(points: Array) -> Array:
    return 0.55 + 0.45 * smoothstep(0.0, 0.7, _share(points))


def out(points: Array) -> Array:
    """Offsets of tongueOut: a flat blade between the lips whose tip hangs a little."""
    t = _share(points)
    moved = points.copy()
    moved[:, 1] -= OUT * smoothstep(0.0, 0.62, t)
    passing = smoothstep(-22.0, -36.0, moved[:, 1])
    level = an.MOUTH_HEIGHT - 2.6
    spine = an.MOUTH_HEIGHT - 11.0
    flat = level + (moved[:, 2] - spine) * 0.42
    moved[:, 2] = moved[:, 2] * (1 - passing) + flat * passing
    moved[:, 2] -= 0.030 * np.clip(-moved[:, 1] - 44.0, 0, None) ** 2
    moved[:, 0] *= 1 + 0.06 * passing
    return moved - points
