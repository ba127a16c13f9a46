"""The sample head as the transfer needs it: skin, its 52 shapes, what its parts are, how eyes, jaw and tongue move.

data/nova.npz is made by sample_rigs/transfer_source.py and is in the public domain (CC0) as the sample head is.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.channels import SHAPES
from engine.transfer.soften import softened

Array = np.ndarray
_FILE = Path(__file__).parent / "data" / "nova.npz"


class Source(NamedTuple):
    """Millimetres, origin between the eyes, x to the character's left, y backwards, z up.

    points (v, 3), triangles (t, 3), deltas (52, v, 3) in the order of SHAPES. label (v,): 1, 2 upper and lower lip,
    3, 4 the left lids, 5, 6 the right ones, 0 elsewhere. hidden bool (v,): inside the mouth, a socket or a nostril.
    lid_ring, lip_ring (v,): rings of vertices around eyes and mouth, 0 where lids or lips meet, negative outside.
    landmarks (468, 3) as MediaPipe numbers them. eye_centre (3,) and eye_radius of the left eyeball; gaze (4,): degrees
    up, down, in and out at full strength. jaw: the lower teeth's rigid motion (3, 4) for each jaw shape. tongue,
    tongue_out (n, 3): the tongue and what tongueOut adds to it.
    """

    points: Array
    triangles: Array
    deltas: Array
    label: Array
    hidden: Array
    lid_ring: Array
    lip_ring: Array
    landmarks: Array
    eye_centre: Array
    eye_radius: float
    gaze: Array
    jaw: dict[str, Array]
    tongue: Array
    tongue_out: Array


@lru_cache(maxsize=1)
def load_source() -> Source:
    """The sample head."""
    with np.load(_FILE, allow_pickle=False) as data:
        names = [str(name) for name in data["names"]]
        order = [names.index(name) for name in SHAPES]
        deltas = data["deltas"][order] * data["step"][order][:, None, None]
        points, triangles = data["points"].astype(float), data["triangles"].astype(int)
        return Source(
            points,
            triangles,
            softened(deltas, points, triangles, data["lip_ring"].astype(float)),
            data["label"],
            data["hidden"],
            data["lid_ring"].astype(float),
            data["lip_ring"].astype(float),
            data["landmarks"].astype(float),
            data["eye_centre"],
            float(data["eye_radius"]),
            data["gaze"],
            {str(name): motion for name, motion in zip(data["jaw_names"], data["jaw"], strict=True)},
            data["tongue"].astype(float),
            data["tongue_out"].astype(float),
        )
