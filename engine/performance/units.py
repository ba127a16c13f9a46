"""Action units as rows of channel gains, split by side."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from engine.channels import spread


@dataclass(frozen=True)
class Unit:
    """left, right: float32 (55,), the channels' values when that half of the unit is at its strongest.

    Channels without a side are shared: half of them stands in each row. lead: fraction of the onset, 0..1.
    """

    number: int
    lead: float
    left: np.ndarray
    right: np.ndarray


@cache
def units() -> dict[int, Unit]:
    """All action units by number; see units.toml for the sources."""
    table = tomllib.loads(Path(__file__).with_name("units.toml").read_text("utf-8"))
    found = {}
    for number, row in table.items():
        left, right = spread(row["channels"])
        found[int(number)] = Unit(int(number), float(row["lead"]), left, right)
    return found
