"""The rules of preflight: each looks at a character and says what it finds. targets.toml says where they matter."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import bpy

from ..bake.kept import kept
from ..export.blender_data import key_blocks
from ..export.blender_gltf import members
from ..export.expressions import preset_binds, presets
from ..export.humanoid import arms_hang, find_bones, required_bones, rest_positions
from ..export.take import active_take, take_range
from ..messages import AddonError
from ..rig.character import Character
from ..rig.family import relatives
from ..rig.vrm_addon import preview_curves
from . import programs
from .blocks import driven_blocks, needed_blocks
from .told import Told, listed

MANY_MATERIALS: Final = 8
_UNIT: Final = 1e-4


def nothing_shown(character: Character) -> Iterator[Told]:
    if not character.targets and not character.bones:
        yield Told(
            f"FaceMimic knows none of {character.name}'s shape keys, so no performance shows. "
            "Choose their channels in the panel's mapping, or name them as ARKit does."
        )


def no_take(character: Character) -> Iterator[Told]:
    try:
        active_take(character)
    except AddonError as error:
        yield Told(str(error))


def take_start(character: Character) -> Iterator[Told]:
    try:
        start, _ = take_range(character, active_take(character))
    except AddonError:
        return
    scene: Any = bpy.context.scene
    if abs(start - scene.frame_start) >= 1:
        yield Told(
            f"The take starts at frame {start:g} and the scene at {scene.frame_start}. In files the take starts at "
            "time 0, so sound must be moved along."
        )


def previews(character: Character) -> Iterator[Told]:
    curves = [curve for curve in preview_curves(character.armature) if not curve.mute]
    if curves:
        yield Told(
            f"{len(curves)} preview curves of the VRM Add-on overwrite the shape keys on every frame in the viewport. "
            "FaceMimic's files leave them out.",
            can_be_fixed=True,
        )


def humanoid(character: Character) -> Iterator[Told]:
    try:
        required_bones(character.armature, character.name)
    except AddonError as error:
        yield Told(str(error), can_be_fixed=character.armature is not None)


def arms(character: Character) -> Iterator[Told]:
    if character.armature is None:
        return
    found = find_bones(character.armature)
    if {side + part for side in ("left", "right") for part in ("UpperArm", "LowerArm", "UpperLeg")} <= found.keys():
        angle = arms_hang(rest_positions(character.armature, found))
        if angle:
            yield Told(
                f"The arms rest {angle:.0f}° off the horizontal; VRM expects a T-pose. Pose them straight and apply "
                "the pose as rest pose."
            )


def presets_missing(character: Character) -> Iterator[Told]:
    lacking = [name for name, preset in presets().items() if name != "neutral" and not preset_binds(character, preset)]
    if lacking:
        yield Told(f"No shape keys make these expressions, so applications cannot show them: {listed(lacking)}.")


def missing_channels(character: Character) -> Iterator[Told]:
    if character.missing and not _kept(character):
        yield Told(f"The rig does not show, and the file leaves at rest: {listed(list(character.missing))}.")


def modifiers(character: Character) -> Iterator[Told]:
    lost: dict[bool, dict[bpy.types.Object, list[str]]] = {True: {}, False: {}}
    for obj in members(character):
        names = [m.name for m in obj.modifiers if m.show_viewport and not isinstance(m, bpy.types.ArmatureModifier)]
        if names:
            lost[bool(key_blocks(obj))][obj] = names
    for has_shapes, objects in lost.items():
        if objects:
            where = listed([obj.name for obj in objects])
            what = listed(list(dict.fromkeys(name for names in objects.values() for name in names)))
            way_out = (
                "applying them would lose shape keys. Give the mesh its final form before adding shape keys, or copy "
                "the shapes over."
                if has_shapes
                else "apply them if the file needs them."
            )
            yield Told(f"Written without modifiers ({what}): {where}; {way_out}")


def muted(character: Character) -> Iterator[Told]:
    names = [f"{mesh.name}/{block.name}" for mesh, block in needed_blocks(character) if block.mute]
    if names:
        yield Told(f"Muted shape keys are left out of files: {listed(names)}.", can_be_fixed=True)


def ranges(character: Character) -> Iterator[Told]:
    names = [
        f"{mesh.name}/{block.name}"
        for mesh, block in driven_blocks(character)
        if block.slider_min > 0 or block.slider_max < 1
    ]
    if names:
        yield Told(f"The ranges of these shape keys cut the performance: {listed(names)}.", can_be_fixed=True)


def hidden(character: Character) -> Iterator[Told]:
    written = set(members(character))
    start = character.armature or next(iter(character.meshes))
    left_out = [obj.name for obj in relatives(start) if obj.type == "MESH" and obj not in written]
    if left_out:
        yield Told(f"Hidden objects are left out of files: {listed(left_out)}. Show those that belong in.")


def scale(character: Character) -> Iterator[Told]:
    for obj in members(character):
        if any(abs(factor - 1) > _UNIT for factor in obj.scale.to_tuple()):
            what = "mirrored" if min(obj.scale.to_tuple()) < 0 else "scaled"
            yield Told(f"{obj.name} is {what} as an object; some programs distort it. Apply its scale (Ctrl A, Scale).")


def shared_meshes(character: Character) -> Iterator[Told]:
    by_data: dict[str, list[str]] = {}
    for obj in members(character):
        if key_blocks(obj) and obj.data is not None:
            by_data.setdefault(obj.data.name, []).append(obj.name)
    for names in by_data.values():
        if len(names) > 1:
            yield Told(f"{listed(names)} share one mesh, so they perform alike.")


def materials(character: Character) -> Iterator[Told]:
    slots = sum(max(1, len(obj.material_slots)) for obj in members(character) if obj.type == "MESH")
    if slots > MANY_MATERIALS:
        yield Told(
            f"The avatar has {slots} materials over its meshes. Each is drawn on its own; joining some is faster."
        )


def _kept(character: Character) -> bool:
    """Whether the active take keeps the whole performance beside its curves."""
    try:
        return kept(active_take(character)) is not None
    except AddonError:
        return False


def rules() -> dict[str, Callable[[Character], Iterator[Told]]]:
    """The rules by the names that targets.toml uses."""
    return {
        "nothing_shown": nothing_shown,
        "no_take": no_take,
        "take_start": take_start,
        "previews": previews,
        "humanoid": humanoid,
        "arms": arms,
        "presets": presets_missing,
        "missing_channels": missing_channels,
        "modifiers": modifiers,
        "muted": muted,
        "ranges": ranges,
        "arkit_names": programs.arkit_names_missing,
        "tracker_names": programs.tracker_names,
        "tracker_unknown": programs.tracker_unknown,
        "tracker_twice": programs.tracker_twice,
        "tracker_meshes": programs.tracker_meshes,
        "without_material": programs.without_material,
        "perfect_sync": programs.perfect_sync,
        "one_gaze": programs.one_gaze,
        "hidden": hidden,
        "scale": scale,
        "shared_meshes": shared_meshes,
        "materials": materials,
    }
