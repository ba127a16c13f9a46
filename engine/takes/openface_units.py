"""OpenFace's action units and our channels, both ways."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import INDEX
from engine.takes.names import spread

FULL = 5.0
"""The highest intensity."""


@cache
def layout() -> dict[str, Any]:
    """What openface.toml says."""
    return tomllib.loads(Path(__file__).with_name("openface.toml").read_text("utf-8"))


@cache
def _gains() -> np.ndarray:
    return np.stack([spread(row) for row in layout()["units"].values()])


def channels_of(units: dict[str, np.ndarray]) -> np.ndarray:
    """Channels (frames, 55), 0..1, from intensities 0..5 (frames,) by unit's name, such as AU12; absent ones rest.

    Where AU25 is absent nothing is known about the lips, and they follow the jaw.
    """
    units = {name: intensity.clip(0, FULL) for name, intensity in units.items()}
    apart = units["AU25"] - units.get("AU26", 0.0) if "AU25" in units else np.zeros(1)
    known = units | {"parting": apart.clip(0), "sealing": (-apart).clip(0)}
    frames = max(len(intensity) for intensity in known.values())
    table = np.stack([np.broadcast_to(known.get(name, np.zeros(1)), frames) for name in layout()["units"]], 1)
    return (table / FULL @ _gains()).clip(0, 1)


def driven_by(names: list[str]) -> np.ndarray:
    """Which channels, bool (55,), have a unit among the names."""
    lips = ["parting", "sealing"] if "AU25" in names else []
    rows = [row for name, row in zip(layout()["units"], _gains(), strict=True) if name in (*names, *lips)]
    return np.any(rows, axis=0) if rows else np.zeros(len(INDEX), bool)


def intensities_of(values: np.ndarray) -> dict[str, np.ndarray]:
    """Intensities 0..5 (frames,) by unit's name from channels (frames, 55): the least-squares inverse of the reading.

    Both sides of a channel are averaged. What no combination of units shows is left out.
    """
    solved = dict(zip(layout()["units"], (values @ np.linalg.pinv(_gains()) * FULL).T, strict=True))
    solved = {name: intensity.clip(0, FULL) for name, intensity in solved.items()}
    solved["AU25"] = (solved["AU26"] + solved.pop("parting") - solved.pop("sealing")).clip(0, FULL)
    for name, row in layout()["unread"].items():
        gains = spread(row)
        solved[name] = (values @ gains / gains.sum() * FULL).clip(0, FULL)
    return solved
