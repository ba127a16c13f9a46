"""The points of a face as empties that the artist moves."""

from collections.abc import Mapping, Sequence
from typing import Any

import bpy
import numpy as np

COLLECTION = "FaceMimic Landmarks"
NAME = "facemimic_landmark"
"""Custom property of an empty: which point it is."""


def place(scene: bpy.types.Scene, points: Mapping[str, Sequence[float]]) -> bpy.types.Collection:
    """Puts an empty on each point, in place of any that are there."""
    remove()
    room = bpy.data.collections.get(COLLECTION) or bpy.data.collections.new(COLLECTION)
    if room.name not in scene.collection.children:
        scene.collection.children.link(room)
    cloud = np.array(list(points.values()))
    size = 0.012 * float(np.ptp(cloud, axis=0).max())
    for name, point in points.items():
        empty = bpy.data.objects.new(name, None)
        empty.empty_display_type = "SPHERE"
        empty.empty_display_size = size
        empty.show_in_front = True
        empty.location = point
        empty[NAME] = name
        room.objects.link(empty)
    return room


def placed() -> dict[str, list[float]]:
    """Where the empties are, in world space; empty without any."""
    room = bpy.data.collections.get(COLLECTION)
    if room is None:
        return {}
    found: dict[str, list[float]] = {}
    objects: Any = room.objects
    for obj in objects:
        if NAME in obj:
            place = obj.matrix_world.translation
            found[str(obj[NAME])] = [float(value) for value in place]
    return found


def remove() -> None:
    """Takes the empties and their collection away."""
    room = bpy.data.collections.get(COLLECTION)
    if room is None:
        return
    for obj in list(room.objects):
        if NAME in obj:
            bpy.data.objects.remove(obj)
    if not room.objects and not room.children:
        bpy.data.collections.remove(room)
