"""Exactness by construction: what was observed with confidence 1 is what comes out."""

import numpy as np

from engine.channels import HIGHEST, LOWEST
from engine.request import Observed

REACH = 0.2
"""Seconds over which a correction fades where nothing else is observed; about the length of a fast onset."""


def meet(values: np.ndarray, observed: Observed, fps: float) -> np.ndarray:
    """`values` (frames, 55) bent so that every value observed with confidence 1 is met; float32.

    The difference at observed frames is carried to the frames around by a smooth bump, or straight from one observed
    frame to the next where they are near, so that no step appears beside a key.
    """
    values = values.copy()
    exact = observed.confidence >= 1
    reach = max(1.0, REACH * fps)
    frame = np.arange(len(values))
    for channel in np.flatnonzero(exact.any(axis=0)):
        keys = np.flatnonzero(exact[:, channel])
        miss = observed.values[keys, channel] - values[keys, channel]
        previous = keys[np.clip(np.searchsorted(keys, frame, side="right") - 1, 0, None)]
        following = keys[np.clip(np.searchsorted(keys, frame), None, len(keys) - 1)]
        away = np.minimum(np.abs(frame - previous), np.abs(following - frame))
        fade = np.clip(1 - away / reach, 0, 1)
        carried = np.interp(frame, keys, miss)
        values[:, channel] += carried * fade**2 * (3 - 2 * fade)
        values[keys, channel] = observed.values[keys, channel]
    return np.clip(values, LOWEST, HIGHEST).astype(np.float32)
