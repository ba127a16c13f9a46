"""A Clip as the add-on holds it: what the engine answers with, kept without the engine's package."""

import json
import math
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .messages import AddonError


class Clip(NamedTuple):
    """A performance over time.

    values: float32 (frames, channels); shapes 0..1, head rotations in radians. Frame k shows time k / fps.
    fps: frames per second, above 0.
    channels: names, one for each column, in any order.
    provenance: JSON-ready facts about where it came from (request, seed, model's hash, source file).
    """

    values: np.ndarray
    fps: float
    channels: tuple[str, ...]
    provenance: dict[str, Any] = {}  # noqa: RUF012  (NamedTuple defaults are shared; nobody writes to them)

    @property
    def duration(self) -> float:
        """Seconds; each frame lasts 1 / fps."""
        return len(self.values) / self.fps

    def column(self, channel: str) -> np.ndarray:
        """float32 (frames,) of one channel; zeros when the Clip does not have it."""
        if channel in self.channels:
            return np.asarray(self.values[:, self.channels.index(channel)], np.float32)
        return np.zeros(len(self.values), np.float32)


def checked(clip: Clip) -> Clip:
    """The same Clip as contiguous float32. Raises AddonError when it cannot be a performance."""
    values = np.ascontiguousarray(clip.values, np.float32)
    if values.ndim != 2 or values.shape[1] != len(clip.channels) or len(values) == 0:
        raise AddonError(
            f"This take holds a table of {' × '.join(map(str, values.shape))} values for {len(clip.channels)} "
            "channels. Generate or export it again."
        )
    if len(set(clip.channels)) != len(clip.channels):
        raise AddonError("This take names the same channel twice. Generate or export it again.")
    if not (math.isfinite(clip.fps) and clip.fps > 0):
        raise AddonError(f"A take's frame rate must be above 0; this one says {clip.fps}.")
    if not np.isfinite(values).all():
        frame, channel = np.argwhere(~np.isfinite(values))[0]
        raise AddonError(f"Frame {frame} of {clip.channels[channel]} is not a number. Repair or record the take again.")
    return Clip(values, float(clip.fps), tuple(clip.channels), clip.provenance)


def load_npz(path: str | Path) -> Clip:
    """Reads a take (.npz with values, fps, channels, provenance). Raises AddonError for anything else."""
    path = Path(path)
    if not path.is_file():
        raise AddonError(f"There is no take at {path}.")
    try:
        with np.load(path, allow_pickle=False) as data:
            clip = Clip(
                data["values"],
                float(data["fps"]),
                tuple(str(name) for name in data["channels"]),
                dict(json.loads(str(data["provenance"]))),
            )
    except Exception as error:  # Damage shows as whatever zip, zlib, numpy's header parser or JSON stumble over.
        raise AddonError(
            f"{path.name} is not a FaceMimic take, or it is damaged. Export or record it again."
        ) from error
    try:
        return checked(clip)
    except AddonError as error:
        raise AddonError(f"{path.name}: {error}") from error


def save_npz(clip: Clip, path: str | Path) -> None:
    """Writes a take beside `path` and renames it, so that no half file carries the final name."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez_compressed(
                file,
                values=np.ascontiguousarray(clip.values, np.float32),
                fps=np.float64(clip.fps),
                channels=np.array(clip.channels),
                provenance=np.array(json.dumps(clip.provenance, sort_keys=True)),
            )
        part.replace(path)
    except OSError as error:
        raise AddonError(f"The take could not be written to {path}: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
