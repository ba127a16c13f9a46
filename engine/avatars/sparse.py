"""Few keys for many frames, with straight lines between them."""

import numpy as np

_FIRST_LOOK = 16
"""Frames that are looked ahead at first; most stretches are short."""


def kept_frames(values: np.ndarray, tolerance: float) -> np.ndarray:
    """The frames to key so that straight lines between them miss no frame of any column by more than `tolerance`.

    values: (frames, columns). Returns int (keys,), ascending, with the first and last frame.
    Each line goes as far as it can: from a key, the slopes that keep a frame within the tolerance are an interval, and
    a line may end at a frame whose slope lies in the intervals of all frames before it.
    """
    samples = np.asarray(values, np.float64).reshape(len(values), -1)
    samples = samples[:, np.ptp(samples, axis=0) > 0]
    last = len(values) - 1
    if not samples.shape[1]:
        return np.unique([0, last])
    kept, look = [0], _FIRST_LOOK
    while kept[-1] < last:
        at = kept[-1]
        while True:
            end = min(at + look, last)
            reach = _reach(samples[at : end + 1], tolerance)
            if at + reach < end or end == last:
                break
            look *= 2
        kept.append(at + reach)
        look = max(_FIRST_LOOK, 2 * reach)
    return np.array(kept)


def _reach(window: np.ndarray, tolerance: float) -> int:
    """How many frames one line from the window's first frame can go."""
    steps = np.arange(1, len(window))[:, None]
    rise = (window[1:] - window[0]) / steps
    low = np.maximum.accumulate(rise - tolerance / steps)
    high = np.minimum.accumulate(rise + tolerance / steps)
    fits = ((rise[1:] >= low[:-1]) & (rise[1:] <= high[:-1])).all(axis=1)
    return int(np.flatnonzero(fits)[-1]) + 2 if fits.any() else 1
