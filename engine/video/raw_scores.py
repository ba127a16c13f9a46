"""What is known of the scores that MediaPipe's landmarker gives by itself."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import SHAPES


@cache
def largest_bias() -> np.ndarray:
    """float32 (52,): how much of each channel's resting value may be subtracted; see raw_scores.toml."""
    table = _known()["largest_bias"]
    places = [max((key for key in table if name.startswith(key)), key=len) for name in SHAPES]
    return np.array([table[place] for place in places], np.float32)


def blind_channels() -> tuple[str, ...]:
    """Channels for which the scores have no usable signal, on any face."""
    return tuple(_known()["blind"])


@cache
def _known() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("raw_scores.toml").read_text("utf-8"))
