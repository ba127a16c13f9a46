"""How Aki looks: features of the face in mm, colours, textures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..head.sculpt import Sculpt
from ..toon import paint, skin
from ..toon.eyes import Eye
from ..toon.face import Face
from ..toon.lids import Lids
from ..toon.lips import Lips
from ..toon.paint import Iris, Palette

HERE = Path(__file__).parent
GROUND = 1200.0  # height of the eyes, mm
SIZE = 1.14  # how much larger than drawn she stands
CLOSE = (8.0, 232.0)  # middle of a close picture above the eyes, and what it takes in

SKIN = "#fbe0d0"
PALETTE = Palette(
    {
        "lash": ("#2a2038", "#2a2038"),
        "fold": ("#a8695f", "#a8695f"),
        "brow": ("#3d3264", "#3d3264"),
        "line": ("#8a3b44", "#8a3b44"),
        "teeth": ("#ffffff", "#ffffff"),
        "tongue": ("#e06a76", "#f08a90"),
        "jacket": ("#dcd6e6", "#f7f4f2"),
        "jacket shade": ("#bdb7d2", "#dcd6e6"),
        "coral": ("#e8645c", "#f6857a"),
        "navy": ("#333a70", "#4d5698"),
        "navy dark": ("#22254a", "#2c3060"),
        "leggings": ("#35314e", "#443f60"),
        "sole": ("#ffffff", "#ffffff"),
        "shirt": ("#5a6aa8", "#7486c4"),
        "gold": ("#e8b75a", "#f8d98a"),
        "skin": (SKIN, SKIN),
    }
)
IRIS = Iris(rim="#3a1f33", upper="#a0472c", lower="#f2a444", pupil="#3d1a2e", glow="#ffe08a")
MOUTH = "#7a2438"
OUTLINE = "#3a2740"

LIDS = Lids(inner=(15.0, -7.0), outer=(54.5, 0.0), upper=20.5, lower=15.0)
LIPS = Lips(
    height=-57.5,
    width=13.0,
    line=0.85,
    steps=23,
    chin=-80.0,
    swells=(
        ("cheekPuff", (36.0, -24.0, -50.0), 34.0, (8.0, -7.0, 0.0)),
        ("cheekRise", (36.0, -34.0, -32.0), 26.0, (0.6, -2.4, 2.6)),
        ("noseUp", (8.0, -52.0, -28.0), 16.0, (0.6, 0.6, 3.4)),
    ),
)
EYE = Eye(centre=(33.5, -1.5), iris=(14.2, 18.2), behind=2.6, pivot=50.0)
# x, z, half width from the nose outwards
BROW = np.array([[14.5, 32.6, 1.3], [22.0, 34.4, 2.2], [34.0, 35.6, 2.2], [47.0, 33.6, 1.5], [57.5, 27.6, 0.2]])


def face() -> Face:
    """Aki's face, ready to be posed."""
    laid = skin.build(Sculpt(HERE / "sculpt.toml"), LIDS, LIPS, skin.Layout())
    inks = {name: PALETTE.place(name) for name in ("lash", "fold", "brow", "line", "teeth", "tongue")}
    return Face(laid, EYE, BROW, inks, neck=(-128.0, -92.0))


def textures() -> dict[str, np.ndarray]:
    """Pixels by name."""
    return {
        "Skin": paint.skin(
            SKIN,
            [
                ("#f7a493", (40, -34), (19, 11), 0.55, 1.0),
                ("#f3b3a2", (0, -38), (9, 4.0), 0.75, 1.6),
                ("#f4b4a6", (0, -82), (20, 8), 0.35, 1.0),
                ("#e9b3ac", (0, -112), (60, 18), 0.85, 2.0),
            ],
        ),
        "Eye": paint.eye(IRIS),
        "Hair": paint.hair("#554a9c", "#7c6fca", "#d3a6e0", "#e3dcfb"),
        "Paint": PALETTE.image(),
    }
