"""The head's rotation, from poses in the camera's space to the three head channels."""

import numpy as np
from scipy.spatial.transform import Rotation


def head_angles(poses: np.ndarray, resting: np.ndarray) -> np.ndarray:
    """Yaw, pitch and roll in radians, float32 (frames, 3), relative to the mean pose of the resting frames.

    poses: (frames, 4, 4), camera space with x to the person's left, y up, z towards the camera; rows of NaN stay NaN.
    resting: bool (frames,); at least one resting frame must have a pose.
    The rotation is read in the resting head's own axes, as a turn about its up axis, then a nod, then a tilt:
    R = Ry(yaw) · Rx(−pitch) · Rz(−roll), so that + is towards the person's left, up, and the left shoulder.
    """
    angles = np.full((len(poses), 3), np.nan, np.float32)
    found = np.isfinite(poses[:, 0, 0])
    # The tracker's matrix carries a scale; from_matrix keeps the nearest rotation only.
    rest = Rotation.from_matrix(_unscaled(poses[found & resting])).mean()
    turned = rest.inv() * Rotation.from_matrix(_unscaled(poses[found]))
    angles[found] = turned.as_euler("YXZ") * np.array([1.0, -1.0, -1.0])
    return angles


def _unscaled(poses: np.ndarray) -> np.ndarray:
    turns = poses[:, :3, :3]
    return turns / np.cbrt(np.linalg.det(turns))[:, None, None]
