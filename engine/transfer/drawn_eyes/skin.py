"""The skin around a drawn eye: it follows the lids' edges, and keeps other shapes from dragging them."""

import numpy as np

from engine.transfer import mesh
from engine.transfer.drawn_eyes.amounts import LIDS
from engine.transfer.drawn_eyes.before import kept_before
from engine.transfer.drawn_eyes.eye import Eye, at_feet, feet

Array = np.ndarray

_REACH = 0.65
"""Share of the opening's height over which skin follows a lid."""
_STRONGEST = 0.18
"""Share of the opening's height by which shapes of brows, cheeks and nose move a lid at most."""
# Shares of the eye's width.
_RIM = 0.03
"""From its edge, within which a lid goes exactly where it should."""
_FOLD = 0.09
"""Over which the skin of a lid is smoothed further away."""
_DEEP = 0.5
"""From the surface, where skin no longer goes with the lids."""
_LINING = 0.02
"""Behind the surface, from where skin lines a lid and is not seen."""
_HELD, _LOOSE = 50.0, 0.05
"""How much skin is held to where it should go: at the edge, and where it follows."""


def lids(eye: Eye, points: Array, triangles: Array, cloud: Array) -> dict[str, Array]:
    """Offsets (n, 3) of the skin for each of LIDS. cloud (m, 3): what lies in the eye, which the lids pass over."""
    at = eye.local(points)
    reach = _REACH * eye.tall
    off = at[:, 1] - eye.surface.depth(at)
    edges = np.concatenate([eye.upper, eye.lower])
    near = mesh.Tree(edges[:, [0, 2]]).query(at[:, [0, 2]])[0] < reach + _RIM * eye.width
    near = np.flatnonzero(near & (np.abs(off) < _DEEP * eye.width))
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
    front = (off[near] > -_LINING * eye.width) & (facing > 0.1)
    inside = eye.local(cloud)
    out = {}
    for number, name in enumerate(LIDS):
        offsets = np.zeros_like(points)
        moved = eye.seated(at[near], rises[number, near])
        offsets[near] = kept_before(at[near], moved, front, inside, eye.width) @ eye.frame
        out[name] = offsets
    return out


def calmed(eye: Eye, points: Array, deltas: Array) -> None:
    """Weakens the deltas (shapes, n, 3) of other shapes where they would pull a large eye's lids too far."""
    at = eye.local(points)
    far, _ = mesh.Tree(np.concatenate([eye.upper, eye.lower])).query(at)
    near = np.clip(1.5 - far / (0.5 * eye.width), 0, 1)
    edge = far < 2 * _RIM * eye.width
    for offsets in deltas:
        most = np.linalg.norm(offsets[edge], axis=1).max(initial=0.0)
        share = min(1.0, _STRONGEST * eye.tall / max(most, 1e-9))
        offsets *= (1 - (1 - share) * near)[:, None]
