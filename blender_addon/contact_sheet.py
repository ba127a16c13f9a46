"""A contact sheet as an image in the file: pictures in rows, each with its name."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import blf
import bpy
import imbuf
import numpy as np

IMAGE = "FaceMimic Face Shapes"
COLUMNS = 9
_LABEL = 22
"""Pixels of the strip for the name below each picture."""
_GROUND = 0.11


def make_sheet(tiles: np.ndarray, names: Sequence[str]) -> bpy.types.Image:
    """Puts pictures, sRGB 0..1 (n, height, width, 3) with rows from the top, into one image, packed into the file."""
    count, height, width = tiles.shape[:3]
    rows = -(-count // COLUMNS)
    page = np.full((rows * (height + _LABEL), COLUMNS * width, 4), _GROUND, np.float32)
    page[..., 3] = 1.0
    for number, tile in enumerate(tiles):
        top, left = number // COLUMNS * (height + _LABEL), number % COLUMNS * width
        page[top : top + height, left : left + width, :3] = tile
    with tempfile.TemporaryDirectory() as room:
        path = str(Path(room) / "sheet.png")
        _write(page, path)
        _label(path, names, width, height, len(page))
        remove_sheet()
        image = bpy.data.images.load(path, check_existing=False)
        image.name = IMAGE
        image.pack()
        image.filepath = ""
    return image


def _write(page: np.ndarray, path: str) -> None:
    picture = bpy.data.images.new("FaceMimic page", page.shape[1], page.shape[0])
    picture.pixels.foreach_set(page[::-1].ravel())  # pyright: ignore[reportAttributeAccessIssue]
    picture.filepath_raw, picture.file_format = path, "PNG"
    picture.save()
    bpy.data.images.remove(picture)


def _label(path: str, names: Sequence[str], width: int, height: int, tall: int) -> None:
    """Writes the names into the file; Blender draws text into an image buffer also without a window."""
    draw: Any = blf
    buffer = imbuf.load(path)
    with draw.bind_imbuf(0, buffer):
        draw.color(0, 0.9, 0.9, 0.9, 1.0)
        for number, name in enumerate(names):
            size = 13.0
            draw.size(0, size)
            wide = draw.dimensions(0, name)[0]
            if wide > width - 4:
                draw.size(0, size * (width - 4) / wide)
                wide = width - 4
            row, column = divmod(number, COLUMNS)
            draw.position(0, column * width + (width - wide) / 2, tall - (row + 1) * (height + _LABEL) + 6, 0)
            draw.draw_buffer(0, name)
    imbuf.write(buffer, filepath=path)
    buffer.free()


def remove_sheet() -> None:
    """Takes the image away, if there is one."""
    image = bpy.data.images.get(IMAGE)
    if image is not None:
        bpy.data.images.remove(image)
