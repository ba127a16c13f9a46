"""Live Link Face .csv: a timecode, 52 blend shapes, and the rotations of head and eyes, one row per sample."""

import csv
import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import HEAD, SHAPES
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.files import written_whole
from engine.takes import timecode
from engine.takes.take import Take

NAME = "Live Link Face recording"
SUFFIXES = (".csv",)

NOMINAL = (23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 59.94, 60.0, 90.0, 120.0)
"""Rates that a measured one stands for when it drifts less than a quarter of a frame from it over the take."""
LONGEST_PAUSE = 60.0
"""Seconds without samples that are filled at most, beside nine times the take's own samples."""
_TIME, _COUNT = "timecode", "blendshapecount"


@cache
def _layout() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("live_link_face.toml").read_text("utf-8"))


def recognises(head: bytes) -> bool:
    """Whether the first line names a timecode."""
    return _TIME.encode() in head.splitlines()[0].lower()


def read(path: Path) -> Take:
    """Reads a recording by its columns' names, at the rate that its timecodes tell; absent channels rest at 0.

    Rows without a face (count 0) and dropped samples are interpolated. Broken rows are skipped and counted. Raises
    FaceMimicError (kind "file") for a file without a timecode, a channel or a usable row, and for NaN.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FaceMimicError(f"{path.name} is not readable as CSV text: {error}", "file") from error
    names = [name.strip() for name in rows[0]] if rows else []
    columns, unknown = _columns(path.name, names)
    codes, values, untracked, broken = _samples(path.name, rows, names, columns)
    if not codes:
        raise FaceMimicError(f"{path.name} has no usable row with a timecode and numbers. Record it again.", "file")
    rate = timecode.rate_of(codes)
    times = timecode.seconds_of(codes, rate)
    rising = np.concatenate([[True], times[1:] > np.maximum.accumulate(times)[:-1]])
    broken += int((~rising).sum())
    start = timecode.write(float(times[0]), rate)
    times, table = times[rising] - times[0], values[rising]
    fps = _sampling_rate(times)
    if times[-1] > LONGEST_PAUSE + 10 * len(times) / fps or fps < 1:
        raise FaceMimicError(
            f"{path.name} has {len(times)} samples over {times[-1]:.0f} s: its timecodes jump. Split the file where"
            " they do.",
            "file",
        )
    table, filled = _even(times, table, fps)
    notes = _notes(unknown, [c for c in (*SHAPES, *HEAD) if c not in columns], untracked, broken, filled, len(table))
    provenance = {
        "source": "live_link_face",
        "file": path.name,
        "start_timecode": start,
        "timecode_rate": rate,
        "notes": notes,
    }
    clip = Clip(table, fps, tuple(columns), provenance)
    limited = clip.limited()
    beyond = int((np.abs(limited.values - clip.canonical().values) > 0.05).sum())
    if beyond:
        notes.append(f"{beyond} values lay outside their channel's range and were limited.")
    return Take(limited, tuple(notes))


def write(clip: Clip, path: Path) -> None:
    """Writes all 61 columns, from timecode 00:00:00:00.000 at 60 a second; the eyes' rotations follow from eyeLook."""
    layout = _layout()
    clip = clip.canonical()
    values = {name: clip.values[:, column].astype(float) for column, name in enumerate(clip.channels)}
    series = [_series(name, values, layout) for name in layout["columns"]]
    with written_whole(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["Timecode", "BlendShapeCount", *layout["columns"]])
        for frame, row in enumerate(np.stack(series, 1).tolist()):
            cells = (f"{value:.10f}" for value in row)
            writer.writerow([timecode.write(frame / clip.fps), len(row), *cells])


def _series(name: str, values: dict[str, np.ndarray], layout: dict[str, Any]) -> np.ndarray:
    channel = name[0].lower() + name[1:]
    if name in layout["head"]:
        return values[channel] * layout["head"][name] + 0.0
    if channel in values:
        return values[channel]
    side, turn = ("Left", name[7:]) if name.startswith("Left") else ("Right", name[8:])
    eyes = layout["eyes"]
    if turn == "Pitch":
        return eyes["down"] * values["eyeLookDown" + side] - eyes["up"] * values["eyeLookUp" + side]
    if turn == "Yaw":
        inward = eyes["yaw"] * (values["eyeLookIn" + side] - values["eyeLookOut" + side])
        return inward if side == "Left" else -inward + 0.0
    return np.zeros_like(values["headYaw"])


