import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.channels import CHANNELS, HEAD_LIMIT, HIGHEST, INDEX
from engine.clip import Clip
from engine.errors import FaceMimicError

tables = arrays(np.float32, st.tuples(st.integers(1, 60), st.just(3)), elements=st.floats(0, 1, width=32))
NAMES = ("jawOpen", "headYaw", "myOwn")


def test_a_saved_clip_is_loaded_as_it_was(tmp_path: Path, some_clip: Clip) -> None:
    clip = Clip(some_clip.values, 29.97, some_clip.channels, {"seed": 7, "file": "Grüße.mp4"})
    clip.save(tmp_path / "take.npz")
    loaded = Clip.load(tmp_path / "take.npz")
    np.testing.assert_array_equal(loaded.values, clip.values)
    assert (loaded.fps, loaded.channels, loaded.provenance) == (29.97, CHANNELS, clip.provenance)


def test_the_file_holds_the_four_documented_arrays_without_pickle(tmp_path: Path, some_clip: Clip) -> None:
    some_clip.save(tmp_path / "take.npz")
    with np.load(tmp_path / "take.npz", allow_pickle=False) as data:
        assert set(data.files) == {"values", "fps", "channels", "provenance"}
        assert data["values"].dtype == np.float32
        assert json.loads(str(data["provenance"])) == {"source": "test"}


@pytest.mark.parametrize(
    ("values", "fps", "channels", "says"),
    [
        (np.zeros((3, 2)), 30, ("jawOpen",), "table"),
        (np.zeros((0, 1)), 30, ("jawOpen",), "table"),
        (np.zeros(3), 30, ("jawOpen",), "table"),
        (np.zeros((3, 2)), 30, ("jawOpen", "jawOpen"), "twice"),
        (np.zeros((3, 1)), 0, ("jawOpen",), "fps"),
        (np.zeros((3, 1)), float("nan"), ("jawOpen",), "fps"),
        (np.array([[0.0], [np.nan]]), 30, ("jawOpen",), "Frame 1 of jawOpen"),
        (np.array([[0.0], [np.inf]]), 30, ("jawOpen",), "Frame 1 of jawOpen"),
    ],
)
def test_what_is_no_performance_is_refused(
    values: np.ndarray, fps: float, channels: tuple[str, ...], says: str
) -> None:
    with pytest.raises(FaceMimicError, match=says) as error:
        Clip(values, fps, channels)
    assert error.value.kind == "file"


def _no_zip(path: Path) -> None:
    path.write_text("hello")


def _other_arrays(path: Path) -> None:
    np.savez(path, other=np.zeros(3))


def _pickled(path: Path) -> None:
    np.savez(path, values=np.array([{"a": 1}], dtype=object), fps=30.0, channels=["jawOpen"], provenance="{}")


def _bare_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps([1, 2, 3]))


def _bad_provenance(path: Path) -> None:
    np.savez(path, values=np.zeros((2, 1)), fps=30.0, channels=["jawOpen"], provenance="not JSON")


def _provenance_that_is_no_table(path: Path) -> None:
    np.savez(path, values=np.zeros((2, 1)), fps=30.0, channels=["jawOpen"], provenance="[1, 2]")


def _empty_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w"):
        pass


@pytest.mark.parametrize(
    "damage",
    [_no_zip, _other_arrays, _pickled, _bare_pickle, _bad_provenance, _provenance_that_is_no_table, _empty_zip],
)
def test_a_file_that_is_no_take_is_refused_by_name(tmp_path: Path, damage) -> None:
    damage(tmp_path / "bad.npz")
    with pytest.raises(FaceMimicError, match=r"bad\.npz") as error:
        Clip.load(tmp_path / "bad.npz")
    assert error.value.kind == "file"


def test_a_truncated_take_is_refused(tmp_path: Path, some_clip: Clip) -> None:
    some_clip.save(tmp_path / "take.npz")
    data = (tmp_path / "take.npz").read_bytes()
    for size in (0, 10, len(data) // 2, len(data) - 4):
        (tmp_path / "take.npz").write_bytes(data[:size])
        with pytest.raises(FaceMimicError, match=r"take\.npz"):
            Clip.load(tmp_path / "take.npz")


@settings(max_examples=150)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_damaged_take_is_loaded_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[float, int]]
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "take.npz"
    Clip(np.linspace(0, 1, 60)[:, None], 30, ("jawOpen",)).save(path)
    data = bytearray(path.read_bytes())
    for place, byte in changes:
        data[int(place * len(data))] = byte
    path.write_bytes(data)
    try:
        Clip.load(path)
    except FaceMimicError as error:
        assert "take.npz" in str(error)


