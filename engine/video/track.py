"""Following one face through a video with MediaPipe's face landmarker.

VIDEO mode smooths landmarks over time, but only while it follows a single face, and after a lost frame it takes
whichever face it finds. So it is always asked for one face, and everything outside a window around that face is
blacked out: it then has no other face to jump to, and the window grows while the face is lost.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import SHAPES
from engine.errors import FaceMimicError
from engine.video.decode import Picture, Video

MOST_FACES = 8
WINDOW = 1.0
"""How far the window reaches beyond the face on each side, in face sizes. The landmarker itself looks 0.25 beyond."""
GROWTH = 3.0
"""Face sizes a second by which the window grows while the face is lost."""
CUT = (0.04, 6.0)
"""A new shot changes the thumbnail (0..1) by more than this on average, and by this many times the usual change.
Two people before the same grey wall differ by 0.07; a talking face changes it by 0.006 at most."""


@dataclass
class Track:
    """One face over time; rows of frames without the face are NaN.

    times: float64 (frames,), seconds from the video's start. scores: float32 (frames, 52), in the order of SHAPES,
    0..1; tongueOut has no score and is 0. poses: float64 (frames, 4, 4), canonical face to camera space (x to the
    person's left in an unmirrored picture, y up, z towards the camera; cm).
    cuts: times at which a new shot begins. most_faces: the most that were seen in one frame, while choosing.
    """

    times: np.ndarray
    scores: np.ndarray
    poses: np.ndarray
    cuts: list[float] = field(default_factory=list)
    most_faces: int = 0

    @property
    def found(self) -> np.ndarray:
        """bool (frames,): the face was found."""
        return np.isfinite(self.poses[:, 0, 0])


def follow(
    video: Video,
    model: Path,
    face: int = 0,
    start: float = 0.0,
    end: float = math.inf,
    progress: Callable[[float], None] | None = None,
) -> Track:
    """Follows the face numbered `face`, counted from the largest (0) in the first frame that shows enough of them.

    Raises FaceMimicError (kind "video") when there is no frame, no face, or no face of that number.
    """
    times, scores, poses = [], [], []
    nothing = np.full(len(SHAPES), np.nan, np.float32), np.full((4, 4), np.nan)
    last = min(end, video.duration) if video.duration else 0.0
    with _Follower(model, face) as follower:
        for picture in video.pictures(start, end):
            row = follower.look(picture) or nothing
            times.append(picture.time)
            scores.append(row[0])
            poses.append(row[1])
            if progress:
                progress(min(1.0, (picture.time - start) / (last - start)) if last > start else 0.0)
    _explain_nothing(video, follower, face, times, start)
    return Track(np.array(times), np.array(scores), np.array(poses), follower.cuts, follower.most_faces)


def _explain_nothing(video: Video, follower: "_Follower", face: int, times: list[float], start: float) -> None:
    if not times and video.frames_read and start > 0:
        raise FaceMimicError(f"{video.name} ends before {start:g} s. Choose an earlier start.", "video")
    if not times:
        raise FaceMimicError(
            f"{video.name} holds no frame that can be decoded. It is damaged or cut short; export it again.", "video"
        )
    if follower.most_faces == 0:
        raise FaceMimicError(
            f"No face was found in {video.name}. Use a video in which the face is upright, lit, and at least a"
            " tenth of the picture's height.",
            "video",
        )
    if not follower.chosen:
        seen = "1 face is" if follower.most_faces == 1 else f"{follower.most_faces} faces are"
        raise FaceMimicError(
            f"There is no face number {face} in {video.name}: at most {seen} seen at once, counted from 0.", "video"
        )


class _Follower:
    def __init__(self, model: Path, face: int) -> None:
        self.mediapipe = _mediapipe()
        self.model, self.face = model, face
        self.cuts: list[float] = []
        self.most_faces = 0
        self.chosen = False
        self._box: np.ndarray | None = None
        self._seen_at = self._clock = -math.inf
        self._thumbnail: np.ndarray | None = None
        self._usual_change = 0.0
        self._chooser: Any = None
        self._tracker: Any = None

    def __enter__(self) -> "_Follower":
        return self

    def __exit__(self, *error: object) -> None:
        for landmarker in (self._chooser, self._tracker):
            if landmarker is not None:
                landmarker.close()

    def look(self, picture: Picture) -> tuple[np.ndarray, np.ndarray] | None:
        """Scores and pose of the face in the next picture, or None."""
        if self._is_cut(picture):
            self.cuts.append(picture.time)
            self._box = None
            if self._tracker is not None:
                self._tracker.close()
                self._tracker = None
        if self._box is None:
            self._box = self._choose(picture)
            self._seen_at = picture.time
            if self._box is None:
                return None
            self.chosen = True
        result = self._track(self._in_window(picture), picture.time)
        if not result.face_landmarks:
            return None
        self._box, self._seen_at = _bounds(result.face_landmarks[0]), picture.time
        return _scores(result.face_blendshapes[0]), np.array(result.facial_transformation_matrixes[0], float)

    def _choose(self, picture: Picture) -> np.ndarray | None:
        if self._chooser is None:
            self._chooser = self._open("IMAGE", max(MOST_FACES, self.face + 1))
        boxes = [_bounds(marks) for marks in self._chooser.detect(self._image(picture.pixels)).face_landmarks]
        self.most_faces = max(self.most_faces, len(boxes))
        boxes.sort(key=lambda box: -float(np.prod(box[2:] - box[:2])))
        return boxes[self.face] if len(boxes) > self.face else None

    def _track(self, pixels: np.ndarray, time: float) -> Any:
        if self._tracker is None:
            self._tracker = self._open("VIDEO", 1)
        # The landmarker wants whole milliseconds that always increase.
        self._clock = max(round(time * 1000), self._clock + 1)
        return self._tracker.detect_for_video(self._image(pixels), int(self._clock))

    def _in_window(self, picture: Picture) -> np.ndarray:
        assert self._box is not None
        height, width = picture.pixels.shape[:2]
        scale = np.array([width, height, width, height], float)
        box = self._box * scale
        reach = max(box[2:] - box[:2]) * (WINDOW + GROWTH * (picture.time - self._seen_at))
        left, top = np.maximum(box[:2] - reach, 0).astype(int)
        right, bottom = np.minimum(np.ceil(box[2:] + reach), [width, height]).astype(int)
        if (left, top, right, bottom) == (0, 0, width, height):
            return picture.pixels
        pixels = np.zeros_like(picture.pixels)
        pixels[top:bottom, left:right] = picture.pixels[top:bottom, left:right]
        return pixels

    def _is_cut(self, picture: Picture) -> bool:
        rows = np.linspace(0, picture.pixels.shape[0] - 1, 48).astype(int)
        columns = np.linspace(0, picture.pixels.shape[1] - 1, 48).astype(int)
        thumbnail = picture.pixels[np.ix_(rows, columns)].astype(np.float32) / 255
        before, self._thumbnail = self._thumbnail, thumbnail
        if before is None:
            return False
        change = float(np.abs(thumbnail - before).mean())
        least, times = CUT
        cut = change > max(least, times * self._usual_change)
        self._usual_change += 0.2 * (min(change, least) - self._usual_change)
        return cut

    def _image(self, pixels: np.ndarray) -> Any:
        return self.mediapipe.Image(image_format=self.mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))

    def _open(self, mode: str, faces: int) -> Any:
        vision = self.mediapipe.tasks.vision
        options = vision.FaceLandmarkerOptions(
            base_options=self.mediapipe.tasks.BaseOptions(model_asset_buffer=self.model.read_bytes()),
            running_mode=vision.RunningMode[mode],
            num_faces=faces,
            output_face_blendshapes=mode == "VIDEO",
            output_facial_transformation_matrixes=mode == "VIDEO",
        )
        try:
            return vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            raise FaceMimicError(f"{self.model} is not a face landmarker that MediaPipe can open.", "video") from error


def _bounds(landmarks: Any) -> np.ndarray:
    points = np.array([(point.x, point.y) for point in landmarks])
    return np.concatenate([points.min(0), points.max(0)])


def _scores(categories: Any) -> np.ndarray:
    found = {category.category_name: category.score for category in categories}
    return np.array([found.get(name, 0.0) for name in SHAPES], np.float32)


def _mediapipe() -> Any:
    try:
        import mediapipe
    except ImportError as error:
        raise FaceMimicError(
            "Reading videos needs MediaPipe. Install it into the engine's Python: pip install “mediapipe>=1.2,<1.3”.",
            "video",
        ) from error
    return mediapipe
