"""What MediaPipe's face landmarker sees in a picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import SHAPES
from engine.video.crops import face_crops
from engine.video.decoder import logits


@dataclass(frozen=True)
class Seen:
    """landmarks: float32 (478, 3), as the landmarker gives them. logits: (52,) of the scores. pose: (4, 4).
    crops: uint8 (BYTES,), see engine/video/crops.py."""

    landmarks: np.ndarray
    logits: np.ndarray
    pose: np.ndarray
    crops: np.ndarray


class Observer:
    """The landmarker in image mode, one face."""

    def __init__(self, bundle: Path) -> None:
        import mediapipe

        self._mediapipe: Any = mediapipe
        vision = mediapipe.tasks.vision
        self._landmarker = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(bundle)),
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
        )

    def look(self, picture: np.ndarray) -> Seen | None:
        """What is seen in a picture, uint8 (height, width, 3), or None without a face."""
        image = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=picture)
        result = self._landmarker.detect(image)
        if not result.face_landmarks:
            return None
        landmarks = np.array([(p.x, p.y, p.z) for p in result.face_landmarks[0]], np.float32)
        found = {category.category_name: category.score for category in result.face_blendshapes[0]}
        scores = np.array([found.get(name, 0.0) for name in SHAPES], np.float32)
        pose = np.array(result.facial_transformation_matrixes[0], np.float32)
        return Seen(landmarks, logits(scores), pose, face_crops(picture, landmarks, pose))

    def close(self) -> None:
        """Frees the landmarker."""
        self._landmarker.close()
