"""A Track: everything that was seen of one face, frame by frame."""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np


@dataclass
class Track:
    """One face over time; rows of frames without the face are NaN (colours: 0).

    times: float64 (frames,), seconds from the footage's start.
    landmarks: float32 (frames, 478, 3), x and y 0..1 across and down the picture, z on x's scale, smaller is nearer.
    scores: float32 (frames, 52), in the order of SHAPES, 0..1; tongueOut has no score and is 0.
    poses: float64 (frames, 4, 4), canonical face to camera space (x to the person's left in an unmirrored picture, y
    up, z towards the camera; cm).
    colours: uint8 (frames, 478, 3), RGB at the landmarks. sharpness: float32 (frames, regions), see sight.py.
    looks: float32 (frames, 2, any), what the decoder saw in crops of the face and of its mirror image; see looking.py.
    stills: uint8 (stills, side, side, 3), small pictures of the face; still_frames: int (stills,), their frames.
    size: width and height in pixels of the pictures that were looked at.
    cuts: times at which a new shot begins. most_faces: the most that were seen in one frame, while choosing.
    quarter_turns: how often the pictures were turned by 90° counter-clockwise for the face to be upright.
    facts: what the footage said while it was read.
    """

    times: np.ndarray
    landmarks: np.ndarray
    scores: np.ndarray
    poses: np.ndarray
    colours: np.ndarray
    sharpness: np.ndarray
    looks: np.ndarray
    stills: np.ndarray
    still_frames: np.ndarray
    size: tuple[int, int] = (0, 0)
    cuts: list[float] = field(default_factory=list)
    most_faces: int = 0
    quarter_turns: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def found(self) -> np.ndarray:
        """bool (frames,): the face was found."""
        return np.isfinite(self.poses[:, 0, 0])

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays among the fields, by name."""
        return {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if one.type == "np.ndarray" or one.type is np.ndarray
        }
