"""A Clip: the performance that the engine answers with."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import CHANNELS, HEAD, HIGHEST, INDEX, LOWEST
from engine.errors import FaceMimicError
from engine.files import written_whole


@dataclass(frozen=True)
class Clip:
    """A performance over time.

    values: float32 (frames, channels); shapes 0..1, head rotations in radians. Frame k shows time k / fps.
    fps: frames per second, above 0.
    channels: names, one for each column.
    provenance: JSON-ready facts about where it came from (request, seed, model's hash, source file).
    """

    values: np.ndarray
    fps: float
    channels: tuple[str, ...] = CHANNELS
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, np.float32)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "channels", tuple(str(name) for name in self.channels))
        object.__setattr__(self, "fps", float(self.fps))
        if values.ndim != 2 or values.shape[1] != len(self.channels) or len(values) == 0:
            raise FaceMimicError(
                f"A Clip needs a table of frames × {len(self.channels)} channels; this one is {values.shape}.",
                "file",
            )
        if len(set(self.channels)) != len(self.channels):
            raise FaceMimicError("A Clip names the same channel twice.", "file")
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise FaceMimicError(f"A Clip's fps must be above 0; this one says {self.fps}.", "file")
        if not np.isfinite(values).all():
            frame, channel = np.argwhere(~np.isfinite(values))[0]
            raise FaceMimicError(
                f"Frame {frame} of {self.channels[channel]} is not a number. Repair or re-record the take.",
                "file",
            )

    @property
    def duration(self) -> float:
        """Seconds; each frame lasts 1 / fps."""
        return len(self.values) / self.fps

    def canonical(self) -> "Clip":
        """The same Clip with all 55 channels in the engine's order; absent ones rest at 0, others are dropped."""
        if self.channels == CHANNELS:
            return self
        values = np.zeros((len(self.values), len(CHANNELS)), np.float32)
        for column, name in enumerate(self.channels):
            if name in INDEX:
                values[:, INDEX[name]] = self.values[:, column]
        return Clip(values, self.fps, CHANNELS, self.provenance)

    def limited(self) -> "Clip":
        """The same Clip with every value inside its channel's range."""
        clip = self.canonical()
        return Clip(np.clip(clip.values, LOWEST, HIGHEST), clip.fps, CHANNELS, clip.provenance)

    def turned(self, head: np.ndarray) -> "Clip":
        """The same Clip with head (frames, 3), radians of yaw, pitch and roll, added to the head's own."""
        clip = self.canonical()
        added = np.pad(np.asarray(head, np.float32), ((0, 0), (len(CHANNELS) - len(HEAD), 0)))
        return Clip(clip.values + added, clip.fps, CHANNELS, clip.provenance).limited()

    def resampled(self, fps: float, frames: int | None = None) -> "Clip":
        """The same motion at another rate, linear between frames; `frames` sets the exact length."""
        frames = frames or max(2, round(self.duration * fps))
        if fps == self.fps and frames == len(self.values):
            return self
        at = np.clip(np.arange(frames) / fps * self.fps, 0, len(self.values) - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, len(self.values) - 1)
        part = (at - low)[:, None].astype(np.float32)
        values = self.values[low] * (1 - part) + self.values[high] * part
        return Clip(values, fps, self.channels, self.provenance)

    def save(self, path: str | Path) -> None:
        """Writes .npz: values, fps, channels and provenance (JSON text). No pickle."""
        with written_whole(path) as part, part.open("wb") as file:
            np.savez_compressed(
                file,
                values=self.values,
                fps=np.float64(self.fps),
                channels=np.array(self.channels),
                provenance=np.array(json.dumps(self.provenance, sort_keys=True)),
            )

    @staticmethod
    def load(path: str | Path) -> "Clip":
        """Reads what `save` wrote. Raises FaceMimicError (kind "file") for anything else."""
        path = Path(path)
        if not path.is_file():
            raise FaceMimicError(f"There is no take at {path}.", "file")
        try:
            with np.load(path, allow_pickle=False) as data:
                return Clip(
                    data["values"],
                    float(data["fps"]),
                    tuple(str(name) for name in data["channels"]),
                    dict(json.loads(str(data["provenance"]))),
                )
        except FaceMimicError as error:
            raise FaceMimicError(f"{path.name}: {error}", "file") from error
        except Exception as error:  # Damage shows as whatever zip, zlib, numpy's header parser or JSON stumble over.
            raise FaceMimicError(
                f"{path.name} is not a FaceMimic take, or it is damaged. Export or record it again.", "file"
            ) from error
