"""A Request: what is asked of the engine, and the checks that it can be answered."""

import json
import math
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import CHANNELS, HIGHEST, LOWEST
from engine.emotions import normalised, parse_mixture
from engine.errors import FaceMimicError

SHORTEST, LONGEST = 0.3, 600.0
"""Seconds that a Request may last."""
STRONGEST = 1.2
"""Intensity that a beat may ask for; 1 is the strongest that people show in everyday life."""


def number(name: str, value: Any, low: float, high: float) -> float:
    """`value` as a float within low..high; raises FaceMimicError with the name and the range otherwise."""
    # A whole number may be longer than any float; only the comparison below can judge it.
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole and not (isinstance(value, (float, np.floating)) and math.isfinite(value)):
        raise FaceMimicError(f"{name} must be a number from {low:g} to {high:g}; it is {value!r}.")
    if not low <= value <= high:
        raise FaceMimicError(f"{name} must be from {low:g} to {high:g}; it is {min(max(value, -1e99), 1e99):g}.")
    return float(value)


@dataclass(frozen=True)
class Beat:
    """One emotion on the timeline, times in seconds: it rises for `onset` from `start`, stays, and falls.

    emotion: shares by name, summing to 1. intensity: 0..1.2.
    """

    emotion: dict[str, float]
    intensity: float = 0.8
    start: float = 0.0
    onset: float = 0.5
    hold: float = 0.7
    offset: float = 0.8

    def __post_init__(self) -> None:
        emotion = parse_mixture(self.emotion) if isinstance(self.emotion, str) else normalised(self.emotion)
        object.__setattr__(self, "emotion", emotion)
        object.__setattr__(self, "intensity", number("Intensity", self.intensity, 0, STRONGEST))
        object.__setattr__(self, "start", number("A beat's start (seconds)", self.start, 0, LONGEST))
        for name in ("onset", "hold", "offset"):
            value = number(f"A beat's {name} (seconds)", getattr(self, name), 0, LONGEST)
            object.__setattr__(self, name, value)

    @property
    def end(self) -> float:
        """Seconds at which the offset is over."""
        return self.start + self.onset + self.hold + self.offset

    @staticmethod
    def spanning(emotion: dict[str, float] | str, intensity: float, start: float, duration: float) -> "Beat":
        """A beat of `duration` seconds with natural proportions.

        Onset 0.52 s (spontaneous smiles, Cohn & Schmidt 2004) and a slower offset, both shortened in short beats.
        """
        duration = number("Duration (seconds)", duration, 0.1, LONGEST)
        onset, offset = min(0.52, 0.3 * duration), min(0.8, 0.4 * duration)
        return Beat(emotion, intensity, start, onset, max(0.0, duration - onset - offset), offset)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Style:
    """How it is performed. Each knob runs 0..2 with 1 as natural, save the last two, which run 0..1."""

    expressiveness: float = 1.0
    tempo: float = 1.0
    asymmetry: float = 1.0
    blink_rate: float = 1.0
    gaze: float = 1.0
    head_motion: float = 1.0
    tension: float = 0.0
    deliberate: float = 0.0

    def __post_init__(self) -> None:
        for knob in fields(self):
            top = 1.0 if knob.name in ("tension", "deliberate") else 2.0
            value = number(f"Style {knob.name}", getattr(self, knob.name), 0, top)
            object.__setattr__(self, knob.name, value)

    def vector(self) -> np.ndarray:
        """float32 (8,): the knobs centred on natural, about -1..1."""
        row = np.array(list(asdict(self).values()), np.float32)
        row[:6] -= 1.0
        return row


STYLE_KNOBS = tuple(knob.name for knob in fields(Style))


@dataclass(frozen=True)
class Observed:
    """Curves that are already known, at the Request's frames.

    values: float32 (frames, 55). confidence: float32 (frames, 55), 0 unknown .. 1 exact.
    """

    values: np.ndarray
    confidence: np.ndarray

    def __post_init__(self) -> None:
        for name in ("values", "confidence"):
            array = np.ascontiguousarray(getattr(self, name), np.float32)
            object.__setattr__(self, name, array)
            if array.ndim != 2 or array.shape[1] != len(CHANNELS):
                raise FaceMimicError(f"Observed {name} must be frames × {len(CHANNELS)}; they are {array.shape}.")
        if self.values.shape != self.confidence.shape:
            raise FaceMimicError("Observed values and confidence must have the same number of frames.")
        seen = self.confidence > 0
        if not np.isfinite(self.values[seen]).all() or not np.isfinite(self.confidence).all():
            raise FaceMimicError("An observed value is not a number. Leave unknown frames at confidence 0.")
        if (self.confidence < 0).any() or (self.confidence > 1).any():
            raise FaceMimicError("Confidence must be from 0 (unknown) to 1 (exact).")
        values = np.where(seen, np.clip(self.values, LOWEST, HIGHEST), 0).astype(np.float32)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True)
