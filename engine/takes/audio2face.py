"""Audio2Face .json: weights by frame, under ARKit's 52 names or Audio2Face's own 46."""

import json
import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import HEAD, INDEX
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.files import written_whole
from engine.takes import sampling
from engine.takes.names import mixing
from engine.takes.take import Take, absent_note, take_of, unknown_note
from engine.takes.text import json_of

NAME = "Audio2Face export"
SUFFIXES = (".json",)
WRITTEN_AS = (".json",)
_KEYS = ("exportFps", "trackPath", "numPoses", "numFrames", "facsNames", "weightMat")
_UNREAD = ("joints", "rotations", "translations")


@cache
def _layout() -> dict[str, Any]:
    layout = tomllib.loads(Path(__file__).with_name("audio2face.toml").read_text("utf-8"))
    layout["gains"] = layout["facs"] | {new: layout["facs"][old] for new, old in layout["spellings"].items()}
    return layout


def recognises(head: bytes) -> bool:
    """Whether one of the export's own keys stands at its beginning."""
    return any(f'"{key}"'.encode() in head for key in _KEYS)


def read(path: Path) -> Take:
    """Reads an export at its own rate. Rows that are null, broken or not numbers are interpolated and counted.

    Weights of the 46 names move ARKit's channels by the gains in audio2face.toml. Raises FaceMimicError (kind "file")
    for a file without names, or without a usable row of weights.
    """
    data = json_of(path)
    names, rows = (data.get(key) for key in ("facsNames", "weightMat")) if isinstance(data, dict) else (None, None)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or not names:
        raise FaceMimicError(f"{path.name} has no list of names “facsNames”. It is not an {NAME}.", "file")
    if not isinstance(rows, list):
        raise FaceMimicError(f"{path.name} has no table “weightMat”. It is not an {NAME}.", "file")
    layout = _layout()
    table, unknown = mixing(path.name, names, layout["gains"])
    weights, usable = _weights(rows, len(names))
    if not usable.any():
        raise FaceMimicError(f"{path.name} has no usable row of {len(names)} weights. Export it again.", "file")
    notes = [*unknown_note(unknown), *absent_note(table.any(0))]
    fps = _rate(path.name, data, layout["rate"], notes)
    for key, count in (("numFrames", len(rows)), ("numPoses", len(names))):
        if key in data and data[key] != count:
            notes.append(f"The file says {key} {str(data[key])[:20]} and has {count}; what it has was read.")
    unread = [key for key in _UNREAD if data.get(key)]
    if unread:
        notes.append(f"Not read: {', '.join(unread)}.")
    lost = int((~usable).sum())
    if lost:
        notes.append(f"{lost} of {len(rows)} frames are empty or broken and were interpolated.")
    full, _ = sampling.evenly(np.arange(len(rows)) / fps, weights @ table, fps, usable)
    return take_of(full, fps, {"source": "audio2face", "file": path.name}, notes)


def write(clip: Clip, path: Path) -> None:
    """Writes ARKit's 52 channels; the head's rotation has no place in the format."""
    names = _layout()["arkit"]
    values = clip.canonical().values[:, [INDEX[name] for name in names]]
    export = {
        "exportFps": clip.fps,
        "trackPath": "",
        "numPoses": len(names),
        "numFrames": len(values),
        "facsNames": names,
        "weightMat": np.round(values.astype(float), 6).tolist(),
    }
    with written_whole(path) as part:
        part.write_text(json.dumps(export), "utf-8")


def lost(clip: Clip) -> list[str]:
    """Says whether the head turns, which the format cannot say."""
    turning = clip.canonical().values[:, [INDEX[name] for name in HEAD]].any()
    return ["Audio2Face's file has no place for the head's rotation; it was left out."] if turning else []


def _rate(file: str, data: dict[str, Any], default: float, notes: list[str]) -> float:
    fps = data.get("exportFps")
    if fps is None:
        notes.append(f"The file tells no frame rate (exportFps); {default:g}, Audio2Face's own default, was taken.")
        return default
    number = isinstance(fps, (int, float)) and not isinstance(fps, bool)
    if not number or not 1 <= fps <= sampling.HIGHEST_RATE:
        raise FaceMimicError(
            f"{file} says exportFps {str(fps)[:20]}, which is no frame rate. Write the right number there.", "file"
        )
    return float(fps)


def _weights(rows: list[Any], width: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (rows, width), 0 where a row is unusable, and which rows are usable."""
    weights, usable = np.zeros((len(rows), width)), np.zeros(len(rows), bool)
    for place, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != width or {type(cell) for cell in row} - {int, float}:
            continue
        try:
            if not math.isfinite(sum(row)):
                continue
            weights[place] = row
        except OverflowError:
            continue
        usable[place] = True
    return weights, usable
