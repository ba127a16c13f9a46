"""Lids and gaze: readings of them need other care than those of the rest of the face."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks

from engine.channels import INDEX
from engine.video.events import runs

SMALLEST_BLINK = 0.2
"""Prominence of a blink, mean of both eyes' scores, above which it is one."""
DEEP = 0.8
"""Share of the person's deepest blinks from which an eye counts as shut, since most blinks are less deep."""
TOGETHER = (0.3, 0.6)
"""Closure of the wider eye from which on it follows the other: people blink with both eyes (Stava 1994), and a
tilted head makes one of them read half. In a wink the open eye stays below."""
OPEN = 0.15
"""Mean closure below which a blink has ended."""
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


@dataclass(frozen=True)
class Lids:
    """A person's readings of eyeBlink, (left, right): with the eyes open at rest, and shut."""

    open: tuple[float, float]
    shut: tuple[float, float]


def measured_lids(scores: np.ndarray, resting: np.ndarray, largest_open: float, shut: tuple[float, float]) -> Lids:
    """A clip's own; scores: (frames, 52). shut: the lowest and the highest reading from which an eye may be shut.

    The reading of a shut eye differs between people and blinks, so each eye is measured on its own deep blinks. An eye
    that never blinks is only shut at the highest reading: a stare stays one.
    """
    peaks = blinks(scores)
    measured = []
    for column in _BLINKS:
        lid = scores[:, column]
        still = min(float(np.median(lid[resting])), largest_open)
        deepest = float(np.quantile(lid[peaks], 0.9)) if len(peaks) else 1.0
        measured.append((still, max(still + 0.2, float(np.clip(DEEP * deepest, *shut)))))
    (left, left_shut), (right, right_shut) = measured
    return Lids((left, right), (left_shut, right_shut))


def with_closing_lids(scores: np.ndarray, lids: Lids, narrowing: float = 1.0) -> np.ndarray:
    """Scores in which an eye at rest is open (0) and the deepest blinks close it (1); the shape in between is kept.

    narrowing: exponent of the closure. Eyes that close together close alike.
    """
    scores = scores.copy()
    still, shut = np.array(lids.open, np.float32), np.array(lids.shut, np.float32)
    closure = np.clip((scores[:, _BLINKS] - still) / (shut - still), 0, 1)
    low, high = TOGETHER
    pull = np.clip((closure.min(1) - low) / (high - low), 0, 1)[:, None]
    closure += pull * (closure.max(1, keepdims=True) - closure)
    for first, last in _with_both(closure):
        both = closure[first : last + 1].mean(1)
        # Lids that shut do not flutter; only their reading does.
        both = np.minimum(np.maximum.accumulate(both), np.maximum.accumulate(both[::-1])[::-1])
        closure[first : last + 1] = both[:, None]
    scores[:, _BLINKS] = closure**narrowing
    return scores


def _with_both(closure: np.ndarray) -> list[tuple[int, int]]:
    """First and last frame of each blink that shuts both eyes; closure: (frames, 2)."""
    mean, both = closure.mean(1), []
    for first, last in runs(closure.min(1) >= TOGETHER[1]):
        # As far as both go on to open; where one of them stays narrow, that is no longer the blink.
        while first > 0 and mean[first - 1] < mean[first] and mean[first] > OPEN:
            first -= 1
        while last < len(mean) - 1 and mean[last + 1] < mean[last] and mean[last] > OPEN:
            last += 1
        both.append((first, last))
    return both


def straight_gaze(scores: np.ndarray, times: np.ndarray, resting: np.ndarray, limit: float) -> np.ndarray:
    """float32 (4,): each pair of gaze channels' reading, the first's side positive, when the person looks ahead.

    At most `limit`: a resting gaze that is further off is one.
    """
    seen = ~_hidden(times, scores)
    steady = seen & resting if (seen & resting).any() else seen
    ahead = [np.median(scores[steady, INDEX[a]] - scores[steady, INDEX[b]]) for a, b in _GAZE]
    return np.clip(ahead, -limit, limit).astype(np.float32)


def with_steady_gaze(times: np.ndarray, scores: np.ndarray, straight: np.ndarray) -> np.ndarray:
    """Scores whose opposite gaze channels exclude each other, rest straight ahead, and pass quietly through blinks.

    The lids' fall reads as a look down of up to 0.7, though the iris cannot be seen then; gaze is interpolated there.
    straight: (4,) as from `straight_gaze`. Call it before the lids are rescaled.
    """
    scores = scores.copy()
    hidden = _hidden(times, scores)
    seen = ~hidden
    for (more, less), ahead in zip(_GAZE, straight, strict=True):
        a, b = INDEX[more], INDEX[less]
        signed = scores[:, a] - scores[:, b] - ahead
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
