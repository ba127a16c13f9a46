"""Nova's body in plain clothes: closed surfaces drawn around the volumes of body.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np

from . import anatomy as an
from .part import Array, Part, grid_quads, join
from .sculpt import Sculpt

DATA = Path(__file__).with_name("body.toml")
COLLAR = (0.016, 0.070, 0.088)


def _volume(volumes: list[dict]) -> Sculpt:
    sculpt = Sculpt.__new__(Sculpt)
    sculpt.volumes = volumes
    return sculpt


def _bounds(volumes: list[dict]) -> tuple[Array, Array]:
    low, high = np.full(3, 1e9), np.full(3, -1e9)
    for v in volumes:
        if "centre" in v:
            ends = [(np.array(v["centre"], float), np.array(v["radii"], float))]
        else:
            ends = [
                (np.array(v[k], float), np.full(3, float(r))) for k, r in zip(("from", "to"), v["radius"], strict=True)
            ]
        for c, r in ends:
            low, high = np.minimum(low, c - r), np.maximum(high, c + r)
    low[0] = -high[0]
    return low, high


def surface(sculpt: Sculpt, low: Array, high: Array, cell: float) -> tuple[Array, Array]:
    """Quads around the zero level of a volume: one vertex for each cell that the surface crosses."""
    half = np.ceil(high[0] / cell) + 2
    x = np.arange(-half, half + 1) * cell  # mirrored exactly
    y, z = (np.arange(low[a] - 2 * cell, high[a] + 2.5 * cell, cell) for a in (1, 2))
    shape = (len(x), len(y), len(z))
    grid = np.stack(np.meshgrid(x, y, z, indexing="ij"), -1).reshape(-1, 3)
    value = np.concatenate([sculpt.distance(block) for block in np.array_split(grid, 24)]).reshape(shape)
    inside = value < 0
    corners = [
        inside[i : shape[0] - 1 + i, j : shape[1] - 1 + j, k : shape[2] - 1 + k]
        for i in (0, 1)
        for j in (0, 1)
        for k in (0, 1)
    ]
    count = sum(c.astype(int) for c in corners)
    crossed = (count > 0) & (count < 8)
    number = np.full(crossed.shape, -1)
    number[crossed] = np.arange(crossed.sum())
    i, j, k = np.nonzero(crossed)
    points = np.stack([x[i], y[j], z[k]], 1) + cell / 2
    quads = []
    for axis in range(3):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        ahead = np.roll(inside, -1, axis)
        edge = np.argwhere(inside != ahead)
        edge = edge[(edge[:, a] > 0) & (edge[:, b] > 0) & (edge[:, axis] < shape[axis] - 1)]
        ring = []
        for da, db in ((-1, -1), (0, -1), (0, 0), (-1, 0)):
            at = edge.copy()
            at[:, a] += da
            at[:, b] += db
            ring.append(number[tuple(at.T)])
        ring = np.stack(ring, 1)
        turned = ~inside[tuple(edge.T)]
        ring[turned] = ring[turned][:, ::-1]
        quads.append(ring)
    points = sculpt.project(points, steps=4)
    return points, np.concatenate(quads)


def _collar() -> Part:
    """A rolled collar around the neck."""
    rows, around = 48, 12
    turns = [np.arange(n) * 2 * np.pi / n for n in (rows, around)]
    a, b = np.meshgrid(*turns, indexing="ij")
    front = np.cos(a)
    out = 42.5 + 8.5 * np.cos(b) - 1.5 * np.sin(b)
    x, y = out * np.sin(a), 66.0 - out * 1.02 * front
    z = 1281.0 - 7.0 * front + 20.0 * np.sin(b) + 1.0 * np.cos(b)
    points = np.stack([x, y, z], -1).reshape(-1, 3)
    quads = grid_quads(rows, around, wrap=True)
    last = np.array(
        [((rows - 1) * around + c, (rows - 1) * around + (c + 1) % around, (c + 1) % around, c) for c in range(around)]
    )
    colour = np.tile(COLLAR, (len(points), 1))
    quads = np.concatenate([quads, last])
    return Part("collar", points, quads, colour, ["Nova Cloth"], np.zeros(len(quads), int))


def build() -> Part:
    with DATA.open("rb") as file:
        garments = tomllib.load(file)["garment"]
    parts = [_collar()]
    for garment in garments:
        sculpt = _volume(garment["volume"])
        points, quads = surface(sculpt, *_bounds(garment["volume"]), garment["cell"])
        sunny = np.clip(0.5 + 0.5 * sculpt.normal(points)[:, 2:], 0, 1)
        colour = np.array(garment["shade"]) * (1 - sunny) + np.array(garment["colour"]) * sunny
        parts.append(Part(garment["name"], points, quads, colour, [garment["material"]], np.zeros(len(quads), int)))
    body = join("Nova Body", parts)
    body.points = body.points - np.array([0.0, 0.0, an.ORIGIN_HEIGHT])
    return body
