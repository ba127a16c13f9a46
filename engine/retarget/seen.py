"""How the eye weighs and confuses the channels, as the metric of the fit."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from engine.channels import INDEX, SHAPES

_LEAST: Final = 0.05
"""Smallest eigenvalue of the likeness: no channel is wholly another."""


def both_sides(name: str) -> list[str]:
    """The channels that a name stands for: itself, or its left and right."""
    return [name] if name in INDEX else [name + "Left", name + "Right"]


@cache
def weights() -> np.ndarray:
    """float64 (52,): how much each shape channel tells an onlooker."""
    told = np.ones(len(SHAPES))
    for name, weight in _data()["weight"].items():
        for channel in both_sides(name):
            told[INDEX[channel]] = weight
    return told


@cache
def metric() -> np.ndarray:
    """float64 (52, 52), positive definite: squared, the visible distance between two faces is dᵀ·metric·d."""
    alike = np.eye(len(SHAPES))
    for name, others in _data()["alike"].items():
        for other, cosine in others.items():
            for one, two in _pairs(name, other):
                alike[INDEX[one], INDEX[two]] = alike[INDEX[two], INDEX[one]] = cosine
    lowest = np.linalg.eigvalsh(alike)[0]
    if lowest < _LEAST:
        share = (1 - _LEAST) / (1 - lowest)
        alike = share * alike + (1 - share) * np.eye(len(SHAPES))
    return alike * np.outer(weights(), weights())


def _pairs(name: str, other: str) -> list[tuple[str, str]]:
    """The same side of both; a channel without sides goes with both of the other."""
    ones, twos = both_sides(name), both_sides(other)
    if len(ones) == len(twos):
        return list(zip(ones, twos, strict=True))
    return [(one, two) for one in ones for two in twos]


@cache
def _data() -> dict[str, dict]:
    return tomllib.loads(Path(__file__).with_name("seen.toml").read_text("utf-8"))
