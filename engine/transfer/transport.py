"""Carrying the source's shapes over to the target's skin, once the source lies over it."""

import numpy as np

from engine.channels import SHAPES
from engine.transfer import jaw, mesh
from engine.transfer.register import features
from engine.transfer.relief import Slide
from engine.transfer.source import Source
from engine.transfer.warp import Warp

Array = np.ndarray

_STILL = 0.01
"""mm below which a vertex does not move."""
_CENTRES = 600
_EXACT, _LOOSE = 0.05, 2.0
"""mm by which the map of space may miss the edges of lids and lips, and everything else: a rough one would crumple."""
_SOFT = 4.0
"""mm by which the softer map may miss."""
_EXACTLY = "eye"
"""Beginning of the shapes in which lids meet or part."""
_NEARBY = 6.0
"""mm around a place over which it is told how space is turned and scaled there."""
_SPACING = 1.5
_CANDIDATES = 4
_STRETCH = 3.0
"""Stretch between two vertices from which their places on the source are doubted: there the source lies in folds."""
_PLACES = 4.0, 8.0
"""mm over which places on the source are smoothed: around lips and lids, and elsewhere."""
_SMOOTH = 3.0, 8.0
"""Likewise for what was carried."""


def between(source: Source, registered: Array) -> tuple[Warp, Warp]:
    """Smooth maps of the whole space from the source's to the target's: a close one and a softer one."""
    chosen, miss = _centres(source)
    here, there = source.points[chosen], registered[chosen]
    return Warp(here, there, stiffness=miss), Warp(here, there, stiffness=_SOFT)


def carried(source: Source, registered: Array, exact: Warp, soft: Warp, slide: Slide | None = None) -> Array:
    """What each source vertex does in the target's space, (53, v, 3).

    Where the jaw moves, its three numbers are how much they share of its motion; in the last row, how much mouthClose
    shares of jawOpen's motion beside what it does itself. registered (v, 3): where the source lies on
    the target; slide: what lips slide over.

    The `exact` map, which follows the lids closely, takes the moved vertices too: what closes an eye in one face closes
    it in the other, whatever its size. It would fold what slides over the face, which is only turned and scaled as the
    `soft` map does around it.
    """
    turns, sizes = similarities(soft, source.points)
    if slide:
        sizes = sizes + slide.near * (slide.wider - sizes)
    rest = exact(source.points)
    alike = turns * sizes[:, None, None]
    out = np.zeros((len(SHAPES) + 1, *source.points.shape))
    out[-1] = jaw.shares(source, jaw.OPENS, jaw.SEAL)[:, None]
    for shape, delta in enumerate(source.deltas):
        if SHAPES[shape] in source.jaw:
            out[shape] = jaw.shares(source, SHAPES[shape])[:, None]
            continue
        if SHAPES[shape] == jaw.SEAL:
            delta = delta - out[-1] * jaw.offsets(source.jaw[jaw.OPENS], source.points)
        moving = np.flatnonzero(np.abs(delta).max(1) > _STILL)
        start, step = source.points[moving], delta[moving]
        if SHAPES[shape].startswith(_EXACTLY):
            out[shape, moving] = exact(start + step) - rest[moving]
            continue
        moved = np.einsum("nij,nj->ni", alike[moving], step)
        if slide and SHAPES[shape].startswith("mouth"):
            moved[:, 1] += slide.deeper(moving, (start, step), (registered[moving], moved), sizes[moving])
        out[shape, moving] = moved
    return out


def similarities(warp: Warp, points: Array) -> tuple[Array, Array]:
    """How a map of space turns (n, 3, 3) and scales (n,) what is small around each point, without its shear."""
    steps = _NEARBY * np.eye(3)
    slopes = np.stack([(warp(points + step) - warp(points - step)) / (2 * _NEARBY) for step in steps], 2)
    u, sizes, v = np.linalg.svd(slopes)
    return u @ v, np.cbrt(sizes.prod(1))


