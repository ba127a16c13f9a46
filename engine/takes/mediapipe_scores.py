"""MediaPipe .json: the face landmarker's 52 scores by frame, in the forms that its users save them in."""

import math
import tomllib
from collections.abc import Iterable
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import HEAD, INDEX
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.takes import sampling
from engine.takes.names import channel_of, mixing, plain
from engine.takes.take import Take, absent_note, counted, filled_note, take_of, unknown_note
from engine.takes.text import json_of

NAME = "MediaPipe score file"
SUFFIXES = (".json",)
WRITTEN_AS = ()
_SIGNS = (b"categoryname", b"category_name", b"blendshapes", b'"_neutral"', b'"eyeblink', b'"jawopen', b'"browdown')
Scores = dict[str, float]


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("mediapipe_scores.toml").read_text("utf-8"))


def recognises(head: bytes) -> bool:
    """Whether the beginning is JSON that speaks of blend shapes."""
    return head.lstrip()[:1] in (b"[", b"{") and any(sign in head.lower() for sign in _SIGNS)


def read(path: Path) -> Take:
    """Reads the first face's scores: a list of frames, each with categories and scores, or a dict of scores by name.

    Frames without a face are interpolated, and held at the ends; broken ones too; both are counted. `_neutral` is left
    out, and tongueOut rests, since MediaPipe has no score for it. The head turns as the pose matrices say, before the
    camera; a matrix that is missing or broken is interpolated. Raises FaceMimicError (kind "file") for a file
    without frames of scores.
    """
    from engine.video.head import head_degrees

    outer, frames = _frames(path)
    names = _value(outer, _words()["names"])
    faces = [_scores(frame, list(map(str, names)) if isinstance(names, list) else None) for frame in frames]
    notes = _counted(faces)
    times, notes_on_times = _times(path.name, frames, outer)
    rising = sampling.rising(times)
    if not rising.all():
        notes.append(
            f"{counted(int((~rising).sum()), 'frame has', 'frames have')} no later time than those before and left out."
        )
    rows = [row for (row, _), later in zip(faces, rising, strict=True) if later]
    usable = np.array([bool(row) for row in rows])
    if not usable.any():
        raise FaceMimicError(f"{path.name} has no frame with a face's scores. Use another recording.", "file")
    heard: Scores = {}
    for row in rows:
        heard.update(row or {})
    kept = [name for name in heard if plain(name) != plain(_words()["neutral"])]
    table, unknown = mixing(path.name, kept)
    scores = np.array([list(map((row or heard).get, kept)) for row in rows], float)
    missing = np.isnan(scores)
    if missing.any():
        notes.append(
            f"{counted(int(missing.sum()), 'score is', 'scores are')} missing where others are not, and taken as 0."
        )
    times = times[rising]
    fps = sampling.rate_of(times)
    sampling.check(path.name, times, fps)
    values, driven = np.where(missing, 0, scores) @ table, table.any(0)
    poses = [_pose(frame) for frame, later in zip(frames, rising, strict=True) if later]
    posed = np.array([pose is not None for pose in poses])
    if posed.any():
        turns = np.radians(head_degrees(np.array([pose for pose in poses if pose is not None])))
        for place, turn in zip((INDEX[name] for name in HEAD), turns.T, strict=True):
            values[:, place], driven[place] = np.interp(times, times[posed], turn), True
    full, filled = sampling.evenly(times, values, fps, usable)
    notes = [*unknown_note(unknown), *absent_note(driven), *notes, *notes_on_times]
    if not posed.any() and any(_matrices(frame) is not None for frame in frames):
        notes.append("The pose matrices could not be read; the head rests.")
    return take_of(full, fps, {"source": "mediapipe", "file": path.name}, [*notes, *filled_note(filled, len(full))])


def write(clip: Clip, path: Path) -> None:
    """Refuses: scores are what MediaPipe saw, and a Clip was not seen by it."""
    raise FaceMimicError(f"{path.name}: a {NAME} can be read, not written. Choose another format.", "file")


def lost(clip: Clip) -> list[str]:
    """Nothing, as nothing is written."""
    return []


def _frames(path: Path) -> tuple[dict[str, Any], list[Any]]:
    """What stands around the frames, and the frames."""
    data = json_of(path)
    outer = data if isinstance(data, dict) else {}
    around = (_value(outer, _words()[key]) for key in ("frames", "shapes"))
    frames = data if isinstance(data, list) else next((inner for inner in around if isinstance(inner, list)), None)
    if not isinstance(frames, list) or not frames:
        raise FaceMimicError(f"{path.name} has no list of frames with scores. It is not a {NAME}.", "file")
    return outer, frames


def _key(row: Iterable[str], words: Iterable[str]) -> str | None:
    """The key of a row that is one of the words, in their order."""
    keys = {plain(key): key for key in row}
    return next((keys[plain(word)] for word in words if plain(word) in keys), None)


def _value(row: dict[str, Any], words: Iterable[str]) -> Any:
    key = _key(row, words)
    return None if key is None else row[key]


