"""Rotations as glTF keys them: quaternions x, y, z, w, a row for each frame."""

import numpy as np


def about(axis: int, angle: np.ndarray) -> np.ndarray:
    """float64 (frames, 4): turns about one axis; angle in radians, (frames,)."""
    turns = np.zeros((len(angle), 4))
    turns[:, axis] = np.sin(angle / 2)
    turns[:, 3] = np.cos(angle / 2)
    return turns


def product(*turns: np.ndarray) -> np.ndarray:
    """float32 (frames, 4): multiplied in order, the last acting first; neighbours on the same side of the sphere."""
    found = turns[0]
    for turn in turns[1:]:
        a, b = found, turn
        vector = a[:, 3:] * b[:, :3] + b[:, 3:] * a[:, :3] + np.cross(a[:, :3], b[:, :3])
        scalar = a[:, 3] * b[:, 3] - (a[:, :3] * b[:, :3]).sum(axis=1)
        found = np.concatenate([vector, scalar[:, None]], axis=1)
    flips = np.where((found[1:] * found[:-1]).sum(axis=1) < 0, -1.0, 1.0)
    found[1:] *= np.cumprod(flips)[:, None]
    return found.astype(np.float32)
