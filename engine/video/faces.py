"""The faces in a picture: finding them, telling them apart, and their small portraits for choosing."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import SHAPES
from engine.errors import FaceMimicError
from engine.video.footage import Footage, opencv
from engine.video.found import Found, find
from engine.video.landmarker import tracking_library
from engine.video.sight import look

MOST_FACES = 8
PORTRAIT = 160
"""Side of a portrait in pixels."""
_RIGHT_EYE, _LEFT_EYE = 33, 263
LOOKED_THROUGH = 60
"""Pictures, half a second apart, that are looked through for faces to choose from."""


class Landmarker:
    """MediaPipe's face landmarker for single pictures, opened when first needed. `close` it."""

    def __init__(self, model: Path, faces: int, expressions: bool = True) -> None:
        self._model, self._faces, self._expressions = model, faces, expressions
        self._open: Any = None

    def close(self) -> None:
        """Frees it; MediaPipe's own clean-up at exit may hang."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def all(self, pixels: np.ndarray) -> list[np.ndarray]:
        """Landmarks float32 (478, 3) of each face; pixels are RGB uint8 (height, width, 3)."""
        return self._find(pixels).landmarks

    def one(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Landmarks float32 (478, 3), scores float32 (52,) and pose (4, 4) of the first face, or None."""
        found = self._find(pixels)
        if not found.landmarks:
            return None
        scores = np.array([found.scores[0].get(name, 0.0) for name in SHAPES], np.float32)
        return found.landmarks[0], scores, found.poses[0]

    def _find(self, pixels: np.ndarray) -> Found:
        mediapipe = tracking_library()
        if self._open is None:
            self._open = self._create(mediapipe)
        picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))
        return find(self._open, picture)

    def _create(self, mediapipe: Any) -> Any:
        vision = mediapipe.tasks.vision
        options = vision.FaceLandmarkerOptions(
            base_options=mediapipe.tasks.BaseOptions(model_asset_buffer=self._model.read_bytes()),
            running_mode=vision.RunningMode.IMAGE,
            num_faces=self._faces,
            output_face_blendshapes=self._expressions,
            output_facial_transformation_matrixes=self._expressions,
        )
        try:
            return vision.FaceLandmarker.create_from_options(options)
        except OSError as error:
            # Its native part is loaded only here; servers often lack libEGL or libGLES.
            raise FaceMimicError(
                f"MediaPipe cannot start on this system: {error}. Install what is missing with the system's packages.",
                "video",
            ) from error
        except (RuntimeError, ValueError) as error:
            raise FaceMimicError(f"{self._model} is not a face landmarker that MediaPipe can open.", "video") from error


@dataclass
class Face:
    """One face in a picture."""

    landmarks: np.ndarray
    pixels: np.ndarray | None = None

    @cached_property
    def box(self) -> np.ndarray:
        """left, top, right, bottom as shares of the picture."""
        points = self.landmarks[:, :2].astype(float)
        return np.concatenate([points.min(0), points.max(0)])

    @cached_property
    def colours(self) -> np.ndarray:
        """float (478, 3): what this face looks like whatever the light's strength: skin, brows, beard, glasses."""
        assert self.pixels is not None
        shade = np.log(look(self.pixels, self.landmarks)[0] + 8.0)
        return shade - shade.mean()


def seen_faces(landmarker: Landmarker, pixels: np.ndarray) -> list[Face]:
    """The faces in a picture, the largest first."""
    faces = [Face(marks, pixels) for marks in landmarker.all(pixels)]
    return sorted(faces, key=lambda face: -float(np.prod(face.box[2:] - face.box[:2])))


def nearest(colours: np.ndarray, others: list[np.ndarray]) -> int:
    """Which of `others` looks most like this face."""
    return int(np.argmin([np.abs(colours - other).mean() for other in others]))


