"""What is an actor's own, measured on a clip and kept for others: their resting face, lids, gaze and ranges."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import INDEX, SHAPES, mirrored_name
from engine.errors import FaceMimicError
from engine.files import written_whole
from engine.paths import data_folder
from engine.video.decoder import LANDMARKS, Neutral
from engine.video.lids import Lids, measured_lids, straight_gaze, with_closing_lids, with_steady_gaze
from engine.video.reading import Reader
from engine.video.rest import resting_bias, without_bias

FORM = "facemimic-actor-1"
SUFFIX = ".json"
PICKED = 0.99
"""Most that may be subtracted where the artist says that this is the resting face."""
CLEAR = 0.4
"""Peak from which on a channel has been shown, so that its range may be scaled; anything less might be noise."""
STRONGEST = 1.6
"""Most that a channel is scaled by."""
_GAZE = ("left eye's turn out", "right eye's turn out", "left eye's look up", "right eye's look up")
_NAME = re.compile(r"[^\\/:*?\"<>|\x00-\x1f.][^\\/:*?\"<>|\x00-\x1f]{0,79}")


@dataclass(frozen=True)
class Calibration:
    """One actor, as one reader reads them.

    reader: whose readings these are. neutral: the resting face as the tracker sees it. bias: float32 (52,), readings
    of the resting face. lids, gaze: see lids.py. gain: float32 (52,), what full expression is scaled by, 1 mostly.
    """

    reader: str
    neutral: Neutral
    bias: np.ndarray
    lids: Lids
    gaze: np.ndarray
    gain: np.ndarray

    def applied(self, times: np.ndarray, values: np.ndarray, narrowing: float) -> np.ndarray:
        """values float32 (frames, 52) with the resting face at 0, closing lids, steady gaze and the actor's range."""
        faces = with_closing_lids(with_steady_gaze(times, values, self.gaze), self.lids, narrowing)
        return np.clip(without_bias(faces, self.bias) * self.gain, 0, 1).astype(np.float32)

    def save(self, path: Path, about: dict[str, Any]) -> None:
        """Writes a readable file; about: what it was measured on, JSON-ready."""
        table = {
            "form": FORM,
            "about": about,
            "reader": self.reader,
            "rest": _by_name(self.bias, 0),
            "gain": _by_name(self.gain, 1),
            "lids": {"open": _rounded(self.lids.open), "shut": _rounded(self.lids.shut)},
            "gaze": dict(zip(_GAZE, _rounded(self.gaze), strict=True)),
            "neutral": {
                "logits": _rounded(self.neutral.logits, 3),
                "shape": _rounded(self.neutral.shape.ravel(), 5),
                "looks": _rounded(self.neutral.looks.ravel(), 4),
            },
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as part:
            text = json.dumps(table, indent=1)
            # One number a line would make it 1 500 lines long.
            part.write_text(re.sub(r"(?<=[\d\[,])\s+(?=[-\d\]])", " ", text) + "\n", "utf-8")

    @staticmethod
    def load(path: Path, reader: str) -> "Calibration":
        """Reads what `save` wrote. Raises FaceMimicError (kind "file") for anything else, or another reader's."""
        try:
            table = json.loads(path.read_text("utf-8"))
            if table["form"] != FORM:
                raise ValueError
            shape = np.array(table["neutral"]["shape"], np.float32).reshape(-1, 3)
            looks = np.array(table["neutral"]["looks"], np.float32).reshape(2, -1)
            made = Calibration(
                str(table["reader"]),
                Neutral(shape, np.array(table["neutral"]["logits"], np.float32), looks),
                _from_names(table["rest"], 0),
                Lids(_pair(table["lids"]["open"]), _pair(table["lids"]["shut"])),
                np.array([float(table["gaze"][name]) for name in _GAZE], np.float32),
                _from_names(table["gain"], 1),
            )
            numbers = (
                shape,
                looks,
                made.neutral.logits,
                made.bias,
                made.gaze,
                made.gain,
                made.lids.open,
                made.lids.shut,
            )
            # A reading of rest at 1, or an eye shut no further than open, would divide by nothing.
            sane = all(np.isfinite(part).all() for part in numbers) and (made.bias <= PICKED + 1e-6).all()
            if (
                not sane
                or min(np.subtract(made.lids.shut, made.lids.open)) < 0.05
                or len(made.neutral.logits) != len(SHAPES)
            ):
                raise ValueError
            if len(shape) not in (0, LANDMARKS):
                raise ValueError
        except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise FaceMimicError(
                f"{path} is not an actor's calibration, or it is damaged. Delete it and calibrate the actor anew.",
                "file",
            ) from error
        if made.reader != reader:
            raise FaceMimicError(
                f"The actor in {path.name} was calibrated for another decoder ({made.reader}; this is {reader})."
                " Calibrate the actor anew.",
                "file",
            )
        return made


def measured(
    times: np.ndarray,
    values: np.ndarray,
    confidence: np.ndarray,
    resting: np.ndarray,
    reader: Reader,
    neutral: Neutral,
    picked: bool = False,
    full_range: bool = False,
) -> Calibration:
    """A clip's own calibration.

    values: float32 (frames, 52) without NaN, as the reader reads them with that neutral. confidence: (frames, 52).
    resting: bool (frames,). picked: the artist chose them, so that all that they show is taken for rest.
    full_range: the clip shows the most that the actor can do, so their peaks are full expression.
    """
    largest = reader.bias.largest
    bias = resting_bias(values, resting, np.full(len(SHAPES), PICKED, np.float32) if picked else largest)
    widest = 0.6 if picked else float(largest[INDEX["eyeBlinkLeft"]])
    lids = measured_lids(values, resting, widest, reader.bias.shut)
    gaze = straight_gaze(values, times, resting, 1.0 if picked else float(largest[INDEX["eyeLookUpLeft"]]))
    plain = Calibration(reader.name, neutral, bias, lids, gaze, np.ones(len(SHAPES), np.float32))
    if not full_range:
        return plain
    shown = plain.applied(times, values, reader.bias.narrowing)
    return Calibration(reader.name, neutral, bias, lids, gaze, _gains(shown, confidence))


def _gains(shown: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """1 for channels that were not clearly shown. Both sides share one, so that a lopsided face stays lopsided."""
    peaks = np.array(
        [
            np.quantile(column[sure], 0.99) if (sure := trust > 0.5).any() else 0
            for column, trust in zip(shown.T, confidence.T, strict=True)
        ]
    )
    other = peaks[[INDEX[mirrored_name(name)] for name in SHAPES]]
    peaks = np.maximum(peaks, other)
    gains = np.where(peaks >= CLEAR, np.clip(1 / np.maximum(peaks, 1e-6), 1, STRONGEST), 1)
    kept = [i for i, name in enumerate(SHAPES) if name.startswith(("eyeBlink", "eyeLook"))]
    gains[kept] = 1
    return gains.astype(np.float32)


def actor_path(actor: str) -> Path:
    """Where an actor's calibration lies: the file itself, or by name in this person's own folder.

    Raises FaceMimicError (kind "request") for a name that can be no file's.
    """
    if actor.lower().endswith(SUFFIX):
        return Path(actor)
    if not _NAME.fullmatch(actor):
        raise FaceMimicError(
            f"“{actor}” cannot be an actor's name: use letters, digits and spaces, or a file that ends in {SUFFIX}."
        )
    return data_folder() / "actors" / f"{actor.strip()}{SUFFIX}"


def known_actors() -> list[str]:
    """Names of the actors that were calibrated, sorted."""
    return sorted(path.stem for path in (data_folder() / "actors").glob(f"*{SUFFIX}"))


def _by_name(values: np.ndarray, usual: float) -> dict[str, float]:
    return {name: round(float(v), 4) for name, v in zip(SHAPES, values, strict=True) if round(float(v), 4) != usual}


def _from_names(table: dict[str, float], usual: float) -> np.ndarray:
    return np.array([float(table.get(name, usual)) for name in SHAPES], np.float32)


def _rounded(values: Any, digits: int = 4) -> list[float]:
    return [round(float(value), digits) for value in values]


def _pair(values: list[float]) -> tuple[float, float]:
    left, right = (float(value) for value in values)
    return left, right
