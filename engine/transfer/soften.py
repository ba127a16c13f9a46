"""The sample head's shapes as other faces can wear them: without its own creases, as strong as those of real heads."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import SHAPES
from engine.transfer import mesh

Array = np.ndarray

_DATA: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "soften.toml").read_text("utf-8"))
_LIPS = -4.5
"""Rings from where the lips meet, outwards, that count as lips."""
_STILL = 0.02
"""mm below which a softened shape moves nothing."""


def softened(deltas: Array, points: Array, triangles: Array, lip_ring: Array) -> Array:
    """The shapes (52, v, 3) of the sample's skin, smoothed over its surface and made stronger or weaker."""
    out = deltas.copy()
    alike: dict[tuple[float, float], list[int]] = {}
    for number, name in enumerate(SHAPES):
        if over := _of("smooth", name):
            alike.setdefault((over["lips"], over["skin"]), []).append(number)
        out[number] *= (_of("strength", name) or 1.0) * np.array(_of("direction", name) or (1.0, 1.0, 1.0))
    for (lips, skin), numbers in alike.items():
        over = np.where(lip_ring > _LIPS, lips, skin)
        out[numbers] = mesh.smooth(out[numbers], np.ones(len(points)), points, triangles, over)
    out[np.abs(out).max(2) < _STILL] = 0.0
    return out


def _of(table: str, shape: str) -> Any:
    """The entry whose name begins the shape's and is longest; None without one."""
    fitting = [name for name in _DATA[table] if shape.startswith(name)]
    return _DATA[table][max(fitting, key=len)] if fitting else None
