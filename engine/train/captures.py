"""Real captures as a domain of their own: windows of recorded takes, varied as other people might have moved."""

from pathlib import Path

import numpy as np

from engine.channels import CHANNELS, HIGHEST, LOWEST, MIRROR_ORDER, mirror
from engine.errors import FaceMimicError
from engine.takes.formats import read_take

TRAINED_SHARE = 2 / 3
"""The part of each take, from its start, that training may see; the rest is for evaluation."""
FPS = 60.0
SHORTEST = 8.1
"""Seconds of a take whose trained part still holds a window of 256 frames, played 1.25 times as fast."""


def load_captures(paths: list[str]) -> list[np.ndarray]:
    """The trained part of each take at 60 fps, float32 (frames, 55).

    Raises FaceMimicError for a take that is unreadable or too short.
    """
    takes = []
    for path in paths:
        if not Path(path).is_file():
            raise FaceMimicError(
                f"The recipe asks for the recorded take {path}, which is not there. Put it there, or empty the recipe's"
                " `captures` to train on the simulator alone.",
                "file",
            )
        clip = read_take(Path(path)).clip
        if clip.duration < SHORTEST:
            raise FaceMimicError(
                f"{path} lasts {clip.duration:.1f} s; takes to train on last at least {SHORTEST:g} s.", "file"
            )
        values = clip.limited().resampled(FPS).values
        takes.append(values[: int(TRAINED_SHARE * len(values))])
    return takes


def draw_window(rng: np.random.Generator, takes: list[np.ndarray], frames: int) -> np.ndarray:
    """A window of a take, float32 (frames, 55): mirrored half the time, played 0.8 to 1.25 times as fast, with a
    person's own gains on channels and head.
    """
    take = takes[rng.choice(len(takes), p=_shares(takes))]
    speed = float(np.exp(rng.uniform(np.log(0.8), np.log(1.25))))
    start = rng.uniform(0, len(take) - 1 - speed * (frames - 1))
    at = start + speed * np.arange(frames)
    low = np.floor(at).astype(int)
    part = (at - low)[:, None]
    values = take[low] * (1 - part) + take[np.minimum(low + 1, len(take) - 1)] * part
    if rng.random() < 0.5:
        values = mirror(values)
    gains = rng.lognormal(0, 0.12, len(CHANNELS))
    return np.clip(values * np.sqrt(gains * gains[MIRROR_ORDER]), LOWEST, HIGHEST).astype(np.float32)


def _shares(takes: list[np.ndarray]) -> np.ndarray:
    lengths = np.array([len(take) for take in takes], float)
    return lengths / lengths.sum()
