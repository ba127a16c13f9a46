"""A depth buffer in numpy: which triangle each pixel of an orthographic picture shows."""

from typing import NamedTuple

import numpy as np

_MOST_CANDIDATES = 2_000_000
"""Pixels tested at once, which bounds the memory."""


class Picture(NamedTuple):
    """triangle: int (height, width), -1 where there is nothing; depth: float, the nearest surface's z.

    weights: float (height, width, 3), barycentric.
    """

    triangle: np.ndarray
    depth: np.ndarray
    weights: np.ndarray


def rasterise(corners: np.ndarray, size: int) -> Picture:
    """Draws triangles, corners (triangles, 3, 3): x to the right and y downwards in pixels, z towards the viewer."""
    shown = np.full(size * size, -1)
    nearest = np.full(size * size, -np.inf)
    low = np.clip(np.ceil(corners[:, :, :2].min(1) - 0.5), 0, size).astype(np.int32)
    high = np.clip(np.floor(corners[:, :, :2].max(1) - 0.5) + 1, 0, size).astype(np.int32)
    spans = np.maximum(high - low, 0)
    # Edge functions are affine in x and y, and depth is affine in them: rows of (x, y, 1).
    second, third = _edge_functions(corners)
    z = corners[:, :, 2]
    depths = (z[:, 1] - z[:, 0])[:, None] * second + (z[:, 2] - z[:, 0])[:, None] * third
    depths[:, 2] += z[:, 0]
    some = np.flatnonzero(spans.prod(1) * np.isfinite(second).all(1))
    counts = spans[some].prod(1)
    batch = np.cumsum(counts) // _MOST_CANDIDATES
    for part in np.split(some, np.flatnonzero(np.diff(batch)) + 1):
        count = spans[part].prod(1)
        owner = np.repeat(part, count)
        order = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        row, column = np.divmod(order, spans[owner, 0])
        x, y = low[owner, 0] + column, low[owner, 1] + row
        pixel = y * size + x
        x, y = x + 0.5, y + 0.5
        b = _at(second, owner, x, y)
        c = _at(third, owner, x, y)
        inside = np.flatnonzero((b >= -1e-9) & (c >= -1e-9) & (b + c <= 1 + 1e-9))
        owner, pixel = owner[inside], pixel[inside]
        depth = _at(depths, owner, x[inside], y[inside])
        rank = np.lexsort((depth, pixel))
        last = rank[np.append(pixel[rank][1:] != pixel[rank][:-1], True)] if len(rank) else rank
        last = last[depth[last] > nearest[pixel[last]]]
        nearest[pixel[last]], shown[pixel[last]] = depth[last], owner[last]
    weights = np.zeros((size * size, 3))
    hit = np.flatnonzero(shown >= 0)
    x, y = hit % size + 0.5, hit // size + 0.5
    weights[hit, 1], weights[hit, 2] = _at(second, shown[hit], x, y), _at(third, shown[hit], x, y)
    weights[hit, 0] = 1 - weights[hit, 1] - weights[hit, 2]
    square = (size, size)
    return Picture(shown.reshape(square), nearest.reshape(square), weights.reshape(*square, 3))


def _edge_functions(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weights of the second and third corner as functions of the pixel: (t, 3) each; NaN seen edge-on."""
    a = corners[:, 0]
    b, c = corners[:, 1] - a, corners[:, 2] - a
    area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    area = np.where(np.abs(area) < 1e-12, np.nan, area)
    second = np.stack([c[:, 1], -c[:, 0], c[:, 0] * a[:, 1] - c[:, 1] * a[:, 0]], 1) / area[:, None]
    third = np.stack([-b[:, 1], b[:, 0], b[:, 1] * a[:, 0] - b[:, 0] * a[:, 1]], 1) / area[:, None]
    return second, third


def _at(function: np.ndarray, which: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return function[which, 0] * x + function[which, 1] * y + function[which, 2]
