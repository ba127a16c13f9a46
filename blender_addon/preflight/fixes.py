"""What preflight can do itself: each fix leaves the look of the character and of its takes as it is."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import bpy
import numpy as np
from mathutils import Vector

from ..export.blender_data import key_blocks, shape_keys
from ..messages import AddonError
from ..rig.aliases import remember
from ..rig.bones import facing
from ..rig.character import Character
from ..rig.vrm_addon import preview_curves
from . import arkit_names, tracker
from .blocks import driven_blocks, needed_blocks

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
    """Unmutes the shape keys that perform or that expressions move."""
    changed = [block for _, block in needed_blocks(character) if block.mute]
    for block in changed:
        block.mute = False
    return f"Unmuted {len(changed)} shape keys."


def widen(character: Character) -> str:
    """Widens the ranges of the shape keys that perform to 0..1."""
    changed = [block for _, block in driven_blocks(character) if block.slider_min > 0 or block.slider_max < 1]
    for block in changed:
        block.slider_min, block.slider_max = min(block.slider_min, 0.0), max(block.slider_max, 1.0)
    return f"Widened {len(changed)} ranges."


def name_for_tracker(character: Character) -> str:
    """Adds copies of shape keys under the names that Godot's face tracker knows, and the halves of browInnerUp.

    The shape keys themselves stay as they are. Copies and halves take no part in FaceMimic's performances.
    """
    aliases, halves, _ = tracker.wanted(character)
    _check_mode(mesh for mesh, *_ in (*aliases, *halves))
    for mesh, name, alias in aliases:
        _add(mesh, name, alias)
    for mesh, name in halves:
        _add_halves(character, mesh, name)
    return f"Added {len(aliases) + 2 * len(halves)} shape keys under names that Godot's face tracker knows."


def name_as_arkit(character: Character) -> str:
    """Adds copies of shape keys under ARKit's names; see `name_for_tracker`."""
    aliases = arkit_names.wanted(character)
    _check_mode(mesh for mesh, *_ in aliases)
    for mesh, name, alias in aliases:
        _add(mesh, name, alias)
    return f"Added {len(aliases)} shape keys under ARKit's names."


def _check_mode(meshes: Iterable[bpy.types.Object]) -> None:
    """Raises AddonError for a mesh that is edited: what is added then would be lost at its end."""
    for mesh in meshes:
        if mesh.mode != "OBJECT":
            raise AddonError(f"{mesh.name} is in {mesh.mode.title().replace('_', ' ')} Mode. Leave it, then try again.")


def _add(mesh: bpy.types.Object, original: str, alias: str) -> bpy.types.ShapeKey:
    """A copy of a shape key under another name, at the list's end and at rest."""
    active = mesh.active_shape_key_index
    block = mesh.shape_key_add(name=alias, from_mix=False)
    whole = next(one for one in key_blocks(mesh) if one.name == original)
    # Blender 5 adds a shape key at 1.
    block.value = 0.0
    block.relative_key, block.vertex_group = whole.relative_key, whole.vertex_group
    block.slider_min, block.slider_max = whole.slider_min, whole.slider_max
    block.data.foreach_set("co", _places(whole))
    mesh.active_shape_key_index = active
    key = shape_keys(mesh)
    assert key is not None
    remember(key, block.name, original)
    return block


def _add_halves(character: Character, mesh: bpy.types.Object, name: str) -> None:
    whole = next(block for block in key_blocks(mesh) if block.name == name)
    places = _places(whole.relative_key or key_blocks(mesh)[0])
    shifts = (_places(whole) - places).reshape(-1, 3)
    leftness = places.reshape(-1, 3) @ np.array(_left(character, mesh), np.float32)
    region = leftness[np.abs(shifts).max(axis=1) > 1e-6]
    if not len(region):
        return
    middle, width = (region.min() + region.max()) / 2, max(float(np.ptp(region)), 1e-6)
    left = np.clip(0.5 + (leftness - middle) / (2 * _BLEND * width), 0.0, 1.0)[:, None]
    taken = {tracker.plain(block.name) for block in key_blocks(mesh)}
    for half, share in zip(tracker.HALVES, (left, 1 - left), strict=True):
        if tracker.plain(half) not in taken:
            _add(mesh, name, half).data.foreach_set("co", (places + (shifts * share).ravel()).astype(np.float32))


def _places(block: bpy.types.ShapeKey) -> np.ndarray:
    """float32 (3 × vertices,)."""
    places = np.empty(3 * len(block.data), np.float32)
    block.data.foreach_get("co", places)
    return places


def _left(character: Character, mesh: bpy.types.Object) -> Vector:
    """The character's left in the mesh's own axes."""
    left = Vector((1.0, 0.0, 0.0))
    if character.armature is not None:
        left = character.armature.matrix_world.to_3x3() @ Vector(facing(character.armature).col[0])
    return (mesh.matrix_world.to_3x3().inverted_safe() @ left).normalized()


def fixes() -> dict[str, Fix]:
    """The fixes by the rule whose findings they mend."""
    return {
        "previews": Fix("Mute Them", mute_previews),
        "muted": Fix("Unmute", unmute),
        "ranges": Fix("Widen", widen),
        "arkit_names": Fix("Add ARKit's Names", name_as_arkit),
        "tracker_names": Fix("Add Known Names", name_for_tracker),
        "humanoid": Fix("Assign Bones…", None),
    }
