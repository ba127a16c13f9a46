"""Renders a sheet of Nova's neutral face and her 52 shapes at 1.0.

mouthClose is shown on an open jaw: it is ARKit's corrective, which means nothing alone.

`python -m sample_rigs.contact_sheet [sheet.png] [head.blend]`
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import bpy

from . import studio
from .build_head import BLEND, HERE
from .head.shapes.arkit import NAMES

SHEET = HERE / "contact_sheet.png"
TILE, SAMPLES, COLUMNS = 240, 12, 9


def load(blend: Path) -> list[bpy.types.Object]:
    """Opens a .blend and returns its character: meshes and armature."""
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    return [o for o in bpy.context.scene.objects if o.type in ("MESH", "ARMATURE")]


def main(path: Path = SHEET, blend: Path = BLEND) -> None:
    character = load(blend)
    scene = bpy.context.scene
    studio.set_up(scene, TILE, SAMPLES)
    framed = [o for o in character if o.name not in ("Nova Hair", "Nova Body")]
    camera = studio.frame_head(framed, yaw=14.0, pitch=1.0, margin=0.76)
    camera.location.z -= 0.035  # chins drop, foreheads do not
    with tempfile.TemporaryDirectory() as room:
        images = []
        for name in ("neutral", *NAMES):
            jaw = {"jawOpen": 1.0} if name == "mouthClose" else {}
            studio.set_shapes(character, {name: 1.0, **jaw})
            images.append(studio.render_png(scene, Path(room) / f"{name}.png"))
        labels = ["mouthClose + jawOpen" if name == "mouthClose" else name for name in NAMES]
        studio.sheet(images, ["neutral", *labels], COLUMNS, path, colours=256)


if __name__ == "__main__":
    arguments = [Path(a) for a in sys.argv[1:]]
    main(*arguments)
