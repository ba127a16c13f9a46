"""Who performs: gains, habits and asymmetries drawn once for each performance."""

from dataclasses import dataclass

import numpy as np

from engine.channels import CHANNELS, MIRROR_ORDER
from engine.request import Style


@dataclass(frozen=True)
class Person:
    """Everything is drawn by draw_person.

    gains: float32 (55,), how far each channel moves, about 1. side: +1 or -1, the side of one-sided expressions.
    habits: by unit number, 0..1; a unit is shown by those whose habit is below how common it is, so that a person
    shows the same variants each time. left, right: gains of the two halves of the face. blink_rate: per minute.
    fixation: mean seconds between gaze shifts. gaze_spread, head_spread: degrees, radians. drift: micro-movement,
    channel units.
    """

    gains: np.ndarray
    habits: np.ndarray
    left: float
    right: float
    side: int
    blink_rate: float
    partial_share: float
    fixation: float
    gaze_spread: float
    head_spread: float
    head_cutoff: float
    drift: float


def draw_person(rng: np.random.Generator, style: Style) -> Person:
    """A person performing in `style`.

    Left–right ± 5 % is natural, in deliberate expressions as well (Schmidt 2006, 2009); blinks 17 per minute at
    rest (Bentivoglio 1997), about half of them partial (Ousler 2014).
    """
    gains = rng.lognormal(0.0, 0.10, len(CHANNELS)).astype(np.float32)
    gains = np.sqrt(gains * gains[MIRROR_ORDER])
    lean = float(np.clip(rng.normal(0, 0.05), -0.12, 0.12)) * style.asymmetry
    return Person(
        gains=gains,
        habits=rng.random(80),
        left=1 + lean,
        right=1 - lean,
        side=1 if rng.random() < 0.5 else -1,
        blink_rate=float(np.clip(rng.normal(17, 4), 8, 28)) * style.blink_rate,
        partial_share=float(np.clip(rng.normal(0.53, 0.12), 0.2, 0.8)),
        fixation=float(rng.lognormal(np.log(1.3), 0.35)) / (0.35 + 0.65 * style.gaze),
        gaze_spread=float(rng.lognormal(np.log(5.0), 0.3)) * style.gaze,
        head_spread=float(rng.lognormal(np.log(0.028), 0.3)) * style.head_motion,
        head_cutoff=float(rng.uniform(0.5, 1.1)) * (0.5 + 0.5 * style.tempo),
        drift=0.012 * (0.5 + 0.5 * style.expressiveness),
    )
