"""Carrying the source's shapes over to the target's skin, once the source lies over it."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from engine.channels import INDEX, SHAPES
from engine.transfer import mesh
from engine.transfer.register import features, sides
from engine.transfer.source import Source
from engine.transfer.warp import Warp

Array = np.ndarray

_STILL = 0.01
"""mm below which a vertex does not move."""
_CENTRES = 1500
_SPACING = 1.2
_SMOOTH = 1.2, 4.0
"""mm over which what was carried is smoothed: on lips and lids, and elsewhere."""


def between(source: Source, registered: Array) -> tuple[Warp, Warp]:
    """Smooth maps of the whole space: from the source's to the target's, and back."""
    here, there = _centres(source, registered)
    return Warp(here, there, stiffness=0.05), Warp(there, here, stiffness=0.05)


def carried(source: Source, space: Warp) -> Array:
    """What each source vertex does in the target's space, (52, v, 3).

    The map takes the moved vertices too: what closes an eye or opens a jaw in one face closes and opens it in the
    other, whatever the size of the eye or the mouth.
    """
    rest = space(source.points)
    out = np.zeros_like(source.deltas)
    for shape, delta in enumerate(source.deltas):
        moving = np.flatnonzero(np.abs(delta).max(1) > _STILL)
        start, before = source.points[moving], rest[moving]
        if SHAPES[shape] == "mouthClose":
            # It closes an open jaw; from rest it would carry the lower lip to places where no lip ever is.
            start = start + source.deltas[INDEX["jawOpen"], moving]
            before = space(start)
        out[shape, moving] = space(start + delta[moving]) - before
    return out


def _centres(source: Source, registered: Array) -> tuple[Array, Array]:
    """Vertices that the map goes through: the edges of lids and lips, and an even spread of the others."""
    chosen = np.flatnonzero((source.lid_ring == 0) | (source.lip_ring == 0))
    visible = np.flatnonzero(~source.hidden)
    moves = np.abs(source.deltas[:, visible]).max((0, 2)) > 0.2
    rng = np.random.default_rng(0)
    inner = rng.permutation(visible[moves])[: _CENTRES * 3 // 4]
    outer = rng.permutation(visible[~moves])[: _CENTRES // 4]
    chosen = np.unique(np.concatenate([chosen, inner, outer]))
    return source.points[chosen], registered[chosen]


class Match(NamedTuple):
    """For each target vertex the place on the source that lies nearest: samples, which of them, how sure it is 0..1."""

    spread: mesh.Samples
    which: Array
    sure: Array

    def of(self, values: Array) -> Array:
        """Values of source vertices (…, v, c) at the target's vertices (…, n, c)."""
        return self.spread.mix(values, self.which)


def match(source: Source, registered: Array, points: Array, triangles: Array, label_sides: Array) -> Match:
    """Finds the source, registered onto the target, under each of the target's vertices (n, 3)."""
    normals = mesh.vertex_normals(registered, source.triangles)
    spread = mesh.samples(registered, source.triangles, _SPACING, normals)
    own = (sides(source.label)[spread.vertices] * spread.weights[..., None]).sum(1)
    tree = mesh.Tree(features(spread.points, spread.normals, own))
    facing = mesh.vertex_normals(points, triangles)
    _, near = tree.query(features(points, facing, label_sides))
    away = np.linalg.norm(spread.points[near] - points, axis=1)
    alike = (spread.normals[near] * facing).sum(1)
    sure = np.clip(1.5 - away / 4.0, 0, 1) * np.clip(alike * 2, 0, 1)
    return Match(spread, near, sure)


def filled(values: Array, sure: Array, points: Array, triangles: Array, still: Array, fine: Array) -> Array:
    """Values (52, n, 3) where they are sure, smoothly continued where they are not, fading to 0 at `still` (n,).

    fine bool (n,): lips and lids, which are smoothed less.
    """
    laplacian = mesh.laplacian(points, triangles)
    weight = np.maximum(sure**2, 1e-4)
    weight = np.where(still, 1.0, weight)
    pairs = mesh.edges(triangles)
    edge = float(np.median(np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)))
    stiff = np.clip((np.where(fine, *_SMOOTH) / edge) ** 4, 0.02, 300.0)
    system = sp.diags(weight) + laplacian.T @ sp.diags(stiff) @ laplacian
    goal = np.where(still[:, None], 0.0, values) * weight[:, None]
    count = len(points)
    right = goal.transpose(1, 0, 2).reshape(count, -1)
    return splu(system.tocsc()).solve(right).reshape(count, len(values), 3).transpose(1, 0, 2)
