"""What the beats ask, as numbers for each token."""

from collections.abc import Sequence

import numpy as np

from engine.model.network import Config
from engine.performance.timing import ABRUPT
from engine.request import Beat


def asked_tracks(
    beats: Sequence[tuple[Beat, float]],
    tokens: int,
    config: Config,
    *,
    deliberate: float = 0.0,
    fps: float = 60.0,
    first_frame: int = 0,
) -> np.ndarray:
    """float32 (tokens, config.asked).

    Each token holds every emotion's share × intensity × envelope at its centre, the summed envelope at each of its
    frames (so that timing is finer than a token), and how far the beats are into rising, holding and falling.
    beats: each with its start in seconds. Envelopes are trapezoids: asked, not performed. A deliberate style (0..1)
    bends their rise, since it is abrupt at first.
    """
    patch = config.patch
    time = (np.arange(tokens * patch) + first_frame) / fps
    strength = np.zeros((len(time), len(config.emotions)), np.float32)
    phase = np.zeros((len(time), 3), np.float32)
    place = {name: i for i, name in enumerate(config.emotions)}
    for beat, start in beats:
        since = time - start
        rising = np.clip(since / max(beat.onset, 1e-3), 0, 1) ** (1 - ABRUPT * deliberate)
        falling = np.clip((since - beat.onset - beat.hold) / max(beat.offset, 1e-3), 0, 1)
        envelope = rising * (1 - falling)
        for name, share in beat.emotion.items():
            strength[:, place[name]] += share * beat.intensity * envelope
        during = (since >= 0) & (falling < 1)
        phase[:, 0] += during * (rising < 1) * rising
        phase[:, 1] += during * (rising >= 1) * (falling <= 0)
        phase[:, 2] += during * falling
    total = strength.sum(axis=1).reshape(tokens, patch)
    centre = slice(patch // 2, None, patch)
    return np.concatenate([strength[centre], total, phase[centre]], axis=1).astype(np.float32)
