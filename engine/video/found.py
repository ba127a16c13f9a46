"""What MediaPipe's landmarker finds in a picture, as arrays.

MediaPipe's own answer holds an object for each of the 478 landmarks, which takes as long to make as a tenth of the
tracking. So its C structure is read instead, where this version of MediaPipe has it as we know it.
"""

import ctypes
from functools import cache
from typing import Any, NamedTuple

import numpy as np

POINT = np.dtype([("at", np.float32, 3), ("rest", np.uint8, 28)], align=False)
"""A landmark as MediaPipe's C structure holds it: its place first."""


class Found(NamedTuple):
    """For each face: landmarks float32 (478, 3); scores by name; pose (4, 4). The last two are empty where the
    landmarker was not asked for expressions."""

    landmarks: list[np.ndarray]
    scores: list[dict[str, float]]
    poses: list[np.ndarray]


def find(landmarker: Any, picture: Any) -> Found:
    """What a mediapipe FaceLandmarker finds in a mediapipe Image."""
    structure = _structure()
    if structure is None or not hasattr(landmarker, "_handle") or not hasattr(picture, "_image_ptr"):
        return as_arrays(landmarker.detect(picture))
    answer = structure()
    landmarker._lib.MpFaceLandmarkerDetectImage(landmarker._handle, picture._image_ptr, None, ctypes.byref(answer))
    try:
        faces = range(answer.face_landmarks_count)
        return Found(
            [_points(answer.face_landmarks[face]) for face in faces],
            [_scores(answer.face_blendshapes[face]) for face in range(answer.face_blendshapes_count)],
            [
                np.array(answer.facial_transformation_matrixes[face].to_numpy(), float)
                for face in range(answer.facial_transformation_matrixes_count)
            ],
        )
    finally:
        landmarker._lib.MpFaceLandmarkerCloseResult(ctypes.byref(answer))


def as_arrays(result: Any) -> Found:
    """A mediapipe FaceLandmarkerResult."""
    return Found(
        [np.array([(point.x, point.y, point.z) for point in face], np.float32) for face in result.face_landmarks],
        [{one.category_name: one.score for one in face} for face in result.face_blendshapes],
        [np.array(matrix, float) for matrix in result.facial_transformation_matrixes],
    )


def _points(face: Any) -> np.ndarray:
    data = ctypes.string_at(face.landmarks, face.landmarks_count * POINT.itemsize)
    return np.frombuffer(data, POINT)["at"].copy()


def _scores(face: Any) -> dict[str, float]:
    return {one.category_name.decode(): one.score for one in face.categories[: face.categories_count]}


@cache
def _structure() -> Any:
    """The C structure of an answer, None where it is not laid out as expected."""
    try:
        from mediapipe.tasks.python.components.containers.landmark_c import MpNormalizedLandmarkC
        from mediapipe.tasks.python.vision.face_landmarker import MpFaceLandmarkerResultC
    except ImportError:
        return None
    places = [getattr(MpNormalizedLandmarkC, name).offset for name in "xyz"]
    known = places == [0, 4, 8] and ctypes.sizeof(MpNormalizedLandmarkC) == POINT.itemsize
    return MpFaceLandmarkerResultC if known else None
