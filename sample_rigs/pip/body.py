"""Pip's body, ears, tail and cape: tubes through rows of measures, in mm above the ground before Pip is enlarged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..toon import mesh as make
from ..toon.mesh import Mesh
from ..toon.weights import hang
from .look import GROUND, HERE, PALETTE

BONES = HERE / "bones.toml"
Rows = Sequence[Sequence[float]]


def _tube(
    rows: Rows, colour: str, around: int, count: int, side: Sequence[float], low: float, high: float, **more
) -> Mesh:
    """A tube in a palette's ramp from height `low` to `high`, moved from the ground to the eyes."""
    mesh = make.limb(rows, around, count, side, "Cloth", (0, 0), **more)
    t = np.clip((mesh.points[:, 2] - low) / (high - low), 0, 1)
    mesh.uv = np.stack([np.full(len(t), PALETTE.place(colour)[0]), 0.04 + 0.92 * t], 1)
    mesh.points = mesh.points - [0.0, 0.0, GROUND]
    return mesh


def _hung(mesh: Mesh, *names: str, power: float = 4.0) -> Mesh:
    return hang(mesh, BONES, GROUND, names, power)


def _head() -> list[Mesh]:
    ear = _tube(
        [(54, 26, 298, 25, 11), (64, 25, 318, 29, 12), (76, 23, 342, 24, 10), (84, 22, 358, 13, 6),
         (86, 22, 363, 2, 1)],
        "fur", 12, 9, (0.9, -0.15, -0.35), 290, 360,
    )  # fmt: skip
    inside = _tube(
        [(58, 14, 304, 14, 5), (66, 12, 320, 19, 6), (75, 12, 339, 15, 5), (81, 13, 351, 6, 3), (82, 14, 354, 1, 1)],
        "cream", 8, 8, (0.9, -0.15, -0.35), 290, 350,
    )  # fmt: skip
    parts = [make.both(_hung(ear, "head", "leftEar", power=6.0)), make.both(inside.hung("leftEar"))]
    nose = _tube(
        [(0, -62, 229.5, 1.5, 1), (0, -66, 228.5, 6.0, 4), (0, -70, 227.5, 7.6, 4.8), (0, -73, 226.5, 5.0, 3.2),
         (0, -74, 226, 1, 1)],
        "nose", 10, 7, (1, 0, 0), 222, 232,
    )  # fmt: skip
    parts.append(nose.hung("head"))
    for n, (y, z, out, down) in enumerate(((-22, 238, 22, -2), (-14, 224, 25, -9), (-4, 212, 20, -14))):
        x = (80, 80, 70)[n]
        tuft = _tube(
            [(x - 18, y + 4, z, 12, 8), (x + out * 0.4, y + 2, z + down * 0.4, 9, 6),
             (x + out, y + 4, z + down, 0.6, 0.5)],
            "cream", 8, 6, (0, 0, 1), 190, 230,
        )  # fmt: skip
        parts.append(make.both(tuft.hung("head")))
    for x, lean, tall in ((0, 6, 26), (-9, -16, 17), (10, 22, 15)):
        lock = _tube(
            [(x, 8, 338, 9, 7), (x + lean * 0.3, 2, 338 + tall * 0.7, 7, 5), (x + lean, -6, 338 + tall, 0.6, 0.5)],
            "fur", 8, 6, (1, 0, 0), 320, 350,
        )  # fmt: skip
        parts.append(lock.hung("head"))
    return parts


def _body() -> list[Mesh]:
    torso = _tube(
        [(0, 26, 52, 20, 18), (0, 26, 56, 44, 40), (0, 25, 80, 52, 47), (0, 24, 110, 51, 45), (0, 24, 140, 45, 39),
         (0, 24, 168, 38, 33), (0, 24, 184, 30, 28)],
        "dark", 18, 12, (1, 0, 0), 50, 160,
    )  # fmt: skip
    tummy = _tube(
        [(0, -16, 62, 4, 2), (0, -20, 68, 22, 5), (0, -22, 88, 30, 5), (0, -20, 112, 28, 5),
         (0, -14, 134, 18, 4), (0, -10, 140, 3, 1)],
        "cream", 12, 9, (1, 0, 0), 50, 120,
    )  # fmt: skip
    arm = _tube(
        [(34, 25, 160, 19, 20), (60, 25, 160, 18, 18), (78, 25, 159, 16.5, 16.5), (104, 24, 159, 15.5, 15),
         (122, 24, 159, 18, 16),
         (136, 23, 158, 17, 15), (146, 23, 158, 9, 8), (148, 23, 158, 2, 2)],
        "dark", 12, 13, (0, 1, 0), 138, 182,
    )  # fmt: skip
    leg = _tube(
        [(25, 26, 88, 24, 25), (27, 25, 64, 23, 23), (28, 25, 40, 19, 19), (29, 26, 20, 19, 20),
         (29, 26, 6, 21, 22), (29, 26, 1, 16, 17)],
        "dark", 12, 9, (1, 0, 0), 0, 80,
    )  # fmt: skip
    foot = _tube(
        [(29, 44, 12, 12, 8), (29, 34, 14, 20, 13), (30, 10, 14, 23, 14), (31, -12, 13, 22, 13),
         (31, -24, 12, 12, 9), (31, -27, 12, 2, 2)],
        "dark", 12, 9, (1, 0, 0), 0, 60,
    )  # fmt: skip
    trunk = ("hips", "spine", "chest", "neck")
    return [
        _hung(torso, *trunk), _hung(tummy, *trunk),
        make.both(_hung(arm, "leftShoulder", "leftUpperArm", "leftLowerArm", "leftHand", power=6.0)),
        make.both(_hung(leg, "hips", "leftUpperLeg", "leftLowerLeg", "leftFoot")),
        make.both(_hung(foot, "leftFoot", "leftToes")),
    ]  # fmt: skip


