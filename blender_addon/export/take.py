"""Reads a baked take back: from the curves of an Action to the channels that they show."""

import math
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Euler, Matrix, Quaternion

from ..bake.write import takes
from ..clip import Clip
from ..messages import AddonError
from ..rig.bones import facing
from ..rig.character import Character
from ..rig.schemes import HEAD_CHANNELS
from . import provenance
from .blender_data import pose_bones, scene_fps, shape_keys

Curves = dict[tuple[str, int], bpy.types.FCurve]

_NEARLY: Final = 1e-4
"""Frames that differ by less are the same: keys at fractional frames are float32."""


def active_take(character: Character) -> bpy.types.Action:
    """The Action with the character's performance: one of ours before any other, an active one before the NLA's.

    Raises AddonError when none of the character's meshes has animated shape keys.
    """
    found: list[bpy.types.Action] = []
    for mesh in character.meshes:
        data = _animation(shape_keys(mesh))
        if data is None:
            continue
        actions = [data.action] if data.action else []
        actions += [
            strip.action
            for track in reversed(list(data.nla_tracks))
            if not track.mute
            for strip in reversed(list(track.strips))
            if strip.action and not strip.mute
        ]
        found += [action for action in actions if curves(action, shape_keys(mesh))]
    if not found:
        raise AddonError(f"{character.name} has no performance yet. Generate one, or assign the action of a take.")
    return next((action for action in found if takes(action)), found[0])


def all_takes(character: Character) -> tuple[bpy.types.Action, ...]:
    """The active take first, then every other Action that was baked for this character, by name.

    Raises AddonError when there is none.
    """
    active = active_take(character)
    others = [
        action
        for action in bpy.data.actions
        if action != active and takes(action) and any(curves(action, shape_keys(mesh)) for mesh in character.meshes)
    ]
    return (active, *sorted(others, key=lambda action: action.name))


def curves(action: bpy.types.Action, owner: bpy.types.ID | None) -> Curves:
    """The F-curves that `action` holds for `owner` (a Key or an Object), by data path and index."""
    if owner is None:
        return {}
    slot = slot_of(action, owner)
    if slot is None:
        return {}
    found: Curves = {}
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot) if isinstance(strip, bpy.types.ActionKeyframeStrip) else None
            for curve in bag.fcurves if bag else ():
                found.setdefault((curve.data_path, curve.array_index), curve)
    return found


def take_range(character: Character, action: bpy.types.Action) -> tuple[float, float]:
    """First and last keyed frame of the character's face and head in `action`.

    Raises AddonError when it holds no keys for this character.
    """
    ends = [curve.range() for curve in _face_curves(character, action)]
    if not ends:
        raise AddonError(f"The action {action.name} has no curves for {character.name}. Assign one of its takes.")
    return min(start for start, _ in ends), max(end for _, end in ends)


def key_frames(character: Character, action: bpy.types.Action) -> np.ndarray:
    """The frames of all keys of the character's face and bones in `action`, float64 ascending, each once."""
    found = [np.zeros(0, np.float32)]
    owners = [*(shape_keys(mesh) for mesh in character.meshes), character.armature]
    for owner in owners:
        for curve in curves(action, owner).values():
            points = np.empty((len(curve.keyframe_points), 2), np.float32)
            curve.keyframe_points.foreach_get("co", points.ravel())
            found.append(points[:, 0])
    return np.unique(np.concatenate(found).astype(np.float64).round(3))


def whole_frames(
    character: Character, action: bpy.types.Action, frame_range: tuple[float, float] | None = None
) -> tuple[int, int]:
    """`frame_range`, or the take's own keys, widened to whole frames and to at least one step.

    Raises AddonError when there are no keys or the range is none.
    """
    start, end = frame_range or take_range(character, action)
    _check_range(start, end)
    first = math.floor(start + _NEARLY)
    return first, max(math.ceil(end - _NEARLY), first + 1)


def read_take(
    character: Character,
    action: bpy.types.Action | None = None,
    *,
    frame_range: tuple[float, float] | None = None,
    fps: float | None = None,
) -> Clip:
    """The take as a Clip with the channels that the rig can show.

    action: the active take when None. frame_range: first and last frame, the take's own keys when None.
    fps: the Clip's rate, the scene's when None; frame k of the Clip is k / fps seconds after the range's start, and
    the last one is at the range's end or just after it.
    Where several shape keys show one channel, or one shows several, the channels are their least-squares answer.
    Raises AddonError when there is no take, or the range or rate is none.
    """
    action = action or active_take(character)
    start, end = frame_range or take_range(character, action)
    fps = fps or scene_fps()
    _check_range(start, end)
    if not (math.isfinite(fps) and fps > 0):
        raise AddonError(f"The frame rate must be above 0; this one is {fps}.")
    step = scene_fps() / fps
    frames = start + step * np.arange(math.ceil((end - start) / step - _NEARLY) + 1)
    columns = _shape_channels(character, action, frames) | _head_channels(character, action, frames)
    if not columns:
        raise AddonError(f"{character.name} shows none of FaceMimic's channels, so there is nothing to read.")
    values = np.stack(list(columns.values()), axis=1).astype(np.float32)
    return Clip(values, fps, tuple(columns), provenance.of_action(action, (start, end)))