def _place(names: list[str], wanted: str) -> int:
    return [name.lower() for name in names].index(wanted)


def _columns(file: str, names: list[str]) -> tuple[dict[str, int], list[str]]:
    """Places of our channels in a row, and the names of columns that mean nothing here."""
    lowered = [name.lower() for name in names]
    if _TIME not in lowered:
        raise FaceMimicError(f"{file} has no column “Timecode”. It is not a {NAME}.", "file")
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
    file: str, rows: list[list[str]], names: list[str], columns: dict[str, int]
) -> tuple[list[tuple[int, float]], np.ndarray, int, int]:
    """Timecodes, values (samples, channels), and how many rows had no face or were broken."""
    signs = np.array([_layout()["head"].get(name[0].upper() + name[1:], 1.0) for name in columns])
    time, count = _place(names, _TIME), _place(names, _COUNT) if _COUNT in [n.lower() for n in names] else None
    codes, table, untracked, broken = [], [], 0, 0
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        if count is not None and len(row) > count and row[count].strip() == "0":
            untracked += 1
            continue
        code = timecode.parse(row[time]) if len(row) == len(names) else None
        try:
            numbers = [float(row[place]) for place in columns.values()] if code else []
        except ValueError:
            code, numbers = None, []
        if code is None:
            broken += 1
            continue
        for name, value in zip(columns, numbers, strict=True):
            if not math.isfinite(value):
                raise FaceMimicError(
                    f"{file}: line {line} says {value} for {name}. Repair the file or record it again.", "file"
                )
        codes.append(code)
        table.append(numbers)
    return codes, np.array(table, float).reshape(-1, len(columns)) * signs + 0.0, untracked, broken


def _sampling_rate(times: np.ndarray) -> float:
    """Samples a second, a nominal rate where it fits, else what the timecodes tell. Dropped samples do not count."""
    if len(times) < 2:
        return 60.0
    step = float(np.median(np.diff(times)))
    for _ in range(2):
        # The median alone is coarse, since timecodes are rounded; whole steps over the whole take are exact.
        step = times[-1] / max(1.0, float(np.round(np.diff(times) / step).clip(1).sum()))
    drift = [abs(times[-1] / step / rate - times[-1]) * rate for rate in NOMINAL]
    best = int(np.argmin(drift))
    fits = drift[best] < 0.25 and abs(step * NOMINAL[best] - 1) < 0.002
    return NOMINAL[best] if fits else 1.0 / step


def _even(times: np.ndarray, values: np.ndarray, fps: float) -> tuple[np.ndarray, int]:
    """Values at k / fps, and how many of those frames had to be interpolated.

    Samples that already lie near an even grid are taken as they are, so that nothing is softened.
    """
    places = np.round(times * fps).astype(int)
    grid = np.arange(places[-1] + 1)
    near = np.abs(times * fps - places).max(initial=0) < 0.3 and len(np.unique(places)) == len(places)
    at, samples = (grid, places) if near else (grid / fps, times)
    even = np.stack([np.interp(at, samples, column) for column in values.T], 1)
    return even, len(grid) - len(values) if near else 0


def _notes(
    unknown: list[str], absent: list[str], untracked: int, broken: int, filled: int, frames: int
) -> list[str]:  # fmt: skip
    notes = []
    if unknown:
        notes.append(f"Columns not understood: {', '.join(unknown)}.")
    if absent:
        notes.append(f"Channels not in the file, left at rest: {', '.join(absent)}.")
    if untracked:
        notes.append(f"{untracked} rows show no face and were skipped.")
    if broken:
        notes.append(f"{broken} rows are broken (cells missing, no number, or time not increasing) and were skipped.")
    if filled > 0:
        notes.append(f"{filled} of {frames} frames had no sample and were interpolated.")
    return notes
