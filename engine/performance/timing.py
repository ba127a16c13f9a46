"""Profiles over time: how a movement rises, falls and wanders."""

import numpy as np

ABRUPT = 0.42
"""How much of an onset's skew a wholly deliberate style takes away; chosen by eye."""


def minimum_jerk(part: np.ndarray) -> np.ndarray:
    """0 → 1 over part 0..1 with no jump in speed or acceleration (Flash & Hogan 1985); held outside."""
    p = np.clip(part, 0.0, 1.0)
    return p**3 * (10 - 15 * p + 6 * p**2)


def onset(part: np.ndarray, skew: float) -> np.ndarray:
    """The rise. skew below 1 is abrupt at first, as deliberate expressions are; above 1 it gathers slowly."""
    return minimum_jerk(np.clip(part, 0, 1) ** skew)


def offset(part: np.ndarray) -> np.ndarray:
    """The fall, 1 → 0: lets go at once and lingers, so that it is not the onset mirrored.

    Reversed onsets look artificial (Frontiers in Psychology 2015).
    """
    return 1 - minimum_jerk(np.clip(part, 0, 1) ** 0.72)


def wander(rng: np.random.Generator, frames: int, fps: float, cutoff: float, columns: int) -> np.ndarray:
    """Smooth random curves of unit standard deviation with power below `cutoff` Hz; float32 (frames, columns).

    A sum of sinusoids with random phase; amplitudes fall with frequency as slow bodily drift does.
    """
    low = 0.07
    count = 7
    frequency = np.exp(rng.uniform(np.log(low), np.log(cutoff), (count, columns)))
    weight = (frequency / low) ** -0.5
    phase = rng.uniform(0, 2 * np.pi, (count, columns))
    time = np.arange(frames)[:, None, None] / fps
    curves = (weight * np.sin(2 * np.pi * frequency * time + phase)).sum(axis=1)
    return (curves / np.sqrt((weight**2).sum(axis=0) / 2)).astype(np.float32)