def test_data_that_cannot_be_unpacked_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    Clip(np.linspace(0, 1, 600)[:, None], 30, ("jawOpen",)).save(path)
    data = bytearray(path.read_bytes())
    start = 30 + int.from_bytes(data[26:28], "little") + int.from_bytes(data[28:30], "little")
    data[start] = 0x07
    path.write_bytes(data)
    with pytest.raises(FaceMimicError, match=r"take\.npz"):
        Clip.load(path)


def test_saving_into_no_folder_is_refused_and_leaves_nothing(tmp_path: Path, some_clip: Clip) -> None:
    with pytest.raises(FaceMimicError, match="folder that exists"):
        some_clip.save(tmp_path / "nowhere" / "take.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_keeps_the_older_take(tmp_path: Path, some_clip: Clip) -> None:
    some_clip.save(tmp_path / "take.npz")
    before = (tmp_path / "take.npz").read_bytes()
    broken = Clip(some_clip.values, 30.0, some_clip.channels, {"what": object()})
    with pytest.raises(TypeError):
        broken.save(tmp_path / "take.npz")
    assert (tmp_path / "take.npz").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_canonical_keeps_known_channels_and_rests_the_others() -> None:
    clip = Clip(np.full((2, 2), 0.5), 30, ("myOwn", "jawOpen")).canonical()
    assert clip.channels == CHANNELS
    assert clip.values[:, CHANNELS.index("jawOpen")].tolist() == [0.5, 0.5]
    assert clip.values.sum() == 1.0


def test_limited_stays_inside_every_range() -> None:
    clip = Clip(np.array([[-2.0, 3.0], [5.0, -9.0]]), 30, ("jawOpen", "headYaw")).limited()
    assert clip.values[:, CHANNELS.index("jawOpen")].tolist() == [0, 1]
    np.testing.assert_allclose(clip.values[:, CHANNELS.index("headYaw")], [HEAD_LIMIT, -HEAD_LIMIT], rtol=1e-6)


@given(tables, st.floats(1, 240), st.floats(1, 240))
def test_resampling_keeps_duration_and_range(values: np.ndarray, fps: float, other: float) -> None:
    clip = Clip(values, fps, NAMES)
    again = clip.resampled(other)
    assert abs(again.duration - clip.duration) <= max(0.5, 2) / other + 1e-9
    assert again.values.min() >= values.min() - 1e-6
    assert again.values.max() <= values.max() + 1e-6
    np.testing.assert_array_equal(again.values[0], values[0])


@given(tables, st.floats(1, 240), st.integers(2, 5))
def test_resampling_to_a_multiple_and_back_gives_the_frames_back(values: np.ndarray, fps: float, times: int) -> None:
    clip = Clip(values, fps, NAMES)
    fine = clip.resampled(fps * times, len(values) * times)
    np.testing.assert_allclose(fine.resampled(fps, len(values)).values, values, atol=2e-5)


@given(tables, st.integers(2, 500), st.floats(1, 240))
def test_an_exact_length_is_met(values: np.ndarray, frames: int, fps: float) -> None:
    assert len(Clip(values, 30, NAMES).resampled(fps, frames).values) == frames


@settings(max_examples=30)
@given(values=tables, fps=st.floats(0.5, 1000))
def test_any_clip_survives_its_file(values: np.ndarray, fps: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("clip") / "take.npz"
    Clip(values, fps, NAMES).save(path)
    loaded = Clip.load(path)
    np.testing.assert_array_equal(loaded.values, values)
    assert (loaded.fps, loaded.channels) == (fps, NAMES)


def test_a_turned_head_adds_to_its_own_within_the_range() -> None:
    clip = Clip(np.full((2, 2), 0.5, np.float32), 30.0, ("jawOpen", "headPitch"))
    turned = clip.turned(np.array([[0, -0.2, 0.1], [0, 5.0, 0]]))
    assert turned.values[0, INDEX["headPitch"]] == pytest.approx(0.3)
    assert turned.values[0, INDEX["headRoll"]] == pytest.approx(0.1)
    assert turned.values[1, INDEX["headPitch"]] == HIGHEST[INDEX["headPitch"]]
    assert turned.values[0, INDEX["jawOpen"]] == pytest.approx(0.5)
