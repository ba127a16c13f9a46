"""What people use today to fill the frames between known ones: linear, cubic, and Blender's auto-clamped Bézier.

Each takes values (frames, channels) and known (frames,), and gives every frame.
"""

import itertools

import numpy as np
from scipy.interpolate import CubicSpline

HANDLE = 1 / 2.5614
"""Blender's length of an automatic handle, as a share of the time to the next key."""


def linear(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Straight from key to key."""
    keys, frames = np.flatnonzero(known), np.arange(len(values))
    return np.stack([np.interp(frames, keys, column[keys]) for column in values.T], axis=1)


def cubic(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A cubic spline through the keys, kept within the channels' 0..1 by the caller."""
    keys = np.flatnonzero(known)
    return CubicSpline(keys, values[keys], bc_type="natural")(np.arange(len(values)))


def bezier(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Auto-clamped handles as Blender sets them: the slope is the mean of those to both neighbours, flat at extremes,
    and no handle passes its neighbour's value.
    """
    keys = np.flatnonzero(known)
    at = values[keys].astype(float)
    gap = np.diff(keys)[:, None].astype(float)
    slope = np.zeros_like(at)
    secant = np.diff(at, axis=0) / gap
    slope[1:-1] = (secant[1:] + secant[:-1]) / 2
    # A handle may go as far as its neighbour's value; an extreme, where the secants change sign, is flat.
    slope[1:-1][secant[1:] * secant[:-1] <= 0] = 0
    rise = np.clip(slope[:-1] * HANDLE * gap, np.minimum(0, np.diff(at, axis=0)), np.maximum(0, np.diff(at, axis=0)))
    fall = np.clip(slope[1:] * HANDLE * gap, np.minimum(0, np.diff(at, axis=0)), np.maximum(0, np.diff(at, axis=0)))
    out = values.astype(float).copy()
    for i, (first, last) in enumerate(itertools.pairwise(keys)):
        if last - first < 2:
            continue
        t = _parameter(np.arange(1, last - first) / (last - first))[:, None]
        a, d = at[i], at[i + 1]
        b, c = a + rise[i], d - fall[i]
        out[first + 1 : last] = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    return out


def _parameter(share: np.ndarray) -> np.ndarray:
    """The curve's parameter at a share of the way in time: inverts x(t), whose handles lie at HANDLE and 1 - HANDLE."""
    table = np.linspace(0, 1, 2001)
    x = 3 * (1 - table) ** 2 * table * HANDLE + 3 * (1 - table) * table**2 * (1 - HANDLE) + table**3
    return np.interp(share, x, table)


METHODS = {"linear": linear, "cubic": cubic, "Bézier": bezier}
