"""What every question is asked of, and what its answer looks like."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.clip import Clip
from engine.evaluate.intervals import Estimate
from engine.performance.performer import perform
from engine.request import Request

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.model.generate import Generator

Performer = Callable[[Sequence[Request]], list[np.ndarray]]
"""Requests → values, float32 (request.frames, 55) each."""


@dataclass
class Table:
    """A titled table of text."""

    title: str
    head: Sequence[str]
    rows: list[Sequence[str]]


@dataclass
class Picture:
    """name: file name without its ending. draw: fills an empty figure of `size` inches."""

    name: str
    caption: str
    draw: Callable[["Figure"], None]
    size: tuple[float, float] = (8.0, 3.2)


@dataclass
class Section:
    """The answer to one question. figures: JSON-ready. targets: what was demanded → whether it was met."""

    name: str
    title: str
    text: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    targets: dict[str, bool] = field(default_factory=dict)

    def target(self, words: str, met: object) -> None:
        """Notes a demand and whether it was met."""
        self.targets[words] = bool(met)


@dataclass(frozen=True)
class Setting:
    """replications: clips behind each figure, 20 or more outside a quick look. seeds: performances of each emotion
    for recognition. take: a real take at its own rate, or None. compared: other weights by name, for the ablations.
    """

    generator: "Generator"
    weights: Path
    model: Performer
    take: Clip | None
    replications: int = 20
    seeds: int = 64
    compared: dict[str, Path] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, Performer]:
        """Who performs, by name: the simulator, which is what the model was taught, and the model."""
        return {"simulator": simulate, "model": self.model}


def performer_of(generator: "Generator") -> Performer:
    """The model, asked as anybody asks it."""
    return lambda requests: [clip.values for clip in generator.generate_many(requests)]


def simulate(requests: Sequence[Request]) -> list[np.ndarray]:
    """The simulator's performances of Requests without observed curves."""
    answers = []
    for request in requests:
        rng = np.random.default_rng((request.seed, 2))
        frames = max(2, round(request.frames * 60 / request.fps))
        values = perform(rng, [(beat, beat.start) for beat in request.beats], frames, request.style)
        answers.append(Clip(values, 60.0).resampled(request.fps, request.frames).values)
    return answers


def held_out(take: Clip) -> Clip:
    """The last third of a take, which training never sees."""
    from engine.train.captures import TRAINED_SHARE

    return Clip(take.values[int(TRAINED_SHARE * len(take.values)) + 1 :], take.fps, take.channels)


def seen(take: Clip) -> Clip:
    """The part of a take that training may see."""
    from engine.train.captures import TRAINED_SHARE

    return Clip(take.values[: int(TRAINED_SHARE * len(take.values))], take.fps, take.channels)


def jsonable(value: Any) -> Any:
    """Figures as JSON can hold them."""
    if isinstance(value, Estimate):
        return {name: jsonable(item) for name, item in value.to_dict().items()}
    if isinstance(value, dict):
        return {str(name): jsonable(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [jsonable(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return round(float(value), 6) if np.isfinite(value) else None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    return int(value) if isinstance(value, (int, np.integer)) else value
