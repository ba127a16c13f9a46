"""The head as one implicit volume: distance in millimetres, negative inside."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np

Array = np.ndarray


def _soft_min(a: Array, b: Array, blend: float) -> Array:
    if blend <= 0:
        return np.minimum(a, b)
    h = np.clip(blend - np.abs(a - b), 0.0, None) / blend
    return np.minimum(a, b) - h * h * h * blend / 6.0


def _ellipsoid(p: Array, centre: Array, radii: Array) -> Array:
    q = (p - centre) / radii
    k0 = np.linalg.norm(q, axis=1)
    k1 = np.linalg.norm(q / radii, axis=1)
    return k0 * (k0 - 1.0) / np.maximum(k1, 1e-9)


def _tapered_capsule(p: Array, a: Array, b: Array, radii: Array) -> Array:
    ab = b - a
    t = np.clip((p - a) @ ab / (ab @ ab), 0.0, 1.0)
    away = np.linalg.norm(p - (a + t[:, None] * ab), axis=1)
    return away - (radii[0] + (radii[1] - radii[0]) * t * t * (3 - 2 * t))


class Sculpt:
    """A stack of melting volumes, read from a TOML file."""

    def __init__(self, path: Path | None = None, extra: list[dict] | None = None) -> None:
        path = path or Path(__file__).with_name("sculpt.toml")
        with path.open("rb") as file:
            self.volumes = tomllib.load(file)["volume"] + (extra or [])

    def _one(self, volume: dict, p: Array) -> Array:
        if "centre" in volume:
            return _ellipsoid(p, np.array(volume["centre"], float), np.array(volume["radii"], float))
        a, b = np.array(volume["from"], float), np.array(volume["to"], float)
        return _tapered_capsule(p, a, b, np.array(volume["radius"], float))

    def distance(self, p: Array) -> Array:
        """Approximate signed distance of points (n, 3)."""
        total = np.full(len(p), 1e6)
        mirrored = p * np.array([-1.0, 1.0, 1.0])
        for volume in self.volumes:
            key = "centre" if "centre" in volume else "to"
            sides = [p, mirrored] if volume[key][0] > 0 else [p]
            for side in sides:
                one = self._one(volume, side)
                if volume.get("cut"):
                    total = -_soft_min(-total, one, volume["blend"])
                else:
                    total = _soft_min(total, one, volume["blend"])
        return total

    def gradient(self, p: Array, step: float = 0.25) -> Array:
        """Outward gradient (n, 3), not normalised."""
        out = np.empty_like(p)
        for axis in range(3):
            d = np.zeros(3)
            d[axis] = step
            out[:, axis] = (self.distance(p + d) - self.distance(p - d)) / (2 * step)
        return out

    def normal(self, p: Array) -> Array:
        g = self.gradient(p)
        return g / np.maximum(np.linalg.norm(g, axis=1, keepdims=True), 1e-9)

    def project(self, p: Array, offset: float | Array = 0.0, steps: int = 3) -> Array:
        """Points moved along the gradient onto the surface (or onto a shell `offset` outside it)."""
        for _ in range(steps):
            g = self.gradient(p)
            d = self.distance(p) - offset
            p = p - (d / np.maximum((g * g).sum(1), 0.1))[:, None] * g
        return p

    def march(self, origin: Array, direction: Array, far: float = 260.0) -> Array:
        """Outermost hit of rays from inside: marched inwards from `far` millimetres away."""
        t = np.full(len(origin), far)
        for _ in range(90):
            d = self.distance(origin + t[:, None] * direction)
            t = np.maximum(t - 0.8 * d, 0.0)
        return origin + t[:, None] * direction

    def front(self, x: Array, z: Array) -> Array:
        """The y of the face's surface seen from the front at x, z."""
        origin = np.stack([x, np.full_like(x, 20.0), z], axis=1)
        return self.march(origin, np.array([[0.0, -1.0, 0.0]]), far=120.0)[:, 1]
