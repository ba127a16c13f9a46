"""What mass and muscle do to lids and head, whatever a network says; saccades.py does the same for gaze."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from engine.channels import HEAD, INDEX
from engine.performance.timing import minimum_jerk

LIDS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
NODS = [INDEX[name] for name in HEAD]
HEAVY, HASTE = 1.2, 3.0
"""Hz above which a head hardly moves at natural tempo, and the factor by which a step of tempo changes that: 0.4 Hz at
tempo 0, 3.6 Hz at 2. Head motion lies mostly under 3 Hz (faces.md, gaze and head)."""
NEARLY = 0.7
"""Lid closure from which on lids go on to meet: a predicted mean rounds off the peak of a full blink."""
FADE = 0.1
"""Seconds over which both pass into what is observed."""


def with_weight(values: np.ndarray, free: np.ndarray, fps: float, tempo: float = 1.0) -> np.ndarray:
    """`values` (frames, 55) with a head no quicker than `tempo` (0..2) lets it be and lids that meet where they nearly
    do, where `free` (frames,).

    Closures above NEARLY are raised by a power of 0.6 of what is left to 1: 0.85 becomes 0.9, and 1 stays 1.
    """
    if not free.any():
        return values
    answer = values.copy()
    share = faded(free, fps)[:, None]
    cutoff = HEAVY * HASTE ** (tempo - 1)
    steady = gaussian_filter1d(values[:, NODS], fps / (2 * np.pi * cutoff), axis=0, mode="nearest")
    answer[:, NODS] += share * (steady - values[:, NODS])
    part = np.clip((values[:, LIDS] - NEARLY) / (1 - NEARLY), 0, 1)
    answer[:, LIDS] += share * (1 - NEARLY) * (part**0.6 - part)
    return answer


def faded(free: np.ndarray, fps: float) -> np.ndarray:
    """1 in free frames, falling to 0 within FADE towards those that are not; float (frames,)."""
    away = np.full(len(free), np.inf)
    held = np.flatnonzero(~free)
    if len(held):
        at = np.arange(len(free))
        after = np.searchsorted(held, at)
        before = np.abs(at - held[np.clip(after - 1, 0, len(held) - 1)])
        away = np.minimum(before, np.abs(held[np.clip(after, 0, len(held) - 1)] - at)).astype(float)
    return minimum_jerk(away / max(round(FADE * fps), 1))
