"""The head's rotation, from poses in the camera's space to the three head channels."""

import numpy as np
from scipy.spatial.transform import Rotation

_SIGNS = np.array([1.0, -1.0, -1.0])


def head_degrees(poses: np.ndarray) -> np.ndarray:
    """Yaw, pitch and roll before the camera in degrees, float32 (frames, 3), signed as in channels.py.

    poses: (frames, 4, 4), camera space with x to the person's left, y up, z towards the camera; rows of NaN stay NaN.
    The rotation is read as a turn about the up axis, then a nod, then a tilt: R = Ry(yaw) · Rx(−pitch) · Rz(−roll).
    """
    angles = np.full((len(poses), 3), np.nan, np.float32)
    found = np.isfinite(poses[:, 0, 0])
    angles[found] = np.degrees(Rotation.from_matrix(unscaled(poses[found])).as_euler("YXZ")) * _SIGNS
    return angles


def head_angles(degrees: np.ndarray, resting: np.ndarray) -> np.ndarray:
    """Yaw, pitch and roll in radians, float32 (frames, 3), in the axes of the resting frames' mean pose.

    degrees: (frames, 3) as from `head_degrees`; rows of NaN stay NaN. resting: bool (frames,); where none of them
    has a pose, the camera's axes are kept.
    """
    angles = np.full((len(degrees), 3), np.nan, np.float32)
    found = np.isfinite(degrees).all(1)
    turns = Rotation.from_euler("YXZ", degrees[found] * _SIGNS, degrees=True)
    still = (found & resting)[found]
    if still.any():
        turns = turns[still].mean().inv() * turns
    angles[found] = turns.as_euler("YXZ") * _SIGNS
    return angles


def unscaled(poses: np.ndarray) -> np.ndarray:
    """The rotations (frames, 3, 3) of poses; the tracker's carry a scale."""
    turns = poses[:, :3, :3]
    return turns / np.cbrt(np.linalg.det(turns))[:, None, None]


def off_axis(poses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Degrees (frames,) each, NaN where a pose is: turn to the own left, and how far the face points off the camera's
    axis, as if it were in the middle of the picture."""
    turn, off = np.full(len(poses), np.nan), np.full(len(poses), np.nan)
    found = np.isfinite(poses[:, 0, 0])
    forward = unscaled(poses[found])[:, :, 2]
    turn[found] = np.degrees(np.arctan2(forward[:, 0], forward[:, 2]))
    off[found] = np.degrees(np.arccos(np.clip(forward[:, 2], -1, 1)))
    return turn, off
