"""Whether two resting faces can be one person's, by the proportions of what hardly moves."""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

APART = 5.0
"""How far two faces' traits lie apart from which on they are taken for two people's; see proportions.toml."""


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """How far two resting faces' traits lie apart; each (478, 3), landmarks turned to the front as in a Neutral."""
    return float(np.linalg.norm(traits(one) - traits(other)))


def traits(shape: np.ndarray) -> np.ndarray:
    """float (traits,) of a resting face (478, 3), in units in which pictures of one person deviate by about 1."""
    marks, directions = known()
    return directions @ shape[marks].ravel()


@cache
def known() -> tuple[np.ndarray, np.ndarray]:
    """The landmarks that are compared, int (landmarks,), and the directions, float (traits, landmarks * 3)."""
    table = tomllib.loads(Path(__file__).with_name("proportions.toml").read_text("utf-8"))
    marks = np.array(table["landmarks"])
    return marks, np.array(table["directions"], float).reshape(-1, 3 * len(marks))
