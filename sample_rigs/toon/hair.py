"""Hair as tapering locks laid over a simple form, combed as a hair.toml says, on a cap that hides the scalp."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np

from . import mesh as make
from .mesh import Array, Mesh

AROUND = 8


class Form:
    """A dome above `centre` and a slowly narrowing skirt below it. Places are (azimuth, height, lift).

    Azimuth in degrees, 0 in front, 90 at the left; height and lift off the form in mm.
    """

    def __init__(self, centre: list[float], radii: list[float], taper: float, ramp: list[float]) -> None:
        self.centre, self.radii, self.taper, self.ramp = np.array(centre), np.array(radii), taper, ramp

    def at(self, places: Array) -> Array:
        """Positions (n, 3) of places (n, 3)."""
        azimuth, z, lift = np.radians(places[:, 0]), places[:, 1], places[:, 2]
        rise = (z - self.centre[2]) / self.radii[2]
        drop = np.clip(self.centre[2] - z, 0, None) / 100.0
        scale = np.where(rise > 0, np.sqrt(np.clip(1 - rise**2, 0, 1)), 1 - self.taper * drop**2)
        out = np.stack([np.sin(azimuth), -np.cos(azimuth)], 1)
        flat = self.centre[:2] + out * self.radii[:2] * scale[:, None]
        points = np.concatenate([flat, z[:, None]], 1)
        return points + self.normal(points) * lift[:, None]

    def normal(self, points: Array) -> Array:
        """Outward directions (n, 3)."""
        q = (points - self.centre) / self.radii**2
        q[:, 2] = np.where(q[:, 2] > 0, q[:, 2], 0.0)
        return q / np.maximum(np.linalg.norm(q, axis=1, keepdims=True), 1e-9)

    def uv(self, across: Array, z: Array) -> Array:
        """Texture: the ramp from tip to root follows the height, so that the ring of light goes round the head."""
        low, high = self.ramp
        return np.stack([across, np.clip((z - low) / (high - low), 0.01, 0.99)], 1)


def lock(
    form: Form, path: Array, width: float, thick: float, rows: int = 12, root: float = 0.45, sharp: float = 2.6
) -> Mesh:
    """One lock along a path of places. root: its share of the width where it begins; sharp: how late it tapers."""
    line = form.at(make.smooth_line(path, rows * 3))
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, length[-1], rows)
    line = np.stack([np.interp(at, length, line[:, c]) for c in range(3)], 1)
    t = np.linspace(0, 1, rows)
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    normal = form.normal(line)
    normal -= (normal * tangent).sum(1, keepdims=True) * tangent
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    across = np.cross(tangent, normal)
    swell = np.minimum(1.0, root + (1 - root) * t / 0.4) * np.clip(1 - t**sharp, 0, 1) ** 0.75 + 0.004
    turn = np.arange(AROUND) * 2 * np.pi / AROUND
    c, s = np.cos(turn), np.sin(turn)
    high = np.where(s > 0, s, 0.35 * s)
    # The sides hug the head: a wide lock bends with the form.
    bend = -(c**2) * width**2 / 4 / 2 / 95.0
    sections = line[:, None] + across[:, None] * (c * width / 2)[None, :, None] * swell[:, None, None]
    rise = (high * thick)[None, :] * swell[:, None] ** 0.7 + bend[None, :] * swell[:, None] ** 2
    sections = sections + normal[:, None] * rise[..., None]
    points, faces = make.loft(sections)
    u = np.concatenate([np.tile(0.5 + 0.5 * c, rows), [0.5, 0.5]])
    return make.of(points, faces, form.uv(u, points[:, 2]), "Hair").hung("head")


def cap(form: Form, hairline: Array, lift: float, around: int = 40, rows: int = 7) -> Mesh:
    """A shell over the scalp down to the hairline: rows of azimuth (0..180) and height."""
    azimuth = np.linspace(-180, 180, around, endpoint=False)
    low = np.interp(np.abs(azimuth), *np.asarray(hairline, float).T)
    top = form.centre[2] + form.radii[2]
    t = np.linspace(0, 1, rows)[:, None]
    z = low + (top * 0.995 - low) * np.sin(t * np.pi / 2)
    places = np.stack([np.broadcast_to(azimuth, z.shape).ravel(), z.ravel(), np.full(z.size, lift)], 1)
    points = form.at(places)
    faces = [tuple(int(v) for v in q) for q in make.grid_quads(rows, around, wrap=True)]
    points = np.concatenate([points, points[-around:].mean(0)[None]])
    last, middle = (rows - 1) * around, rows * around
    faces += [(last + c, last + c + 1, last + (c + 2) % around, middle) for c in range(0, around, 2)]
    return make.of(points, faces, form.uv(np.full(len(points), 0.02), points[:, 2] * 0 + form.ramp[1]), "Hair").hung(
        "head"
    )


def build(path: Path) -> Mesh:
    """All hair of a hair.toml: one [form], one [cap], and [[comb]] tables of locks between a first and a last path."""
    with path.open("rb") as file:
        data = tomllib.load(file)
    form = Form(**data["form"])
    parts = [cap(form, np.array(data["cap"]["hairline"]), data["cap"]["lift"])] if "cap" in data else []
    for comb in data["comb"]:
        random = np.random.default_rng(comb.get("seed", 0))
        first, last = np.array(comb["first"], float), np.array(comb.get("last", comb["first"]), float)
        for v in np.linspace(0, 1, comb.get("count", 1)):
            places = first * (1 - v) + last * v
            loose = comb.get("loose", 0.0) * random.normal(0, 1, 3) * np.array([1.5, 4.0, 1.0])
            places = places + np.linspace(0, 1, len(places))[:, None] * loose
            width = comb["width"] * (1 + 0.12 * comb.get("loose", 0.0) * random.normal())
            one = lock(
                form, places, width, comb["thick"], comb.get("rows", 12), comb.get("root", 0.45), comb.get("sharp", 2.6)
            )
            parts.append(one)
            if comb.get("mirror"):
                parts.append(make.mirrored(one))
    return make.join(parts)
