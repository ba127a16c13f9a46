"""How a person looks, apart from the head's shape: skin, brows, lashes, lips, eyes, hair, beard."""

from dataclasses import dataclass

import numpy as np

_SKINS = np.array(
    [
        (0.80, 0.55, 0.44),
        (0.68, 0.44, 0.32),
        (0.55, 0.33, 0.22),
        (0.38, 0.21, 0.13),
        (0.22, 0.11, 0.065),
        (0.10, 0.05, 0.03),
    ]
)
_HAIRS = np.array(
    [
        (0.012, 0.009, 0.008),
        (0.04, 0.022, 0.014),
        (0.11, 0.055, 0.03),
        (0.35, 0.22, 0.10),
        (0.30, 0.09, 0.03),
        (0.45, 0.43, 0.40),
    ]
)
_IRISES = np.array(
    [
        (0.06, 0.03, 0.015),
        (0.13, 0.065, 0.03),
        (0.17, 0.15, 0.06),
        (0.12, 0.22, 0.14),
        (0.16, 0.27, 0.40),
        (0.30, 0.33, 0.36),
    ]
)


@dataclass(frozen=True)
class Look:
    """paint: the shader's uniforms by name; lashes: length in cm; glasses: None or their size, thickness and colour;
    fringe: how much hair hangs over the forehead 0..1; long_hair: how much hair frames the head, 0..1."""

    paint: dict[str, np.ndarray | float]
    lashes: float
    glasses: tuple[float, float, tuple[int, int, int]] | None
    fringe: float
    long_hair: float


def draw_look(rng: np.random.Generator, brow: np.ndarray) -> Look:
    """A random look; brow: the brow's middle line on the mean head, (5, 2), cm."""
    skin = _between(rng, _SKINS) * rng.uniform(0.85, 1.15) * rng.normal(1, 0.04, 3)
    dark = 1 - skin.mean() / 0.6
    hair = _between(rng, _HAIRS[:3] if rng.random() < 0.6 * max(dark, 0) + 0.3 else _HAIRS)
    female = rng.random() < 0.5
    lips = np.clip(skin * np.array([0.86, 0.58, 0.60]) * rng.uniform(0.7, 1.1), 0, 1)
    if made_up := female and rng.random() < 0.5:
        lips = np.array([rng.uniform(0.15, 0.6), rng.uniform(0.01, 0.15), rng.uniform(0.02, 0.2)])
    brow_color = hair * rng.uniform(0.5, 1.3) if rng.random() < 0.85 else _between(rng, _HAIRS)
    brow_color = np.minimum(brow_color, skin * rng.uniform(0.4, 0.8))
    shift = np.array([rng.normal(0, 0.12), rng.normal(-0.1, 0.28)])
    slope, arch, width = rng.normal(0, 0.09), rng.normal(0, 0.18), rng.uniform(0.9, 1.08)
    thick = rng.uniform(0.16, 0.62)
    profile = np.array(
        [rng.uniform(0.6, 1.0), 1.0, rng.uniform(0.8, 1.0), rng.uniform(0.5, 0.8), rng.uniform(0.15, 0.45)]
    )
    brows = []
    for _ in range(2):
        line = brow.copy()
        line[:, 0] = 1.35 + (line[:, 0] - 1.35) * width
        line += shift + rng.normal(0, 0.04, 2)
        line[:, 1] += slope * (line[:, 0] - 3.4) + (arch + rng.normal(0, 0.03)) * np.array([-0.5, 0.4, 1, 0.6, -0.5])
        brows.append(np.concatenate([line, (thick * profile * rng.normal(1, 0.05))[:, None]], 1))
    paint: dict[str, np.ndarray | float] = {
        "skin": np.clip(skin, 0.02, 0.9),
        "lip_color": lips,
        "hair_color": hair,
        "beard_color": hair * 0.8,
        "brow_color": brow_color,
        "iris_color": _between(rng, _IRISES) * rng.uniform(0.7, 1.4),
        "sclera_color": np.array([0.78, 0.74, 0.71]) * rng.uniform(0.75, 1.05) * rng.normal(1, 0.02, 3),
        "shadow_color": skin * rng.uniform(0.2, 0.9, 3),
        "seed": rng.uniform(0, 50),
        "mottle": rng.uniform(0.05, 0.4),
        "flush": rng.uniform(0, 0.7),
        "freckles": rng.uniform(0.1, 0.5) if rng.random() < 0.2 else 0.0,
        "shine": rng.uniform(0.2, 1.6),
        "stubble": rng.uniform(0.2, 1.0) if not female and rng.random() < 0.6 else 0.0,
        "beard": rng.uniform(0.4, 1.0) if not female and rng.random() < 0.3 else 0.0,
        "lip_paint": rng.uniform(0.7, 1.0) if made_up else rng.uniform(0.25, 0.9),
        "lip_edge": rng.normal(0.0, 0.06),
        "hairline": rng.uniform(8.3, 11.5) if rng.random() < 0.85 else 30.0,
        "hair": 1.0,
        "liner": rng.uniform(0.3, 1.0) if female and rng.random() < 0.6 else rng.uniform(0, 0.3),
        "eye_shadow": rng.uniform(0.2, 0.8) if female and rng.random() < 0.4 else 0.0,
        "iris_size": rng.uniform(0.36, 0.43),
        "pupil_size": rng.uniform(0.10, 0.24),
        "lash": rng.uniform(0.4, 1.0),
        "brow_density": rng.uniform(0.65, 1.15),
        "brow_left": brows[0],
        "brow_right": brows[1],
    }
    glasses = None
    if rng.random() < 0.15:
        glasses = (rng.uniform(1.9, 2.7), rng.uniform(0.08, 0.35), _dark(rng))
    return Look(
        paint,
        lashes=rng.uniform(0.4, 1.1) if female else rng.uniform(0.2, 0.7),
        glasses=glasses,
        fringe=rng.uniform(0.2, 1.0) if rng.random() < 0.2 else 0.0,
        long_hair=rng.uniform(0.3, 1.0) if rng.random() < (0.8 if female else 0.2) else 0.0,
    )


def _dark(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = rng.integers(0, 120, 3).tolist()
    return red, green, blue


def _between(rng: np.random.Generator, colors: np.ndarray) -> np.ndarray:
    """A colour on the way from one of the list to the next."""
    at = rng.uniform(0, len(colors) - 1)
    low = int(at)
    return colors[low] + (at - low) * (colors[low + 1] - colors[low])
