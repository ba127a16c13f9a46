"""Samples with times of their own, brought to even frames."""

import numpy as np

from engine.errors import FaceMimicError

NOMINAL = (23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 59.94, 60.0, 90.0, 120.0)
"""Rates that a measured one stands for when it drifts less than a quarter of a frame from it over the take."""
_EXACT = 0.5
"""Share of the unevenness at a nominal rate, below which times are even at their own rate and not by chance."""
_NOISE = 1e-4
"""Frames by which even times differ for being written in thousandths."""
LONGEST_PAUSE = 60.0
"""Seconds without samples that are filled at most, beside nine times the take's own samples."""
HIGHEST_RATE = 1000.0
"""Samples a second that are still believed."""
_HUGE = 1e6


def rising(times: np.ndarray) -> np.ndarray:
    """Which times, bool (samples,), lie after all the times before them."""
    return np.concatenate([[True], times[1:] > np.maximum.accumulate(times)[:-1]])


def rate_of(times: np.ndarray) -> float:
    """Samples a second, a nominal rate where it fits, else what the rising times tell. Dropped samples do not count.

    times: seconds; whole milliseconds are taken to be rounded. A single time tells nothing; then it is 60.
    """
    if len(times) < 2:
        return 60.0
    length = float(times[-1] - times[0])
    step = float(np.median(np.diff(times)))
    for _ in range(2):
        # The median alone is coarse, since times are rounded; whole steps over the whole take are exact.
        step = length / max(1.0, float(np.round(np.diff(times) / step).clip(1).sum()))
    rounded = 0.0006 if np.abs(times * 1000 - np.round(times * 1000)).max() < 1e-6 else 0.0
    drift = [abs(length / step / rate - length) * rate for rate in NOMINAL]
    best = int(np.argmin(drift))
    fits = drift[best] < 0.25 and abs(step * NOMINAL[best] - 1) < max(0.002, rounded / length)
    own, nominal = _unevenness(times, 1.0 / step), _unevenness(times, NOMINAL[best])
    return NOMINAL[best] if fits and own > _EXACT * nominal else 1.0 / step


def _unevenness(times: np.ndarray, rate: float) -> float:
    """How far, in frames, the times lie from even ones of this rate."""
    places = (times - times[0]) * rate
    return float(np.std(places - np.round(places))) + _NOISE


def check(file: str, times: np.ndarray, fps: float, what: str = "times") -> None:
    """Raises FaceMimicError (kind "file") for times that no take has: pauses that outweigh it, absurd rates."""
    length = float(times[-1] - times[0])
    if length > LONGEST_PAUSE + 10 * len(times) / fps or fps < 1:
        raise FaceMimicError(
            f"{file} has {len(times)} samples over {length:.0f} s: its {what} jump. Split the file where they do.",
            "file",
        )
    if fps > HIGHEST_RATE:
        raise FaceMimicError(
            f"{file} has {fps:.0f} samples a second by its {what}, which no camera gives. Repair them or record it"
            " again.",
            "file",
        )


def evenly(
    times: np.ndarray, values: np.ndarray, fps: float, usable: np.ndarray | None = None
) -> tuple[np.ndarray, int]:
    """Values (frames, columns) at times[0] + k / fps, and how many of those frames had to be interpolated.

    usable: bool (samples,), which rows of `values` count; the others' times only set the length. Before the first and
    after the last usable row its values are held. Samples that already lie near an even grid are taken as they are, so
    that nothing is softened.
    """
    usable = np.ones(len(times), bool) if usable is None else usable
    # No channel comes near this; larger numbers would overflow between samples.
    values = values.clip(-_HUGE, _HUGE)
    since = times - times[0]
    places = np.round(since * fps).astype(int)
    grid = np.arange(places[-1] + 1)
    near = np.abs(since * fps - places).max(initial=0) < 0.3 and len(np.unique(places)) == len(places)
    at, samples = (grid, places[usable]) if near else (grid / fps, since[usable])
    even = np.stack([np.interp(at, samples, column) for column in values[usable].T], 1)
    return even, len(grid) - int(usable.sum()) if near else int((~usable).sum())
