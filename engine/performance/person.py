"""Who performs: gains, habits and asymmetries drawn once for each performance."""

from dataclasses import dataclass

import numpy as np

from engine.channels import CHANNELS, MIRROR_ORDER, REGIONS
from engine.request import Style


@dataclass(frozen=True)
class Person:
    """Everything is drawn by draw_person.

    gains: float32 (55,), how far each channel moves, about 1. side: +1 or -1, the side of one-sided expressions.
    habits: by unit number, 0..1; a unit is shown by those whose habit is below how common it is, so that a person
    shows the same variants each time. lean: float32 (55,), gains by which the halves of the face differ.
    blink_rate: per minute. fixation: mean seconds between gaze shifts. gaze_spread, head_spread: degrees, radians.
    drift: micro-movement, channel units.
    """

    gains: np.ndarray
    habits: np.ndarray
    lean: np.ndarray
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
    return Person(
        gains=gains,
        habits=rng.random(80),
        lean=_draw_lean(rng, style.asymmetry),
        side=1 if rng.random() < 0.5 else -1,
        blink_rate=float(np.clip(rng.normal(17, 4), 8, 28)) * style.blink_rate,
        partial_share=float(np.clip(rng.normal(0.53, 0.12), 0.2, 0.8)),
        fixation=float(rng.lognormal(np.log(1.3), 0.35)) / (0.35 + 0.65 * style.gaze),
        gaze_spread=float(rng.lognormal(np.log(4.0), 0.3)) * style.gaze,
        head_spread=float(rng.lognormal(np.log(0.028), 0.3)) * style.head_motion,
        head_cutoff=float(rng.uniform(0.5, 1.1)) * (0.25 + 0.75 * style.tempo),
        drift=0.012 * (0.5 + 0.5 * style.expressiveness),
    )


def _draw_lean(rng: np.random.Generator, asymmetry: float) -> np.ndarray:
    """float32 (55,): one half of the face moves more than the other, brows and mouth not quite alike; eyes excepted.

    `asymmetry` at 2 trebles the natural ± 5 %, so that an artist sees what the knob does.
    """
    whole = rng.normal(0, 0.05)
    gains = np.ones(len(CHANNELS), np.float32)
    for region in REGIONS.values():
        lean = float(np.clip(0.8 * whole + 0.6 * rng.normal(0, 0.05), -0.12, 0.12)) * asymmetry**1.6
        for i in region:
            if not CHANNELS[i].startswith("eye"):
                gains[i] = 1 + lean * (CHANNELS[i].endswith("Left") - float(CHANNELS[i].endswith("Right")))
    return gains
