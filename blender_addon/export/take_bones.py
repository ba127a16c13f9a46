"""What the bones of a take show: from their curves back to channels."""

from collections.abc import Mapping

import bpy
import numpy as np
from mathutils import Euler, Matrix, Quaternion

from ..rig.bones import facing
from ..rig.character import Character
from ..rig.motions import SLIDES, TURNS, BoneTarget
from ..rig.schemes import HEAD_CHANNELS
from .blender_data import pose_bones
from .curves import Curves, bone_path, curves, sampled


def bone_channels(character: Character, action: bpy.types.Action, frames: np.ndarray) -> dict[str, np.ndarray]:
    """Channel to float64 (frames,) of all channels that turn or shift a bone of the character."""
    found: dict[str, np.ndarray] = {}
    for target in character.bones:
        bone = pose_bones(target.armature).get(target.bone)
        if bone is None:
            continue
        of_armature = curves(action, target.armature)
        into_character = (facing(target.armature).transposed() @ bone.bone.matrix_local.to_3x3()).to_quaternion()
        shown: dict[str, np.ndarray] = {}
        if target.turns:
            turns = [into_character @ turn @ into_character.inverted() for turn in _turns(bone, of_armature, frames)]
            shown |= dict(zip(TURNS, np.array([head_angles(turn) for turn in turns]).T, strict=True))
        if target.slides:
            path = bone_path(bone.name, "location")
            shifts = [sampled(of_armature.get((path, i)), frames, bone.location[i]) for i in range(3)]
            axes = np.array(into_character.to_matrix())
            shown |= dict(zip(SLIDES, axes @ np.array(shifts), strict=True))
        found |= _channels(target, shown)
    return found


def head_angles(turn: Quaternion) -> tuple[float, float, float]:
    """Yaw, pitch and roll (radians) of a rotation about the character's left (X), up (Y) and forward (Z)."""
    # Blender names an order by what acts first: roll, then pitch, then yaw.
    angles = turn.to_euler("ZXY")
    return angles.y, -angles.x, -angles.z


def _channels(target: BoneTarget, shown: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Channels from the ways that a bone went. A way may have channels to either side, none below 0."""
    pulls: dict[str, np.ndarray] = {}
    weights: dict[str, float] = {}
    for way, mix in {**target.turns, **target.slides}.items():
        for channel, gain in mix.items():
            alike = sum(other * other for other in mix.values() if other * gain > 0)
            signed = channel in HEAD_CHANNELS
            part = shown[way] if signed else np.maximum(np.sign(gain) * shown[way], 0.0)
            pulls[channel] = pulls.get(channel, 0.0) + (gain if signed else abs(gain)) * part
            weights[channel] = weights.get(channel, 0.0) + alike
    solved = {channel: pull / weights[channel] for channel, pull in pulls.items() if weights[channel] > 0}
    return {
        channel: values if channel in HEAD_CHANNELS else np.clip(values, 0.0, 1.0) for channel, values in solved.items()
    }


def _turns(bone: bpy.types.PoseBone, of_armature: Curves, frames: np.ndarray) -> list[Quaternion]:
    """The bone's rotation at each frame, in whichever way it is told."""

    def rows(name: str) -> np.ndarray:
        path, resting = bone_path(bone.name, name), np.array(getattr(bone, name))
        return np.stack([sampled(of_armature.get((path, i)), frames, rest) for i, rest in enumerate(resting)], 1)

    if bone.rotation_mode == "QUATERNION":
        told = rows("rotation_quaternion")
        return [Quaternion(row).normalized() for row in told]
    if bone.rotation_mode == "AXIS_ANGLE":
        told = rows("rotation_axis_angle")
        return [Matrix.Rotation(row[0], 3, row[1:]).to_quaternion() for row in told]
    return [Euler(row, bone.rotation_mode).to_quaternion() for row in rows("rotation_euler")]
