"""All of Nova's parts, with their shapes and weights."""

from __future__ import annotations

from . import armature, body, brows, eyes, face, hair, mouth
from .part import Part
from .shapes import arkit


def build(with_body: bool = True) -> list[Part]:
    """The parts, face first. Positions in mm around the eyes; see `to_blender` for the world."""
    skin = face.build()
    skin.part.shapes = arkit.face_shapes(skin)
    teeth = mouth.build()
    arkit.mouth_shapes(teeth)
    strokes = brows.build()
    arkit.brow_shapes(strokes, skin)
    parts = [skin.part, eyes.build(), teeth, strokes, hair.build()]
    for part in parts:
        armature.hang_head(part)
    if with_body:
        clothes = body.build()
        armature.hang_body(clothes)
        parts.append(clothes)
    return parts
