"""Live Link Face .csv: a timecode, 52 blend shapes, and the rotations of head and eyes, one row per sample."""

import csv
import math
import tomllib
from collections.abc import Iterator
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import CHANNELS, HEAD, INDEX, SHAPES
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.files import written_whole
from engine.takes import eyes, sampling, timecode
from engine.takes.take import Take, absent_note, broken_note, filled_note, take_of, unknown_note
from engine.takes.text import rows_of

NAME = "Live Link Face recording"
SUFFIXES = (".csv",)
WRITTEN_AS = (".csv",)
_TIME, _COUNT = "timecode", "blendshapecount"
_OF_30 = 30


@cache
def _layout() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("live_link_face.toml").read_text("utf-8"))


def recognises(head: bytes) -> bool:
    """Whether the first line names a timecode."""
    return _TIME.encode() in head.splitlines()[0].lower()


def read(path: Path) -> Take:
    """Reads a recording by its columns' names, at the rate that its timecodes tell; absent channels rest at 0.

    Rows without a face (count 0) and dropped samples are interpolated. Broken rows, NaN among them, are skipped and
    counted. Raises FaceMimicError (kind "file") for a file without a timecode, a channel or a usable row.
    """
    rows = rows_of(path)
    names = [name.strip() for name in next(rows, [])]
    columns, unknown = _columns(path.name, names)
    codes, values, untracked, broken, drop = _samples(rows, names, columns)
    if not codes:
        raise FaceMimicError(f"{path.name} has no usable row with a timecode and numbers. Record it again.", "file")
    rate = timecode.rate_of(codes)
    times = timecode.seconds_of(codes, rate, drop=drop)
    rising = sampling.rising(times)
    broken += int((~rising).sum())
    start = timecode.write(codes[0][0] + codes[0][1] / rate, rate)
    times, table = times[rising], values[rising]
    fps = sampling.rate_of(times)
    sampling.check(path.name, times, fps, "timecodes")
    table, filled = sampling.evenly(times, table, fps)
    driven = np.isin(CHANNELS, list(columns))
    face = [f"{untracked} rows show no face and were skipped."] if untracked else []
    notes = [
        *unknown_note(unknown),
        *absent_note(driven),
        *face,
        *broken_note(broken),
        *filled_note(filled, len(table)),
    ]
    provenance = {"source": "live_link_face", "file": path.name, "start_timecode": start, "timecode_rate": rate}
    full = np.zeros((len(table), len(CHANNELS)))
    full[:, [INDEX[name] for name in columns]] = table
    return take_of(full, fps, provenance, notes)


def write(clip: Clip, path: Path) -> None:
    """Writes all 61 columns at 60 timecodes a second; the eyes' rotations follow from eyeLook.

    The timecodes start at 00:00:00:00.000, or at a number by which all readers know the rate.
    """
    layout = _layout()
    clip = clip.canonical()
    times = np.arange(len(clip.values)) / clip.fps
    # Unreal's Live Link Face Importer takes timecodes that never pass this number to count 30 a second.
    if (times * timecode.USUAL % timecode.USUAL).max() <= _OF_30:
        times += (_OF_30 + 1) / timecode.USUAL
    series = [_series(name, clip.values, layout) for name in layout["columns"]]
    with written_whole(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["Timecode", "BlendShapeCount", *layout["columns"]])
        for frame, row in enumerate(np.stack(series, 1).tolist()):
            cells = (f"{value:.10f}" for value in row)
            writer.writerow([timecode.write(times[frame]), len(row), *cells])


def lost(clip: Clip) -> list[str]:
    """Nothing: every channel has a column."""
    return []


def _series(name: str, values: np.ndarray, layout: dict[str, Any]) -> np.ndarray:
    channel = name[0].lower() + name[1:]
    if channel in INDEX:
        return values[:, INDEX[channel]].astype(float) * layout["head"].get(name, 1.0) + 0.0
    side, turn = ("Left", name[7:]) if name.startswith("Left") else ("Right", name[8:])
    yaw, pitch = eyes.turns(values, side)
    return {"Yaw": -yaw, "Pitch": -pitch, "Roll": np.zeros(len(values))}[turn] + 0.0


def _columns(file: str, names: list[str]) -> tuple[dict[str, int], list[str]]:
    """Places of our channels in a row, and the names of columns that mean nothing here."""
    lowered = [name.lower() for name in names]
    if _TIME not in lowered:
        raise FaceMimicError(f"{file} has no column “Timecode” between commas. It is not a {NAME}.", "file")
    twice = sorted({name for name in names if name and lowered.count(name.lower()) > 1})
    if twice:
        raise FaceMimicError(f"{file} has two columns “{twice[0]}”. Remove one of them.", "file")
    known = {channel.lower(): channel for channel in (*SHAPES, *HEAD)}
    columns = {known[name]: place for place, name in enumerate(lowered) if name in known}
    if not columns:
        raise FaceMimicError(f"{file} names no channel that ARKit has, such as JawOpen.", "file")
    derived = {name.lower() for name in _layout()["columns"]}
    unknown = [
        name for name, low in zip(names, lowered, strict=True) if low not in known and low not in derived
        and low not in (_TIME, _COUNT) and name
    ]  # fmt: skip
    return columns, unknown


def _samples(
    rows: Iterator[list[str]], names: list[str], columns: dict[str, int]
) -> tuple[list[tuple[int, float]], np.ndarray, int, int, bool]:
    """Timecodes, values (samples, channels), how many rows had no face or were broken; whether codes drop frames."""
    signs = np.array([_layout()["head"].get(name[0].upper() + name[1:], 1.0) for name in columns])
    lowered = [name.lower() for name in names]
    time, count = lowered.index(_TIME), lowered.index(_COUNT) if _COUNT in lowered else None
    # The time is picked along, so that one column alone still makes a tuple.
    picked = itemgetter(time, *columns.values())
    codes, table, untracked, broken, drop = [], [], 0, 0, False
    for row in rows:
        if count is not None and len(row) > count and row[count].strip() == "0":
            untracked += 1
            continue
        code = timecode.parse(row[time]) if len(row) == len(names) else None
        try:
            numbers = list(map(float, picked(row)[1:])) if code else None
        except ValueError:
            numbers = None
        if code is None or numbers is None or not math.isfinite(sum(numbers)):
            broken += 1
            continue
        codes.append(code)
        table.append(numbers)
        drop = drop or timecode.drops(row[time])
    return codes, np.array(table, float).reshape(-1, len(columns)) * signs + 0.0, untracked, broken, drop
