"""Filling gaps, smoothing without loss, and resampling to an even rate."""

from functools import cache

import numpy as np
from scipy.ndimage import correlate1d, median_filter, uniform_filter1d

WIDTHS = 0.5, 0.23
"""Seconds that the smoothing looks at: where nothing happens, and where something slow does."""
CERTAIN = 2.5, 5.0
"""Departures from the smooth curve, in units of the channel's own jitter: below, they are noise; above, motion."""
LEFT = 0.55
"""Share of the jitter that is left on the curve of the shorter width."""
LEAST_JITTER = 1e-4
ROWS = 1024
"""Rows that are worked on at once where all of a long video's would take too much memory."""


def filled(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values with rows of NaN interpolated in time; before the first and after the last good row they hold.

    times: (frames,). values: (frames, channels), each row either NaN or not; at least one row is good.
    """
    if np.isfinite(values).all():
        return values
    made = values.copy()
    fill(times, made)
    return made


def fill(times: np.ndarray, values: np.ndarray) -> None:
    """The same in place. Some rows at a time: all of a long video's landmarks would take too much memory."""
    good = np.flatnonzero([np.isfinite(row).all() for row in values])
    lost = np.setdiff1d(np.arange(len(values)), good)
    for first in range(0, len(lost), ROWS):
        rows = lost[first : first + ROWS]
        later = np.searchsorted(good, rows)
        before, after = good[np.maximum(later - 1, 0)], good[np.minimum(later, len(good) - 1)]
        span = times[after] - times[before]
        part = np.clip((times[rows] - times[before]) / np.where(span > 0, span, 1), 0, 1)[:, None]
        values[rows] = values[before] + part * (values[after] - values[before])


def smoothed(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values without jitter, with the peaks of blinks and lip closures at full height and on their frame.

    A Savitzky–Golay filter alone costs a seventh of a blink. So each channel leaves its smooth curve wherever it
    departs from it by more than its own jitter, which is measured on the quieter part of its second differences; the
    wider curve gives way to the narrower one in the same manner.
    """
    if len(times) < 3:
        return values
    step = float(np.median(np.diff(times)))
    # A parabola through fewer than five frames would follow the jitter.
    wide, narrow = (min(max(5, _odd(width / step)), _odd(len(values) - 1)) for width in WIDTHS)
    if narrow < 5:
        return values
    second = np.abs(np.diff(values, 2, axis=0))
    usual = np.median(uniform_filter1d(second, narrow, axis=0).T.copy(), axis=1)
    jitter = np.maximum(usual * 0.5, LEAST_JITTER)
    curve = calm = _parabolas(values, narrow)
    if wide > narrow:
        calm = _parabolas(values, wide)
        calm += _motion(curve - calm, LEFT * jitter) * (curve - calm)
    return (calm + _motion(values - curve, jitter) * (values - calm)).astype(values.dtype)


def _parabolas(values: np.ndarray, width: int) -> np.ndarray:
    """Each value (frames, channels) on the parabola that fits the `width` frames around it best; at both ends, on that
    of the outermost ones. What scipy.signal.savgol_filter gives, which takes three times as long on short clips."""
    weights, half = _parabola(width), width // 2
    made = correlate1d(values, weights[half], axis=0)
    made[:half] = weights[:half] @ values[:width]
    made[-half:] = weights[-half:] @ values[-width:]
    return made


@cache
def _parabola(width: int) -> np.ndarray:
    """(width, width): row k gives the value at frame k of the parabola that fits `width` frames best."""
    powers = np.vander(np.linspace(-1, 1, width), 3)
    return powers @ np.linalg.pinv(powers)


def _motion(departure: np.ndarray, jitter: np.ndarray) -> np.ndarray:
    """0..1 (frames, channels): how surely a departure from a curve is motion; its neighbours go along."""
    low, high = CERTAIN
    part = _highest(np.abs(departure))
    part /= jitter
    part -= low
    part /= high - low
    return uniform_filter1d(_highest(np.clip(part, 0, 1, out=part)), 3, axis=0)


def _highest(rows: np.ndarray) -> np.ndarray:
    """The highest of each row and its two neighbours."""
    made = rows.copy()
    np.maximum(made[1:], rows[:-1], out=made[1:])
    np.maximum(made[:-1], rows[1:], out=made[:-1])
    return made


def without_outliers(values: np.ndarray) -> np.ndarray:
    """Head angles without single frames that jump away and back; values (frames, channels)."""
    if len(values) < 3:
        return values
    middle = median_filter(values, (3, 1), mode="nearest")
    jump = np.abs(values - middle) > 0.05
    return np.where(jump, middle, values)


def evenly(times: np.ndarray, values: np.ndarray, fps: float) -> np.ndarray:
    """Values at times[0] + k / fps, linear between frames, as long as the frames last (the last holds to its end)."""
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / fps
    count = max(1, round((times[-1] - times[0] + step) * fps))
    at = times[0] + np.arange(count) / fps
    return np.stack([np.interp(at, times, column) for column in values.T], 1).astype(np.float32)


def _odd(frames: float) -> int:
    return 2 * round((frames - 1) / 2) + 1
