"""Pip, put together."""

from __future__ import annotations

from ..toon.character import Design
from ..toon.pose import read_poses
from . import body, look


def design() -> Design:
    """Pip's face, body and colours."""
    return Design(
        name="Pip",
        ground=look.GROUND,
        size=look.SIZE,
        face=look.face(),
        poses=read_poses(look.HERE / "poses.toml"),
        body=body.build(),
        bones=body.BONES,
        textures=look.textures(),
        shades={
            "Skin": (0.74, 0.62, 0.62),
            "Mouth": (0.80, 0.70, 0.70),
            "Paint": (0.88, 0.88, 0.88),
            "Eye": (0.90, 0.90, 0.90),
            "Cloth": (0.66, 0.60, 0.66),
        },
        mouth=look.MOUTH,
        outline=look.OUTLINE,
        line=1.0,
        portrait=(16.0, 270.0),
    )
