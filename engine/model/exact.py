"""Exactness by construction: what was observed with confidence 1 is what comes out."""

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from engine.channels import HIGHEST, LOWEST
from engine.request import Observed

REACH = 0.2
"""Seconds over which a correction fades where nothing else is observed; about the length of a fast onset."""


def meet(values: np.ndarray, observed: Observed, fps: float) -> np.ndarray:
    """`values` (frames, 55) bent so that every value observed with confidence 1 is met; float32.

    The miss at observed frames is carried into the frames around by cubic Hermite pieces: across short gaps from one
    observed frame to the next, else fading to nothing. Where several observed frames follow one another the miss goes
    on with their slope, so that neither a step nor a kink appears beside a key.
    """
    values = values.copy()
    exact = observed.confidence >= 1
    frame = np.arange(len(values))
    for channel in np.flatnonzero(exact.any(axis=0)):
        keys = np.flatnonzero(exact[:, channel])
        miss = observed.values[keys, channel] - values[keys, channel]
        values[:, channel] += _carried(keys, miss, max(1.0, REACH * fps))(frame)
        values[keys, channel] = observed.values[keys, channel]
    return np.clip(values, LOWEST, HIGHEST).astype(np.float32)


def _carried(keys: np.ndarray, miss: np.ndarray, reach: float) -> CubicHermiteSpline:
    """The miss over frames: through (keys, miss), and 0 from `reach` frames away of any key."""
    gaps = np.diff(keys)
    step = np.diff(miss)
    before = np.concatenate([[False], gaps == 1])
    after = np.concatenate([gaps == 1, [False]])
    rise_in, rise_out = np.concatenate([[0.0], step]), np.concatenate([step, [0.0]])
    # Inside a run of known frames the slope is that of its neighbours; at its end, of the one neighbour it has.
    slope = np.where(before & after, (rise_in + rise_out) / 2, np.where(before, rise_in, np.where(after, rise_out, 0)))
    far = gaps > 2 * reach
    ends = np.concatenate([[keys[0] - reach], keys[:-1][far] + reach, keys[1:][far] - reach, [keys[-1] + reach]])
    outside = np.array([ends.min() - 1e6, ends.max() + 1e6])
    at = np.concatenate([keys, ends, outside])
    value, slope = (np.concatenate([array, np.zeros(len(ends) + 2)]) for array in (miss, slope))
    order = np.argsort(at, kind="stable")
    return CubicHermiteSpline(at[order], value[order], slope[order])
