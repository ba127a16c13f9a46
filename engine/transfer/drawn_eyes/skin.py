"""The skin around a drawn eye: it follows the lids' edges, and keeps other shapes from dragging them."""

from collections.abc import Mapping

import numpy as np

from engine.transfer import mesh
from engine.transfer.drawn_eyes.amounts import LIDS
from engine.transfer.drawn_eyes.before import kept_before
from engine.transfer.drawn_eyes.eye import DEEP, REACH, Eye, at_feet, evened, feet

Array = np.ndarray

_STRONGEST = 0.18
"""Share of the opening's height by which shapes of brows, cheeks and nose move a lid at most."""
# Shares of the eye's width.
_RIM = 0.03
"""From its edge, within which a lid goes exactly where it should."""
_FOLD = 0.09
"""Over which the skin of a lid is smoothed further away."""
_LINING = 0.1
"""Behind the surface, from where skin lines a lid and is not seen."""
_FINE = 0.05
"""Between the places of a lid that are kept before the eye: a coarse one is pierced between its vertices."""
_THIN = 0.03
"""Before the eye, which a lid stays: when shut it goes with the gaze, as two shapes that know nothing of each other."""
_HELD, _LOOSE = 50.0, 0.05
"""How much skin is held to where it should go: at the edge, and where it follows."""


def lids(eye: Eye, points: Array, triangles: Array, clouds: Mapping[str, Array]) -> dict[str, Array]:
    """Offsets (n, 3) of the skin for each of LIDS. clouds (m, 3): what lies in the eye then, before which lids pass."""
    at = eye.local(points)
    reach = REACH * eye.tall
    off = at[:, 1] - eye.surface.depth(at)
    edges = np.concatenate([eye.upper, eye.lower])
    near = mesh.Tree(edges[:, [0, 2]]).query(at[:, [0, 2]])[0] < reach + _RIM * eye.width
    near = np.flatnonzero(near & (np.abs(off) < DEEP * eye.width))
    above = at[near, 2] > eye.meets(at[near, 0])
    kept, faces = np.unique(triangles[np.isin(triangles, near).any(1)], return_inverse=True)
    rises = np.zeros((len(LIDS), len(points), 3))
    held = np.full(len(points), _HELD)
    for upper, edge in ((True, eye.upper), (False, eye.lower)):
        own = near[above == upper]
        foot = feet(edge, at[own])
        far = np.linalg.norm((at[own] - at_feet(foot, edge))[:, [0, 2]], axis=1)
        follow = np.clip(1 - np.maximum(far - _RIM * eye.width, 0.0) / reach, 0, 1) ** 1.5
        held[own] = np.where((follow == 1) | (follow == 0), _HELD, _LOOSE)
        for number, name in enumerate(LIDS):
            rises[number, own] = follow[:, None] * at_feet(foot, eye.moved(name, upper))
    smooth_over = np.full(len(kept), _FOLD * eye.width)
    rises[:, kept] = mesh.smooth(rises[:, kept], held[kept], at[kept], faces.reshape(-1, 3), smooth_over)
    facing = mesh.vertex_normals(points, triangles)[near] @ eye.frame[1]
    front = near[(off[near] > -_LINING * eye.width) & (facing > 0.1)]
    cover = mesh.samples(at, triangles[np.isin(triangles, front).all(1)], _FINE * eye.width)
    lining = np.setdiff1d(near, front)
    out = {}
    for name, rise in zip(LIDS, rises, strict=True):
        moved = np.zeros_like(at)
        moved[near] = eye.seated(at[near], rise[near])
        inside = eye.local(clouds[name])
        over = cover.vertices, cover.weights
        out[name] = kept_before(at, moved, over, lining, inside, eye.width, _THIN * eye.width) @ eye.frame
    return out


def lifted(eye: Eye, points: Array, offsets: Mapping[str, Array]) -> Eye:
    """The eye with its lifts, as the skin's offsets (n, 3) in each of LIDS tell; points (n, 3): the skin."""
    at, lifts = eye.local(points), {}
    for name, moved in offsets.items():
        forward = np.zeros((2, len(eye.upper)))
        for number, edge in enumerate((eye.upper, eye.lower)):
            near = mesh.Tree(at).query(edge)[1]
            own = eye.seated(edge, eye.moved(name, number == 0))
            forward[number] = np.maximum((moved[near] @ eye.frame.T)[:, 1] - own[:, 1], 0.0)
        lifts[name] = evened(forward.T).T
    return eye._replace(lifts=lifts)


def calmed(eye: Eye, points: Array, deltas: Array) -> None:
    """Weakens the deltas (shapes, n, 3) of other shapes where they would pull an eye's lids too far."""
    at = eye.local(points)
    far, _ = mesh.Tree(np.concatenate([eye.upper, eye.lower])).query(at)
    near = np.clip(1.5 - far / (REACH * eye.tall), 0, 1)
    edge = far < 2 * _RIM * eye.width
    for offsets in deltas:
        most = np.linalg.norm(offsets[edge], axis=1).max(initial=0.0)
        share = min(1.0, _STRONGEST * eye.tall / max(most, 1e-9))
        offsets *= (1 - (1 - share) * near)[:, None]
