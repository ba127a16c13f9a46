"""Blinks and saccades, found in curves."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks

from engine.channels import INDEX

LEAST_BLINK = 0.2
"""Lid closure above its surroundings that counts as a blink."""
AROUND, SLOWEST = 0.6, 0.35
"""Seconds around a blink's peak in which the lids must have been open; longest closing that is still a blink."""
FULL_BLINK = 0.88
"""Closure from which on a blink is full; about half of the spontaneous ones are not (Ousler 2014)."""
SIDEWAYS, UP, DOWN = 34.0, 25.0, 35.0
"""Degrees of eye rotation at 1 of eyeLookOut/In, Up and Down, as regressed on an iPhone's own eye angles."""
FASTEST_DRIFT = 30.0
"""Degrees per second that only saccades exceed; a usual threshold of eye trackers."""
LEAST_SACCADE = 1.5
"""Degrees; smaller ones drown in tremor at 60 frames a second."""


@dataclass(frozen=True)
class Blink:
    """start: seconds. depth: closure reached, 0..1. closing: seconds of the whole closing.

    half_opening, opening: seconds from the last moment shut (95 %) until half and until 10 % of the way remain.
    """

    start: float
    depth: float
    closing: float
    half_opening: float
    opening: float


def lids(values: np.ndarray) -> np.ndarray:
    """Closure of both lids, (frames,)."""
    return values[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]].mean(axis=1)


def blinks(closure: np.ndarray, fps: float) -> list[Blink]:
    """Blinks in a curve of lid closure (frames,): peaks that stand above both what was before and what comes after.

    So lids that follow the gaze down and stay there are none.
    """
    with warnings.catch_warnings():
        # Small bumps that end outside the window have no prominence; they are no blinks, and no news.
        warnings.simplefilter("ignore", RuntimeWarning)
        peaks, facts = find_peaks(closure, prominence=LEAST_BLINK, wlen=2 * round(AROUND * fps) + 1)
    found = []
    for peak, left, right in zip(peaks, facts["left_bases"], facts["right_bases"], strict=True):
        top, before, after = closure[peak], closure[left], closure[right]
        first = int(_before(closure, peak, before + 0.02 * (top - before)))
        centre, closing = _movement(np.clip(np.diff(closure[first : peak + 1]), 0, None), fps)
        if closing > SLOWEST:
            continue
        start = first / fps + centre - closing / 2
        fall95, fall50, fall10 = (_after(closure, peak, after + share * (top - after)) for share in (0.95, 0.5, 0.1))
        found.append(Blink(start, float(top), closing, (fall50 - fall95) / fps, (fall10 - fall95) / fps))
    return found


def _movement(speed: np.ndarray, fps: float) -> tuple[float, float]:
    """Centre (seconds since the first sample) and duration of a movement from its speed between samples.

    Movements that last two to five frames are not counted in frames: the duration is that of a minimum-jerk movement
    whose speed is spread over time as this one is, with Sheppard's correction for sampling.
    """
    at = (np.arange(len(speed)) + 0.5) / fps
    if speed.sum() <= 0:
        return 0.0, 1 / fps
    centre = float(np.average(at, weights=speed))
    variance = float(np.average((at - centre) ** 2, weights=speed)) - 1 / (12 * fps**2)
    # The speed of a minimum-jerk movement has the variance of Beta(3, 3), 1/28 of its length squared.
    return centre, float(np.sqrt(28 * max(variance, 0.0))) or 1 / fps


def _before(curve: np.ndarray, peak: int, level: float) -> float:
    """The frame, with its fraction, at which the curve last passed `level` on its way up to the peak."""
    i = peak
    while i > 0 and curve[i] > level:
        i -= 1
    span = curve[i + 1] - curve[i] if i < peak else 0.0
    return i + float(np.clip((level - curve[i]) / span, 0, 1)) if span > 0 else float(i)


def _after(curve: np.ndarray, peak: int, level: float) -> float:
    last = len(curve) - 1
    return last - _before(curve[::-1], last - peak, level)


@dataclass(frozen=True)
class Saccade:
    """start, duration: seconds. size: degrees. peak: degrees per second."""

    start: float
    duration: float
    size: float
    peak: float


def gaze_degrees(values: np.ndarray) -> np.ndarray:
    """Where the eyes look in the head, (frames, 2): degrees to the character's left, and up; both eyes' mean."""
    at = {name: values[:, INDEX["eyeLook" + name]] for name in _LOOKS}
    left = SIDEWAYS * (at["OutLeft"] - at["InLeft"] + at["InRight"] - at["OutRight"]) / 2
    up = (UP * (at["UpLeft"] + at["UpRight"]) - DOWN * (at["DownLeft"] + at["DownRight"])) / 2
    return np.stack([left, up], axis=1)


_LOOKS = ("OutLeft", "InLeft", "OutRight", "InRight", "UpLeft", "UpRight", "DownLeft", "DownRight")


def saccades(gaze: np.ndarray, fps: float) -> list[Saccade]:
    """Saccades in a gaze (frames, 2), degrees."""
    step = np.diff(gaze, axis=0)
    speed = np.hypot(*step.T) * fps
    peaks, _ = find_peaks(speed, height=FASTEST_DRIFT, distance=max(1, round(0.08 * fps)))
    found = []
    for peak in peaks:
        reach = round(0.09 * fps)
        low, high = peak, peak
        while low > max(0, peak - reach) and speed[low - 1] > 0.08 * speed[peak]:
            low -= 1
        while high < min(len(speed) - 1, peak + reach) and speed[high + 1] > 0.08 * speed[peak]:
            high += 1
        size = float(np.hypot(*(gaze[high + 1] - gaze[low])))
        if size < LEAST_SACCADE:
            continue
        centre, duration = _movement(speed[low : high + 1], fps)
        found.append(Saccade(low / fps + centre - duration / 2, duration, size, float(speed[peak])))
    return found
