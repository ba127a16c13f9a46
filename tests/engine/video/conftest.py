from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from engine.clip import Clip
from engine.video.capture import Captured, capture_all
from engine.video.footage import open_footage
from engine.video.options import Options
from engine.video.track import Track

Film = Callable[..., Path]
RAW = "smoothing", "completion"


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Writes RGB frames as a video file."""
    cv2 = pytest.importorskip("cv2")

    def write(frames: Iterable[np.ndarray], fps: float = 30.0, name: str = "film.mp4", codec: str = "mp4v") -> Path:
        path = tmp_path_factory.mktemp("film") / name
        pictures = list(frames)
        height, width = pictures[0].shape[:2]
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (width, height))
        for picture in pictures:
            writer.write(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2BGR))
        writer.release()
        return path

    return write


@pytest.fixture(scope="session")
def frames_of(shared: Path) -> Callable[..., list[np.ndarray]]:
    """Frames of a real video, RGB."""

    def read(name: str, start: float = 0.0, end: float = 1.0) -> list[np.ndarray]:
        with open_footage(shared / "video" / name) as video:
            return [picture.pixels for picture in video.pictures(start, end)]

    return read


@pytest.fixture(scope="session")
def bundle(shared: Path) -> Path:
    pytest.importorskip("mediapipe")
    return shared / "models" / "face_landmarker.task"


@pytest.fixture(scope="session")
def captured_a(shared: Path, bundle: Path) -> Captured:
    return capture_all(shared / "video" / "face_a.mp4", Options(model=bundle, decoder="none"))


@pytest.fixture(scope="session")
def captured_b(shared: Path, bundle: Path) -> Captured:
    return capture_all(shared / "video" / "face_b.mp4", Options(model=bundle, decoder="none"))


@pytest.fixture(scope="session")
def tracked_a(shared: Path, bundle: Path) -> Track:
    """What the tracker said, not smoothed."""
    return capture_all(shared / "video" / "face_a.mp4", Options(model=bundle, decoder="none", without=RAW)).track


@pytest.fixture(scope="session")
def tracked_b(shared: Path, bundle: Path) -> Track:
    return capture_all(shared / "video" / "face_b.mp4", Options(model=bundle, decoder="none", without=RAW)).track


@pytest.fixture(scope="session")
def clip_a(captured_a: Captured) -> Clip:
    return captured_a.clip


@pytest.fixture(scope="session")
def clip_b(captured_b: Captured) -> Clip:
    return captured_b.clip
