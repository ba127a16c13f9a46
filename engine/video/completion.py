"""What the camera did not see, completed; what it saw well stays as it is, to the last bit.

Near what was seen, values go on and meet smoothly; deeper in a longer gap the performance model performs what goes
with the rest of the face.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import distance_transform_edt, minimum_filter1d, uniform_filter1d

from engine.channels import INDEX
from engine.clip import Clip
from engine.request import Observed, Request
from engine.video.events import hysteresis, runs

UNSEEN, SEEN = 0.25, 0.6
"""Confidence up to which a value is completed, and from which on it is kept exactly."""
BRIDGED = (0.5, 1.2)
"""Seconds to the nearest seen value: up to the first, a gap is bridged; from the second on, the model performs it.
With a hidden mouth of a real take the bridge is the better up to 0.5 s and is off by 0.09 beyond 1 s, the model by 0.07
(`python -m benchmarks.completion`); with a hidden face they are off alike."""
UNBLINKING = 1.5
"""Seconds to the nearest seen value of the lids up to which no blink is performed; farther in, blinks come whole."""
SHUT, MOVED = 0.2, 0.05
"""A blink is where the performed lids reach the first; it lasts while they are above the second."""
TRUSTED, FORGOTTEN = 0.8, 0.6
"""Confidence that the model is told for a bridge at its ends, and seconds over which that falls to 37 %."""
CONTEXT = 1.0
"""Seconds before and after that the model sees."""
LONGEST = 12.0
"""Seconds that are completed at once, without the context."""
FADE = 0.1
"""Seconds over which completed values give way to the seen ones."""
SEED = 0
LIDS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]

Progress = Callable[[float], None]


class Generator(Protocol):
    """The performance model (engine.model.generate.Generator)."""

    digest: str

    def generate(self, request: Request, progress: Progress | None = None) -> Clip: ...


@dataclass(frozen=True)
class Gaps:
    """What is to be completed.

    bridged: float32 (frames, 55), the values with straightforward bridges across the gaps. share: float32 (frames, 55),
    0 where a value was seen and is kept, 1 where it is completed. away: float (frames, 55), seconds to the nearest
    seen value of the channel. fps: frames per second.
    """

    bridged: np.ndarray
    share: np.ndarray
    away: np.ndarray
    fps: float

    @property
    def model_share(self) -> np.ndarray:
        """0..1 (frames, 55): how much of a completed value the model has."""
        near, far = BRIDGED
        part = np.clip((self.away - near) / (far - near), 0, 1)
        share = (self.share * part * part * (3 - 2 * part)).astype(np.float32)
        # Half a blink is none.
        share[:, LIDS] = self.away[:, LIDS] >= UNBLINKING
        return share

    def spans(self, frames: np.ndarray) -> list[list[float]]:
        """[first, last] seconds of the Clip of the runs of frames; frames: bool (frames,)."""
        return [[round(first / self.fps, 3), round(last / self.fps, 3)] for first, last in runs(frames)]


def find_gaps(values: np.ndarray, confidence: np.ndarray, fps: float) -> Gaps:
    """values, confidence: float32 (frames, 55). Channels that are never seen well have nothing to go by and stay."""
    need = (confidence < UNSEEN) & (confidence >= SEEN).any(0)
    width = max(1, round(FADE * fps))
    trust = np.clip((confidence - UNSEEN) / (SEEN - UNSEEN), 0, 1)
    trust = uniform_filter1d(minimum_filter1d(trust, 2 * (width // 2) + 1, axis=0), width, axis=0)
    # A window's mean of ones may come out as one less a rounding error.
    share = np.where(need.any(0) & (trust < 1 - 1e-6), 1 - trust, 0).astype(np.float32)
    bridged, away = values.copy(), np.zeros(values.shape)
    frames = np.arange(len(values))
    for channel in np.flatnonzero(share.any(0)):
        seen = np.flatnonzero(share[:, channel] == 0)
        if len(seen) < 2:
            share[:, channel] = 0
            continue
        # Beyond the ends the last seen value holds.
        inside = np.clip(frames, seen[0], seen[-1])
        curve = PchipInterpolator(seen, values[seen, channel])(inside)
        part = share[:, channel]
        bridged[:, channel] = np.where(
            part > 0, values[:, channel] + part * (curve - values[:, channel]), values[:, channel]
        )
        away[:, channel] = np.asarray(distance_transform_edt(part > 0)) / fps
    return Gaps(bridged, share, away, fps)


def completed(gaps: Gaps, generator: Generator, progress: Progress | None = None) -> tuple[np.ndarray, dict[str, Any]]:
    """float32 (frames, 55): the bridged values with the model's where a gap is long; and JSON-ready facts.

    No beats are asked, so no emotion is invented: the model only goes on from what it sees around.
    """
    share, made = gaps.model_share, gaps.bridged.copy()
    told = np.where(gaps.share > 0, TRUSTED * np.exp(-gaps.away / FORGOTTEN), 1).astype(np.float32)
    windows = _windows(share.any(1), gaps.fps)
    for place, (first, last, outer_first, outer_last) in enumerate(windows):
        outer, inner = slice(outer_first, outer_last), slice(first, last)
        request = Request(
            duration=(outer_last - outer_first) / gaps.fps,
            fps=gaps.fps,
            seed=SEED,
            observed=Observed(gaps.bridged[outer], told[outer]),
        )

        def tell(fraction: float, place: int = place) -> None:
            if progress:
                progress((place + fraction) / len(windows))

        answer = generator.generate(request, tell).values[first - outer_first : last - outer_first]
        gone = share[inner].copy()
        gone[:, LIDS] = _blinks(answer[:, LIDS].mean(1), gone[:, LIDS].min(1))[:, None]
        made[inner] += gone * (answer - made[inner])
    return made, {"performed": gaps.spans(share.any(1)), "model": generator.digest, "seed": SEED}


def _blinks(lids: np.ndarray, free: np.ndarray) -> np.ndarray:
    """0 or 1 (frames,): where the performed lids (frames,) blink, for each blink that lies in free frames (1) alone."""
    taken = np.zeros(len(lids), np.float32)
    for first, last in hysteresis(lids, SHUT, MOVED):
        taken[first : last + 1] = free[first : last + 1].min()
    return taken


def _windows(doubtful: np.ndarray, fps: float) -> list[tuple[int, int, int, int]]:
    """first, last + 1 of each stretch to complete, and of the same with its context."""
    frames, context, longest = len(doubtful), round(CONTEXT * fps), max(2, round(LONGEST * fps))
    joined: list[list[int]] = []
    for first, last in runs(doubtful):
        if joined and first - joined[-1][1] < context:
            joined[-1][1] = last + 1
        else:
            joined.append([first, last + 1])
    parts = [(a, min(a + longest, last)) for first, last in joined for a in range(first, last, longest)]
    # A Request lasts at least 0.3 s.
    least = round(0.3 * fps) + 1
    windows = []
    for first, last in parts:
        outer_first = max(0, min(first - context, frames - least))
        windows.append((first, last, outer_first, min(frames, max(last + context, outer_first + least))))
    return windows
