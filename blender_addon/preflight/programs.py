"""Rules about what single programs know: Godot's face tracker, V-Sekai's importer, Live Link and Perfect Sync."""

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np

from ..export.blender_data import key_blocks
from ..export.blender_gltf import members
from ..export.expressions import custom_channels, performs_in_arkit, shape_channels
from ..export.vrma_gaze import eyes_part
from ..rig.character import Character
from . import arkit_names, tracker
from .told import Told, listed


def tracker_names(character: Character) -> Iterator[Told]:
    aliases, halves, _ = tracker.wanted(character)
    if aliases:
        pairs = [f"{mesh.name}/{name} → {alias}" for mesh, name, alias in aliases]
        yield Told(
            f"Godot's face tracker does not know these names: {listed(pairs)}. Fixing adds copies under the names that "
            "it knows.",
            can_be_fixed=True,
        )
    if halves:
        names = [f"{mesh.name}/{name}" for mesh, name in halves]
        yield Told(
            f"Godot's face tracker knows browInnerUp only as two halves, and leaves still: {listed(names)}. "
            "Fixing adds the halves beside it.",
            can_be_fixed=True,
        )


def arkit_names_missing(character: Character) -> Iterator[Told]:
    pairs = [f"{mesh.name}/{name} → {channel}" for mesh, name, channel in arkit_names.wanted(character)]
    if pairs:
        yield Told(
            "Live Link and recordings move morph targets of ARKit's names by themselves; for others they need a pose "
            f"asset: {listed(pairs)}. Fixing adds copies under ARKit's names.",
            can_be_fixed=True,
        )


def tracker_unknown(character: Character) -> Iterator[Told]:
    names = [f"{mesh.name}/{name}" for mesh, name in tracker.wanted(character).unknown]
    if names:
        yield Told(f"Godot's face tracker leaves these still, baked takes move them: {listed(names)}.")


def tracker_twice(character: Character) -> Iterator[Told]:
    names = [f"{mesh.name}/{' = '.join(same)}" for mesh, same in tracker.repeated(character)]
    if names:
        yield Told(f"To Godot's face tracker these are one shape each, of which it moves the last: {listed(names)}.")


def tracker_meshes(character: Character) -> Iterator[Told]:
    known = {
        mesh for mesh in character.meshes for block in key_blocks(mesh) if tracker.plain(block.name) in tracker.known()
    }
    names = [mesh.name for mesh in character.meshes if mesh in known]
    if len(names) > 1:
        yield Told(
            f"Live face tracking moves one mesh in Godot: give {listed(names)} an XRFaceModifier3D each, or join them."
        )


def without_material(character: Character) -> Iterator[Told]:
    bare = [obj.name for obj in members(character) if obj.type == "MESH" and _is_bare(obj)]
    if bare:
        yield Told(
            "V-Sekai's VRM importer looks for the material of every surface, and makes no expressions where one has "
            f"none. Give these one: {listed(bare)}."
        )


def perfect_sync(character: Character) -> Iterator[Told]:
    own = custom_channels(character)
    lacking = [name for name in shape_channels() if name not in own]
    if not performs_in_arkit(character):
        yield Told(
            f"{len(own)} of ARKit's 52 shapes have a shape key of their own. With fewer "
            "than half of them, the .vrm gets none of ARKit's names as expressions (Perfect Sync), and applications "
            "move the face by VRM's presets."
        )
    elif lacking:
        yield Told(f"These of ARKit's expressions (Perfect Sync) are missing: {listed(lacking)}.")


def one_gaze(character: Character) -> Iterator[Told]:
    if not eyes_part(character):
        yield Told("A .vrma holds one gaze for both eyes: of eyes that cross or part, it tells the mean.")


def _is_bare(obj: bpy.types.Object) -> bool:
    """Whether faces of a mesh have no material."""
    data: Any = obj.data
    used = np.empty(len(data.polygons), np.int32)
    data.polygons.foreach_get("material_index", used)
    slots = [slot.material for slot in obj.material_slots]
    # Blender shows what lies beyond the slots with the last one.
    return any(not slots or slots[min(int(index), len(slots) - 1)] is None for index in np.unique(used))
