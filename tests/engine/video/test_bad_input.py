"""Footage that gives nothing, or little: each is told in a sentence, and what is worth having is kept."""

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.channels import INDEX
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.video.capture import capture


def told(path: Path, bundle: Path, **options: Any) -> str:
    """The sentence that refuses the footage; it names the file."""
    with pytest.raises(FaceMimicError) as error:
        capture(path, model=bundle, decoder="none", **options)
    assert error.value.kind == "video"
    assert path.name in str(error.value)
    return str(error.value)


def tried(path: Path, bundle: Path) -> Clip:
    return capture(path, model=bundle, decoder="none", without=("completion",))


def test_no_face(film: Callable, bundle: Path) -> None:
    scene = np.tile(np.linspace(0, 255, 320, dtype=np.uint8)[None, :, None], (240, 1, 3))
    assert "No face was found" in told(film([scene] * 20), bundle)


def test_a_face_for_three_frames_only(film: Callable, frames_of: Callable, bundle: Path) -> None:
    frames = frames_of("face_a.mp4", 2.3, 2.45)[:3]
    nothing = np.full_like(frames[0], 90)
    clip = tried(film([nothing] * 20 + frames + [nothing] * 20), bundle)
    assert len(clip.values) == 43
    assert clip.provenance["frames_lost"] == 40
    assert clip.provenance["notes"][0].startswith("The face was found in 3 of 43 frames only")
    assert clip.values[:, INDEX["jawOpen"]].min() > 0.5


def test_zero_length(tmp_path: Path, bundle: Path) -> None:
    for name in ("empty.mp4", "empty.png"):
        (tmp_path / name).touch()
        assert "is empty (0 bytes)" in told(tmp_path / name, bundle)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".webm", ".gif", ".jpg", ".png", ".heic"])
def test_corrupt(suffix: str, tmp_path: Path, bundle: Path) -> None:
    path = tmp_path / f"noise{suffix}"
    path.write_bytes(np.random.default_rng(1).bytes(20_000))
    sentence = told(path, bundle)
    assert "damaged" in sentence
    assert "xport it again" in sentence


def test_a_real_video_with_damage_in_the_middle(film: Callable, frames_of: Callable, bundle: Path) -> None:
    path = film(frames_of("face_a.mp4", 0, 2), name="damaged.avi", codec="MJPG")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 30_000] = np.random.default_rng(2).bytes(30_000)
    path.write_bytes(data)
    try:
        clip = tried(path, bundle)
    except FaceMimicError as error:
        assert error.kind == "video"
    else:
        assert 20 < len(clip.values) <= 62
        assert np.isfinite(clip.values).all()


def test_sound_only(tmp_path: Path, bundle: Path) -> None:
    for name in ("song.wav", "song.mp4"):
        with wave.open(str(tmp_path / name), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(b"\0\0" * 8000)
        assert "no video stream" in told(tmp_path / name, bundle)


@pytest.mark.parametrize("told_times", ["frozen", "backwards", "huge", "negative", "not a number"])
def test_absurd_timestamps(
    told_times: str, film: Callable, frames_of: Callable, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cv2 = pytest.importorskip("cv2")
    times = {
        "frozen": lambda k: 0.0,
        "backwards": lambda k: 1000.0 - 33 * k,
        "huge": lambda k: 1e15 * k,
        "negative": lambda k: -1e9 + 33 * k,
        "not a number": lambda k: float("nan"),
    }[told_times]
    real = cv2.VideoCapture

    class Retimed:
        def __init__(self, *arguments: object) -> None:
            self._real, self._frame = real(*arguments), -1

        def __getattr__(self, name: str) -> object:
            return getattr(self._real, name)

        def grab(self) -> bool:
            self._frame += 1
            return self._real.grab()

        def get(self, what: int) -> float:
            return times(self._frame) if what == cv2.CAP_PROP_POS_MSEC else self._real.get(what)

    frames = frames_of("face_a.mp4", 0, 0.5)
    monkeypatch.setattr(cv2, "VideoCapture", Retimed)
    clip = tried(film(frames), bundle)
    assert len(clip.values) == len(frames)
    assert clip.fps == 30
    assert clip.provenance["broken_timestamps"] == len(frames) - 1
    assert any("broken timestamp" in note for note in clip.provenance["notes"])


def test_an_eight_pixel_face(film: Callable, frames_of: Callable, bundle: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    picture = np.full((480, 640, 3), 140, np.uint8)
    picture[200:214, 300:314] = cv2.resize(frames_of("face_a.mp4", 0, 0.01)[0], (14, 14), interpolation=cv2.INTER_AREA)
    assert "at least a tenth of the picture" in told(film([picture] * 10), bundle)


def test_a_painted_face_is_read_or_refused_but_nothing_breaks(film: Callable, bundle: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    cat = np.full((480, 480, 3), 235, np.uint8)
    cv2.circle(cat, (240, 250), 150, (200, 150, 90), -1)
    for side in (-1, 1):
        cv2.fillPoly(
            cat, [np.array([(240 + side * 60, 130), (240 + side * 150, 40), (240 + side * 140, 190)])], (200, 150, 90)
        )
        cv2.circle(cat, (240 + side * 60, 220), 26, (250, 250, 250), -1)
        cv2.ellipse(cat, (240 + side * 60, 220), (8, 24), 0, 0, 360, (20, 60, 20), -1)
    cv2.circle(cat, (240, 280), 14, (120, 50, 60), -1)
    cv2.ellipse(cat, (240, 310), (50, 26), 0, 10, 170, (90, 40, 40), 5)
    try:
        clip = tried(film([cat] * 8), bundle)
    except FaceMimicError as error:
        assert "No face was found" in str(error)
    else:
        assert np.isfinite(clip.values).all()


def test_a_folder_of_other_files(tmp_path: Path, bundle: Path) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    for name in ("notes.txt", "song.wav", "movie.blend"):
        (folder / name).write_text("words")
    assert "its 3 files are none" in told(folder, bundle)


def test_a_folder_of_damaged_images(tmp_path: Path, bundle: Path) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(b"not a picture")
    assert "no frame that can be decoded" in told(folder, bundle)


def test_a_file_that_is_not_there(tmp_path: Path, bundle: Path) -> None:
    assert "does not exist" in told(tmp_path / "missing.mp4", bundle)


def test_a_folder_of_images_with_a_damaged_one(tmp_path: Path, frames_of: Callable, bundle: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    for number, frame in enumerate(frames_of("face_a.mp4", 2.0, 2.4)):
        cv2.imencode(".jpg", frame[:, :, ::-1])[1].tofile(tmp_path / f"shot{number}.jpg")
    (tmp_path / "shot5.jpg").write_bytes(b"not a picture")
    clip = capture(tmp_path, model=bundle, decoder="none", fps=12)
    assert (len(clip.values), clip.fps) == (12, 12)
    assert clip.provenance["frames_unreadable"] == 1
    # The mouth opens from the first of these images to the last.
    assert clip.values[0, INDEX["jawOpen"]] < 0.2 < 0.6 < clip.values[-1, INDEX["jawOpen"]]
