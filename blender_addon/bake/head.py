"""Head yaw, pitch and roll as rotation curves of one bone."""

from typing import Any, NamedTuple

import bpy
import numpy as np
from mathutils import Quaternion

from ..clip import Clip
from ..rig.bones import facing
from ..rig.schemes import HEAD_CHANNELS


class HeadCurves(NamedTuple):
    """path: the bone's RNA path below the armature object. values: float32 (frames, components).

    share: how far one component may be off for a rotation that is off by 1 radian.
    """

    path: str
    values: np.ndarray
    share: float


def character_quaternions(clip: Clip) -> np.ndarray:
    """(frames, 4) w x y z along the character's left, up and forward: yaw, then pitch, then roll about the own axes."""
    yaw, pitch, roll = (clip.column(name).astype(np.float64) / 2 for name in HEAD_CHANNELS)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), -np.sin(pitch), np.cos(roll), -np.sin(roll)
    return np.stack(
        [
            cy * cp * cr + sy * sp * sr,
            cy * sp * cr + sy * cp * sr,
            sy * cp * cr - cy * sp * sr,
            cy * cp * sr - sy * sp * cr,
        ],
        1,
    )


def head_curves(armature: bpy.types.Object, bone_name: str, clip: Clip) -> HeadCurves:
    """The clip's head rotation for a bone, in the bone's own axes and rotation mode.

    The bone's parents are taken at rest: the head turns about the body's axes, and follows the body.
    """
    data: Any = armature.data
    pose: Any = armature.pose
    bone = data.bones[bone_name]
    into_bone = np.array(bone.matrix_local.to_3x3().transposed() @ facing(armature))
    turned = character_quaternions(clip)
    turned[:, 1:] = turned[:, 1:] @ into_bone.T
    mode = pose.bones[bone_name].rotation_mode
    path = f'pose.bones["{bpy.utils.escape_identifier(bone_name)}"].'
    if mode == "QUATERNION":
        return HeadCurves(path + "rotation_quaternion", turned.astype(np.float32), 0.5 / np.sqrt(3))
    if mode == "AXIS_ANGLE":
        return HeadCurves(path + "rotation_axis_angle", _axis_angle(turned), 0.2)
    euler = None
    rows = []
    for row in turned:
        rotation = Quaternion(row)
        euler = rotation.to_euler(mode, euler) if euler else rotation.to_euler(mode)
        rows.append((euler.x, euler.y, euler.z))
    return HeadCurves(path + "rotation_euler", np.array(rows, np.float32), 1 / np.sqrt(3))


def _axis_angle(quaternions: np.ndarray) -> np.ndarray:
    """(frames, 4) angle x y z whose axis does not flip; a pose at rest keeps the axis of the largest turn."""
    vector = quaternions[:, 1:]
    sine = np.linalg.norm(vector, axis=1)
    axis = vector[sine.argmax()] / sine.max() if sine.max() > 1e-9 else np.array([0.0, 1.0, 0.0])
    rows = np.empty_like(quaternions)
    for frame, (w, length) in enumerate(zip(quaternions[:, 0], sine, strict=True)):
        angle = 2 * np.arctan2(length, w)
        if length > 1e-4:
            new = vector[frame] / length
            if new @ axis < 0:
                new, angle = -new, -angle
            axis = new
        rows[frame] = angle, *axis
    return rows.astype(np.float32)
