"""Training examples: random requests and how the simulator performs them."""

from dataclasses import dataclass

import numpy as np

from engine.emotions import emotions
from engine.model.conditions import asked_tracks
from engine.model.network import Config
from engine.performance.performer import perform
from engine.request import Beat, Style
from engine.train.captures import draw_window


@dataclass(frozen=True)
class Example:
    """values: float32 (frames, 55). asked: (tokens, asked). style: (knobs,). told: whether both are known."""

    values: np.ndarray
    asked: np.ndarray
    style: np.ndarray
    told: bool = True


def draw_example(
    rng: np.random.Generator, config: Config, captures: list[np.ndarray], captured: float = 0.0
) -> Example:
    """One performance as long as the model's window: of a random timeline and style, or with chance `captured` a
    window of a real capture, of which nobody knows what was asked.
    """
    frames = config.window * config.patch
    if captures and rng.random() < captured:
        values = draw_window(rng, captures, frames)
        nothing = np.zeros((config.window, config.asked), np.float32)
        return Example(values, nothing, np.zeros(len(config.style), np.float32), told=False)
    beats = draw_timeline(rng, frames / 60.0)
    style = draw_style(rng)
    settled = (bool(rng.random() < 0.6), bool(rng.random() < 0.6))
    values = perform(rng, beats, frames, style, talking=bool(rng.random() < 0.1), settled=settled)
    return Example(values, asked_tracks(beats, config.window, config, deliberate=style.deliberate), style.vector())


def draw_timeline(rng: np.random.Generator, seconds: float) -> list[tuple[Beat, float]]:
    """None to three beats with their starts, the first perhaps under way before the window opens."""
    beats: list[tuple[Beat, float]] = []
    start = rng.uniform(-1.5, 0.6 * seconds) if rng.random() < 0.6 else rng.uniform(0.0, 0.4)
    for _ in range(rng.choice(4, p=[0.1, 0.45, 0.3, 0.15])):
        beat = _draw_micro(rng) if rng.random() < 0.07 else _draw_beat(rng)
        beats.append((beat, start))
        # The next beat begins while this one leaves, or after a pause.
        apex_over = start + beat.onset + beat.hold
        start = apex_over + (
            rng.uniform(0, 0.9) * beat.offset if rng.random() < 0.7 else beat.offset + rng.uniform(0, 1)
        )
    return beats


def _draw_beat(rng: np.random.Generator) -> Beat:
    return Beat(
        draw_mixture(rng),
        intensity=rng.uniform(0.1, 1.2),
        onset=rng.uniform(0.12, 1.0),
        hold=rng.uniform(0.0, 2.2) ** 1.3,
        offset=rng.uniform(0.2, 1.4),
    )


def _draw_micro(rng: np.random.Generator) -> Beat:
    """A micro-expression: 307 to 327 ms at 7 to 9 % of maximal contraction, under 500 ms in all (SAMM-LV)."""
    length = rng.uniform(0.2, 0.5)
    onset, hold = rng.uniform(0.3, 0.4) * length, rng.uniform(0.1, 0.3) * length
    return Beat(draw_mixture(rng), rng.uniform(0.06, 0.2), onset=onset, hold=hold, offset=length - onset - hold)


def draw_mixture(rng: np.random.Generator) -> dict[str, float]:
    names = list(emotions())
    basic, others = names[:8], names[8:]
    first = str(rng.choice(basic if rng.random() < 0.55 else others))
    if rng.random() < 0.75:
        return {first: 1.0}
    second = str(rng.choice([name for name in basic if name != first]))
    share = rng.uniform(0.25, 0.75)
    return {first: share, second: 1 - share}


def draw_style(rng: np.random.Generator) -> Style:
    """Natural in a third of the cases; otherwise each knob is natural, at an end, or anywhere in its range.

    The ends come often, since a knob is judged by them: no blinks, a head at rest.
    """
    if rng.random() < 0.33:
        return Style()
    knobs = {}
    for name, natural in Style().__dict__.items():
        top = 1.0 if name in ("tension", "deliberate") else 2.0
        drawn = rng.uniform(0, top) if rng.random() < 0.6 else float(rng.choice((0.0, top)))
        knobs[name] = natural if rng.random() < 0.45 else drawn
    return Style(**knobs)
