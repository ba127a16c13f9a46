"""Irises that slide behind the lids as the eye looks about."""

import numpy as np

from engine.transfer import mesh
from engine.transfer.drawn_eyes.amounts import LIDS, SLIDES
from engine.transfer.drawn_eyes.before import kept_before
from engine.transfer.drawn_eyes.eye import Eye

Array = np.ndarray

_WHITE = 0.9
"""A part of the eye that is as large as this share of the opening is its white, and stays."""
_WHOLE = 0.5
"""Share of the way for an eye in one piece behind an opening, whose outline leaves its place."""
_HIDDEN = 0.06
"""Share of the eye's width behind the face's surface at which an iris slides beside the opening."""
_FINE = 0.05
"""Share of the eye's width between places of it that lids pass over: a plane may have vertices only at its corners."""


def looks(eye: Eye, pieces: tuple[Array, ...], points: Array) -> dict[str, tuple[Array, Array]]:
    """For each of SLIDES: which vertices slide, and their offsets (n, 3). pieces: the eye's, vertices of each."""
    if not pieces:
        return {}
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
    each = np.arange(len(at))[:, None], np.ones((len(at), 1))
    out = {}
    for name, shares in SLIDES.items():
        offsets = np.zeros_like(at)
        offsets[:, [0, 2]] = shares * way
        offsets = eye.seated(at, offsets)
        if not eye.closed:
            # Beside the opening the face, which is less smooth than its surface, hides what slides there.
            there = at + offsets
            deepest = eye.surface.depth(there) - _HIDDEN * eye.width
            offsets[:, 1] -= np.where(eye.inside(there), 0.0, np.maximum(there[:, 1] - deepest, 0.0))
        out[name] = vertices, kept_before(at, offsets, each, each[0][:0, 0], white, eye.width) @ eye.frame
    return out


def poses(eye: Eye, pieces: tuple[Array, ...], points: Array, triangles: Array) -> dict[str, Array]:
    """For each of LIDS, places (n, 3) all over the eye as lids have to pass before it: shut, in every gaze.

    points (v, 3), triangles: of the whole mesh, which `pieces` count.
    """
    if not pieces:
        return dict.fromkeys(LIDS, np.zeros((0, 3)))
    own = triangles[np.isin(triangles, np.concatenate(pieces)).all(1)]
    spread = mesh.samples(points, own, _FINE * eye.width)
    out = dict.fromkeys(LIDS, spread.points)
    for name, (vertices, offsets) in looks(eye, pieces, points).items():
        moved = np.zeros_like(points)
        moved[vertices] = offsets
        out[name] = spread.points + spread.spread(moved)
    return {**out, "eyeBlink": np.concatenate(list(out.values()))}
