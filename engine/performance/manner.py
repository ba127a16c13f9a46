"""How states colour the living face: posture, gaze, blinking, and laughter's pulses."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from engine.performance.timing import offset, onset
from engine.request import Beat


@dataclass(frozen=True)
class Manner:
    """pitch: radians; downcast: degrees; head, blinks: factors; pulses: per second. See manner.toml."""

    pitch: float = 0.0
    downcast: float = 0.0
    head: float = 1.0
    blinks: float = 1.0
    pulses: float = 0.0


@cache
def manners() -> dict[str, Manner]:
    """Manners by emotion; emotions that are not listed have none."""
    table = tomllib.loads(Path(__file__).with_name("manner.toml").read_text("utf-8"))
    return {name: Manner(**row) for name, row in table.items()}


@dataclass(frozen=True)
class Colour:
    """The manners of all beats over time, float32 (frames,) each, in Manner's units."""

    pitch: np.ndarray
    downcast: np.ndarray
    head: np.ndarray
    blinks: np.ndarray


def colour(beats: Sequence[tuple[Beat, float]], time: np.ndarray) -> Colour:
    """What the beats' manners add up to at each time (seconds)."""
    pitch, downcast = np.zeros(len(time)), np.zeros(len(time))
    head, blinks = np.ones(len(time)), np.ones(len(time))
    for beat, start in beats:
        since = time - start
        envelope = onset(since / max(beat.onset, 1e-3), 1.0)
        envelope *= offset((since - beat.onset - beat.hold) / max(beat.offset, 1e-3))
        for name, share in beat.emotion.items():
            manner = manners().get(name)
            if manner is not None:
                strength = np.clip(share * beat.intensity * envelope, 0, 1.2)
                pitch += manner.pitch * strength
                downcast += manner.downcast * strength
                head *= manner.head**strength
                blinks *= manner.blinks**strength
    return Colour(pitch, downcast, head, blinks)


def laughter(rng: np.random.Generator, time: np.ndarray, pulses: float) -> np.ndarray:
    """float32 (frames,), 0..1: bouts of quick pulses that die away over a breath, then begin again."""
    rate = pulses * rng.uniform(0.9, 1.1)
    bout = rng.uniform(0.9, 1.6)
    inside = ((time + rng.uniform(0, bout)) % bout) / bout
    fade = np.clip(1 - inside / 0.8, 0, 1)
    return (fade * 0.5 * (1 - np.cos(2 * np.pi * rate * time))).astype(np.float32)
