"""Timecodes hh:mm:ss:ff.sub, whose ff counts at a rate of their own that need not be the sampling rate."""

import itertools
import math

import numpy as np

RATES = (24, 25, 30, 48, 50, 60, 90, 100, 120)
USUAL = 60
"""The rate at which Live Link Face counts by default."""
_DAY = 86400.0


def parse(text: str) -> tuple[int, float] | None:
    """Whole seconds since midnight and the frame count within the second; None if it is not a timecode."""
    parts = text.strip().replace(";", ":").split(":")
    if len(parts) != 4:
        return None
    try:
        hours, minutes, seconds, frames = int(parts[0]), int(parts[1]), int(parts[2]), float(parts[3])
    except ValueError:
        return None
    inside = 0 <= hours < 48 and 0 <= minutes < 60 and 0 <= seconds < 60 and 0 <= frames < 1000
    return (hours * 3600 + minutes * 60 + seconds, frames) if inside else None


def rate_of(codes: list[tuple[int, float]]) -> int:
    """The rate at which the timecodes count: the one by which steps across a second are like those within one.

    Without a step across a second there is nothing to tell by; then it is `USUAL`, or the next rate that fits.
    """
    highest = max(frames for _, frames in codes)
    fitting = [rate for rate in RATES if rate > highest] or [math.ceil(highest + 1e-9)]
    pairs = list(itertools.pairwise(codes))
    within = [b[1] - a[1] for a, b in pairs if a[0] == b[0] and b[1] > a[1]]
    across = np.array([(a[1], b[1]) for a, b in pairs if b[0] == a[0] + 1])
    if not within or len(across) == 0:
        return next((rate for rate in fitting if rate >= USUAL), fitting[-1])
    step = float(np.median(within))
    misfit = [float(np.median(np.abs(across[:, 1] + rate - across[:, 0] - step))) for rate in fitting]
    return fitting[int(np.argmin(misfit))]


def drops(text: str) -> bool:
    """Whether a timecode is drop-frame: its counting leaves numbers out, and it is written with semicolons."""
    return ";" in text


def seconds_of(codes: list[tuple[int, float]], rate: float, *, drop: bool = False) -> np.ndarray:
    """Seconds since the first code's midnight, float64; a step back over half a day is midnight.

    drop: the codes are drop-frame ones. These count at 1000/1001 of the rate, and leave the first numbers of each
    minute out but for each tenth one: 2 of them at 30 a second, 4 at 60. SMPTE ST 12-1.
    """
    whole, frames = np.array(codes, float).T
    if drop:
        minutes = whole // 60
        counted = whole * rate + frames - rate / 15 * (minutes - minutes // 10)
        times = counted * 1.001 / rate
    else:
        times = whole + frames / rate
    return times + _DAY * np.cumsum(np.diff(times, prepend=times[:1]) < -_DAY / 2)


def write(seconds: float, rate: int = USUAL) -> str:
    """The timecode of a time, to a thousandth of a frame."""
    thousandths = round(seconds * rate * 1000)
    frames, sub = divmod(thousandths, 1000)
    whole, frame = divmod(frames, rate)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours % 24:02d}:{minute:02d}:{second:02d}:{frame:02d}.{sub:03d}"
