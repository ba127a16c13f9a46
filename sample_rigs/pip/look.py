"""How Pip looks: features of the face in mm, colours, textures."""

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
GROUND = 250.0  # height of the eyes, mm
SIZE = 2.3  # how much larger than drawn Pip stands
CLOSE = (14.0, 235.0)  # middle of a close picture above the eyes, and what it takes in

FUR, CREAM, DARK = "#d9713f", "#fff1db", "#5a3436"
PALETTE = Palette(
    {
        "lash": ("#35191f", "#35191f"),
        "brow": (CREAM, CREAM),
        "line": ("#4a2026", "#4a2026"),
        "tongue": ("#f0848c", "#f59ba0"),
        "nose": ("#3a1d24", "#55303a"),
        "fur": ("#c05c31", FUR),
        "cream": ("#f3dcc0", CREAM),
        "dark": ("#4a292c", "#74484a"),
        "cape": ("#16786f", "#2fa898"),
        "lining": ("#e8a63c", "#f9c865"),
        "pad": ("#e58a86", "#f2a6a0"),
        "fold": (FUR, FUR),
    }
)
IRIS = Iris(
    rim="#25121a", upper="#3c1d22", lower="#96502e", pupil="#22101a", glow="#e09a4e",
    pupil_size=(0.44, 0.48), light=(-0.32, 0.36, 0.30, 0.30), shine=(0.34, -0.42, 0.15, 0.14),
)  # fmt: skip
MOUTH = "#6d1f2c"
OUTLINE = "#40202a"

LIDS = Lids(
    inner=(17.0, -2.0), outer=(52.5, -0.5), upper=21.5, lower=16.5, upper_skew=0.95, lower_skew=1.05,
    upper_round=0.58, lower_round=0.58, lash=3.6, wing=(2.2, -0.2), lower_lash=0.9, fold=0.0,
)  # fmt: skip
LIPS = Lips(
    height=-43.0, width=14.5, steps=19, smile=1.0, cat=3.4, chin=-56.0, line=0.8, teeth=0.0, tongue=9.0,
    room=0.42, hold=0.4,
    swells=(("cheekRise", (44.0, -34.0, -26.0), 30.0, (1.0, -3.0, 3.4)),),
)  # fmt: skip
EYE = Eye(centre=(34.0, -1.0), iris=(17.0, 19.4), behind=1.6, white=2.6, pivot=27.0, ball=True)
# x, z, half width from the nose outwards
BROW = np.array([[18.0, 31.0, 1.2], [24.0, 35.5, 4.4], [33.0, 37.5, 4.8], [43.0, 34.0, 2.6], [47.0, 31.0, 0.6]])
LAYOUT = skin.Layout(
    columns=20, rows=23, top_front=6, eye=(2, 9, 10, 17), mouth=(0, 6, 3, 9),
    azimuth=((0, 0), (2, 8), (9, 54), (11, 78), (20, 180)),
    height=((0, -88), (2, -64), (3, -57), (9, -26), (10, -22), (17, 29), (23, 75)),
    axis=((-80, 22), (-50, 22)), nose=(-30.0, -20.0),
)  # fmt: skip


def face() -> Face:
    """Pip's face, ready to be posed."""
    laid = skin.build(Sculpt(HERE / "sculpt.toml"), LIDS, LIPS, LAYOUT)
    inks = {name: PALETTE.place(name) for name in ("lash", "fold", "brow", "line", "tongue")}
    return Face(laid, EYE, BROW, inks, neck=(-86.0, -62.0))


def textures() -> dict[str, np.ndarray]:
    """Pixels by name."""
    return {
        "Skin": paint.skin(
            FUR,
            [
                (CREAM, (70, -22), (34, 23), 1.0, 4.0),
                (CREAM, (0, -36), (34, 20), 1.0, 5.0),
                (CREAM, (0, -62), (34, 14), 1.0, 4.0),
                ("#a2472c", (37, -27), (8, 21), 0.85, 3.0),
                ("#f2a07c", (56, -22), (15, 9), 0.65, 1.2),
                ("#b9562f", (0, 62), (9, 30), 0.6, 1.5),
            ],
        ),
        "Eye": paint.eye(IRIS),
        "Paint": PALETTE.image(),
    }
