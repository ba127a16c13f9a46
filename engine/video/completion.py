"""What the camera did not see, completed; what it saw well stays as it is, to the last bit.

Near what was seen, values go on and meet smoothly; deeper in a longer gap, and where a part of the face is hidden
throughout, the performance model performs what goes with the rest of the face.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.ndimage import distance_transform_edt, minimum_filter1d, uniform_filter1d

from engine.channels import CHANNELS, HIGHEST, INDEX, LOWEST, SHAPES
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
FADE = 0.13
"""Seconds over which completed values give way to the seen ones."""
BEFORE = 0.1
"""Seconds before a gap from which it is told how values went on."""
CALM, FARTHEST = 0.08, 0.3
"""Seconds within which motion comes to rest in a gap, and how far it goes at most."""
GLIMPSE = 0.15
"""Seconds; a channel that is hidden most of the time must be seen for longer to be believed."""
SHORTEST = 0.4
"""Seconds of which something can be performed; a Request lasts at least 0.3."""
LEAST_SEEN = 0.3
"""Share of the face's channels that must be seen for hidden ones to be performed after them: from a face that is too
dark or too small throughout, poor readings tell more than none."""
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

    bridged: float32 (frames, 55), the values with straightforward bridges across the gaps, and rest where a channel is
    never seen. share: float32 (frames, 55), 0 where a value was seen and is kept, 1 where it is completed. away: float
    (frames, 55), seconds to the nearest seen value of the channel, infinite without one. fps: frames per second.
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

    @property
    def never_seen(self) -> list[str]:
        """Names of the channels that are hidden throughout."""
        return [name for name, away in zip(CHANNELS, self.away.T, strict=True) if np.isinf(away).all()]

    def spans(self, frames: np.ndarray) -> list[list[float]]:
        """[first, last] seconds of the Clip of the runs of frames; frames: bool (frames,)."""
        return [[round(first / self.fps, 3), round(last / self.fps, 3)] for first, last in runs(frames)]


def find_gaps(values: np.ndarray, confidence: np.ndarray, fps: float) -> Gaps:
    """values, confidence: float32 (frames, 55). Where hardly anything is seen, channels that are never seen stay."""
    confidence = _without_glimpses(confidence, fps)
    hidden = ~(confidence >= SEEN).any(0) & (np.median(confidence, axis=0) < UNSEEN)
    if hidden[: len(SHAPES)].mean() > 1 - LEAST_SEEN or len(values) < SHORTEST * fps:
        hidden[:] = False
    need = (confidence < UNSEEN).any(0) & ((confidence >= SEEN).any(0) | hidden)
    trust = np.clip((confidence - UNSEEN) / (SEEN - UNSEEN), 0, 1)
    half = max(1, round(FADE * fps / 4))
    # Twice a mean of the lowest: what is not trusted has no part in it, and the passage is smooth at both ends.
    trust = minimum_filter1d(trust, 4 * half + 1, axis=0)
    for _ in range(2):
        trust = uniform_filter1d(trust, 2 * half + 1, axis=0)
    # A window's mean of ones may come out as one less a rounding error.
    share = np.where(need & (trust < 1 - 1e-6), 1 - trust, 0).astype(np.float32)
    bridged, away = values.copy(), np.zeros(values.shape)
    for channel in np.flatnonzero(share.any(0)):
        read, part = values[:, channel], share[:, channel]
        if hidden[channel]:
            curve, away[:, channel] = np.zeros(len(values)), np.inf
        elif (part > 0).all():
            part[:] = 0
            continue
        else:
            curve = _bridged(read, part > 0, fps, channel in LIDS)
            away[:, channel] = np.asarray(distance_transform_edt(part > 0)) / fps
        bridged[:, channel] = np.where(part > 0, read + part * (curve - read), read)
    return Gaps(np.clip(bridged, np.minimum(values, LOWEST), np.maximum(values, HIGHEST)), share, away, fps)


def _bridged(values: np.ndarray, gone: np.ndarray, fps: float, lids: bool) -> np.ndarray:
    """Values (frames,) that pass the gaps (bool) from how they went on before to how they go on after.

    Motion comes to rest within a moment instead of stopping dead; lids open, so that none stays half shut. Before the
    first and after the last seen value they hold.
    """
    curve = values.astype(float)
    for first, last in runs(gone):
        sides = [
            _ending(values[~gone & near][::step], fps, lids)
            for near, step in ((_near(gone, first, -1, fps), 1), (_near(gone, last, 1, fps), -1))
        ]
        left, right = (side or other for side, other in zip(sides, sides[::-1], strict=True))
        assert left and right
        time, length = (np.arange(first, last + 1) - first + 1) / fps, (last - first + 2) / fps
        share = time / length
        curve[first : last + 1] = left[1] + (right[1] - left[1]) * share * share * (3 - 2 * share)
        if sides[0]:
            curve[first : last + 1] += (left[0] - left[1]) * np.exp(-time / CALM)
        if sides[1]:
            curve[first : last + 1] += (right[0] - right[1]) * np.exp((time - length) / CALM)
    return curve


def _near(gone: np.ndarray, edge: int, step: int, fps: float) -> np.ndarray:
    """bool (frames,): the seen frames next to a gap's first or last frame, on the side of the step (−1 or 1)."""
    chosen = np.zeros(len(gone), bool)
    for place in range(1, max(2, round(BEFORE * fps)) + 1):
        frame = edge + step * place
        if not 0 <= frame < len(gone) or gone[frame]:
            break
        chosen[frame] = True
    return chosen


def _ending(values: np.ndarray, fps: float, lids: bool) -> tuple[float, float] | None:
    """The last of values (frames,) before a gap, and where they come to rest; None without any."""
    if not len(values):
        return None
    last = float(values[-1])
    if lids:
        return last, float(values.min())
    speed = (last - float(values[0])) * fps / max(1, len(values) - 1)
    return last, last + float(np.clip(speed * CALM, -FARTHEST, FARTHEST))


def _without_glimpses(confidence: np.ndarray, fps: float) -> np.ndarray:
    """Confidence (frames, 55), 0 where a channel that is hidden most of the time is seen for a moment only."""
    made = confidence.copy()
    for channel in np.flatnonzero(np.median(confidence, axis=0) < UNSEEN):
        for first, last in runs(confidence[:, channel] >= UNSEEN):
            if last + 1 - first < GLIMPSE * fps:
                made[first : last + 1, channel] = 0
    return made


def completed(gaps: Gaps, generator: Generator, progress: Progress | None = None) -> tuple[np.ndarray, dict[str, Any]]:
    """float32 (frames, 55): the bridged values with the model's where a gap is long; and JSON-ready facts.

    No beats are asked, so no emotion is invented: the model only goes on from what it sees around, and from what it
    performed before.
    """
    share, made = gaps.model_share, gaps.bridged.copy()
    told = np.where(gaps.share > 0, TRUSTED * np.exp(-gaps.away / FORGOTTEN), 1).astype(np.float32)
    windows = _windows(share.any(1), gaps.fps)
    for place, (first, last, outer_first, outer_last) in enumerate(windows):
        outer, inner = slice(outer_first, outer_last), slice(first, last)
        sure = told[outer].copy()
        sure[: first - outer_first] = 1
        request = Request(
            duration=(outer_last - outer_first) / gaps.fps,
            fps=gaps.fps,
            seed=SEED,
            observed=Observed(made[outer], sure),
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
