"""Small pictures of the people in a video, to choose one by."""

from typing import Any

import bpy.utils.previews
import numpy as np

from .messages import AddonError

_shown: Any = None
_of = ""
_count = 0


def show(path: str, pictures: np.ndarray) -> None:
    """Keeps portraits (faces, height, width, 3), 0..1, for the panel; they replace the last ones."""
    global _shown, _of, _count
    if pictures.ndim != 4 or pictures.shape[3] != 3 or not len(pictures):
        raise AddonError("The engine's answer holds no portraits. Install FaceMimic and its engine again.")
    forget()
    _shown = bpy.utils.previews.new()
    for number, picture in enumerate(pictures):
        preview = _shown.new(str(number))
        height, width = picture.shape[:2]
        # Blender's pictures begin at the bottom.
        pixels = np.ones((height, width, 4), np.float32)
        pixels[:, :, :3] = picture[::-1]
        preview.image_size = width, height
        preview.image_pixels_float.foreach_set(pixels.ravel())
    _of, _count = path, len(pictures)


def icons(path: str) -> list[int]:
    """The icons of the people in this video, by their numbers; empty where nobody has looked yet."""
    return [_shown[str(number)].icon_id for number in range(_count)] if _shown is not None and path == _of else []


def forget() -> None:
    """Frees them."""
    global _shown, _of, _count
    if _shown is not None:
        bpy.utils.previews.remove(_shown)
    _shown, _of, _count = None, "", 0
