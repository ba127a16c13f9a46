"""What reading a take gives."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.channels import CHANNELS
from engine.clip import Clip

_LISTED = 60


@dataclass(frozen=True)
class Take:
    """A Clip, and sentences about what in the file could not be used or had to be repaired."""

    clip: Clip
    notes: tuple[str, ...] = ()


def take_of(values: np.ndarray, fps: float, provenance: dict[str, Any], notes: list[str]) -> Take:
    """A Take of all 55 channels, values (frames, 55) limited to their ranges, with its notes in its provenance."""
    clip = Clip(values, fps, CHANNELS, {**provenance, "notes": notes})
    limited = clip.limited()
    beyond = int((np.abs(limited.values - clip.values) > 0.05).sum())
    if beyond:
        notes.append(f"{beyond} values lay outside their channel's range and were limited.")
    return Take(limited, tuple(notes))


def unknown_note(names: list[str]) -> list[str]:
    """Says which columns mean nothing here, or nothing."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return [f"Columns not understood: {', '.join(names[:_LISTED])}{more}."] if names else []


def absent_note(driven: np.ndarray) -> list[str]:
    """Says which channels the file does not have, or nothing. driven: bool (55,)."""
    absent = [name for name, has in zip(CHANNELS, driven, strict=True) if not has]
    return [f"Channels not in the file, left at rest: {', '.join(absent)}."] if absent else []


def counted(number: int, one: str, several: str) -> str:
    """The number and what there is of it: 1 row is, 2 rows are."""
    return f"{number} {one if number == 1 else several}"


def broken_note(rows: int) -> list[str]:
    """Says how many rows were skipped, or nothing."""
    why = "cells missing, no number, or time not increasing"
    return [f"{counted(rows, 'row is', 'rows are')} broken ({why}) and skipped."] if rows else []


def filled_note(filled: int, frames: int) -> list[str]:
    """Says how many frames were interpolated, or nothing."""
    return [f"{filled} of {frames} frames had no sample and were interpolated."] if filled > 0 else []
