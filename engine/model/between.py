"""Between known frames: the slow course of a curve through them, and the model's life on top."""

import itertools

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from engine.channels import HIGHEST, LOWEST
from engine.performance.timing import minimum_jerk
from engine.request import Observed

SLOW = 2.0
"""Hz below which motion between keys is the curve's. On a real take no model of ours foretells it better; what is
faster a curve lacks altogether (weights/performance.md, in-betweens)."""
SHORT = 1.5
"""Periods of that frequency that a short gap has at least, so that gaps of a few frames stay near the curve."""
LONG, LONGEST = 3.0, 6.0
"""Seconds of a gap up to which it leans on the curve wholly, and from which on not at all: nobody means a face to
freeze for so long."""
EDGE = 0.15
"""Seconds in which leaning sets in beside a key, less in short gaps."""


def lean(values: np.ndarray, observed: Observed, fps: float) -> np.ndarray:
    """`values` (frames, 55), which meet what is observed, leaning on a curve in the gaps between exact frames.

    The curve is monotone between keys, as Blender's auto-clamped handles make it. Gaps in which anything is observed
    with less confidence are left to the model, which has weighed it.
    """
    answer = values.copy()
    exact, blank = observed.confidence >= 1, observed.confidence <= 0
    for channel in np.flatnonzero(exact.sum(axis=0) > 1):
        keys = np.flatnonzero(exact[:, channel])
        curve = None
        for first, last in itertools.pairwise(keys):
            if last - first < 2 or not blank[first + 1 : last, channel].all():
                continue
            gap = (last - first) / fps
            share = np.clip((LONGEST - gap) / (LONGEST - LONG), 0, 1)
            if share == 0:
                continue
            curve = PchipInterpolator(keys, observed.values[keys, channel]) if curve is None else curve
            inside = slice(first, last + 1)
            away = values[inside, channel] - curve(np.arange(first, last + 1))
            width = fps / (2 * np.pi * max(SLOW, SHORT / gap))
            # Nothing is taken where the gap begins and ends, so that the curves leave their keys as they were.
            part = np.linspace(0, 1, len(away))
            share *= minimum_jerk(np.minimum(part, 1 - part) * gap / min(EDGE, gap / 4))
            answer[inside, channel] -= share * gaussian_filter1d(away, width, mode="nearest")
    return np.clip(answer, LOWEST, HIGHEST)
