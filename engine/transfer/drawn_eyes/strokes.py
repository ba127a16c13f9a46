"""What is drawn around an eye: lashes ride on the edge of their lid, folds and brows nearly stay."""

import numpy as np

from engine.transfer.drawn_eyes import laid
from engine.transfer.drawn_eyes.amounts import LIDS
from engine.transfer.drawn_eyes.eye import Eye, at_feet, evened, feet

Array = np.ndarray

_WING = 0.25
"""Share of the width beyond the corners over which lashes turn less with the lid: a wing keeps its direction."""
_FOLD = 0.1
"""Share of a lid's way that a fold drawn right above it goes."""


def lashes(eye: Eye, points: Array, upper: bool) -> dict[str, Array]:
    """Offsets (n, 3) of lashes for each of LIDS: they go with the edge of their lid and turn as it bends."""
    at = eye.local(points)
    if eye.closed:
        return {name: eye.seated(at, laid.stroke(eye, at, name)) @ eye.frame for name in LIDS}
    edge = eye.upper if upper else eye.lower
    foot = feet(edge, at)
    beyond = np.maximum(-at[:, 0], at[:, 0] - eye.width) / (_WING * eye.width)
    turning = np.clip(1 - beyond, 0, 1)
    out = {}
    for name in LIDS:
        moved = eye.moved(name, upper)
        turn = turning * at_feet(foot, _direction(edge + moved) - _direction(edge))
        arm = (at - at_feet(foot, edge))[:, [0, 2]]
        c, s = np.cos(turn), np.sin(turn)
        offsets = at_feet(foot, moved)
        offsets[:, 0] += arm[:, 0] * (c - 1) - arm[:, 1] * s
        offsets[:, 2] += arm[:, 0] * s + arm[:, 1] * (c - 1)
        offsets = eye.seated(at, offsets)
        if name in eye.lifts:
            offsets[:, 1] += at_feet(foot, eye.lifts[name][0 if upper else 1])
        out[name] = offsets @ eye.frame
    return out


def lines(eye: Eye, points: Array) -> dict[str, Array]:
    """Offsets (n, 3) of what is drawn on the skin around an eye for each of LIDS: folds barely move, brows stay."""
    at = eye.local(points)
    foot = feet(eye.upper, at)
    far = np.linalg.norm((at - at_feet(foot, eye.upper))[:, [0, 2]], axis=1)
    near = np.clip(1 - far / eye.tall, 0, 1) ** 3 * (at[:, 2] > eye.meets(at[:, 0]))
    out = {}
    for name in LIDS:
        offsets = np.zeros_like(at)
        offsets[:, 2] = _FOLD * near * at_feet(foot, eye.moved(name, True))[:, 2]
        out[name] = eye.seated(at, offsets) @ eye.frame
    return out


def _direction(edge: Array) -> Array:
    """Direction of an edge seen from the front (n,), evened out; it never turns by more than half a circle."""
    tangent = evened(np.gradient(edge[:, [0, 2]], axis=0))
    return np.unwrap(np.arctan2(tangent[:, 1], tangent[:, 0]))
