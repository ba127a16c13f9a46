"""Textures painted by numpy: palettes of colour ramps, skin, irises and hair. Colours are sRGB, 0..1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mesh import Array

COLUMN = 8  # pixels of a colour in a palette


def rgb(text: str) -> Array:
    """ "#rrggbb" as three floats."""
    return np.array([int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)])


@dataclass(frozen=True)
class Palette:
    """Named colours side by side, each a ramp from its lower to its upper colour."""

    colours: dict[str, tuple[str, str]]

    def place(self, name: str, height: float = 0.5) -> Array:
        """Texture coordinates of a colour; height 0 at the lower end of its ramp, 1 at the upper."""
        column = list(self.colours).index(name)
        return np.array([(column + 0.5) / self._columns, 0.04 + 0.92 * height])

    @property
    def _columns(self) -> int:
        return 1 << (len(self.colours) - 1).bit_length()

    def image(self, tall: int = 32) -> Array:
        """Pixels (tall, wide, 3), the lowest row first."""
        pixels = np.zeros((tall, self._columns * COLUMN, 3))
        t = np.linspace(0, 1, tall)[:, None, None]
        for n, (low, high) in enumerate(self.colours.values()):
            pixels[:, n * COLUMN : (n + 1) * COLUMN] = rgb(low) * (1 - t) + rgb(high) * t
        return pixels


def over(pixels: Array, colour: Array, amount: Array) -> Array:
    """Pixels with a colour laid over them; amount (h, w) 0..1."""
    a = np.clip(amount, 0, 1)[..., None]
    return pixels * (1 - a) + colour * a


def edge(distance: Array, soft: float) -> Array:
    """1 where a distance is negative, 0 where positive, over `soft` between."""
    return np.clip(0.5 - distance / soft, 0, 1)


def skin(
    base: str, spots: list[tuple[str, tuple[float, float], tuple[float, float], float, float]], size: int = 512
) -> Array:
    """Half a face seen from the front, 120 x 280 mm (skin.Skin.mesh), (size, size / 2, 3).

    spots: colour, centre x z, radii, strength, sharpness. A sharpness of 1 is a soft cloud, more has an edge.
    """
    v, u = np.mgrid[0:size, 0 : size // 2] + 0.5
    x, z = u / size * 240, v / size * 280 - 140
    pixels = np.broadcast_to(rgb(base), (*x.shape, 3)).copy()
    for colour, centre, radii, strength, sharp in spots:
        d = np.hypot((x - centre[0]) / radii[0], (z - centre[1]) / radii[1])
        pixels = over(pixels, rgb(colour), strength * np.exp(-(d ** (2 * sharp))))
    return pixels


@dataclass(frozen=True)
class Iris:
    """Colours of an eye."""

    rim: str
    upper: str
    lower: str
    pupil: str
    glow: str
    white: str = "#fdfbfa"
    white_shade: str = "#d9d5e8"
    pupil_size: tuple[float, float] = (0.36, 0.42)
    light: tuple[float, float, float, float] = (-0.34, 0.42, 0.27, 0.30)  # centre and radii of the large light
    shine: tuple[float, float, float, float] = (0.36, -0.46, 0.13, 0.12)


def eye(iris: Iris, size: int = 256) -> Array:
    """Iris in the left half, the white in the right: (size, 2 * size, 3)."""
    v, u = np.mgrid[0:size, 0:size] + 0.5
    x, z = (u / size * 2 - 1) / 0.96, (v / size * 2 - 1) / 0.96
    r, soft = np.hypot(x, z), 3.0 / size
    t = np.clip((z + 0.75) / 1.5, 0, 1)[..., None]
    pixels = rgb(iris.lower) * (1 - t) + rgb(iris.upper) * t
    # A crescent of light gathers opposite the lamp.
    bowl = edge(np.hypot(x / 0.74, (z + 0.16) / 0.72) - 1, 0.08) * edge(z + 0.18 - 0.28 * x**2, 0.22)
    pixels = over(pixels, rgb(iris.glow), 0.62 * bowl)
    streak = 0.5 + 0.5 * np.cos(np.arctan2(z, x) * 22)
    pixels = over(pixels, rgb(iris.glow), 0.16 * streak * edge(np.abs(r - 0.62) - 0.2, 0.12) * (z < 0.3))
    w, h = iris.pupil_size
    pixels = over(pixels, rgb(iris.pupil), edge(np.hypot(x / w, z / h) - 1, 0.10))
    pixels = over(pixels, rgb(iris.rim), edge(0.86 - r, 0.09))
    pixels = over(pixels, rgb(iris.rim), 0.75 * edge(0.42 - z - 0.18 * (1 - x**2), 0.30))
    white = np.ones(3)
    for (cx, cz, rx, rz), strength in ((iris.light, 1.0), (iris.shine, 0.9)):
        pixels = over(pixels, white, strength * edge((np.hypot((x - cx) / rx, (z - cz) / rz) - 1) * rx, soft * 1.5))
    shade = np.clip((v / size - 0.74) / 0.1, 0, 1)
    ball = over(np.broadcast_to(rgb(iris.white), (size, size, 3)), rgb(iris.white_shade), shade)
    return np.concatenate([pixels, ball], axis=1)


def hair(root: str, middle: str, tip: str, light: str, size: int = 256) -> Array:
    """Across a lock by u, from its tip (0) to its root (1) by v, a ring of light in between."""
    v, u = np.mgrid[0:size, 0:64].astype(float)
    v, u = (v + 0.5) / size, (u + 0.5) / 64
    t = v[..., None]
    pixels = np.where(
        t > 0.5, rgb(middle) + (rgb(root) - rgb(middle)) * (2 * t - 1), rgb(tip) + (rgb(middle) - rgb(tip)) * 2 * t
    )
    side = np.abs(2 * u - 1)
    pixels = over(pixels, rgb(root), 0.5 * edge(0.72 - side, 0.12))
    # The ring breaks into teeth that point to the tip.
    teeth = 0.05 * np.abs(np.mod(u * 3 + 0.5, 1) * 2 - 1) ** 1.5 + 0.012
    ring = edge(v - 0.735, 0.012) * edge(0.725 - teeth * (1.25 - side) - v, 0.012)
    return over(pixels, rgb(light), 0.62 * ring * edge(side - 0.66, 0.1))
