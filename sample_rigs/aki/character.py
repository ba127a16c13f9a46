"""Aki, put together."""

from __future__ import annotations

from ..toon import hair
from ..toon.character import Design
from ..toon.pose import read_poses
from . import body, look


def design() -> Design:
    """Aki's face, hair, clothes and colours."""
    return Design(
        name="Aki",
        ground=look.GROUND,
        size=look.SIZE,
        face=look.face(),
        poses=read_poses(look.HERE / "poses.toml"),
        body=body.build(),
        bones=body.BONES,
        textures=look.textures(),
        shades={
            "Skin": (0.86, 0.66, 0.66),
            "Mouth": (0.80, 0.70, 0.70),
            "Paint": (0.88, 0.88, 0.88),
            "Eye": (0.88, 0.88, 0.90),
            "Hair": (0.64, 0.60, 0.72),
            "Cloth": (0.68, 0.66, 0.76),
        },
        mouth=look.MOUTH,
        outline=look.OUTLINE,
        line=1.1,
        hair=hair.build(look.HERE / "hair.toml"),
        portrait=(6.0, 285.0),
    )
