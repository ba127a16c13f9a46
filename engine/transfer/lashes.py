"""Lashes and drawn lines that ride on the edge of a lid, each vertex with the place of the edge that it grows from."""

import numpy as np

from engine.transfer import mesh

Array = np.ndarray

_SPREAD = 2.5
"""Points of the edge over which its motion is evened out."""
_NEAREST = 4


def edge_motion(edge: Array, points: Array, deltas: Array) -> Array:
    """What the edge of a lid (n, 3) does in each shape (52, n, 3), by the skin `points` (m, 3) and its deltas."""
    away, near = mesh.Tree(points).query(edge, k=min(_NEAREST, len(points)))
    weight = 1.0 / (away.reshape(len(edge), -1) + 0.3) ** 2
    weight /= weight.sum(1, keepdims=True)
    rough = (deltas[:, near.reshape(len(edge), -1)] * weight[..., None]).sum(2)
    step = np.arange(len(edge))
    even = np.exp(-0.5 * ((step[:, None] - step) / _SPREAD) ** 2)
    return (even / even.sum(1, keepdims=True)) @ rough


def carried(cloud: Array, edge: Array, motion: Array, centre: Array | None = None) -> Array:
    """Offsets (52, m, 3) of lashes `cloud` (m, 3) on an edge (n, 3) that moves by `motion` (52, n, 3).

    centre: of the eyeball about which the lid turns, and the lashes with it; None where they keep their direction.
    """
    near = mesh.Tree(edge).query(cloud)[1]
    out = motion[:, near].copy()
    if centre is None:
        return out
    root, arm = edge[near], cloud - edge[near]
    before = root - centre
    for shape, offset in enumerate(motion[:, near]):
        if np.abs(offset).max() > 1e-3:
            out[shape] += _turned(arm, before, before + offset) - arm
    return out


def _turned(arms: Array, before: Array, after: Array) -> Array:
    """The arms (n, 3) turned by the smallest rotations that take the directions `before` to `after` (n, 3)."""
    a = before / np.linalg.norm(before, axis=1, keepdims=True)
    b = after / np.linalg.norm(after, axis=1, keepdims=True)
    axis, cosine = np.cross(a, b), (a * b).sum(1, keepdims=True)
    across = np.cross(axis, arms)
    return arms + across + np.cross(axis, across) / (1 + cosine)
