"""What can be asked of a capture."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from engine.errors import FaceMimicError
from engine.request import number
from engine.video.reading import DECODERS

STAGES = ("smoothing", "calibration", "sealing", "completion")
"""Stages that can be left out, in the order in which they are taken."""


@dataclass(frozen=True)
class Options:
    """Checked when made; raises FaceMimicError (kind "request").

    fps: frames per second of the Clip, None for the footage's own; of a folder of images, their rate.
    face: its number among those of `faces_to_choose`, None for the largest at first sight.
    start, end: seconds of the footage to use; the Clip's frame 0 is the first frame at or after `start`.
    mirrored: the picture is a mirror image, as front cameras save; sides are swapped.
    neutral: the second of the footage in which the face rests, None to find it.
    actor: a name or a .json file: their calibration is used, or measured on this footage and kept when there is none.
    renew_actor: measure it again. full_range: the footage shows the most that the actor can do.
    decoder: see reading.py. weights, model: files of the decoder and of the landmarker, if not the installed ones.
    without: stages to leave out, see STAGES. cache: keep the track for another run, and go on with a kept one.
    device: where the performance model runs.
    """

    fps: float | None = None
    face: int | None = None
    start: float = 0.0
    end: float | None = None
    mirrored: bool = False
    neutral: float | None = None
    actor: str | None = None
    renew_actor: bool = False
    full_range: bool = False
    decoder: str = "auto"
    weights: str | Path | None = None
    model: str | Path | None = None
    without: tuple[str, ...] = ()
    cache: bool = True
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.fps is not None:
            object.__setattr__(self, "fps", number("fps", self.fps, 1, 240))
        if self.face is not None and (
            isinstance(self.face, bool) or not isinstance(self.face, int) or not 0 <= self.face < 100
        ):
            raise FaceMimicError(f"The face is counted from 0, the largest; it cannot be {self.face!r}.")
        object.__setattr__(self, "start", number("Start (seconds)", self.start, 0, 1e6))
        if self.end is not None:
            object.__setattr__(self, "end", number("End (seconds)", self.end, 0, 1e6))
        if self.stop <= self.start:
            raise FaceMimicError(f"The end ({self.stop:g} s) must come after the start ({self.start:g} s).")
        if self.neutral is not None:
            object.__setattr__(self, "neutral", number("The neutral face's time (seconds)", self.neutral, 0, 1e6))
            if not self.start <= self.neutral < self.stop:
                raise FaceMimicError(
                    f"The neutral face ({self.neutral:g} s) must lie in the part that is used, from {self.start:g} s"
                    + (f" to {self.end:g} s." if self.end is not None else " on.")
                )
        for name in ("mirrored", "renew_actor", "full_range", "cache"):
            if not isinstance(getattr(self, name), bool):
                raise FaceMimicError(f"“{name}” must be true or false; it is {getattr(self, name)!r}.")
        for name in ("actor", "weights", "model"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, (str, Path)) or not str(value).strip()):
                raise FaceMimicError(f"“{name}” must be a text; it is {value!r}.")
        if self.decoder not in DECODERS:
            raise FaceMimicError(f"There is no decoder “{self.decoder}”. Known are {', '.join(DECODERS)}.")
        if isinstance(self.without, str) or not set(self.without) <= set(STAGES):
            unknown = self.without if isinstance(self.without, str) else ", ".join(set(self.without) - set(STAGES))
            raise FaceMimicError(f"“{unknown}” is no stage. Only {', '.join(STAGES)} can be left out.")
        object.__setattr__(self, "without", tuple(stage for stage in STAGES if stage in self.without))
        if (self.renew_actor or self.full_range) and self.actor is None:
            raise FaceMimicError("Name the actor whose calibration is to be measured.")
        if self.actor is not None and "calibration" in self.without:
            raise FaceMimicError(
                f"Nothing of the actor “{self.actor}” can be used or kept where calibration is left out. Name no actor,"
                " or do not leave calibration out."
            )

    @property
    def stop(self) -> float:
        """`end`, or infinity."""
        return math.inf if self.end is None else self.end

    @staticmethod
    def from_dict(table: Mapping[str, Any]) -> "Options":
        """The options among a table's fields; those that are absent or None keep their default."""
        known = {one.name for one in fields(Options)}
        given = {name: value for name, value in table.items() if name in known and value is not None}
        if isinstance(given.get("without"), list):
            given["without"] = tuple(given["without"])
        return Options(**given)
