"""Decoding a video into pictures with their real times."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from engine.errors import FaceMimicError

# OpenCV and FFmpeg print a decoder's complaints on their own; ours say what to do about them.
os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

LONGEST_SIDE = 1280
"""Pixels. Larger pictures are shrunk: the landmarker looks at 256 × 256 of them."""
LONGEST_PAUSE = 60.0
"""Seconds. A timestamp further ahead than this is taken for a broken one."""


@dataclass(frozen=True)
class Picture:
    """One frame: its time in seconds from the video's start, and RGB uint8 (height, width, 3)."""

    time: float
    pixels: np.ndarray


class Video:
    """An open video file; a context manager. Raises FaceMimicError (kind "video") when it cannot be read.

    fps: nominal frames per second. frame_count: as the file announces it, 0 when unknown.
    broken_times: frames whose timestamp did not increase or jumped, counted while reading.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.name = self.path.name
        if not self.path.is_file():
            what = "is a folder, not a video" if self.path.is_dir() else "does not exist"
            raise FaceMimicError(f"{self.path} {what}.", "video")
        if self.path.stat().st_size == 0:
            raise FaceMimicError(f"{self.name} is empty (0 bytes). Copy or export it again.", "video")
        self._cv2 = _cv2()
        self._capture = self._cv2.VideoCapture(str(self.path), self._cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise FaceMimicError(
                f"{self.name} cannot be read as a video: it has no video stream, is damaged or cut short, or its"
                " format is unknown here. Export it again as .mp4 (H.264).",
                "video",
            )
        self._capture.set(self._cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        fps = self._capture.get(self._cv2.CAP_PROP_FPS)
        self.fps = fps if math.isfinite(fps) and 1 <= fps <= 1000 else 30.0
        count = self._capture.get(self._cv2.CAP_PROP_FRAME_COUNT)
        self.frame_count = int(count) if math.isfinite(count) and 0 < count < 1e8 else 0
        self.broken_times = 0
        self.frames_read = 0

    def __enter__(self) -> "Video":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._capture.release()

    @property
    def duration(self) -> float:
        """Seconds, as the file announces it; 0 when unknown."""
        return self.frame_count / self.fps

    def pictures(self, start: float = 0.0, end: float = math.inf) -> Iterator[Picture]:
        """Frames with start ≤ time < end, in order, one at a time; times strictly increase.

        Frames before `start` are decoded and dropped, since seeking lands on other frames with some codecs.
        """
        cv2, previous = self._cv2, -math.inf
        step = 1.0 / self.fps
        while self._capture.grab():
            time = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
            if self.frames_read == 0 and not 0 <= time < LONGEST_PAUSE:
                time = 0.0
            elif self.frames_read and not previous < time <= previous + LONGEST_PAUSE:
                time = previous + step
                self.broken_times += 1
            previous = time
            self.frames_read += 1
            if time < start:
                continue
            if time >= end:
                return
            ok, pixels = self._capture.retrieve()
            if not ok or pixels is None:
                continue
            longest = max(pixels.shape[:2])
            if longest > LONGEST_SIDE:
                shrink = LONGEST_SIDE / longest
                pixels = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            yield Picture(time, cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))


def _cv2():
    try:
        import cv2
    except ImportError as error:
        raise FaceMimicError(
            "Reading videos needs MediaPipe and OpenCV. Install them into the engine's Python:"
            " pip install “mediapipe>=1.2,<1.3”.",
            "video",
        ) from error
    return cv2
