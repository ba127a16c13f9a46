"""Laughter's beats: their phase is free, so that a network answers with little more than their mean."""

from collections.abc import Sequence

import numpy as np

from engine.channels import INDEX
from engine.model.mechanics import faded
from engine.performance.manner import laughter, manners
from engine.performance.timing import offset, onset
from engine.request import Beat

JAW = INDEX["jawOpen"]
DEPTH = 0.55
"""How much of the open jaw a pulse closes at most, as the simulator has it (performer.py)."""


def with_pulses(values: np.ndarray, beats: Sequence[Beat], free: np.ndarray, fps: float, seed: int) -> np.ndarray:
    """`values` (frames, 55) whose jaw beats with the laughter that `beats` ask for (manner.toml's pulses), where `free`
    (frames,). Its mean opening stays.
    """
    answer, time = values.copy(), np.arange(len(values)) / fps
    for place, beat in enumerate(beats):
        for name, share in beat.emotion.items():
            pulses = manners()[name].pulses if name in manners() else 0.0
            # Slower than that many frames a second, pulses would only flicker.
            if not pulses or fps < 4 * pulses:
                continue
            since = time - beat.start
            held = onset(since / max(beat.onset, 1e-3), 1.0)
            held *= offset((since - beat.onset - beat.hold) / max(beat.offset, 1e-3))
            open_part = 1 - DEPTH * (1 - laughter(np.random.default_rng((seed, place)), time, pulses))
            # Bouts begin at once; a jaw takes a few frames.
            open_part = np.convolve(np.pad(open_part, 2, mode="edge"), np.full(5, 0.2), mode="valid")
            beating = open_part / open_part.mean() - 1
            answer[:, JAW] *= 1 + faded(free, fps) * held * share * beating
    return answer
