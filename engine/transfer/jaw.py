"""The lower jaw: one rigid body, whose motion every place of the face shares to some degree.

A jaw keeps its form when it moves, so what is carried from one face to another is how much of its motion each place
goes along with, 0 on the skull and 1 on the chin, and the motion itself turns about the other face's own hinge.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from engine.channels import INDEX
from engine.transfer.source import Source
from engine.transfer.warp import Warp

Array = np.ndarray

OPENS, SEAL = "jawOpen", "mouthClose"
_BETWEEN = 0.6
"""Of a way from the skull to the jaw, the share over which what lies there passes from the one to the other."""


def shares(source: Source, shape: str, of: str | None = None) -> Array:
    """How much of the jaw's motion in `shape` each of the sample's vertices shares (v,), 0..1.

    of: another shape, such as one that moves the lips against that motion; its shares may be negative.
    """
    motion = source.jaw[shape]
    whole = source.points @ motion[:, :3].T + motion[:, 3] - source.points
    delta = source.deltas[INDEX[of or shape]]
    return (delta * whole).sum(1) / np.maximum((whole * whole).sum(1), 1.0)


def passing(share: Array) -> Array:
    """A share of the way from the skull to the jaw, 0..1, with most of the way taken in its middle."""
    t = np.clip((share - 0.5) / _BETWEEN + 0.5, 0.0, 1.0)
    return t * t * (3 - 2 * t)


def moved(source: Source, shape: str, to: Warp, strength: float = 1.0) -> Array:
    """The rigid motion (3, 4) of another face's jaw. to: a map of the sample's space to its. strength: 0..1."""
    turn, shift = source.jaw[shape][:, :3], source.jaw[shape][:, 3]
    # Rounding would make a hinge of a jaw that only slides.
    still = np.round(np.eye(3) - turn, 9)
    pivot = np.linalg.lstsq(still, shift, rcond=1e-6)[0]
    slide = (shift - still @ pivot) * strength
    turn = Rotation.from_rotvec(Rotation.from_matrix(turn).as_rotvec() * strength).as_matrix()
    there = to(pivot[None])[0] if pivot.any() else pivot
    return np.concatenate([turn, (there - turn @ there + slide)[:, None]], 1)


def offsets(motion: Array, points: Array) -> Array:
    """What a rigid motion (3, 4) adds to points (n, 3)."""
    return points @ motion[:, :3].T + motion[:, 3] - points
