"""The head's, the jaw's and the eyes' motion as rotation and location curves of their bones."""

from typing import Any, NamedTuple

import bpy
import numpy as np
from mathutils import Matrix, Quaternion

from ..clip import Clip
from ..rig.motions import BoneTarget

_STILL = 1e-6


class BoneCurves(NamedTuple):
    """path: the bone's RNA path below the armature object. values: float32 (frames, components).

    share: how far one component may be off for a motion that is off by 1, radians or whole slides. moving: whether it
    leaves its rest at all.
    """

    path: str
    values: np.ndarray
    share: float
    moving: bool


def bone_curves(target: BoneTarget, axes: Matrix, clip: Clip) -> list[BoneCurves]:
    """The clip's motion for a bone, in the bone's own axes and rotation mode: its rotation, and its location if it
    slides.

    axes: the character's, as rig.bones.facing gives them. The bone's parents are taken at rest: eyes and jaw turn
    about the head's axes, the head about the body's, and each follows what it hangs on.
    """
    armature: Any = target.armature
    rest = armature.data.bones[target.bone].matrix_local.to_3x3()
    into_bone = np.array(rest.transposed() @ axes)
    path = f'pose.bones["{bpy.utils.escape_identifier(target.bone)}"].'
    found = []
    if target.turns:
        angles = target.angles(clip)
        turned = _quaternions(angles)
        turned[:, 1:] = turned[:, 1:] @ into_bone.T
        mode = armature.pose.bones[target.bone].rotation_mode
        found.append(_rotation(path, turned, mode, bool(np.abs(angles).max() > _STILL)))
    if target.slides:
        shifts = target.shifts(clip) @ into_bone.T
        farthest = max(abs(gain) for gains in target.slides.values() for gain in gains.values())
        moving = bool(np.abs(shifts).max() > _STILL * farthest)
        found.append(BoneCurves(path + "location", shifts.astype(np.float32), farthest / np.sqrt(3), moving))
    return found


def _quaternions(angles: np.ndarray) -> np.ndarray:
    """(frames, 4) w x y z along left, up and forward: yaw, then pitch, then roll about the own axes.

    angles: (frames, 3) in radians.
    """
    yaw, pitch, roll = angles.T / 2
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


def _rotation(path: str, turned: np.ndarray, mode: str, moving: bool) -> BoneCurves:
    if mode == "QUATERNION":
        return BoneCurves(path + "rotation_quaternion", turned.astype(np.float32), 0.5 / np.sqrt(3), moving)
    if mode == "AXIS_ANGLE":
        return BoneCurves(path + "rotation_axis_angle", _axis_angle(turned), 0.2, moving)
    euler = None
    rows = []
    for row in turned:
        rotation = Quaternion(row)
        euler = rotation.to_euler(mode, euler) if euler else rotation.to_euler(mode)
        rows.append((euler.x, euler.y, euler.z))
    return BoneCurves(path + "rotation_euler", np.array(rows, np.float32), 1 / np.sqrt(3), moving)


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
