"""An eye laid on closed skin, over which no lid can pass: it is flattened to a line below its lash."""

import numpy as np

from engine.transfer.drawn_eyes.amounts import HEIGHTS, SLIDES
from engine.transfer.drawn_eyes.eye import Eye

Array = np.ndarray

_ARC = 0.15
"""Share of the eye's width over which a lash's height is averaged into the arc that is bent."""


def shut(eye: Eye, points: Array) -> dict[str, Array]:
    """Offsets (n, 3) of the eye for each of HEIGHTS."""
    at = eye.local(points)
    out = {}
    for name, height in HEIGHTS.items():
        offsets = np.zeros_like(at)
        offsets[:, 2] = (height - 1.0) * (at[:, 2] - eye.meets(at[:, 0]))
        out[name] = eye.seated(at, offsets) @ eye.frame
    return out


def stroke(eye: Eye, at: Array, name: str) -> Array:
    """Offsets (n, 3), without their depth, of a lash at places (n, 3): its arc is bent, and its thickness stays.

    It goes to where the eye becomes a line in eyeBlink, and up and down with the eye's gaze.
    """
    out = np.zeros_like(at)
    if name in HEIGHTS:
        beside = np.exp(-0.5 * ((at[:, :1] - at[:, 0]) / (_ARC * eye.width)) ** 2)
        arc = beside @ at[:, 2] / beside.sum(1)
        left = 0.0 if name == "eyeBlink" else HEIGHTS[name]
        out[:, 2] = (left - 1.0) * (arc - eye.meets(at[:, 0]))
    else:
        out[:, 2] = SLIDES[name][1] * eye.tall
    return out
