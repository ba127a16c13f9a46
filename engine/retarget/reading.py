"""What a rig shall show of a performance when it cannot show all: the feeling first."""

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from engine.channels import HEAD, INDEX, SHAPES
from engine.retarget.controls import TELLS, Control
from engine.retarget.seen import both_sides


def readable(values: np.ndarray, controls: Sequence[Control]) -> np.ndarray:
    """The performance with what the rig cannot show told by what it can; float64 (frames, 52) within 0..1.

    values: (frames, 52). Nothing changes where the rig's own shapes show the channels in question.
    """
    shown = _shown(controls)
    pure = np.zeros(len(shown), bool)
    for control in controls:
        pure |= (control.look >= TELLS) & control.pure
    told = values.copy()
    for channel, other, share in _pairs("overruled"):
        if not (pure[channel] and pure[other]):
            told[:, channel] -= share * values[:, other]
    told = np.clip(told, 0, 1)
    left = told.copy()
    for channel, other, gain in _pairs("louder"):
        if not shown[channel]:
            told[:, other] = np.minimum(told[:, other] * (1 + gain * left[:, channel]), 1)
    for channel, other, gain in _pairs("instead"):
        if not shown[channel]:
            told[:, other] += gain * left[:, channel] * (1 - told[:, other])
    return told


def bearing(values: np.ndarray, controls: Sequence[Control]) -> np.ndarray:
    """What the head adds where the face lacks shapes: float32 (frames, 3), radians of yaw, pitch and roll.

    values: (frames, 52).
    """
    shown = _shown(controls)
    added = np.zeros((len(values), len(HEAD)), np.float32)
    for channel, other, radians in _pairs("bearing"):
        if not shown[channel]:
            added[:, other - len(SHAPES)] += radians * values[:, channel]
    return added


def _shown(controls: Sequence[Control]) -> np.ndarray:
    """bool (52,): the channels that something on the rig tells, an emotion's mere name not counted."""
    sure = [control.look if control.sure is None else control.sure for control in controls]
    return np.max([np.zeros(len(SHAPES)), *sure], axis=0) >= TELLS


@cache
def _table() -> dict[str, dict[str, dict[str, float]]]:
    return tomllib.loads(Path(__file__).with_name("reading.toml").read_text("utf-8"))


def _pairs(table: str) -> Iterator[tuple[int, int, float]]:
    """A channel, another of the same side, and the number between them; where one side meets none, half of it."""
    for name, others in _table()[table].items():
        for other, gain in others.items():
            ones, twos = both_sides(name), both_sides(other)
            if len(ones) == len(twos):
                yield from ((INDEX[one], INDEX[two], gain) for one, two in zip(ones, twos, strict=True))
            else:
                share = gain / len(ones)
                yield from ((INDEX[one], INDEX[two], share) for one in ones for two in twos)
