"""The channels that names in files stand for, whatever their spelling."""

import re
from functools import cache, lru_cache

import numpy as np

from engine.channels import CHANNELS, INDEX, SHAPES, mirrored_name
from engine.errors import FaceMimicError

Gains = dict[str, dict[str, float]]
"""By a name in a file: the channels that it moves, and how far at 1. A channel without its side means both sides."""


@lru_cache(4096)
def plain(name: str) -> str:
    """A name without case, separators and what stands before a dot: `Face.eyeBlink_L` as eyeblinkl."""
    return re.sub(r"[^a-z0-9]", "", name.rsplit(".", 1)[-1].lower())


@cache
def _spellings() -> dict[str, str]:
    known = {plain(name): name for name in SHAPES}
    for name in SHAPES:
        side = name.removesuffix("Left") + "L" if name.endswith("Left") else name.removesuffix("Right") + "R"
        # jawLeft and mouthLeft name a direction; nobody shortens those.
        if mirrored_name(name) != name and not name.startswith(("jaw", "mouthLeft", "mouthRight")):
            known[plain(side)] = name
    return known


def channel_of(name: str) -> str | None:
    """The ARKit channel that a name spells (eyeBlinkLeft, EyeBlinkLeft, eyeBlink_L, …), or None."""
    return _spellings().get(plain(name))


def spread(gains: dict[str, float]) -> np.ndarray:
    """Gains by channel, float64 (55,); a name without its side moves both sides."""
    row = np.zeros(len(CHANNELS))
    for name, gain in gains.items():
        for channel in (name,) if name in INDEX else (name + "Left", name + "Right"):
            row[INDEX[channel]] += gain
    return row


def mixing(file: str, names: list[str], gains: Gains | None = None) -> tuple[np.ndarray, list[str]]:
    """What one unit of each named column adds to each channel, float64 (names, 55), and the names that mean nothing.

    gains: further names than ARKit's. Raises FaceMimicError (kind "file") when two columns have the same name or none
    has a known one.
    """
    others = {plain(name): spread(row) for name, row in (gains or {}).items()}
    table, unknown, seen = np.zeros((len(names), len(CHANNELS))), [], set()
    for place, name in enumerate(names):
        channel = channel_of(name)
        key = channel or plain(name)
        if channel is not None:
            table[place, INDEX[channel]] = 1
        elif key in others:
            table[place] = others[key]
        else:
            unknown.append(name)
            continue
        if key in seen:
            raise FaceMimicError(f"{file} has two columns “{name}”. Remove one of them.", "file")
        seen.add(key)
    if not seen:
        raise FaceMimicError(f"{file} names no channel that is known, such as jawOpen.", "file")
    return table, [name for name in unknown if name.strip()]
