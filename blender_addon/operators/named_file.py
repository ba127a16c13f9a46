"""The file that an operator was given."""

from pathlib import Path

import bpy

from ..messages import AddonError


def named_file(filepath: str, wanted: str) -> Path:
    """The path behind an operator's `filepath`. Raises AddonError without one; `wanted`: what to name, ".glb file"."""
    if not filepath.strip():
        raise AddonError(f"No file was named. Give the name of a {wanted}.")
    return Path(bpy.path.abspath(filepath))
