"""The clip's own resting face: when it is seen, and how much of it is the tracker's bias."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d

from engine.channels import INDEX, REGIONS, SHAPES

SHARE = 0.1
"""Share of the frames that count as resting."""
FEWEST = 5


@cache
def largest_bias() -> np.ndarray:
    """float32 (52,): how much of each channel's resting value may be subtracted; see tracker.toml."""
    table = _known()["largest_bias"]
    places = [max((key for key in table if name.startswith(key)), key=len) for name in SHAPES]
    return np.array([table[place] for place in places], np.float32)


def blind_channels() -> tuple[str, ...]:
    """Channels for which the tracker has no usable signal, on any face."""
    return tuple(_known()["blind"])


@cache
def _known() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("tracker.toml").read_text("utf-8"))


def resting_frames(times: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """bool (frames,): the tenth of the clip that looks most like a resting face.

    times: seconds (frames,). scores: (frames, 52) without NaN. Such frames hardly move and show little beyond what
    the tracker reads on a resting face anyway. Choosing by stillness alone would take a held smile for rest.
    """
    count = min(len(scores), max(FEWEST, round(SHARE * len(scores))))
    expressive = [i for i in range(len(SHAPES)) if i not in REGIONS["gaze"]]
    shown = np.maximum(scores[:, expressive] - largest_bias()[expressive], 0).sum(1)
    cost = shown + motion(times, scores)
    resting = np.zeros(len(scores), bool)
    resting[np.argsort(cost, kind="stable")[:count]] = True
    return resting


def motion(times: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """float (frames,): summed change of the channels a second, averaged over about 0.3 s, weighted by 0.15 s."""
    if len(scores) < 2:
        return np.zeros(len(scores))
    step = np.maximum(np.diff(times, prepend=times[0] - (times[1] - times[0])), 1e-3)
    change = np.abs(np.diff(scores, axis=0, prepend=scores[:1])).sum(1) / step
    frames = max(1, round(0.3 / float(np.median(step))))
    return 0.15 * uniform_filter1d(change, frames)


def without_bias(scores: np.ndarray, resting: np.ndarray) -> np.ndarray:
    """Scores with the resting face at 0 and full expression still at 1, lids and gaze as they were."""
    bias = np.minimum(np.median(scores[resting], axis=0), largest_bias())
    bias[list(REGIONS["gaze"])] = 0
    bias[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 0
    return np.clip((scores - bias) / (1 - bias), 0, 1).astype(np.float32)
