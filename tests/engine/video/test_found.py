"""What is read from MediaPipe's memory is what MediaPipe itself says."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.video import found
from engine.video.faces import Landmarker


@pytest.fixture(scope="module")
def landmarker(bundle: Path) -> Iterator[Any]:
    tracker = Landmarker(bundle, faces=2)
    tracker.all(np.zeros((64, 64, 3), np.uint8))
    yield tracker._open
    tracker.close()


def image(pixels: np.ndarray) -> Any:
    mediapipe = pytest.importorskip("mediapipe")
    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))


def same(one: found.Found, other: found.Found) -> None:
    for mine, theirs in zip((*one.landmarks, *one.poses), (*other.landmarks, *other.poses), strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.dtype == theirs.dtype
    assert one.scores == other.scores


def test_faces_are_read_as_mediapipe_tells_them(landmarker: Any, frames_of: Callable) -> None:
    assert found._structure() is not None
    one, other = (frames_of(name, 0, 0.01)[0] for name in ("face_a.mp4", "face_b.mp4"))
    for pixels, faces in ((one, 1), (np.concatenate([one, other], 1), 2)):
        picture = image(pixels)
        seen = found.find(landmarker, picture)
        assert [marks.shape for marks in seen.landmarks] == faces * [(478, 3)]
        same(seen, found.as_arrays(landmarker.detect(picture)))


def test_what_was_read_stays_when_another_picture_is_looked_at(landmarker: Any, frames_of: Callable) -> None:
    first, *_, last = frames_of("face_a.mp4", 0, 1)
    seen = found.find(landmarker, image(first))
    before = seen.landmarks[0].copy()
    found.find(landmarker, image(last))
    np.testing.assert_array_equal(seen.landmarks[0], before)


def test_no_face_is_none(landmarker: Any) -> None:
    assert found.find(landmarker, image(np.full((200, 200, 3), 90, np.uint8))) == ([], [], [])


def test_another_mediapipe_is_asked_in_its_own_way(
    landmarker: Any, frames_of: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = image(frames_of("face_a.mp4", 0, 0.01)[0])
    quick = found.find(landmarker, picture)
    monkeypatch.setattr(found, "_structure", lambda: None)
    same(quick, found.find(landmarker, picture))