def quarter_turns(landmarks: np.ndarray) -> int:
    """How often a picture must be turned by 90° counter-clockwise for this face to be upright, 0..3."""
    across = landmarks[_LEFT_EYE, :2] - landmarks[_RIGHT_EYE, :2]
    return round(float(np.degrees(np.arctan2(across[1], across[0]))) / 90) % 4


def portrait(pixels: np.ndarray, box: np.ndarray) -> np.ndarray:
    """A square picture of the face, uint8 (PORTRAIT, PORTRAIT, 3); black where the picture ends."""
    cv2 = opencv()
    height, width = pixels.shape[:2]
    low, high = box[:2] * (width, height), box[2:] * (width, height)
    middle = (low + high) / 2 - (0, 0.08 * (high[1] - low[1]))
    half = 0.72 * float(max(high - low))
    scale = PORTRAIT / (2 * half)
    place = np.array([[scale, 0, PORTRAIT / 2 - middle[0] * scale], [0, scale, PORTRAIT / 2 - middle[1] * scale]])
    # Pixels between are lost when shrinking, so large faces are first brought near the size.
    if scale < 0.5:
        whole = int(0.5 / scale) + 1
        left, top = np.clip(middle - half, 0, None).astype(int)
        right, bottom = np.ceil(middle + half).astype(int)
        part = pixels[top:bottom, left:right]
        part = cv2.resize(part, None, fx=1 / whole, fy=1 / whole, interpolation=cv2.INTER_AREA)
        place[:, 2] += place[:, :2] @ (left, top)
        place[:, :2] *= whole
        pixels = part
    return cv2.warpAffine(pixels, place, (PORTRAIT, PORTRAIT))


@dataclass(frozen=True)
class Crowd:
    """The picture that shows the most faces, where one was looked for: its time in seconds, the largest face first."""

    time: float
    faces: list[Face]

    def portraits(self) -> np.ndarray:
        """uint8 (faces, PORTRAIT, PORTRAIT, 3)."""
        pictures = [portrait(face.pixels, face.box) for face in self.faces if face.pixels is not None]
        return np.array(pictures, np.uint8).reshape(-1, PORTRAIT, PORTRAIT, 3)


@dataclass(frozen=True)
class Chosen:
    """Which of several people is to be followed: `number` among `people`, told apart by their `Face.colours`."""

    number: int
    people: list[np.ndarray]


def faces_to_choose(
    footage: Footage,
    model: Path,
    start: float = 0.0,
    end: float = math.inf,
    progress: Callable[[float], None] | None = None,
) -> Crowd:
    """The people to choose from, within the first half minute from `start` on; a face's number is its place among them.

    Raises FaceMimicError (kind "video") when there is no face.
    """
    landmarker = Landmarker(model, MOST_FACES, expressions=False)
    best = Crowd(start, [])
    looked, due = 0, -math.inf
    try:
        for picture in footage.pictures(start, end):
            if picture.time < due:
                continue
            if progress:
                progress(looked / LOOKED_THROUGH)
            looked, due = looked + 1, picture.time + 0.5
            faces = seen_faces(landmarker, picture.pixels)
            if len(faces) > len(best.faces):
                best = Crowd(picture.time, faces)
            if looked == LOOKED_THROUGH:
                break
    finally:
        landmarker.close()
    if not best.faces:
        raise FaceMimicError(
            f"No face was found in the first half minute of {footage.name}. Choose a later start, or footage in which"
            " the face is upright and lit.",
            "video",
        )
    return best


def chosen_face(crowd: Crowd, number: int, name: str) -> Chosen:
    """The face of that number. Raises FaceMimicError (kind "video") when there are not so many."""
    if number >= len(crowd.faces):
        seen = "1 face is" if len(crowd.faces) == 1 else f"{len(crowd.faces)} faces are"
        raise FaceMimicError(
            f"There is no face number {number} in {name}: at most {seen} seen at once, counted from 0.", "video"
        )
    return Chosen(number, [face.colours for face in crowd.faces])