def head_angles(turn: Quaternion) -> tuple[float, float, float]:
    """Yaw, pitch and roll (radians) of a rotation about the character's left (X), up (Y) and forward (Z)."""
    # Blender names an order by what acts first: roll, then pitch, then yaw.
    angles = turn.to_euler("ZXY")
    return angles.y, -angles.x, -angles.z


def _check_range(start: float, end: float) -> None:
    if not (math.isfinite(start) and math.isfinite(end) and end >= start):
        raise AddonError(f"Frames {start} to {end} are no range. The last frame must not lie before the first.")


def _animation(owner: Any) -> bpy.types.AnimData | None:
    return owner.animation_data if owner is not None else None


def slot_of(action: bpy.types.Action, owner: bpy.types.ID) -> bpy.types.ActionSlot | None:
    """The slot of `action` that `owner` (a Key or an Object) plays or would play."""
    data = _animation(owner)
    if data is not None:
        if data.action == action and data.action_slot is not None:
            return data.action_slot
        for track in data.nla_tracks:
            for strip in track.strips:
                if strip.action == action and strip.action_slot is not None:
                    return strip.action_slot
    own = next((slot for slot in action.slots if owner in slot.users()), None)
    if own is not None:
        return own
    prefix = "KE" if isinstance(owner, bpy.types.Key) else "OB"
    return action.slots.get(prefix + owner.name)


def _key_path(shape_key: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(shape_key)}"].value'


def _bone_path(bone: str, property_name: str) -> str:
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{property_name}'


def _face_curves(character: Character, action: bpy.types.Action) -> list[bpy.types.FCurve]:
    found = []
    for mesh in character.meshes:
        of_mesh = curves(action, shape_keys(mesh))
        paths = {_key_path(target.shape_key) for target in character.targets if target.mesh == mesh}
        found += [curve for (path, _), curve in of_mesh.items() if path in paths]
    if character.armature and character.head_bone:
        start = _bone_path(character.head_bone, "rotation")
        found += [curve for (path, _), curve in curves(action, character.armature).items() if path.startswith(start)]
    return found


def _values(curve: bpy.types.FCurve | None, frames: np.ndarray, resting: float) -> np.ndarray:
    if curve is None:
        return np.full(len(frames), resting)
    return np.fromiter((curve.evaluate(frame) for frame in frames), float, len(frames))


def _shape_channels(character: Character, action: bpy.types.Action, frames: np.ndarray) -> dict[str, np.ndarray]:
    names = [name for name in character.matched if name not in HEAD_CHANNELS]
    if not names or not character.targets:
        return {}
    shown = np.zeros((len(frames), len(character.targets)))
    gains = np.zeros((len(character.targets), len(names)))
    of_mesh = {mesh: curves(action, shape_keys(mesh)) for mesh in character.meshes}
    for row, target in enumerate(character.targets):
        keys = shape_keys(target.mesh)
        block = keys.key_blocks.get(target.shape_key) if keys else None
        if block is None:
            raise AddonError(
                f"{target.mesh.name} has no shape key {target.shape_key} any more. Choose the character again."
            )
        curve = of_mesh.get(target.mesh, {}).get((_key_path(target.shape_key), 0))
        shown[:, row] = np.clip(_values(curve, frames, block.value), block.slider_min, block.slider_max)
        for channel, gain in target.mix.items():
            if channel in names:
                gains[row, names.index(channel)] = gain
    solved = np.clip(shown @ np.linalg.pinv(gains).T, 0.0, 1.0)
    return {name: solved[:, column] for column, name in enumerate(names)}


def _head_channels(character: Character, action: bpy.types.Action, frames: np.ndarray) -> dict[str, np.ndarray]:
    if not (character.armature and character.head_bone):
        return {}
    bone = pose_bones(character.armature).get(character.head_bone)
    if bone is None:
        return {}
    of_armature = curves(action, character.armature)
    into_character = (facing(character.armature).transposed() @ bone.bone.matrix_local.to_3x3()).to_quaternion()

    def column(name: str, index: int, resting: float) -> np.ndarray:
        return _values(of_armature.get((_bone_path(bone.name, name), index)), frames, resting)

    if bone.rotation_mode == "QUATERNION":
        rows = np.stack([column("rotation_quaternion", i, bone.rotation_quaternion[i]) for i in range(4)], 1)
        turns = [Quaternion(row).normalized() for row in rows]
    elif bone.rotation_mode == "AXIS_ANGLE":
        rows = np.stack([column("rotation_axis_angle", i, bone.rotation_axis_angle[i]) for i in range(4)], 1)
        turns = [Matrix.Rotation(row[0], 3, row[1:]).to_quaternion() for row in rows]
    else:
        rows = np.stack([column("rotation_euler", i, bone.rotation_euler[i]) for i in range(3)], 1)
        turns = [Euler(row, bone.rotation_mode).to_quaternion() for row in rows]
    angles = np.array([head_angles(into_character @ turn @ into_character.inverted()) for turn in turns])
    return {name: angles[:, column] for column, name in enumerate(HEAD_CHANNELS)}
