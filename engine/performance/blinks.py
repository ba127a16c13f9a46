"""Blinks: a renewal process of full and partial closures."""

import numpy as np

from engine.performance.person import Person
from engine.performance.timing import minimum_jerk

CLOSING, CLOSED = 0.066, 0.018
"""Seconds; spontaneous closing is 66 ms at its quickest, voluntary ones stay shut 23 ms (Kwon 2013)."""
SLOWEST_CLOSING = 0.080
"""Seconds; a voluntary closing takes 78 ± 10 ms (Kwon 2013)."""
FAST_OPENING, SLOW_OPENING, TAIL = 0.053, 0.117, 0.30
"""Seconds of the opening's two phases and its slow end (Kwon 2013)."""


def blink_shape(time: np.ndarray, closing: float = CLOSING) -> np.ndarray:
    """Lid closure 0..1 at `time` seconds after a blink's start: fast down, a stop, two-phase up with a slow tail."""
    opened = time - closing - CLOSED
    fast = 0.45 * minimum_jerk(opened / FAST_OPENING)
    slow = 0.47 * minimum_jerk((opened - 0.6 * FAST_OPENING) / SLOW_OPENING)
    tail = 0.08 * minimum_jerk((opened - 0.4 * SLOW_OPENING) / TAIL)
    return minimum_jerk(time / closing) - fast - slow - tail


def blinks(rng: np.random.Generator, fps: float, person: Person, shifts: np.ndarray, pace: np.ndarray) -> np.ndarray:
    """Lid closure 0..1, float32 (frames,), shared by both eyes, which start together (Stava 1994).

    Intervals are skewed (lognormal with a spread of 0.6 of the mean; Garcia 2011 found 5.2 ± 3.1 s). `shifts` are the
    times in seconds of large gaze shifts, which often carry a blink. pace: (frames,), a factor on the rate.
    """
    frames = len(pace)
    closure = np.zeros(frames, np.float32)
    if person.blink_rate <= 0:
        return closure
    mean = 60.0 / person.blink_rate
    sigma = np.sqrt(np.log(1 + 0.6**2))
    grid = np.arange(frames) / fps
    at = -rng.uniform(0, mean)
    while True:
        now = pace[int(np.clip(at * fps, 0, frames - 1))]
        at += rng.lognormal(np.log(mean) - sigma**2 / 2, sigma) / max(now, 0.05)
        if at > frames / fps:
            return closure
        near = shifts[np.abs(shifts - at) < 0.25]
        start = float(near[0]) if len(near) else at
        depth = rng.uniform(0.3, 0.85) if rng.random() < person.partial_share else rng.uniform(0.92, 1.0)
        closing = rng.uniform(CLOSING, SLOWEST_CLOSING)
        closure = np.maximum(closure, depth * blink_shape(grid - start, closing))
        at = max(at, start)