def _scores(frame: Any, names: list[str] | None) -> tuple[Scores | None, int]:
    """Scores by name of a frame's first face, {} without one, None when broken; and how many faces it has."""
    if not frame:
        return ({}, 0) if frame is None or frame == [] or frame == {} else (None, 0)
    if isinstance(frame, dict):
        inner = _inner(tuple(frame))
        return (_checked(_flat(frame)), 1) if inner is None else _scores(frame[inner], names)
    if not isinstance(frame, list):
        return None, 0
    first = frame[0]
    if names is not None and len(frame) == len(names) and not isinstance(first, (list, dict)):
        return _checked(dict(zip(names, frame, strict=True))), 1
    if isinstance(first, dict) and _key(first, _words()["score"]) is not None:
        return _categories(frame), 1
    return (_scores(first, names)[0], len(frame)) if isinstance(first, (list, dict)) else (None, 0)


@lru_cache(1024)
def _inner(keys: tuple[str, ...]) -> str | None:
    return _key(keys, _words()["shapes"])


def _matrices(frame: Any) -> Any:
    return _value(frame, _words()["matrices"]) if isinstance(frame, dict) else None


def _pose(frame: Any) -> np.ndarray | None:
    """The first face's transformation matrix (4, 4) in a frame, None without a sound one.

    It comes as rows, or as 16 numbers by rows (Python) or by columns (the web's `data`), which its 0, 0, 0, 1 tells.
    """
    found = _matrices(frame)
    while isinstance(found, (dict, list)):
        if isinstance(found, dict):
            found = found.get("data")
        elif len(found) == 1:
            found = found[0]
        else:
            break
    try:
        matrix = np.array(found, float).reshape(4, 4)
    except (ValueError, TypeError, OverflowError):
        return None
    last = np.array([0, 0, 0, 1])
    if not np.allclose(matrix[3], last, atol=1e-3):
        matrix = matrix.T
    # A rotation and a scale; a mirror image, or numbers beyond all measure, are none.
    if not (np.allclose(matrix[3], last, atol=1e-3) and np.abs(matrix).max() < 1e6):
        return None
    turn = matrix[:3, :3]
    scale = np.linalg.norm(turn, axis=0)
    sound = scale.min() > 1e-3 and np.allclose((turn / scale).T @ (turn / scale), np.eye(3), atol=0.05)
    return matrix if sound and np.linalg.det(turn) > 0 else None


def _flat(frame: dict[str, Any]) -> dict[str, Any]:
    return {name: score for name, score in frame.items() if _is_score(name) or (_is_other(name, type(score)))}


@lru_cache(1024)
def _is_score(name: str) -> bool:
    return channel_of(name) is not None


@lru_cache(1024)
def _is_other(name: str, kind: type) -> bool:
    """Whether a key that is no channel may be a score that we do not know, rather than a time or other data."""
    return kind in (int, float) and plain(name) not in {*map(plain, _words()["times"]), *_words()["places"]}


def _categories(rows: list[Any]) -> Scores | None:
    name, score = (_key(rows[0], _words()[what]) for what in ("name", "score"))
    try:
        return _checked(dict(map(itemgetter(name, score), rows)))
    except (KeyError, TypeError):
        return None


def _checked(scores: dict[Any, Any]) -> Scores | None:
    """The same scores when all are numbers under names."""
    try:
        finite = {*map(type, scores.values())} <= {int, float} and math.isfinite(sum(scores.values()))
    except OverflowError:
        return None
    return scores if finite and {*map(type, scores)} <= {str} else None


def _counted(faces: list[tuple[Scores | None, int]]) -> list[str]:
    several = sum(count > 1 for _, count in faces), "several faces; the first of each was read"
    empty = sum(row == {} for row, _ in faces), "no face"
    broken = sum(row is None for row, _ in faces)
    return [
        *(f"{counted(count, 'frame has', 'frames have')} {what}." for count, what in (several, empty) if count),
        *([f"{counted(broken, 'frame is', 'frames are')} broken (no scores, or no numbers)."] if broken else []),
    ]


def _times(file: str, frames: list[Any], outer: dict[str, Any]) -> tuple[np.ndarray, list[str]]:
    """Seconds of each frame, and what to say about them."""
    words = _words()
    rate = _value(outer, words["rate"])
    if rate is not None and not (type(rate) in (int, float) and 1 <= rate <= sampling.HIGHEST_RATE):
        raise FaceMimicError(f"{file} says {str(rate)[:20]} frames a second. Write the right number there.", "file")
    first = next((frame for frame in frames if isinstance(frame, dict)), {})
    for word, unit in words["times"].items():
        key = _key(first, [word])
        told: list[Any] = [frame.get(key) if isinstance(frame, dict) else None for frame in frames] if key else []
        if len(told) < 2 or not all(type(time) in (int, float) and abs(time) < 1e18 for time in told):
            continue
        times = np.array(told, float)
        unit = unit or _unit(times)
        if unit is None:
            continue
        measured = sampling.rate_of(np.unique(times * unit))
        apart = rate is not None and abs(measured / rate - 1) > 0.05
        return times * unit, (
            [f"The file says {rate:g} frames a second, its times {measured:g}; the times were followed."]
            if apart
            else []
        )
    if rate is not None:
        return np.arange(len(frames)) / rate, []
    note = f"The file tells no usable times and no rate; {words['default']:g} frames a second were taken."
    return np.arange(len(frames)) / words["default"], [note]


def _unit(times: np.ndarray) -> float | None:
    """Seconds in one unit of times whose unit is not named."""
    steps = np.diff(times)
    step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    return next((unit for unit in (1.0, 1e-3, 1e-6, 1e-9) if 1 / 245 <= step * unit <= 1), None)
