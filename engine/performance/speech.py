"""Speech-like mouth motion, so that talking takes are not foreign to the model."""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

from engine.channels import INDEX, spread
from engine.performance.timing import minimum_jerk


def speech(rng: np.random.Generator, frames: int, fps: float) -> np.ndarray:
    """float32 (frames, 55): a run of mouth poses at 3 to 6 syllables a second with pauses, each melting into the next.

    3–6 Hz is the rate of syllables in running speech (Chandrasekaran et al. 2009, PLoS Computational Biology).
    """
    values = np.zeros((frames, len(INDEX)), np.float32)
    time = np.arange(frames) / fps
    poses = _poses()
    gain = rng.uniform(0.6, 1.2)
    here = np.zeros(len(INDEX), np.float32)
    at = rng.uniform(-0.5, 0.5)
    while at < frames / fps:
        pause = rng.random() < 0.12
        there = np.zeros_like(here) if pause else gain * rng.uniform(0.5, 1.1) * poses[rng.integers(len(poses))]
        rise = minimum_jerk((time - at) / rng.uniform(0.10, 0.18)).astype(np.float32)
        values += rise[:, None] * (there - here)
        here = there
        at += rng.uniform(0.3, 0.9) if pause else 0.5 / rng.uniform(3, 6)
    return values


@cache
def _poses() -> list[np.ndarray]:
    table = tomllib.loads(Path(__file__).with_name("visemes.toml").read_text("utf-8"))
    return [np.sum(spread(pose), axis=0) for pose in table.values()]
