"""Lids and gaze: the tracker's scores for them need other care than the rest of the face."""

import numpy as np
from scipy.signal import find_peaks

from engine.channels import INDEX
from engine.video.rest import largest_bias

SMALLEST_BLINK = 0.2
"""Prominence of a blink, mean of both eyes' scores, above which it is one."""
CLOSED = (0.45, 0.65)
"""Score from which an eye counts as shut. Shut eyes peak at 0.37 to 0.82 (MediaPipe 1.2.2, real faces): most are
above their person's deepest blink × `DEEP`."""
DEEP = 0.8
NARROWING = 1.5
"""Exponent of the closure. Scaling by the blinks alone overdraws the narrowing of a smiling eye, seen on real faces."""
TOGETHER = (0.3, 0.6)
"""Closure of the wider eye from which on it follows the other: people blink with both eyes (Stava 1994), and a
tilted head makes one of them read half. In a wink the open eye stays below."""
LONGEST_BLINK = 0.5
"""Seconds. While the lids are shut for less than this, gaze is carried across; longer, it is left as it was read."""

_BLINKS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
_GAZE = (
    ("eyeLookOutLeft", "eyeLookInLeft"),
    ("eyeLookOutRight", "eyeLookInRight"),
    ("eyeLookUpLeft", "eyeLookDownLeft"),
    ("eyeLookUpRight", "eyeLookDownRight"),
)


def blinks(scores: np.ndarray) -> np.ndarray:
    """Frames at which a blink is deepest, int (blinks,); scores (frames, 52)."""
    lids = scores[:, _BLINKS].mean(1)
    return find_peaks(np.pad(lids, 1, constant_values=lids.min()), prominence=SMALLEST_BLINK)[0] - 1


def with_closing_lids(scores: np.ndarray, resting: np.ndarray) -> np.ndarray:
    """Scores in which an eye at rest is open (0) and the deepest blinks close it (1); the shape in between is kept.

    The score of a shut eye differs between people and blinks and stays well below 1, so each eye is scaled by its own
    deep blinks, and eyes that close together close alike.
    """
    scores = scores.copy()
    peaks = blinks(scores)
    for column in _BLINKS:
        lid = scores[:, column]
        still = min(float(np.median(lid[resting])), float(largest_bias()[column]))
        deepest = float(np.quantile(lid[peaks], 0.9)) if len(peaks) else 1.0
        shut = max(still + 0.2, float(np.clip(DEEP * deepest, *CLOSED)))
        scores[:, column] = np.clip((lid - still) / (shut - still), 0, 1)
    lids = scores[:, _BLINKS]
    low, high = TOGETHER
    pull = np.clip((lids.min(1) - low) / (high - low), 0, 1)[:, None]
    scores[:, _BLINKS] = (lids + pull * (lids.max(1, keepdims=True) - lids)) ** NARROWING
    return scores


def with_steady_gaze(times: np.ndarray, scores: np.ndarray, resting: np.ndarray) -> np.ndarray:
    """Scores whose opposite gaze channels exclude each other, rest straight ahead, and pass quietly through blinks.

    The lids' fall reads as a look down of up to 0.7, though the iris cannot be seen then; gaze is interpolated there.
    Call it before the lids are rescaled.
    """
    scores = scores.copy()
    hidden = _hidden(times, scores)
    seen = ~hidden
    for more, less in _GAZE:
        a, b = INDEX[more], INDEX[less]
        signed = scores[:, a] - scores[:, b]
        limit = float(largest_bias()[a])
        steady = seen & resting
        signed = signed - float(np.clip(np.median(signed[steady if steady.any() else seen]), -limit, limit))
        signed[hidden] = np.interp(times[hidden], times[seen], signed[seen])
        scores[:, a], scores[:, b] = np.clip(signed, 0, 1), np.clip(-signed, 0, 1)
    return scores


def _hidden(times: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """bool (frames,): the iris is covered by a blink. Never all of the clip."""
    lids = scores[:, _BLINKS].mean(1)
    hidden = np.zeros(len(lids), bool)
    for peak in blinks(scores):
        half = 0.35 * lids[peak] + 0.65 * _foot(lids, times, peak)
        first = last = peak
        while first > 0 and lids[first - 1] > half:
            first -= 1
        while last < len(lids) - 1 and lids[last + 1] > half:
            last += 1
        if times[last] - times[first] <= LONGEST_BLINK:
            hidden[max(0, first - 1) : last + 2] = True
    return hidden if not hidden.all() else np.zeros(len(lids), bool)


def _foot(lids: np.ndarray, times: np.ndarray, peak: int) -> float:
    near = np.abs(times - times[peak]) <= LONGEST_BLINK
    return float(lids[near].min())
