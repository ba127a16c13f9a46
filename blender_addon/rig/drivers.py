"""The drivers that hold a mesh's shape keys. One that is muted holds nothing, and a performance may have its key."""

from collections.abc import Iterable
from typing import Any

import bpy

from .recognise import recognise


def drivers_of(key: bpy.types.Key) -> dict[str, bpy.types.FCurve]:
    """Shape key to the driver of its value."""
    if not key.animation_data:
        return {}
    by_path = {driver.data_path: driver for driver in key.animation_data.drivers}
    paths = {f'key_blocks["{bpy.utils.escape_identifier(block.name)}"].value': block.name for block in key.key_blocks}
    return {name: by_path[path] for path, name in paths.items() if path in by_path}


def held(key: bpy.types.Key) -> set[str]:
    """The shape keys that a driver holds."""
    return {name for name, driver in drivers_of(key).items() if not driver.mute}


def mute_drivers(meshes: Iterable[bpy.types.Object], mute: bool, name: str = "") -> int:
    """Mutes or unmutes the drivers of shape keys that FaceMimic knows by name, or of one; returns how many changed."""
    count = 0
    for mesh in meshes:
        data: Any = mesh.data
        drivers = drivers_of(data.shape_keys)
        known = {name} if name else {match.source for match in recognise(data.shape_keys.key_blocks.keys()).found}
        for one, driver in drivers.items():
            if one in known and driver.mute != mute:
                driver.mute = mute
                count += 1
    return count
