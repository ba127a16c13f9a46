"""OpenFace .csv: action units, gaze and head pose, one row for each frame and face."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.channels import CHANNELS, HEAD, INDEX
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.files import written_whole
from engine.takes import eyes, sampling
from engine.takes.openface_units import FULL, channels_of, driven_by, intensities_of, layout
from engine.takes.take import Take, absent_note, broken_note, counted, filled_note, take_of, unknown_note
from engine.takes.text import rows_of

if TYPE_CHECKING:
    # Importing scipy takes longer than the rest of the engine's start; it is done where it is needed.
    from scipy.spatial.transform import Rotation

NAME = "OpenFace table"
SUFFIXES = (".csv",)
WRITTEN_AS = (".openface.csv",)
_SIDEWAYS = 1.4
"""Radians beyond which a gaze angle is no longer believed, since its tangent runs away."""


def recognises(head: bytes) -> bool:
    """Whether the first line has columns that OpenFace names."""
    names = {cell.strip() for cell in head.splitlines()[0].lower().split(b",")}
    own = any(re.fullmatch(rb"au\d\d_[rc]|pose_r[xyz]|gaze_angle_[xy]|gaze_0_x", name) for name in names)
    return own or {b"timestamp", b"confidence", b"success"} <= names


@dataclass
class _Face:
    """Rows of one face: seconds, whether it was tracked, and the numbers of the wanted columns."""

    times: list[float] = field(default_factory=list)
    tracked: list[bool] = field(default_factory=list)
    numbers: list[list[float]] = field(default_factory=list)


def read(path: Path) -> Take:
    """Reads the face that is tracked in most frames, on the video's own times.

    Intensities become channels by the gains in openface.toml; the gaze becomes eyeLook after the head's rotation is
    taken off. Frames where tracking failed (success 0 or low confidence) are interpolated, and held at the ends;
    broken rows are skipped; both are counted. Raises FaceMimicError (kind "file") for a file without usable columns or
    without a frame in which a face was tracked.
    """
    rows = rows_of(path)
    names = [name.strip() for name in next(rows, [])]
    places = _places(path.name, names)
    wanted = [name for name in places if re.fullmatch(r"au\d\d_r|pose_r[xyz]|gaze_(angle_[xy]|[01]_[xyz])", name)]
    units = {name[:4].upper(): name for name in wanted if name[:4].upper() in layout()["intensity"]}
    if not wanted:
        raise FaceMimicError(f"{path.name} has no column of action units, gaze or head pose.", "file")
    faces, broken = _rows(rows, len(names), places, wanted)
    notes = _unread(places, units)
    face = _chosen(path.name, faces, notes)
    times, usable, values = np.array(face.times), np.array(face.tracked), np.array(face.numbers)
    timed = "timestamp" in places
    if not timed or (len(times) > 1 and not np.diff(times).any()):
        times = (np.arange(len(times)) if timed else times) / layout()["rate"]
        notes.append(f"The file tells no times; {layout()['rate']:g} frames a second were taken.")
    rising = sampling.rising(times)
    broken += int((~rising).sum())
    times, usable, values = times[rising], usable[rising], values[rising]
    if not usable.any():
        raise FaceMimicError(
            f"{path.name} has no frame with a tracked face (success 1 and confidence from"
            f" {layout()['confidence']:g}). Use another recording.",
            "file",
        )
    fps = sampling.rate_of(times)
    sampling.check(path.name, times, fps, "timestamps")
    full, driven = _channels(dict(zip(wanted, values.T, strict=True)), units, notes)
    full, filled = sampling.evenly(times, full, fps, usable)
    lost = int((~usable).sum())
    if lost:
        notes.append(f"{counted(lost, 'row has', 'rows have')} no tracked face (success 0 or low confidence).")
    notes += [*absent_note(driven), *broken_note(broken), *filled_note(filled, len(full))]
    return take_of(full, fps, {"source": "openface", "file": path.name, "start": float(times[0])}, notes)


def write(clip: Clip, path: Path) -> None:
    """Writes one face in every frame, in OpenFace's order; positions are 0, and no landmarks are written."""
    plan = layout()
    clip = clip.canonical()
    values = clip.values.astype(float)
    units = intensities_of(values)
    columns = dict.fromkeys(plan["pose"], np.zeros(len(values))) | _turned(values)
    columns |= {f"{name}_r": units[name] for name in plan["intensity"]}
    table = np.stack([columns[name] for name in (*plan["gaze"], *plan["pose"])], 1) + 0.0
    strengths = np.stack([columns[f"{name}_r"] for name in plan["intensity"]], 1) + 0.0
    shown = np.stack([units[name] >= plan["shown"] for name in plan["presence"]], 1)
    header = [
        *plan["lead"], *plan["gaze"], *plan["pose"],
        *(f"{name}_r" for name in plan["intensity"]), *(f"{name}_c" for name in plan["presence"]),
    ]  # fmt: skip
    with written_whole(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        file.write(", ".join(header) + "\n")
        for frame, cells in enumerate(np.concatenate([table, strengths], 1).tolist()):
            lead = f"{frame + 1}, 0, {frame / clip.fps:.6f}, 0.98, 1"
            numbers = ", ".join(f"{cell:.5f}" for cell in cells)
            presences = ", ".join("1.0" if one else "0.0" for one in shown[frame])
            file.write(f"{lead}, {numbers}, {presences}\n")


def lost(clip: Clip) -> list[str]:
    """Says what action units cannot show of the Clip."""
    values = clip.canonical().values
    driven = driven_by(layout()["intensity"])
    rest = [
        name for column, name in enumerate(CHANNELS)
        if not driven[column] and name not in HEAD and not name.startswith("eyeLook") and values[:, column].any()
    ]  # fmt: skip
    told = ["OpenFace's columns have no left and right: both sides were averaged."]
    return told + ([f"Channels that its columns cannot show, left out: {', '.join(rest)}."] if rest else [])


def _places(file: str, names: list[str]) -> dict[str, int]:
    """Places of the columns by lower-case name, where landmarks in pixels and in millimetres may share one."""
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        low = name.lower()
        if low in places and not re.fullmatch(layout()["known"], low):
            raise FaceMimicError(f"{file} has two columns “{name}”. Remove one of them.", "file")
        places.setdefault(low, place)
    places.pop("", None)
    if "timestamp" not in places and "frame" not in places:
        raise FaceMimicError(
            f"{file} has no column “timestamp” or “frame” between commas. Single images have no time; analyse a video.",
            "file",
        )
    return places


def _rows(
    rows: Iterator[list[str]], width: int, places: dict[str, int], wanted: list[str]
) -> tuple[dict[float, _Face], int]:
    """The faces by their id, and how many rows are broken."""
    time = places["timestamp" if "timestamp" in places else "frame"]
    picks = [places[name] for name in wanted]
    judged = [places[name] for name in ("success", "confidence", "face_id") if name in places]
    success, confidence, identity = (places.get(name) for name in ("success", "confidence", "face_id"))
    faces: dict[float, _Face] = defaultdict(_Face)
    least, nothing, broken = layout()["confidence"], [0.0] * len(wanted), 0
    for row in rows:
        try:
            if len(row) != width:
                raise ValueError("cells missing")
            at = float(row[time])
            if not math.isfinite(at + sum(float(row[place]) for place in judged)):
                raise ValueError("not a number")
            tracked = (success is None or float(row[success]) > 0.5) and (
                confidence is None or float(row[confidence]) >= least
            )
            numbers = [float(row[place]) for place in picks] if tracked else nothing
            if not math.isfinite(sum(numbers)):
                raise ValueError("not a number")
        except ValueError:
            broken += 1
            continue
        face = faces[float(row[identity]) if identity is not None else 0.0]
        face.times.append(at)
        face.tracked.append(tracked)
        face.numbers.append(numbers)
    return faces, broken


def _chosen(file: str, faces: dict[float, _Face], notes: list[str]) -> _Face:
    if not faces:
        raise FaceMimicError(f"{file} has no usable row of numbers. Analyse the video again.", "file")
    best = max(faces, key=lambda one: (sum(faces[one].tracked), -one))
    if len(faces) > 1:
        notes.append(f"The file has {len(faces)} faces; face {best:g}, tracked in most frames, was read.")
    return faces[best]


def _unread(places: dict[str, int], units: dict[str, str]) -> list[str]:
    plan = layout()
    own = {*plan["lead"], *(name.lower() for name in (*plan["gaze"], *plan["pose"])), *units.values()}
    unknown = [name for name in places if name not in own and not re.fullmatch(plan["known"], name)]
    notes = unknown_note(unknown)
    if not units and any(re.fullmatch(r"au\d+_c", name) for name in places):
        notes.append("Presences (AUxx_c) tell no strength and were not read; analyse the video with intensities.")
    return notes


def _channels(columns: dict[str, np.ndarray], units: dict[str, str], notes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """All channels (rows, 55), and which of them, bool (55,), the file drives."""
    rows = len(next(iter(columns.values())))
    strengths = {unit: columns[name] for unit, name in units.items()}
    full = channels_of(strengths) if strengths else np.zeros((rows, len(CHANNELS)))
    driven = driven_by(list(units))
    beyond = sum(int((strength > FULL + 0.05).sum()) for strength in strengths.values())
    if beyond:
        notes.append(f"{beyond} intensities lay above {FULL:g} and were limited.")
    for name, row in layout()["head"].items():
        for channel, sign in row.items() if name.lower() in columns else ():
            full[:, INDEX[channel]] = sign * columns[name.lower()]
            driven[INDEX[channel]] = True
    gaze = _gaze(columns)
    if gaze is not None:
        pose = [columns.get(f"pose_r{axis}") for axis in "xyz"]
        if any(angles is None for angles in pose):
            notes.append("The file has no head pose; its gaze was taken as relative to the head.")
        else:
            from scipy.spatial.transform import Rotation

            gaze = Rotation.from_euler("XYZ", np.stack([p for p in pose if p is not None], 1)).inv().apply(gaze)
        away = np.maximum(-gaze[:, 2], 1e-6)
        looking = eyes.looks(np.arctan2(gaze[:, 0], away), np.arctan2(-gaze[:, 1], away))
        full += looking.clip(0, 1)
        driven |= np.char.startswith(CHANNELS, "eyeLook")
    return full, driven


def _gaze(columns: dict[str, np.ndarray]) -> np.ndarray | None:
    """Directions of the gaze (rows, 3) in the camera's space, of any length, or None."""
    if {"gaze_angle_x", "gaze_angle_y"} <= columns.keys():
        across, down = (columns[f"gaze_angle_{axis}"].clip(-_SIDEWAYS, _SIDEWAYS) for axis in "xy")
        return np.stack([np.tan(across), np.tan(down), -np.ones(len(across))], 1)
    if {f"gaze_{eye}_{axis}" for eye in "01" for axis in "xyz"} <= columns.keys():
        return np.stack([columns[f"gaze_0_{axis}"] + columns[f"gaze_1_{axis}"] for axis in "xyz"], 1)
    return None


def _turned(values: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of head rotation and gaze. Eye 0 is the one on the image's left, the person's right."""
    columns = {}
    for name, row in layout()["head"].items():
        ((channel, sign),) = row.items()
        columns[name] = sign * values[:, INDEX[channel]]
    from scipy.spatial.transform import Rotation

    head = Rotation.from_euler("XYZ", np.stack([columns[f"pose_R{axis}"] for axis in "xyz"], 1))
    both = []
    for eye, side in enumerate(("Right", "Left")):
        yaw, pitch = eyes.turns(values, side)
        both.append((yaw, pitch))
        columns |= {f"gaze_{eye}_{axis}": part for axis, part in zip("xyz", _world(head, yaw, pitch).T, strict=True)}
    mean = _world(head, *(np.mean(angles, 0) for angles in zip(*both, strict=True)))
    columns["gaze_angle_x"] = np.arctan2(mean[:, 0], -mean[:, 2])
    columns["gaze_angle_y"] = np.arctan2(mean[:, 1], -mean[:, 2])
    return columns


def _world(head: "Rotation", yaw: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Unit vectors (frames, 3) in the camera's space along the gaze of eyes turned so in the head."""
    ahead = np.stack([np.tan(yaw), -np.tan(pitch), -np.ones(len(yaw))], 1)
    return head.apply(ahead / np.linalg.norm(ahead, axis=1, keepdims=True))
