"""Light, lens and pose of one picture."""

from dataclasses import dataclass

import numpy as np

from engine.train.decoder.head import rotation

NEAR, FAR = 5.0, 600.0
MIDDLE = np.array([0.0, 0.5, 5.0])
"""The point of the head that the camera is aimed at, cm."""
FACE_HEIGHT = 17.0
"""Hairline to chin, cm."""


@dataclass(frozen=True)
class Scene:
    """camera and view: (4, 4), see renderer.py. turn: the head's rotation in the camera's space (3, 3).
    angles: its yaw, pitch and roll in radians, as channels.py signs them. lights: the shader's uniforms."""

    camera: np.ndarray
    view: np.ndarray
    turn: np.ndarray
    angles: np.ndarray
    lights: dict[str, np.ndarray]


def draw_angles(rng: np.random.Generator, steep: float = 1.0) -> np.ndarray:
    """Yaw, pitch and roll, radians: frontal with some spread most of the time, up to ±40°, ±30° and ±30° else."""
    spread = np.radians([7.0, 5.0, 4.0]) if rng.random() < 0.4 else np.radians([19.0, 12.0, 9.0])
    return np.clip(rng.normal(0, spread * steep), -np.radians([40, 30, 30]), np.radians([40, 30, 30]))


def draw_scene(rng: np.random.Generator, angles: np.ndarray) -> Scene:
    """A random lens, framing and light for a head turned by `angles`."""
    fov = np.radians(np.exp(rng.uniform(np.log(14), np.log(70))))
    share = rng.uniform(0.5, 0.85)
    distance = FACE_HEIGHT / share / 2 / np.tan(fov / 2) + 4
    focal = 1 / np.tan(fov / 2)
    camera = np.array(
        [
            [focal, 0, 0, 0],
            [0, focal, 0, 0],
            [0, 0, -(FAR + NEAR) / (FAR - NEAR), -2 * FAR * NEAR / (FAR - NEAR)],
            [0, 0, -1, 0],
        ]
    )
    turn = rotation(*angles)
    off = (0.5 - share / 2) * rng.uniform(-0.9, 0.9, 2) * 2 * distance * np.tan(fov / 2)
    view = np.eye(4)
    view[:3, :3] = turn
    view[:3, 3] = np.array([off[0], off[1], -distance]) - turn @ MIDDLE
    return Scene(camera, view, turn, angles, _draw_lights(rng))


def _draw_lights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    ways, colors = [], []
    warm = rng.uniform(-1, 1)
    for strength in (rng.uniform(0.3, 1.5), rng.uniform(0, 0.6), rng.uniform(0, 0.8) * (rng.random() < 0.4)):
        way = np.array([rng.normal(0, 0.8), rng.normal(0.45, 0.5), rng.uniform(0.1, 1.2)])
        ways.append(way / np.linalg.norm(way))
        tint = warm + rng.normal(0, 0.4)
        colors.append(strength * np.array([1 + 0.15 * tint, 1.0, 1 - 0.18 * tint]))
    around = rng.uniform(0.1, 0.8)
    sky = around * rng.normal(1, 0.07, 3)
    ground = sky * rng.uniform(0.2, 0.9) * np.array([1.05, 1.0, 0.92])
    # One exposure for the whole picture, as a camera's automatic would choose it, and off now and then.
    total = sum(np.linalg.norm(c) for c in colors) * 0.35 + np.linalg.norm(sky) * 0.5
    gain = rng.uniform(0.65, 1.35) / total * (rng.uniform(0.25, 0.7) if rng.random() < 0.15 else 1.0)
    return {
        "light_way": np.array(ways),
        "light_color": np.array(colors) * gain,
        "sky": sky * gain,
        "ground": ground * gain,
    }