class Request:
    """What is asked: beats on a timeline, or curves to complete, or both.

    duration: seconds, 0.3..600; None means until the last beat ends. seed: 0..2**63-1. fps: 1..240.
    steps: sampling steps, 1..200; None for the model's default. guidance: 0..8; None for the model's default.
    """

    beats: tuple[Beat, ...] = ()
    duration: float | None = None
    style: Style = field(default_factory=Style)
    seed: int = 0
    fps: float = 60.0
    observed: Observed | None = None
    steps: int | None = None
    guidance: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "beats", tuple(sorted(self.beats, key=lambda beat: beat.start)))
        object.__setattr__(self, "fps", number("fps", self.fps, 1, 240))
        if isinstance(self.seed, bool) or not isinstance(self.seed, (int, np.integer)) or not 0 <= self.seed < 2**63:
            raise FaceMimicError(f"The seed must be a whole number from 0 to {2**63 - 1}; it is {self.seed!r}.")
        duration = self.duration
        if duration is None and self.observed is not None:
            duration = len(self.observed.values) / self.fps
        if duration is None:
            duration = max((beat.end for beat in self.beats), default=None)
        if duration is None:
            raise FaceMimicError("Ask for at least one beat, a duration, or curves to complete.")
        object.__setattr__(self, "duration", number("Duration (seconds)", duration, SHORTEST, LONGEST))
        if self.steps is not None:
            if number("Steps", self.steps, 1, 200) % 1:
                raise FaceMimicError(f"Steps must be a whole number; they are {self.steps:g}.")
            object.__setattr__(self, "steps", int(self.steps))
        if self.guidance is not None:
            object.__setattr__(self, "guidance", number("Guidance", self.guidance, 0, 8))
        if self.observed is not None and len(self.observed.values) != self.frames:
            raise FaceMimicError(
                f"The observed curves have {len(self.observed.values)} frames, but {self.duration:g} s at"
                f" {self.fps:g} fps are {self.frames}."
            )

    @property
    def frames(self) -> int:
        """Frames of the answer: duration × fps, rounded, at least 2."""
        assert self.duration is not None
        return max(2, round(self.duration * self.fps))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, without the observed arrays."""
        table = {name: getattr(self, name) for name in ("duration", "seed", "fps", "steps", "guidance")}
        table["seed"] = int(self.seed)
        table["beats"] = [asdict(beat) for beat in self.beats]
        table["style"] = asdict(self.style)
        return {name: value for name, value in table.items() if value is not None}

    @staticmethod
    def from_dict(table: Any, observed: Observed | None = None) -> "Request":
        """Reads a table as in a request file. Unknown names are refused, so that a typo is not ignored.

        A beat gives either `duration`, or any of `onset`, `hold`, `offset`; its emotion is a name, a mixture text
        ("happy=0.6,surprised=0.4") or a table of shares.
        """
        table = _table(table, "the request", {f.name for f in fields(Request)} - {"observed"})
        beats = table.get("beats", ())
        if not isinstance(beats, (list, tuple)):
            raise FaceMimicError("“beats” must be a list, each beat under its own [[beats]].")
        style = _table(table.get("style", {}), "style", set(STYLE_KNOBS))
        rest = {name: value for name, value in table.items() if name not in ("beats", "style")}
        return Request(
            beats=tuple(_beat(row, place) for place, row in enumerate(beats, 1)),
            style=Style(**style),
            observed=observed,
            **rest,
        )

    @staticmethod
    def load(path: str | Path) -> "Request":
        """Reads a request file, TOML or JSON. Raises FaceMimicError (kind "file") when it cannot be read."""
        path = Path(path)
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError as error:
            raise FaceMimicError(f"There is no request file {path}.", "file") from error
        except (OSError, UnicodeDecodeError) as error:
            raise FaceMimicError(f"Cannot read the request {path}. Give a UTF-8 TOML or JSON file.", "file") from error
        try:
            table = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise FaceMimicError(
                f"{path.name} is not valid {path.suffix[1:].upper() or 'TOML'}: {error}", "file"
            ) from error
        return Request.from_dict(table)


def _table(value: Any, where: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FaceMimicError(f"{where} must be a table of names and values.")
    unknown = sorted(set(value) - known)
    if unknown:
        raise FaceMimicError(f"“{unknown[0]}” is not known in {where}. Known are {', '.join(sorted(known))}.")
    return value


def _beat(row: Any, place: int) -> Beat:
    row = dict(_table(row, f"beat {place}", {f.name for f in fields(Beat)} | {"duration"}))
    if "emotion" not in row:
        raise FaceMimicError(f"Beat {place} names no emotion.")
    if not isinstance(row["emotion"], (str, dict)):
        raise FaceMimicError(f"The emotion of beat {place} must be a name or a table of shares.")
    if "duration" not in row:
        return Beat(**row)
    if {"onset", "hold", "offset"} & set(row):
        raise FaceMimicError(f"Beat {place} gives a duration and also onset, hold or offset. Give one or the other.")
    return Beat.spanning(row["emotion"], row.get("intensity", 0.8), row.get("start", 0.0), row["duration"])
