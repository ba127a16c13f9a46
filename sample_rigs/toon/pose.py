"""A pose of a face: named amounts, 0 where nothing is said."""

from __future__ import annotations

import tomllib
from pathlib import Path


class Pose:
    """Amounts by name. A name that ends in Left or Right moves one side, any other both."""

    def __init__(self, amounts: dict[str, float] | None = None) -> None:
        self.amounts = amounts or {}

    def get(self, name: str) -> float:
        return float(self.amounts.get(name, 0.0))

    def side(self, name: str, side: str) -> float:
        """The amount for "Left" or "Right"."""
        return self.get(name) + self.get(name + side)


def read_poses(path: Path) -> dict[str, Pose]:
    """Shape name to pose, in the file's order.

    A table is one shape, or two where its name ends in "*": its amounts then go to the sides Left and Right, those
    that start with "all " to the whole face (and those that start with "aim " turn their sign on the right).
    """
    with path.open("rb") as file:
        tables = tomllib.load(file)
    found: dict[str, Pose] = {}
    for name, amounts in tables.items():
        if not name.endswith("*"):
            found[name] = Pose(amounts)
            continue
        for side, sign in (("Left", 1.0), ("Right", -1.0)):
            one = {}
            for key, value in amounts.items():
                if key.startswith("aim "):
                    one[key[4:]] = value * sign
                elif key.startswith("all "):
                    one[key[4:]] = value
                else:
                    one[key + side] = value
            found[name[:-1] + side] = Pose(one)
    return found
