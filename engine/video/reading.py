"""Reading channels from what was tracked: by the learned decoder, or as the tracker scores them itself."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.channels import INDEX, SHAPES
from engine.errors import FaceMimicError
from engine.paths import weights_folder
from engine.video import raw_scores
from engine.video.decoder import NAME, UNSEEN, Decoded, Decoder, Neutral
from engine.video.head import head_degrees
from engine.video.steady import Seen
from engine.video.tape import Looker

DECODERS = ("auto", "learned", "none")
"""auto: the learned one where its weights are installed. none: the tracker's own scores."""
RESTING = 0.15
"""About what 99 of 100 of the learned decoder's readings of resting faces stay below, on people it does not know."""
AT_ONCE = 128
"""Frames that a thread reads at once; what is read must not depend on the number of threads."""
THREADS = min(4, os.cpu_count() or 1)


HOODED = 0.3
"""The same of eyeBlink: open eyes under heavy lids read up to this, on two real faces 0.14 and 0.25."""


@dataclass(frozen=True)
class Bias:
    """What may be taken for an error of the reading on a resting face, in channel units.

    largest: float32 (52,), the most that may be subtracted. shut: the lowest and highest reading from which an eye may
    count as shut. narrowing: exponent that takes from the lids what scaling by blinks adds to a smile's narrow eyes.
    """

    largest: np.ndarray
    shut: tuple[float, float]
    narrowing: float = 1.0


class Reader(Protocol):
    """Channels from what was seen. looker: what looks at crops for it, if anything. name: told in the provenance. bias:
    of its readings. silent: channels without signal on any face."""

    name: str
    bias: Bias
    silent: tuple[str, ...]
    looker: Looker | None

    def neutral(self, resting: Seen) -> Neutral: ...

    def read(self, seen: Seen, neutral: Neutral | None) -> Decoded: ...


def reader(decoder: str = "auto", weights: str | Path | None = None) -> Reader:
    """The reader of that name (see DECODERS); weights: the learned one's file, if not the installed.

    Raises FaceMimicError, kind "request" for another name, "weights" where the learned one is asked and missing.
    """
    if decoder not in DECODERS:
        raise FaceMimicError(f"There is no decoder “{decoder}”. Known are {', '.join(DECODERS)}.")
    installed = weights is not None or (weights_folder() / NAME).is_file()
    if decoder == "none" or (decoder == "auto" and not installed):
        return Scores()
    return Learned(Decoder.load(weights))


class Learned:
    """The learned decoder. It knows the person's resting face, so little bias is left to take away."""

    def __init__(self, decoder: Decoder) -> None:
        self.silent: tuple[str, ...] = UNSEEN
        self._decoder = decoder
        self.looker: Looker | None = decoder
        self.name = f"decoder {decoder.sha256[:16]}" if decoder.sha256 else "decoder"
        largest = np.full(len(SHAPES), RESTING, np.float32)
        largest[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = HOODED
        self.bias = Bias(largest, (0.55, 0.95))

    def neutral(self, resting: Seen) -> Neutral:
        return self._decoder.neutral(resting.landmarks, resting.logits, resting.poses, resting.looks, resting.size)

    def read(self, seen: Seen, neutral: Neutral | None) -> Decoded:
        parts = [slice(first, first + AT_ONCE) for first in range(0, len(seen.landmarks), AT_ONCE)]
        with ThreadPoolExecutor(THREADS) as pool:
            read = list(pool.map(lambda part: self._read(seen.rows(part), neutral), parts))
        return Decoded(*(np.concatenate([getattr(one, name.name) for one in read]) for name in fields(Decoded)))

    def _read(self, seen: Seen, neutral: Neutral | None) -> Decoded:
        return self._decoder(seen.landmarks, seen.logits, seen.poses, seen.looks, seen.size, neutral)


class Scores:
    """The tracker's own scores, for comparison and where the decoder's weights are not installed."""

    name = "mediapipe scores"

    def __init__(self) -> None:
        # Shut eyes peak at 0.37 to 0.82 (MediaPipe 1.2.2, real faces); smiling ones were overdrawn without 1.5.
        self.bias = Bias(raw_scores.largest_bias(), (0.45, 0.65), 1.5)
        self.silent = raw_scores.blind_channels()
        self.looker: Looker | None = None

    def neutral(self, resting: Seen) -> Neutral:
        return Neutral(np.zeros((0, 3), np.float32), np.median(resting.logits, axis=0), resting.looks[0])

    def read(self, seen: Seen, neutral: Neutral | None) -> Decoded:
        values = (1 / (1 + np.exp(-seen.logits.astype(float)))).astype(np.float32)
        values[:, INDEX["tongueOut"]] *= 0
        confidence = np.tile(np.isin(SHAPES, self.silent, invert=True), (len(values), 1)).astype(np.float32)
        confidence[~np.isfinite(values[:, 0])] = 0
        return Decoded(values, confidence, head_degrees(seen.poses))
