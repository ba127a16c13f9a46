"""Face Cap .txt: 52 weights, the head's rotation and position and the eyes' rotations, one row per sample."""

import csv
import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import INDEX
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.files import written_whole
from engine.takes import eyes, sampling
from engine.takes.names import channel_of, mixing
from engine.takes.take import Take, absent_note, broken_note, filled_note, take_of, unknown_note
from engine.takes.text import rows_of

NAME = "Face Cap recording"
SUFFIXES = (".txt",)
WRITTEN_AS = (".txt",)


@cache
def _layout() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("face_cap.toml").read_text("utf-8"))


def recognises(head: bytes) -> bool:
    """Whether a row names weights or is a sample."""
    return any(line.replace(b" ", b"").startswith((b"bs,", b"k,")) for line in head.splitlines())


def read(path: Path) -> Take:
    """Reads a recording by its weights' names, at the rate that its milliseconds tell.

    Positions are left out. The eyes' rotations are too, since eyeLook says the same. Broken rows, NaN among them, are
    skipped and counted, and dropped samples interpolated. Raises FaceMimicError (kind "file") for a file without names
    of weights or a usable row.
    """
    layout = _layout()
    leading = layout["leading"]
    names: list[str] = []
    samples: list[list[float]] = []
    broken = 0
    for row in rows_of(path):
        kind = row[0].strip()
        if kind == "bs":
            if names:
                raise FaceMimicError(f"{path.name} names its weights twice (rows “bs”). Split the file there.", "file")
            names = _cells(row)
        elif kind == "k":
            numbers = _numbers(_cells(row))
            if numbers is None or len(numbers) != leading + len(names):
                broken += 1
            else:
                samples.append(numbers)
        elif kind != "info":
            broken += 1
    if not names:
        raise FaceMimicError(f"{path.name} has no row “bs” with the weights' names. Export it again.", "file")
    table, unknown = mixing(path.name, names)
    if not samples:
        raise FaceMimicError(
            f"{path.name} has no usable row “k” of {leading + len(names)} numbers. Record it again.", "file"
        )
    values = np.array(samples)
    times = values[:, 0] / 1000
    rising = sampling.rising(times)
    broken += int((~rising).sum())
    times, values = times[rising], values[rising]
    fps = sampling.rate_of(times)
    sampling.check(path.name, times, fps, "milliseconds")
    full = values[:, leading:] @ table
    driven = table.any(0)
    for place, (name, sign) in enumerate(layout["rotation"].items(), layout["head"]):
        full[:, INDEX[name]] = np.radians(values[:, place]) * sign
        driven[INDEX[name]] = True
    full, filled = sampling.evenly(times, full, fps)
    notes = [
        *unknown_note(unknown),
        *absent_note(driven),
        *broken_note(broken),
        *filled_note(filled, len(full)),
    ]
    provenance = {"source": "face_cap", "file": path.name, "start_ms": float(values[0, 0])}
    return take_of(full, fps, provenance, notes)


def write(clip: Clip, path: Path) -> None:
    """Writes all 52 weights and the head's rotation, to whole milliseconds; positions are 0."""
    layout = _layout()
    clip = clip.canonical()
    values = clip.values.astype(float)
    head = [np.degrees(values[:, INDEX[name]]) * sign for name, sign in layout["rotation"].items()]
    look = []
    for side in ("Left", "Right"):
        yaw, pitch = eyes.turns(values, side)
        look += [-np.degrees(pitch), np.degrees(yaw)]
    weights = [values[:, INDEX[channel_of(name) or ""]] for name in layout["weights"]]
    still = np.zeros(len(values))
    rows = np.stack([still, still, still, *head, *look, *weights], 1) + 0.0
    with written_whole(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["info", "milliseconds; head position; head, left eye and right eye in degrees; weights"])
        writer.writerow(["bs", *layout["weights"]])
        for frame, row in enumerate(rows.tolist()):
            writer.writerow(["k", round(frame * 1000 / clip.fps), *(f"{value:.6f}" for value in row)])


def lost(clip: Clip) -> list[str]:
    """Nothing: every channel has a column."""
    return []


def _cells(row: list[str]) -> list[str]:
    cells = [cell.strip() for cell in row[1:]]
    return cells[:-1] if cells and not cells[-1] else cells


def _numbers(cells: list[str]) -> list[float] | None:
    try:
        numbers = list(map(float, cells))
    except ValueError:
        return None
    return numbers if math.isfinite(sum(numbers)) else None
