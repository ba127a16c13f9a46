"""The clip's own resting face: when it is seen, and how much of it is an error of the reading."""

import numpy as np
from scipy.ndimage import uniform_filter1d

from engine.channels import INDEX, REGIONS, SHAPES

SHARE = 0.1
"""Share of the frames that count as resting."""
FEWEST = 5
LEAST_LEFT = 0.4
"""Range above the resting face that is still scaled to the whole; less is scaled as this."""
ALIKE = 0.15
"""How far two readings of the same face lie apart."""
LITTLE = 0.3
"""How much more than the quietest face a resting one may show."""
MOST = 1000
"""Frames that are compared with each other; of more, a part is."""
PICK = 0.1
"""Seconds around the artist's pick that count as resting."""
_EXPRESSIVE = [i for i in range(len(SHAPES)) if i not in REGIONS["gaze"]]


def resting_frames(times: np.ndarray, scores: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """bool (frames,): the tenth of the clip that looks most like a resting face.

    times: seconds (frames,). scores: (frames, 52) without NaN. shown: (frames,) as from `expression`.
    Frames count that hardly move and show little; among them, the face that comes back most often is at rest. By
    stillness alone a held smile would be, and by what is shown alone a pout that is hardly read.
    """
    count = min(len(scores), max(FEWEST, round(SHARE * len(scores))))
    faces = scores[:, _EXPRESSIVE]
    doubt = shown + motion(times, scores)
    away = np.linalg.norm(faces - faces[_usual(faces, doubt)], axis=1)
    resting = np.zeros(len(scores), bool)
    resting[np.argsort(np.where(doubt <= np.median(doubt), away, np.inf), kind="stable")[:count]] = True
    return resting


def expression(*readings: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """float (frames,): how much is shown beyond what a resting face may read, summed over the channels; the mean of
    readings, each (frames, 52) and the most (52,) that a resting face may read in it.

    What one reader hardly reads another may: a sulk is little to the learned decoder and much to the tracker's scores.
    """
    beyond = [np.maximum(scores - most, 0)[:, _EXPRESSIVE].sum(1) for scores, most in readings]
    return np.mean(beyond, axis=0)


def _usual(faces: np.ndarray, doubt: np.ndarray) -> int:
    """The frame whose face comes back most often, frames with little doubt counting most."""
    some = np.argsort(doubt, kind="stable")[: len(doubt) // 2 + 1]
    some = some[:: max(1, len(some) // MOST)]
    weight = np.exp((doubt[some[0]] - doubt[some]) / LITTLE)
    squares = (faces[some] ** 2).sum(1)
    apart = np.maximum(squares[:, None] + squares - 2 * faces[some] @ faces[some].T, 0)
    return int(some[np.argmax(weight * (np.exp(-apart / (2 * ALIKE**2)) @ weight))])


def picked_frames(times: np.ndarray, found: np.ndarray, at: float) -> np.ndarray:
    """bool (frames,): the frames with a face next to the second `at`; at least one."""
    near = found & (np.abs(times - at) <= PICK)
    if not near.any():
        away = np.where(found, np.abs(times - at), np.inf)
        near[int(away.argmin())] = True
    return near


def motion(times: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """float (frames,): summed change of the channels a second, averaged over about 0.3 s, weighted by 0.03 s."""
    if len(scores) < 2:
        return np.zeros(len(scores))
    step = np.maximum(np.diff(times, prepend=times[0] - (times[1] - times[0])), 1e-3)
    change = np.abs(np.diff(scores, axis=0, prepend=scores[:1])).sum(1) / step
    frames = max(1, round(0.3 / float(np.median(step))))
    return 0.03 * uniform_filter1d(change, frames)


def resting_bias(scores: np.ndarray, resting: np.ndarray, most: np.ndarray) -> np.ndarray:
    """float32 (52,): the reading of the resting face, at most `most`; 0 for lids' closure and gaze, see lids.py."""
    bias = np.minimum(np.median(scores[resting], axis=0), most)
    bias[list(REGIONS["gaze"])] = 0
    bias[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 0
    return bias.astype(np.float32)


def without_bias(scores: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Scores (frames, 52) with the resting face at 0 and full expression still at 1.

    Where hardly anything is left above the resting face, that is not stretched: it would be noise.
    """
    return np.clip((scores - bias) / np.maximum(1 - bias, LEAST_LEFT), 0, 1).astype(np.float32)
