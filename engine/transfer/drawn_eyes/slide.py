"""Irises that slide behind the lids as the eye looks about."""

import numpy as np

from engine.transfer.drawn_eyes.amounts import SLIDES
from engine.transfer.drawn_eyes.before import kept_before
from engine.transfer.drawn_eyes.eye import Eye

Array = np.ndarray

_WHITE = 0.9
"""A part of the eye that is as large as this share of the opening is its white, and stays."""
_WHOLE = 0.5
"""Share of the way for an eye in one piece behind an opening, whose outline leaves its place."""


def looks(eye: Eye, pieces: tuple[Array, ...], points: Array) -> dict[str, tuple[Array, Array]]:
    """For each of SLIDES: which vertices slide, and their offsets (n, 3). pieces: the eye's, vertices of each."""
    sizes = [np.ptp(eye.local(points[piece])[:, [0, 2]], axis=0) for piece in pieces]
    room = _WHITE * np.array([eye.width, eye.tall])
    sliding = [number for number, size in enumerate(sizes) if not (size > room).all()]
    parted = 0 < len(sliding) < len(pieces)
    if not parted:
        sliding = list(range(len(pieces)))
    way = np.max([sizes[number] for number in sliding], axis=0) * (1.0 if parted or eye.closed else _WHOLE)
    vertices = np.concatenate([pieces[number] for number in sliding])
    at = eye.local(points[vertices])
    white = eye.local(points[np.setdiff1d(np.concatenate(pieces), vertices)])
    out = {}
    for name, shares in SLIDES.items():
        offsets = np.zeros_like(at)
        offsets[:, [0, 2]] = shares * way
        offsets = eye.seated(at, offsets)
        out[name] = vertices, kept_before(at, offsets, np.ones(len(at), bool), white, eye.width) @ eye.frame
    return out
