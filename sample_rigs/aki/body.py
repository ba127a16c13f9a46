"""Aki's hands and clothes: tubes through rows of measures, in mm above the ground before she is enlarged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..toon import mesh as make
from ..toon.mesh import Mesh
from ..toon.weights import hang
from .look import GROUND, HERE, PALETTE

BONES = HERE / "bones.toml"
TORSO = ("hips", "spine", "chest", "upperChest", "leftShoulder", "rightShoulder", "leftUpperArm", "rightUpperArm")
PLEATS = 18


def _painted(mesh: Mesh, colour: str, low: float, high: float, axis: int = 2) -> Mesh:
    """The mesh in a palette's ramp from `low` to `high` along an axis, and moved from the ground to the eyes."""
    t = np.clip((mesh.points[:, axis] - low) / (high - low), 0, 1)
    mesh.uv = np.stack([np.full(len(t), PALETTE.place(colour)[0]), 0.04 + 0.92 * t], 1)
    mesh.points = mesh.points - [0.0, 0.0, GROUND]
    return mesh


def _column(rows: Sequence[Sequence[float]], around: int, count: int, square: float = 2.2, caps=(False, False)) -> Mesh:
    """A tube upwards through rows of z, y, half width, half depth."""
    full = [(0.0, y, z, rx, ry) for z, y, rx, ry in rows]
    return make.limb(full, around, count, (1, 0, 0), "Cloth", (0, 0), caps, square)


def _jacket() -> list[Mesh]:
    body = _column(
        [
            (742, 55, 80, 60), (752, 55, 98, 74), (790, 55, 104, 78), (860, 55, 101, 75), (940, 54, 99, 73),
            (1000, 54, 97, 68), (1036, 54, 86, 58), (1056, 54, 62, 48), (1066, 53, 44, 40),
        ],
        28, 18,
    )  # fmt: skip
    hem = _column([(722, 55, 80, 60), (726, 55, 85, 64), (744, 55, 86, 65), (750, 55, 82, 61)], 28, 7)
    parts = [
        hang(_painted(body, "jacket", 740, 1000), BONES, GROUND, TORSO),
        hang(_painted(hem, "navy", 722, 750), BONES, GROUND, ("hips", "spine")),
    ]
    sleeve = make.limb(
        [
            (58, 56, 1018, 40, 44), (92, 57, 1020, 42, 44), (140, 57, 1020, 40, 41), (200, 58, 1018, 38, 39),
            (252, 58, 1016, 38, 40), (310, 58, 1014, 42, 44), (360, 58, 1012, 45, 48), (388, 57, 1014, 41, 43),
            (396, 57, 1018, 28, 29),
        ],
        18, 20, (0, 1, 0), "Cloth", (0, 0), (False, False),
    )  # fmt: skip
    cuff = make.limb(
        [(390, 57, 1019, 27, 28), (396, 57, 1019, 30, 31), (414, 57, 1019, 28, 28), (418, 57, 1019, 24, 24)],
        18, 7, (0, 1, 0), "Cloth", (0, 0), (False, True),
    )  # fmt: skip
    arm = ("leftShoulder", "leftUpperArm", "leftLowerArm")
    parts += [
        make.both(hang(_painted(sleeve, "jacket", 975, 1050), BONES, GROUND, arm, 6.0)),
        make.both(_painted(cuff, "coral", 990, 1045).hung("leftLowerArm")),
    ]
    return parts


