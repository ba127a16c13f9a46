"""Which frames and channels of an example the model is shown: the ways in which artists leave things open."""

import numpy as np

from engine.channels import CHANNELS, REGIONS

KINDS = {
    "nothing": 0.28,
    "keys": 0.14,
    "sparse keys": 0.1,
    "regions": 0.12,
    "ends": 0.08,
    "gap": 0.18,
    "noisy": 0.1,
}
"""How often each way of leaving things open is trained."""


def draw_confidence(rng: np.random.Generator, frames: int) -> np.ndarray:
    """float32 (frames, 55), 0 unknown .. 1 exact."""
    confidence = np.zeros((frames, len(CHANNELS)), np.float32)
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    if kind == "keys":
        confidence[rng.choice(frames, rng.integers(1, max(2, frames // 20) + 1), replace=False)] = 1
    elif kind == "sparse keys":
        channels = rng.choice(len(CHANNELS), rng.integers(1, 12), replace=False)
        keys = rng.choice(frames, rng.integers(1, max(2, frames // 12) + 1), replace=False)
        confidence[np.ix_(keys, channels)] = 1
    elif kind == "regions":
        for region in REGIONS.values():
            if rng.random() < 0.5:
                confidence[:, region] = 1
    elif kind == "ends":
        confidence[: rng.integers(1, frames // 3 + 1)] = 1
        if rng.random() < 0.5:
            confidence[-rng.integers(1, frames // 3 + 1) :] = 1
    elif kind == "gap":
        # As many short gaps as long ones: from a tenth of a second upwards.
        length = int(np.exp(rng.uniform(np.log(6), np.log(frames * 3 // 4))))
        start = rng.integers(0, frames - length)
        confidence[:] = 1
        confidence[start : start + length] = 0
    elif kind == "noisy":
        confidence[:] = rng.uniform(0.2, 0.95, (1, len(CHANNELS)))
        start = rng.integers(0, frames)
        hidden = confidence[start : start + rng.integers(1, frames // 3 + 1)]
        for region in REGIONS.values():
            if rng.random() < 0.7:
                hidden[:, region] *= rng.choice((0.0, rng.random()))
    if rng.random() < 0.5:
        confidence[[0, -1]] = 1
    return confidence


def observe(rng: np.random.Generator, values: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """What is seen of `values` (frames, channels, normalised): noisier the lower the confidence, 0 where unknown.

    Noise is part jitter, part slow error, as in tracking.
    """
    frames = len(values)
    slow = np.repeat(rng.normal(0, 1, (-(-frames // 30), values.shape[1])), 30, axis=0)[:frames]
    noise = 0.6 * rng.normal(0, 1, values.shape) + 0.8 * slow
    return ((values + (1 - confidence) * 0.6 * noise) * confidence).astype(np.float32)
