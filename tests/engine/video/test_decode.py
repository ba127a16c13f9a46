import struct
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import FaceMimicError
from engine.video.decode import LONGEST_SIDE, Video


def pictures(count: int = 12, height: int = 120, width: int = 160) -> list[np.ndarray]:
    """Frames whose upper left quarter is red and whose brightness tells their number."""
    frames = []
    for number in range(count):
        frame = np.full((height, width, 3), 40 + 5 * number, np.uint8)
        frame[: height // 2, : width // 2] = (220, 30, 30)
        frames.append(frame)
    return frames


def test_frames_come_with_their_times(film: Callable) -> None:
    with Video(film(pictures(), fps=24)) as video:
        seen = list(video.pictures())
    assert len(seen) == 12
    np.testing.assert_allclose([picture.time for picture in seen], np.arange(12) / 24, atol=1e-3)
    assert seen[0].pixels.shape == (120, 160, 3)
    assert seen[0].pixels[20, 20, 0] > 150 > seen[0].pixels[20, 20, 2]


def test_a_part_is_cut_by_time(film: Callable) -> None:
    with Video(film(pictures(30))) as video:
        times = [picture.time for picture in video.pictures(0.5, 0.8)]
    np.testing.assert_allclose(times, np.arange(15, 24) / 30, atol=1e-3)


def test_large_pictures_are_shrunk(film: Callable) -> None:
    with Video(film(pictures(2, 1080, 1920))) as video:
        assert max(next(iter(video.pictures())).pixels.shape) == LONGEST_SIDE


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_phones_rotation_is_applied(film: Callable, quarter_turns: int) -> None:
    upright = pictures(3)
    path = film([np.rot90(frame, quarter_turns) for frame in upright])
    _turn_back(path, quarter_turns)
    with Video(path) as video:
        seen = next(iter(video.pictures())).pixels
    assert seen.shape == (120, 160, 3)
    assert seen[20, 20, 0] > 150 > seen[20, 20, 2]
    assert seen[100, 140, 0] < 150


@pytest.mark.parametrize(
    ("told", "times", "broken"),
    [
        ([0, 33, 66, 100], [0, 0.033, 0.066, 0.1], 0),
        ([0, 10, 90, 100], [0, 0.01, 0.09, 0.1], 0),
        ([0, 33, 33, 33], [0, 0.033, 0.058, 0.083], 2),
        ([0, 40, 20, 80], [0, 0.04, 0.065, 0.08], 1),
        ([0, 40, 9e12, 80], [0, 0.04, 0.065, 0.08], 1),
        ([-5, 40, 80, 120], [0, 0.04, 0.08, 0.12], 0),
        ([float("nan")] * 4, [0, 0.025, 0.05, 0.075], 3),
        ([0] * 4, [0, 0.025, 0.05, 0.075], 3),
    ],
)
def test_times_always_increase(
    film: Callable, monkeypatch: pytest.MonkeyPatch, told: list[float], times: list[float], broken: int
) -> None:
    with Video(film(pictures(4), fps=40)) as video:
        sequence = iter(told)
        real = video._capture
        monkeypatch.setattr(video, "_capture", _Retimed(real, lambda: next(sequence)))
        np.testing.assert_allclose([picture.time for picture in video.pictures()], times, atol=1e-9)
        assert video.broken_times == broken


class _Retimed:
    """A capture that tells other times than the file's."""

    def __init__(self, capture: Any, time: Callable[[], float]) -> None:
        self.grab, self.retrieve, self.release, self._time = capture.grab, capture.retrieve, capture.release, time

    def get(self, what: int) -> float:
        return self._time()


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.mp4").write_text("Dear animator,\n" * 200)
    (tmp_path / "noise.mov").write_bytes(np.random.default_rng(0).bytes(5000))
    with wave.open(str(tmp_path / "song.mp4"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 8000)
    for name in ("letter.mp4", "noise.mov", "song.mp4"):
        with pytest.raises(FaceMimicError, match=f"{name} (cannot be read|holds no frame)") as error:
            _read_all(tmp_path / name)
        assert error.value.kind == "video"


@pytest.mark.parametrize(("name", "says"), [("missing.mp4", "does not exist"), ("folder", "is a folder")])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(FaceMimicError, match=says):
        Video(tmp_path / name)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(FaceMimicError, match=r"empty\.mp4 is empty"):
        Video(tmp_path / "empty.mp4")


def test_a_truncated_real_video_is_refused_or_read_in_part(tmp_path: Path, shared: Path) -> None:
    data = (shared / "video" / "face_a.mp4").read_bytes()
    for share in (0.02, 0.3, 0.6, 0.95):
        path = tmp_path / f"short_{share}.mp4"
        path.write_bytes(data[: int(len(data) * share)])
        try:
            count = _read_all(path)
        except FaceMimicError as error:
            assert error.kind == "video"
            assert path.name in str(error)
        else:
            assert 0 < count < 216


def _read_all(path: Path) -> int:
    with Video(path) as video:
        count = sum(1 for _ in video.pictures())
        if not count:
            raise FaceMimicError(f"{video.name} holds no frame.", "video")
        return count


def _turn_back(path: Path, quarter_turns: int) -> None:
    """Writes a turn of 90° × quarter_turns clockwise into the track's header, as phones do."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4
    cosine, sine = {1: (0, 1), 2: (-1, 0), 3: (0, -1)}[quarter_turns]
    matrix = (cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 0x40000000)
    data[start + 40 : start + 76] = struct.pack(">9i", *matrix)
    path.write_bytes(data)
