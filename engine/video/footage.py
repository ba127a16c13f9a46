"""Footage of a face, as pictures with their real times: a video file, a folder of images, or a photo."""

import hashlib
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from engine.errors import FaceMimicError

# OpenCV and FFmpeg print a decoder's complaints on their own; ours say what to do about them.
os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

LONGEST_SIDE = 1280
"""Pixels. Larger pictures are shrunk: the landmarker looks at 256 × 256 of them."""
LONGEST_PAUSE = 60.0
"""Seconds. A timestamp further ahead than this is taken for a broken one."""
IMAGES = (".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".tif", ".tiff", ".webp", ".jp2", ".exr", ".hdr", ".ppm", ".pgm")
"""Endings of files that are one picture."""
IMAGE_RATE = 24.0
"""Images a second in a folder, where nothing else is said."""


@dataclass(frozen=True)
class Picture:
    """One frame: its time in seconds from the footage's start, and RGB uint8 (height, width, 3)."""

    time: float
    pixels: np.ndarray


class Footage:
    """Open footage; a context manager that reads once, forwards. `open_footage` makes one.

    name: of the file or folder. fps: nominal frames per second. frame_count: as announced, 0 when unknown.
    broken_times: frames whose timestamp did not increase or jumped. unreadable: frames or images that could not be
    decoded. Both are counted while reading. still: it is a single photo. mirrored: its pictures are mirror images, as
    front cameras save them, and are turned back.
    """

    still = False
    mirrored = False

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        self.fps, self.frame_count = IMAGE_RATE, 0
        self.broken_times = self.unreadable = self.frames_read = 0

    def __enter__(self) -> "Footage":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        pass

    @property
    def duration(self) -> float:
        """Seconds, as announced; 0 when unknown."""
        return self.frame_count / self.fps

    def sha256(self) -> str:
        """Of all the bytes that pictures are read from, in hexadecimal."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def pictures(self, start: float = 0.0, end: float = math.inf) -> Iterator[Picture]:
        """Frames with start ≤ time < end, in order, one at a time; times strictly increase."""
        for picture in self._read(start, end):
            yield Picture(picture.time, np.ascontiguousarray(picture.pixels[:, ::-1])) if self.mirrored else picture

    def _read(self, start: float, end: float) -> Iterator[Picture]:
        raise NotImplementedError


def open_footage(path: str | Path, image_rate: float | None = None, mirrored: bool = False) -> Footage:
    """Opens a video, a folder of images (`image_rate` of them a second) or a photo.

    Raises FaceMimicError (kind "video") when there is nothing to read.
    """
    footage = _opened(Path(path), image_rate)
    footage.mirrored = mirrored
    return footage


def _opened(path: Path, image_rate: float | None) -> Footage:
    if path.is_dir():
        return Images(path, _images_in(path), image_rate or IMAGE_RATE)
    if not path.is_file():
        raise FaceMimicError(f"{path} does not exist.", "video")
    if path.stat().st_size == 0:
        raise FaceMimicError(f"{path.name} is empty (0 bytes). Copy or export it again.", "video")
    if path.suffix.lower() in IMAGES:
        return Images(path, [path], image_rate or IMAGE_RATE)
    return Video(path)


class Video(Footage):
    """A video file, in any container and codec that OpenCV's FFmpeg reads. Rotation metadata is applied."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(Path(path))
        self._cv2 = opencv()
        self._capture = self._cv2.VideoCapture(str(self.path), self._cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise FaceMimicError(
                f"{self.name} cannot be read as a video: it has no video stream, is damaged or cut short, or its"
                " format is unknown here. Export it again as .mp4 (H.264), or photos as .png or .jpg.",
                "video",
            )
        self._capture.set(self._cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        fps = self._capture.get(self._cv2.CAP_PROP_FPS)
        self.fps = fps if math.isfinite(fps) and 1 <= fps <= 1000 else 30.0
        count = self._capture.get(self._cv2.CAP_PROP_FRAME_COUNT)
        self.frame_count = int(count) if math.isfinite(count) and 0 < count < 1e8 else 0

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._capture.release()

    def _read(self, start: float, end: float) -> Iterator[Picture]:
        # Frames before `start` are decoded and dropped, since seeking lands on other frames with some codecs.
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
                self.unreadable += 1
                continue
            yield Picture(time, _rgb(cv2, pixels))


class Images(Footage):
    """A folder's images in natural order (2 before 10), or a single photo; EXIF orientation is applied."""

    def __init__(self, path: Path, files: list[Path], rate: float) -> None:
        super().__init__(path)
        self.still = path.is_file()
        self.files, self.fps, self.frame_count = files, rate, len(files)

    def sha256(self) -> str:
        whole = hashlib.sha256()
        for file in self.files:
            with file.open("rb") as data:
                whole.update(hashlib.file_digest(data, "sha256").digest())
        return whole.hexdigest()

    def _read(self, start: float, end: float) -> Iterator[Picture]:
        cv2 = opencv()
        for place, file in enumerate(self.files):
            time = place / self.fps
            if time >= end:
                return
            self.frames_read += 1
            # Times of the same frame are computed here and by the asker: they may differ in the last digit.
            if time < start - 1e-6:
                continue
            # imread cannot take every name that Windows can.
            pixels = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR) if file.stat().st_size else None
            if pixels is None:
                self.unreadable += 1
                continue
            yield Picture(time, _rgb(cv2, pixels))


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts names as people count: frame2 before frame10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.lower())
    return [(0, int(part), "") if part[0] in "0123456789" else (1, 0, part) for part in parts]


def _images_in(folder: Path) -> list[Path]:
    files = [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]
    images = [file for file in files if file.suffix.lower() in IMAGES]
    if not images:
        what = f"its {len(files)} files are none" if files else "it is empty"
        raise FaceMimicError(
            f"The folder {folder} holds no images: {what}. Choose a video, a photo, or a folder of .png or .jpg"
            " images numbered in their order.",
            "video",
        )
    return sorted(images, key=lambda file: (natural_order(file.name), file.name))


def _rgb(cv2: Any, pixels: np.ndarray) -> np.ndarray:
    # Halves, then what is left between two pixels: means over fractions of pixels, which look the same, take five times
    # as long, as long as the tracking of a 1080p picture.
    while max(pixels.shape[:2]) >= 2 * LONGEST_SIDE:
        height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
        pixels = cv2.resize(pixels[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    longest = max(pixels.shape[:2])
    if longest > LONGEST_SIDE:
        shrink = LONGEST_SIDE / longest
        pixels = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_LINEAR)
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def opencv() -> Any:
    """The cv2 module. Raises FaceMimicError (kind "video") when it is not installed."""
    try:
        import cv2
    except ImportError as error:
        raise FaceMimicError(
            "Reading videos needs MediaPipe and OpenCV. Install them into the engine's Python:"
            " pip install “mediapipe>=1.2,<1.3”.",
            "video",
        ) from error
    return cv2