def _tail() -> list[Mesh]:
    rows = make.smooth_line(
        np.array([(0, 64, 86, 13, 13), (12, 90, 78, 19, 19), (36, 120, 82, 26, 26), (66, 140, 112, 31, 31),
            (84, 144, 156, 31, 31),
                  (88, 136, 194, 24, 24), (86, 128, 213, 12, 12), (85, 124, 220, 1.5, 1.5)]),
        19,
    )  # fmt: skip
    sections, _, _ = make.ellipses(rows[:, :3], rows[:, 3], rows[:, 4], 14, np.array([1.0, 0.2, 0.0]))
    bands = ((0, 4, "fur"), (4, 6, "cream"), (6, 9, "fur"), (9, 11, "cream"), (11, 14, "fur"), (14, 18, "dark"))
    parts = []
    for first, last, colour in bands:
        points, faces = make.loft(sections[first : last + 1], (first == 0, last == 18))
        t = np.full(len(points), 0.7)
        mesh = make.of(points - [0, 0, GROUND], faces, np.stack([0 * t + PALETTE.place(colour)[0], t], 1), "Cloth")
        parts.append(_hung(mesh, "tail1", "tail2", "tail3"))
    return parts


def _cape() -> list[Mesh]:
    """A short cape that stands off the shoulders, its hem in another colour, and a scarf's roll with a button."""
    around, rows = 36, 9
    t = np.linspace(0, 1, rows)
    angle = np.arange(around) * 2 * np.pi / around
    wave = 1 + 0.030 * np.cos(angle * 6)
    rx, ry = np.interp(t, [0, 0.25, 1], [33, 56, 76]), np.interp(t, [0, 0.25, 1], [31, 46, 66])
    z = np.interp(t, [0, 0.25, 1], [188, 180, 112])
    grow = 1 + (wave - 1)[None] * t[:, None]
    sections = np.stack(
        [
            rx[:, None] * np.cos(angle) * grow,
            24 - ry[:, None] * np.sin(angle) * grow,
            np.broadcast_to(z[:, None], grow.shape),
        ],
        -1,
    )[:, ::-1]
    parts = []
    for first, last, colour in ((0, 7, "cape"), (7, 8, "lining")):
        points, faces = make.loft(sections[first : last + 1], (False, False))
        shade = np.clip((points[:, 2] - 105) / 70, 0, 1)
        mesh = make.of(
            points - [0, 0, GROUND],
            faces,
            np.stack([0 * shade + PALETTE.place(colour)[0], 0.04 + 0.92 * shade], 1),
            "Cloth",
        )
        parts.append(_hung(mesh, "chest", "spine", "neck", "leftUpperArm", "rightUpperArm", power=3.0))
    turn = np.linspace(0, 2 * np.pi, 25)[:-1]
    centre = np.stack([40 * np.sin(turn), 24 - 38 * np.cos(turn), 186 - 5 * np.cos(turn)], 1)
    ring = np.arange(8) * 2 * np.pi / 8
    out = np.stack([np.sin(turn), -np.cos(turn), 0 * turn], 1)
    roll = (
        centre[:, None]
        + out[:, None] * (10 * np.cos(ring))[None, :, None]
        + np.array([0, 0, 1]) * (11 * np.sin(ring))[None, :, None]
    )
    faces = [tuple(int(v) % (24 * 8) for v in q) for q in make.grid_quads(25, 8, wrap=True)]
    points = roll.reshape(-1, 3)
    shade = np.clip((points[:, 2] - 170) / 30, 0, 1)
    scarf = make.of(
        points - [0, 0, GROUND],
        faces,
        np.stack([0 * shade + PALETTE.place("lining")[0], 0.04 + 0.92 * shade], 1),
        "Cloth",
    )
    parts.append(_hung(scarf, "chest", "neck"))
    button = _tube(
        [(0, -23, 164, 2, 2), (0, -25, 164, 8, 8), (0, -28.5, 163, 8, 8), (0, -30, 163, 2, 2)],
        "lining",
        10,
        6,
        (1, 0, 0),
        150,
        172,
    )
    parts.append(button.hung("chest"))
    return parts


def build() -> Mesh:
    """Everything but the face."""
    return make.join([*_body(), *_tail(), *_cape(), *_head()])