def _hood() -> list[Mesh]:
    roll = make.limb(
        [
            (12, -2, 1040, 6, 8), (30, 2, 1052, 12, 12), (52, 26, 1066, 17, 15), (56, 62, 1076, 19, 18),
            (38, 98, 1076, 24, 20), (0, 116, 1070, 30, 22), (-38, 98, 1076, 24, 20), (-56, 62, 1076, 19, 18),
            (-52, 26, 1066, 17, 15), (-30, 2, 1052, 12, 12), (-12, -2, 1040, 6, 8),
        ],
        12, 41, (0, 0, 1), "Cloth", (0, 0),
    )  # fmt: skip
    pouch = make.limb(
        [(0, 92, 1088, 46, 14), (0, 118, 1078, 64, 24), (0, 138, 1046, 70, 28), (0, 146, 1004, 58, 24),
         (0, 142, 966, 34, 15), (0, 136, 944, 6, 4)],
        20, 14, (1, 0, 0), "Cloth", (0, 0),
    )  # fmt: skip
    cord = make.limb(
        [(17, -4, 1046, 1.9, 1.9), (20, -17, 1020, 1.9, 1.9), (21, -22, 985, 1.9, 1.9), (21, -22, 962, 1.9, 1.9)],
        6, 9, (1, 0, 0), "Cloth", (0, 0),
    )  # fmt: skip
    tip = make.limb(
        [(21, -22, 963, 2.0, 2.0), (21, -22, 961, 3.2, 3.2), (21, -22, 950, 3.2, 3.2), (21, -22, 948, 1.6, 1.6)],
        6, 6, (1, 0, 0), "Cloth", (0, 0),
    )  # fmt: skip
    shirt = _column([(1030, 52, 50, 46), (1052, 52, 40, 38), (1066, 51, 33, 33), (1073, 50, 31, 31)], 24, 8)
    zipper = make.limb(
        [(0, -13, 1046, 3.5, 2.2), (0, -17, 1000, 3.5, 2.2), (0, -21, 930, 3.5, 2.2), (0, -23, 850, 3.5, 2.2),
         (0, -24.5, 790, 3.5, 2.2), (0, -20.5, 752, 3.5, 2.2)],
        8, 12, (1, 0, 0), "Cloth", (0, 0),
    )  # fmt: skip
    top = ("chest", "upperChest")
    return [
        hang(_painted(roll, "jacket", 1050, 1090), BONES, GROUND, ("upperChest",)),
        hang(_painted(pouch, "jacket", 930, 1090), BONES, GROUND, ("upperChest",)),
        make.both(hang(_painted(cord, "navy", 900, 1000), BONES, GROUND, top)),
        make.both(hang(_painted(tip, "gold", 950, 962), BONES, GROUND, top)),
        hang(_painted(shirt, "shirt", 1030, 1073), BONES, GROUND, ("upperChest", "neck")),
        hang(_painted(zipper, "coral", 750, 1046), BONES, GROUND, TORSO[:4]),
    ]


def _skirt() -> list[Mesh]:
    around, rows = PLEATS * 4, 9
    t = np.linspace(0, 1, rows)
    angle = (np.arange(around) + 0.5) * 2 * np.pi / around
    fold = np.array([0.0, 1.0, 0.85, -0.75])[np.arange(around) % 4]
    z = 738 - 248 * t
    rx, ry = 84 + 62 * t**0.8, 62 + 66 * t**0.8
    deep = 8.5 * t**0.7
    grow = 1 + deep[:, None] * fold[None] / rx[:, None]
    sections = np.stack(
        [
            rx[:, None] * np.cos(angle) * grow,
            55 - ry[:, None] * np.sin(angle) * grow,
            np.broadcast_to(z[:, None], (rows, around)) + 2.0 * t[:, None] * fold[None],
        ],
        -1,
    )
    sections = sections[:, ::-1]
    points, faces = make.loft(sections, (False, False))
    mesh = _painted(make.of(points, faces, (0, 0), "Cloth"), "navy", 470, 740)
    legs = ("leftUpperLeg", "rightUpperLeg")
    hang(mesh, BONES, GROUND, ("hips", *legs), 3.0)
    # The stripe above the hem is a row of quads in another colour.
    stripe = make.loft(sections[-2:] + (sections[-2:] - [0, 55, 0]) * [0.006, 0.006, 0] + [0, 0, 6], (False, False))
    band = hang(_painted(make.of(*stripe, (0, 0), "Cloth"), "jacket", 400, 470), BONES, GROUND, ("hips", *legs), 3.0)
    lower, upper = band.points[around:], band.points[:around]
    band.points[:around] = upper * 0.42 + lower * 0.58
    band.no_outline = np.ones(len(band.points), bool)
    return [mesh, band]


