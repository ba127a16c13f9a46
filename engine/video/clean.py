"""Filling gaps, smoothing without loss, and resampling to an even rate."""

import numpy as np
from scipy.ndimage import maximum_filter1d, median_filter, uniform_filter1d
from scipy.signal import savgol_filter

WIDTH = 0.23
"""Seconds that the smoothing looks at."""
CERTAIN = 2.5, 5.0
"""Departures from the smooth curve, in units of the channel's own jitter: below, they are noise; above, motion."""
LEAST_JITTER = 1e-3


def filled(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values with rows of NaN interpolated in time; before the first and after the last good row they hold.

    times: (frames,). values: (frames, channels), each row either NaN or not; at least one row is good.
    """
    good = np.isfinite(values).all(1)
    if good.all():
        return values
    columns = [np.interp(times, times[good], column[good]) for column in values.T]
    return np.stack(columns, 1).astype(values.dtype)


def smoothed(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values without jitter, with the peaks of blinks and lip closures at full height and on their frame.

    A Savitzky–Golay filter alone costs a seventh of a blink. So each channel leaves its smooth curve wherever it
    departs from it by more than its own jitter, which is measured on the quieter part of its second differences.
    """
    frames = _odd(WIDTH / float(np.median(np.diff(times)))) if len(times) > 2 else 0
    if not 5 <= frames <= len(values):
        return values
    curve = savgol_filter(values, frames, 2, axis=0)
    gap = np.abs(values - curve)
    second = np.abs(np.diff(values, 2, axis=0))
    local = uniform_filter1d(second, frames, axis=0)
    jitter = np.maximum(np.quantile(local, 0.5, axis=0) * 0.5, LEAST_JITTER)
    low, high = CERTAIN
    part = np.clip((maximum_filter1d(gap, 3, axis=0) / jitter - low) / (high - low), 0, 1)
    part = uniform_filter1d(maximum_filter1d(part, 3, axis=0), 3, axis=0)
    return (curve + part * (values - curve)).astype(values.dtype)


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