def _centres(source: Source) -> tuple[Array, Array]:
    """Vertices that the map goes through and how much it may miss each: lids' and lips' edges, and an even spread."""
    edges = np.flatnonzero((source.lid_ring == 0) | (source.lip_ring == 0))
    visible = np.flatnonzero(~source.hidden)
    moves = np.abs(source.deltas[:, visible]).max((0, 2)) > 0.2
    rng = np.random.default_rng(0)
    inner = rng.permutation(visible[moves])[: _CENTRES * 3 // 4]
    outer = rng.permutation(visible[~moves])[: _CENTRES // 4]
    others = np.setdiff1d(np.concatenate([inner, outer]), edges)
    return np.concatenate([edges, others]), np.repeat([_EXACT, _LOOSE], [len(edges), len(others)])


def match(
    source: Source, source_sides: Array, registered: Array, points: Array, triangles: Array, sides: Array, fine: Array
) -> tuple[mesh.Place, Array]:
    """The place on the source that belongs to each of the target's vertices (n, 3), and how sure it is, 0..1 (n,).

    registered: the source's vertices where they lie on the target. sides, source_sides: as `sides.sides` tells.
    fine bool (n,): lips and lids.
    """
    facing = mesh.vertex_normals(points, triangles)
    spread = mesh.samples(registered, source.triangles, _SPACING)
    have = features(spread.points, spread.normals, spread.spread(source_sides))
    place, away = _nearest(registered, spread, have, points, features(points, facing, sides))
    normals = mesh.vertex_normals(registered, source.triangles)
    alike = (place.mix(normals) * facing).sum(1)
    sure = np.clip(1.5 - away / 4.0, 0, 1) * np.clip(alike * 2, 0, 1)
    first = place.mix(source.points)
    trust = sure / (1 + (_stretch(first, points, triangles) / _STRETCH) ** 4)
    moved = mesh.smooth(
        (first - points)[None], np.maximum(trust**2, 1e-3), points, triangles, np.where(fine, *_PLACES)
    )[0]
    spread = mesh.samples(source.points, source.triangles, _SPACING)
    still = np.zeros_like(spread.points), np.zeros_like(points)
    have = features(spread.points, still[0], spread.spread(source_sides))
    at = points + moved
    place, away = _nearest(source.points, spread, have, at, features(at, still[1], sides))
    return place, sure * np.clip(1.5 - away / 4.0, 0, 1)


def _nearest(points: Array, spread: mesh.Samples, have: Array, at: Array, wanted: Array) -> tuple[mesh.Place, Array]:
    """The place on a surface whose features are nearest to those wanted, and how far it lies from `at` (n,)."""
    far, near = mesh.Tree(have).query(wanted, k=_CANDIDATES)
    unlike = far**2 - ((spread.points[near] - at[:, None]) ** 2).sum(2)
    best: list[Array] = []
    cost = np.full(len(at), np.inf)
    for candidate in range(_CANDIDATES):
        place = mesh.nearest_on(points, spread.vertices[near[:, candidate]], at)
        own = ((place.points - at) ** 2).sum(1) + unlike[:, candidate]
        if not best:
            best = list(place)
        best = [np.where((own < cost)[:, None], new, old) for new, old in zip(place, best, strict=True)]
        cost = np.minimum(own, cost)
    place = mesh.Place(*best)
    return place, np.linalg.norm(place.points - at, axis=1)


def _stretch(places: Array, points: Array, triangles: Array) -> Array:
    """How much further apart than its neighbours a vertex's place is than the vertex itself, at most (n,)."""
    pairs = mesh.edges(triangles)
    before, after = (np.linalg.norm(at[pairs[:, 0]] - at[pairs[:, 1]], axis=1) for at in (points, places))
    ratio = after / np.maximum(before, 0.3 * np.median(before))
    out = np.zeros(len(points))
    np.maximum.at(out, pairs.ravel(), np.repeat(ratio, 2))
    return out


def filled(values: Array, weight: Array, points: Array, triangles: Array, fine: Array) -> Array:
    """Values (52, n, 3), by their weight (n,), smoothly continued where they weigh little.

    fine bool (n,): lips and lids, which are smoothed less.
    """
    return mesh.smooth(values, weight, points, triangles, np.where(fine, *_SMOOTH))
