"""How far everything goes in each shape of a drawn eye, from amounts.toml."""

import tomllib
from pathlib import Path
from typing import Any, Final

_DATA: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "amounts.toml").read_text("utf-8"))
RISES: Final[dict[str, list[float]]] = _DATA["lids"]
SLIDES: Final[dict[str, list[float]]] = _DATA["looks"]
HEIGHTS: Final[dict[str, float]] = _DATA["laid"]
LIDS: Final = ("eyeBlink", *RISES)
"""The shapes in which lids move."""
