from pathlib import Path

import numpy as np
import pytest

from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.takes.formats import check_writable, convert, read_take, write_take


def test_a_take_goes_there_and_back(tmp_path: Path, some_clip: Clip) -> None:
    write_take(some_clip, tmp_path / "a.npz")
    convert(tmp_path / "a.npz", tmp_path / "b.CSV")
    convert(tmp_path / "b.CSV", tmp_path / "c.npz")
    again = Clip.load(tmp_path / "c.npz")
    np.testing.assert_allclose(again.values, some_clip.values, atol=1e-6)
    assert again.fps == some_clip.fps


def test_converting_may_change_the_rate(tmp_path: Path, some_clip: Clip) -> None:
    write_take(some_clip, tmp_path / "a.npz")
    assert len(convert(tmp_path / "a.npz", tmp_path / "b.npz", 60).clip.values) == 80
    assert Clip.load(tmp_path / "b.npz").fps == 60
    with pytest.raises(FaceMimicError, match="fps"):
        convert(tmp_path / "a.npz", tmp_path / "c.npz", 0)
    assert not (tmp_path / "c.npz").exists()


def test_a_take_of_fewer_channels_is_written_with_the_others_at_rest(tmp_path: Path) -> None:
    write_take(Clip(np.full((5, 1), 0.5), 30, ("jawOpen",)), tmp_path / "a.csv")
    assert read_take(tmp_path / "a.csv").clip.values.sum() == 2.5


@pytest.mark.parametrize(
    ("name", "says"),
    [("a.txt", "ending"), ("a", "ending"), ("no/where/a.npz", "no folder"), ("folder.npz", "folder")],
)
def test_a_place_that_takes_no_take_is_refused_beforehand(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(FaceMimicError, match=says) as error:
        check_writable(tmp_path / name)
    assert error.value.kind == "file"


@pytest.mark.parametrize("name", ["missing.npz", "missing.csv", "folder.npz", "what.fbx"])
def test_a_source_that_is_no_take_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(FaceMimicError) as error:
        convert(tmp_path / name, tmp_path / "out.npz")
    assert error.value.kind == "file"
    assert not (tmp_path / "out.npz").exists()


def test_a_format_is_told_by_content_too(tmp_path: Path, some_clip: Clip) -> None:
    write_take(some_clip, tmp_path / "a.npz")
    (tmp_path / "a.npz").rename(tmp_path / "a.csv")
    with pytest.raises(FaceMimicError, match="not a Live Link Face recording"):
        read_take(tmp_path / "a.csv")
