"""A single pose as a short performance."""

import numpy as np

from ..clip import Clip
from ..messages import AddonError

LONGEST = 600.0
"""Seconds that a held pose may last."""


def held(pose: Clip, onset: float, hold: float, offset: float, fps: float) -> Clip:
    """The first frame of `pose` reached from rest in `onset` seconds, held for `hold` and left in `offset`.

    fps: frames per second of the result. Speed begins and ends at nothing (minimum jerk, Flash & Hogan 1985).
    Raises AddonError for times that make no sense.
    """
    if not (min(onset, hold, offset) >= 0 and 0 < onset + hold + offset <= LONGEST):
        raise AddonError(
            f"The pose's onset, hold and offset must add up to more than 0 and at most {LONGEST:g} seconds."
        )
    frames = max(2, round((onset + hold + offset) * fps) + 1)
    time = np.arange(frames) / fps
    rising = np.clip(time / onset, 0, 1) if onset else np.ones(frames)
    falling = np.clip((time - onset - hold) / offset, 0, 1) if offset else np.zeros(frames)
    share = _eased(rising) * (1 - _eased(falling))
    values = share[:, None] * pose.values[0]
    return Clip(values.astype(np.float32), fps, pose.channels, pose.provenance)


def _eased(part: np.ndarray) -> np.ndarray:
    return part**3 * (10 - 15 * part + 6 * part**2)
