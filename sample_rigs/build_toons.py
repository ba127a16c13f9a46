"""Builds the drawn characters and saves them: `python -m sample_rigs.build_toons [aki|pip ...]`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from .toon import character

HERE = Path(__file__).parent
NAMES = ("aki", "pip")


def main(names: list[str]) -> None:
    for name in names or NAMES:
        design = import_module(f".{name}.character", __package__).design()
        character.write(design, HERE / f"{name}.blend")


if __name__ == "__main__":
    main(sys.argv[1:])