def _legs() -> list[Mesh]:
    leg = make.limb(
        [
            (44, 55, 690, 50, 56), (45, 55, 620, 50, 54), (47, 54, 520, 45, 48), (49, 52, 420, 38, 40),
            (50, 51, 352, 33, 35), (50, 56, 290, 33, 36), (51, 62, 230, 33, 36), (52, 63, 150, 25, 27),
            (52, 62, 90, 20, 22), (52, 60, 66, 20, 22),
        ],
        16, 22, (1, 0, 0), "Cloth", (0, 0),
    )  # fmt: skip
    sock = make.limb(
        [(52, 60, 62, 24, 27), (52, 60, 72, 28, 30), (52, 60, 86, 29, 31), (52, 61, 98, 28, 30),
         (52, 61, 104, 22, 24)],
        16, 9, (1, 0, 0), "Cloth", (0, 0), (False, False),
    )  # fmt: skip
    leg_bones = ("leftUpperLeg", "leftLowerLeg", "leftFoot")
    return [
        make.both(hang(_painted(leg, "leggings", 60, 690), BONES, GROUND, leg_bones, 6.0)),
        make.both(hang(_painted(sock, "jacket", 60, 104), BONES, GROUND, ("leftLowerLeg", "leftFoot"))),
    ]


def _shoes() -> list[Mesh]:
    upper = make.limb(
        [
            (53, 92, 40, 6, 12), (53, 86, 42, 24, 28), (53, 66, 46, 29, 34), (53, 40, 42, 30, 30),
                (54, 12, 34, 32, 22),
            (55, -16, 28, 33, 17), (55, -36, 25, 28, 14), (55, -46, 22, 8, 5),
        ],
        14, 18, (1, 0, 0), "Cloth", (0, 0), square=2.4,
    )  # fmt: skip
    sole = make.limb(
        [
            (53, 99, 14, 10, 8), (53, 94, 13, 28, 13), (53, 66, 12, 33, 12), (53, 36, 11, 32, 11),
                (54, 4, 11, 34, 11),
            (55, -24, 12, 35, 11), (55, -44, 14, 26, 10), (55, -53, 16, 6, 6),
        ],
        14, 18, (1, 0, 0), "Cloth", (0, 0), square=3.0,
    )  # fmt: skip
    cap = make.limb(
        [(55, -10, 29, 31, 17), (55, -22, 27, 33.5, 17.5), (55, -36, 25, 30, 15.5), (55, -47, 22, 12, 8)],
        14, 8, (1, 0, 0), "Cloth", (0, 0), square=2.4,
    )  # fmt: skip
    foot = ("leftFoot", "leftToes")
    return [
        make.both(hang(_painted(upper, "coral", 10, 80), BONES, GROUND, foot)),
        make.both(hang(_painted(sole, "sole", 0, 20), BONES, GROUND, foot)),
        make.both(hang(_painted(cap, "jacket", 10, 40), BONES, GROUND, foot)),
    ]


def _hands() -> list[Mesh]:
    palm = make.limb(
        [(404, 57, 1020, 15, 12), (422, 57, 1020, 18, 11), (446, 56, 1019, 23, 11), (464, 55, 1018, 23, 9),
         (472, 55, 1018, 18, 6)],
        12, 10, (0, 1, 0), "Skin", (0.98, 0.02), square=2.6,
    )  # fmt: skip
    parts = [palm]
    for y, long, spread in ((39, 42, -4.0), (50, 48, -1.0), (61, 44, 2.0), (71, 34, 5.0)):
        finger = [(462, y, 1018, 5.6, 5.6), (474, y + spread * 0.2, 1018, 5.6, 5.4),
            (462 + long * 0.65, y + spread * 0.6, 1015, 5.2, 5.0),
                  (462 + long, y + spread, 1010, 3.9, 3.8), (464 + long, y + spread, 1009, 1.5, 1.5)]  # fmt: skip
        parts.append(make.limb(finger, 8, 9, (0, 1, 0), "Skin", (0.98, 0.02)))
    thumb = [
        (424, 46, 1018, 8, 8),
        (436, 30, 1014, 7, 7),
        (450, 18, 1009, 6, 6),
        (460, 12, 1005, 4.2, 4.2),
        (462, 11, 1004, 1.5, 1.5),
    ]
    parts.append(make.limb(thumb, 8, 9, (0, 0, 1), "Skin", (0.98, 0.02)))
    for part in parts:
        part.points = part.points - [0.0, 0.0, GROUND]
        part.hung("leftHand")
    return [make.both(part) for part in parts]


def build() -> Mesh:
    """Hands and clothes."""
    return make.join([*_legs(), *_shoes(), *_skirt(), *_jacket(), *_hood(), *_hands()])
