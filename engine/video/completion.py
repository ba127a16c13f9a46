"""What the camera did not see, completed by the performance model; what it saw well stays as it is, to the last bit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from engine.clip import Clip
from engine.request import Observed, Request
from engine.video.events import runs

UNSEEN, SEEN = 0.25, 0.6
"""Confidence up to which a value is left to the model, and from which on it is kept exactly."""
CONTEXT = 1.0
"""Seconds before and after that the model sees."""
LONGEST = 12.0
"""Seconds that are completed at once, without the context."""
FADE = 0.1
"""Seconds over which the model's values give way to the seen ones."""
SEED = 0


class Generator(Protocol):
    """The performance model (engine.model.generate.Generator)."""

    digest: str

    def generate(self, request: Request, progress: Callable[[float], None] | None = None) -> Clip: ...


@dataclass(frozen=True)
class Completed:
    """values: float32 (frames, 55). weight: float32 (frames, 55), 0 where a value was kept, 1 where it is the model's.
    facts: JSON-ready."""

    values: np.ndarray
    weight: np.ndarray
    facts: dict[str, Any]


def needs_completion(confidence: np.ndarray) -> np.ndarray:
    """bool (frames, 55): values that are left to the model. Channels that are never seen have nothing to go by."""
    return (confidence < UNSEEN) & (confidence >= SEEN).any(0)


def completed(
    values: np.ndarray,
    confidence: np.ndarray,
    fps: float,
    generator: Generator,
    progress: Callable[[float], None] | None = None,
) -> Completed:
    """Values float32 (frames, 55) with what has too little confidence (frames, 55) completed.

    No beats are asked, so no emotion is invented: the model only goes on from what it sees around.
    """
    need = needs_completion(confidence)
    width = max(1, round(FADE * fps))
    trust = np.clip((confidence - UNSEEN) / (SEEN - UNSEEN), 0, 1)
    trust = uniform_filter1d(minimum_filter1d(trust, 2 * (width // 2) + 1, axis=0), width, axis=0)
    # A window's mean of ones may come out as one less a rounding error.
    trust = np.where(need.any(0) & (trust < 1 - 1e-6), trust, 1).astype(np.float32)
    windows = _windows((trust < 1).any(1), fps)
    made, weight = values.copy(), np.zeros_like(values)
    for place, (first, last, outer_first, outer_last) in enumerate(windows):
        outer = slice(outer_first, outer_last)
        observed = Observed(made[outer], _told(trust[outer], confidence[outer]))
        request = Request(duration=(outer_last - outer_first) / fps, fps=fps, seed=SEED, observed=observed)

        def tell(fraction: float, place: int = place) -> None:
            if progress:
                progress((place + fraction) / len(windows))

        answer = generator.generate(request, tell).values
        inner = slice(first, last)
        share = 1 - trust[inner]
        made[inner] = np.where(
            share > 0,
            values[inner] + share * (answer[first - outer_first : last - outer_first] - values[inner]),
            values[inner],
        )
        weight[inner] = share
    spans = [[round(first / fps, 3), round((last - 1) / fps, 3)] for first, last, _, _ in windows]
    return Completed(made, weight, {"spans": spans, "model": generator.digest, "seed": SEED})


def _told(trust: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """What the model is told of each value: kept ones are exact, the others as far as they were seen."""
    return np.where(trust >= 1, 1, np.where(confidence < UNSEEN, 0, np.minimum(trust, 0.9))).astype(np.float32)


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
        outer_first, outer_last = max(0, first - context), min(frames, last + context)
        outer_last = min(frames, max(outer_last, outer_first + least))
        windows.append((first, last, max(0, min(outer_first, outer_last - least)), outer_last))
    return windows
