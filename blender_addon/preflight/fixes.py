"""What preflight can do itself: each fix leaves the look of the character and of its takes as it is."""

import json
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import bpy
import numpy as np
from mathutils import Vector

from ..export.blender_data import key_blocks, shape_keys
from ..export.curves import curves, slot_of
from ..rig.bones import facing
from ..rig.character import EXPRESSIONS, Character
from ..rig.corrections import Correction, correct
from ..rig.vrm_addon import extension_of, preview_curves, rename_binds
from . import tracker

_BLEND: Final = 0.2
"""Half the width, in widths of the moved region, over which the two halves of a shape cross-fade."""


class Fix(NamedTuple):
    """label: of its button. apply: does it and says what was done; None where the artist is asked first."""

    label: str
    apply: Callable[[Character], str] | None


def mute_previews(character: Character) -> str:
    """Silences the VRM Add-on's preview curves."""
    curves = preview_curves(character.armature)
    for curve in curves:
        curve.mute = True
    return f"Muted {len(curves)} preview curves of the VRM Add-on."


def unmute(character: Character) -> str:
    """Unmutes the shape keys that perform."""
    changed = [block for block in _driven(character) if block.mute]
    for block in changed:
        block.mute = False
    return f"Unmuted {len(changed)} shape keys."


def widen(character: Character) -> str:
    """Widens the ranges of the shape keys that perform to 0..1."""
    changed = [block for block in _driven(character) if block.slider_min > 0 or block.slider_max < 1]
    for block in changed:
        block.slider_min, block.slider_max = min(block.slider_min, 0.0), max(block.slider_max, 1.0)
    return f"Widened {len(changed)} ranges."


def name_for_tracker(character: Character) -> str:
    """Renames shape keys to the names that Godot's face tracker knows, and adds the halves of browInnerUp.

    Curves, drivers and expressions follow a new name. The halves take no part in FaceMimic's performances, which the
    whole shape shows.
    """
    renames, halves, _ = tracker.wanted(character)
    for mesh, old, new in renames:
        rename(character, mesh, old, new)
    for mesh, name in halves:
        _add_halves(character, mesh, name)
    return f"Renamed {len(renames)} shape keys and halved {len(halves)}."


def rename(character: Character, mesh: bpy.types.Object, old: str, new: str) -> None:
    """Renames a shape key. Blender itself takes drivers and playing actions along; we the actions that rest."""
    key = shape_keys(mesh)
    if key is None:
        return
    key.key_blocks[old].name = new
    before, after = (f'key_blocks["{bpy.utils.escape_identifier(name)}"].value' for name in (old, new))
    for action in bpy.data.actions:
        for curve in _curves_of(action, key):
            if curve.data_path == before:
                curve.data_path = after
    stated = mesh.get(EXPRESSIONS)
    if isinstance(stated, str):
        told = json.loads(stated)
        for one in told:
            one["binds"] = {new if name == old else name: weight for name, weight in one["binds"].items()}
        mesh[EXPRESSIONS] = json.dumps(told, ensure_ascii=False)
    if extension_of(character.armature) is not None:
        rename_binds(character.armature, mesh, old, new)


def _curves_of(action: bpy.types.Action, key: bpy.types.Key) -> Iterable[bpy.types.FCurve]:
    """The curves that an action holds for a Key; none of an action that can't be edited, or that is another's."""
    slot = slot_of(action, key)
    users = slot.users() if slot else []
    if not action.is_editable or (users and key not in users):
        return []
    return curves(action, key).values()


def _add_halves(character: Character, mesh: bpy.types.Object, name: str) -> None:
    whole = next(block for block in key_blocks(mesh) if block.name == name)
    rest = whole.relative_key or key_blocks(mesh)[0]
    count = len(whole.data)
    places, moved = np.empty(3 * count, np.float32), np.empty(3 * count, np.float32)
    rest.data.foreach_get("co", places)
    whole.data.foreach_get("co", moved)
    shifts = (moved - places).reshape(-1, 3)
    leftness = places.reshape(-1, 3) @ np.array(_left(character, mesh), np.float32)
    region = leftness[np.abs(shifts).max(axis=1) > 1e-6]
    if not len(region):
        return
    middle, width = (region.min() + region.max()) / 2, max(float(np.ptp(region)), 1e-6)
    left = np.clip(0.5 + (leftness - middle) / (2 * _BLEND * width), 0.0, 1.0)[:, None]
    for half, share in zip(tracker.HALVES, (left, 1 - left), strict=True):
        block = mesh.shape_key_add(name=half, from_mix=False)
        block.relative_key = rest
        block.data.foreach_set("co", (places + (shifts * share).ravel()).astype(np.float32))
        correct(mesh, Correction(half, off=True))


def _left(character: Character, mesh: bpy.types.Object) -> Vector:
    """The character's left in the mesh's own axes."""
    left = Vector((1.0, 0.0, 0.0))
    if character.armature is not None:
        left = character.armature.matrix_world.to_3x3() @ Vector(facing(character.armature).col[0])
    return (mesh.matrix_world.to_3x3().inverted_safe() @ left).normalized()


def _driven(character: Character) -> list[bpy.types.ShapeKey]:
    wanted = {(target.mesh, target.shape_key) for target in character.targets}
    return [block for mesh in character.meshes for block in key_blocks(mesh) if (mesh, block.name) in wanted]


def fixes() -> dict[str, Fix]:
    """The fixes by the rule whose findings they mend."""
    return {
        "previews": Fix("Mute Them", mute_previews),
        "muted": Fix("Unmute", unmute),
        "ranges": Fix("Widen", widen),
        "tracker_names": Fix("Rename and Add", name_for_tracker),
        "humanoid": Fix("Assign Bones…", None),
    }
