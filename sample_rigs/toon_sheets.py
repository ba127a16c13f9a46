"""Renders a sheet of a drawn character's neutral face and every shape at 1.0, mouthClose on an open jaw.

`python -m sample_rigs.toon_sheets [aki|pip ...]` writes contact_sheet_<name>.png from <name>.blend.
"""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path

import bpy

from . import studio
from .build_toons import HERE, NAMES
from .contact_sheet import load
from .head.shapes.arkit import NAMES as ARKIT
from .toon import character, stage

TILE, SAMPLES = 180, 12
COLUMNS = {"aki": 10, "pip": 7}
COLOURS = {"aki": 256, "pip": None}


def shape_names(objects: list[bpy.types.Object]) -> list[str]:
    """Every shape key's name, ARKit's first and in their usual order."""
    found = dict.fromkeys(
        key.name
        for obj in objects
        if obj.type == "MESH" and obj.data.shape_keys
        for key in obj.data.shape_keys.key_blocks[1:]
    )
    return sorted(found, key=lambda name: (name not in ARKIT, ARKIT.index(name) if name in ARKIT else 0))


def sheet(name: str, path: Path) -> Path:
    """The contact sheet of one character."""
    look = import_module(f".{name}.look", __package__)
    objects = load(HERE / f"{name}.blend")
    scene = bpy.context.scene
    stage.set_up(scene, TILE, SAMPLES)
    character.portrait(look.GROUND, look.SIZE, look.CLOSE, yaw=12.0)
    names = shape_names(objects)
    with tempfile.TemporaryDirectory() as room:
        pictures = []
        for shape in ("neutral", *names):
            jaw = {"jawOpen": 1.0} if shape == "mouthClose" else {}
            studio.set_shapes(objects, {shape: 1.0, **jaw})
            pictures.append(studio.render_png(scene, Path(room) / f"{len(pictures)}.png"))
        labels = ["mouthClose + jawOpen" if shape == "mouthClose" else shape for shape in names]
        return studio.sheet(pictures, ["neutral", *labels], COLUMNS[name], path, colours=COLOURS[name])


if __name__ == "__main__":
    for one in sys.argv[1:] or NAMES:
        sheet(one, HERE / f"contact_sheet_{one}.png")
