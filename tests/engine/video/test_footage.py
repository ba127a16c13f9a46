import struct
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FaceMimicError
from engine.video.footage import LONGEST_SIDE, Footage, Video, _rgb, natural_order, open_footage, opencv


def pictures(count: int = 12, height: int = 120, width: int = 160) -> list[np.ndarray]:
    """Frames whose upper left quarter is red and whose brightness tells their number."""
    frames = []
    for number in range(count):
        frame = np.full((height, width, 3), 40 + 5 * number, np.uint8)
        frame[: height // 2, : width // 2] = (220, 30, 30)
        frames.append(frame)
    return frames


def test_frames_come_with_their_times(film: Callable) -> None:
    with open_footage(film(pictures(), fps=24)) as video:
        seen = list(video.pictures())
    assert len(seen) == 12
    np.testing.assert_allclose([picture.time for picture in seen], np.arange(12) / 24, atol=1e-3)
    assert seen[0].pixels.shape == (120, 160, 3)
    assert seen[0].pixels[20, 20, 0] > 150 > seen[0].pixels[20, 20, 2]


def test_a_part_is_cut_by_time(film: Callable) -> None:
    with open_footage(film(pictures(30))) as video:
        times = [picture.time for picture in video.pictures(0.5, 0.8)]
    np.testing.assert_allclose(times, np.arange(15, 24) / 30, atol=1e-3)


def test_large_pictures_are_shrunk(film: Callable) -> None:
    with open_footage(film(pictures(2, 1080, 1920))) as video:
        assert max(next(iter(video.pictures())).pixels.shape) == LONGEST_SIDE


@settings(max_examples=15)
@given(st.integers(1281, 5000), st.floats(0.4, 1))
def test_shrunk_pictures_show_the_same_in_the_same_places(width: int, ratio: float) -> None:
    cv2 = opencv()
    height = round(width * ratio)
    across, down = np.arange(width, dtype=np.float32) / width, np.arange(height, dtype=np.float32)[:, None] / height
    wave = 127 + 60 * np.sin(40 * across) + 60 * np.cos(30 * down)
    large = np.stack([wave, 255 - wave, wave * 0 + 9], 2).astype(np.uint8)
    small = _rgb(cv2, large)[:, :, ::-1].astype(int)
    assert max(small.shape) == LONGEST_SIDE
    assert abs(small.shape[0] / small.shape[1] - height / width) < 0.002
    exact = cv2.resize(large, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small - exact).max() <= 3


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_phones_rotation_is_applied(film: Callable, quarter_turns: int) -> None:
    upright = pictures(3)
    path = film([np.rot90(frame, quarter_turns) for frame in upright])
    _turn_back(path, quarter_turns)
    with open_footage(path) as video:
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
    with open_footage(film(pictures(4), fps=40)) as video:
        sequence = iter(told)
        assert isinstance(video, Video)
        monkeypatch.setattr(video, "_capture", _Retimed(video._capture, lambda: next(sequence)))
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


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FaceMimicError, match="does not exist"):
        open_footage(tmp_path / "missing.mp4")


def photo(path: Path, shade: int) -> None:
    cv2 = pytest.importorskip("cv2")
    cv2.imencode(".png", np.full((40, 60, 3), shade, np.uint8))[1].tofile(path)


def shades(footage: Footage) -> list[int]:
    return [int(picture.pixels[0, 0, 0]) for picture in footage.pictures()]


def test_a_folder_of_images_is_read_in_natural_order(tmp_path: Path) -> None:
    for name, shade in (("a10.png", 30), ("a9.png", 20), ("a1.png", 10), ("b.png", 40)):
        photo(tmp_path / name, shade)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.png").write_text("nor this")
    with open_footage(tmp_path, 12) as footage:
        assert shades(footage) == [10, 20, 30, 40]
        assert (footage.fps, footage.frame_count, footage.still) == (12, 4, False)
    with open_footage(tmp_path, 12) as footage:
        times = [picture.time for picture in footage.pictures(1 / 12, 3 / 12)]
    np.testing.assert_allclose(times, [1 / 12, 2 / 12])


@given(st.lists(st.integers(0, 10**9), unique=True, min_size=1, max_size=20))
def test_numbered_names_sort_by_their_numbers(numbers: list[int]) -> None:
    names = sorted((f"frame_{number}.png" for number in numbers), key=natural_order)
    assert names == [f"frame_{number}.png" for number in sorted(numbers)]


@given(st.lists(st.text(max_size=12), max_size=12))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert sorted(sorted(names, key=natural_order)) == sorted(names)


def test_a_damaged_image_is_left_out_and_counted(tmp_path: Path) -> None:
    for number in (1, 2, 4):
        photo(tmp_path / f"{number}.png", 10 * number)
    (tmp_path / "3.png").write_bytes(b"not a picture")
    (tmp_path / "5.png").touch()
    with open_footage(tmp_path, 10) as footage:
        assert [round(picture.time, 3) for picture in footage.pictures()] == [0, 0.1, 0.3]
        assert footage.unreadable == 2


@pytest.mark.parametrize(("files", "says"), [((), "it is empty"), (("letter.txt", "song.mp3"), "its 2 files are none")])
def test_a_folder_without_images_is_refused(tmp_path: Path, files: tuple[str, ...], says: str) -> None:
    for name in files:
        (tmp_path / name).write_text("words")
    with pytest.raises(FaceMimicError, match=f"holds no images: {says}") as error:
        open_footage(tmp_path)
    assert error.value.kind == "video"


def test_a_photo_is_one_picture(tmp_path: Path) -> None:
    photo(tmp_path / "face.PNG", 90)
    with open_footage(tmp_path / "face.PNG") as footage:
        assert footage.still
        assert shades(footage) == [90]


def test_mirrored_footage_is_turned_back(film: Callable) -> None:
    with open_footage(film(pictures()), mirrored=True) as footage:
        seen = next(footage.pictures()).pixels
    assert seen[20, 140, 0] > 150 > seen[20, 20, 0]


def test_the_hash_is_that_of_what_is_read(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        photo(tmp_path / name / "1.png", 80 if name == "three" else 40)
    one, two, three = (open_footage(tmp_path / name).sha256() for name in ("one", "two", "three"))
    assert one == two != three


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(FaceMimicError, match=r"empty\.mp4 is empty"):
        open_footage(tmp_path / "empty.mp4")


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
    with open_footage(path) as video:
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
