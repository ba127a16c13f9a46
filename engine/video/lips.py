"""Lips that are seen to meet, met."""

import numpy as np

from engine.channels import INDEX
from engine.video.events import MET, PARTED


def with_sealed_lips(faces: np.ndarray, gap: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """faces float32 (frames, 52) whose lips stay closed over a dropped jaw where they are seen to touch.

    mouthClose is read too weakly beside jawOpen, and lips that then part where the actor's do not catch the eye first.
    gap: (frames,) as from `lip_gap`; NaN is unknown. seen: 0..1 (frames,), how well the mouth was seen.
    """
    met = np.nan_to_num(np.clip((PARTED - gap) / (PARTED - MET), 0, 1)) * seen
    faces, close = faces.copy(), INDEX["mouthClose"]
    faces[:, close] = np.maximum(faces[:, close], met * faces[:, INDEX["jawOpen"]])
    return faces
