"""An avatar's picture, as a .vrm wants it: square, PNG or JPEG, in the file itself (VRMC_vrm-1.0/meta.md)."""

import tempfile
from pathlib import Path
from typing import Any

import bpy

from ..messages import AddonError
from ..rig.avatar_meta import PICTURES
from .gltf_file import GltfFile


def add_thumbnail(file: GltfFile, image: bpy.types.Image) -> int:
    """Adds a picture to the file; returns its index among the file's images.

    Its own bytes where it is PNG or JPEG, else as PNG. Raises AddonError when it is not square or has no pixels.
    """
    width, height = image.size[:]
    if not width or not height:
        raise AddonError(f"The picture {image.name} has no pixels: its file is missing. Choose another thumbnail.")
    if width != height:
        raise AddonError(f"The picture {image.name} has {width} × {height} pixels. A .vrm's thumbnail must be square.")
    data = _own_bytes(image)
    kind = _kind(data)
    if not kind:
        data, kind = _as_png(image), "image/png"
    return file.add("images", {"name": image.name, "mimeType": kind, "bufferView": file.add_bytes(data)})


def _kind(data: bytes) -> str:
    return next((kind for start, kind in PICTURES.items() if data.startswith(start)), "")


def _own_bytes(image: bpy.types.Image) -> bytes:
    if image.is_dirty or image.source != "FILE":
        return b""
    packed: Any = image.packed_file
    if packed is not None:
        return packed.data
    try:
        return Path(bpy.path.abspath(image.filepath, library=image.library)).read_bytes()
    except OSError:
        return b""


def _as_png(image: bpy.types.Image) -> bytes:
    with tempfile.TemporaryDirectory(prefix="facemimic_") as folder:
        path = Path(folder) / "thumbnail.png"
        copy: Any = image.copy()
        try:
            copy.file_format = "PNG"
            copy.save(filepath=str(path), save_copy=True)
            return path.read_bytes()
        except (OSError, RuntimeError) as error:
            raise AddonError(f"The picture {image.name} cannot be written as PNG. Choose another thumbnail.") from error
        finally:
            bpy.data.images.remove(copy)
