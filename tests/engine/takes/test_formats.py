from pathlib import Path

import numpy as np
import pytest

from engine.channels import INDEX
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.takes import mediapipe_scores
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
    [("a.fbx", "ending"), ("a", "ending"), ("no/where/a.npz", "no folder"), ("folder.npz", "folder")],
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


@pytest.mark.parametrize("name", ["a.npz", "a.csv", "a.openface.csv", "A.OpenFace.CSV", "a.txt", "a.json"])
def test_the_ending_asks_for_a_format_and_the_content_tells_it(tmp_path: Path, name: str) -> None:
    values = np.zeros((20, 55), np.float32)
    values[:, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] = np.linspace(0, 1, 20)[:, None]
    write_take(Clip(values, 24), tmp_path / name)
    take = read_take(tmp_path / name)
    np.testing.assert_allclose(take.clip.values, values, atol=1e-3)
    assert take.clip.fps == 24
    sources = {"csv": "openface" if "openface" in name.lower() else "live_link_face", "txt": "face_cap"}
    assert take.clip.provenance.get("source") == {**sources, "json": "audio2face"}.get(name.lower().split(".")[-1])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["a.csv", "a.openface.csv", "a.txt", "a.json"])
def test_a_declared_encoding_is_followed(tmp_path: Path, some_clip: Clip, name: str, encoding: str) -> None:
    write_take(some_clip, tmp_path / name)
    expected = read_take(tmp_path / name).clip.values
    (tmp_path / name).write_text((tmp_path / name).read_text(), encoding)
    np.testing.assert_array_equal(read_take(tmp_path / name).clip.values, expected)


@pytest.mark.parametrize("name", ["a.csv", "a.openface.csv", "a.txt", "a.json"])
def test_a_file_cut_short_or_spoiled_is_read_in_part_or_refused(tmp_path: Path, some_clip: Clip, name: str) -> None:
    write_take(some_clip, tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for share in (0.001, 0.1, 0.5, 0.9, 0.999):
        cut = whole[: int(len(whole) * share)]
        for content in (cut, cut + b"\xff\xfe\x00", cut.replace(b"\n", b'\n"', 2), cut[::-1], cut.replace(b",", b";")):
            (tmp_path / name).write_bytes(content)
            try:
                take = read_take(tmp_path / name)
            except FaceMimicError as error:
                assert error.kind == "file" and name in str(error)
                continue
            assert np.isfinite(take.clip.values).all()


def test_a_format_that_is_only_read_names_no_ending() -> None:
    assert not mediapipe_scores.WRITTEN_AS
    with pytest.raises(FaceMimicError, match="not written"):
        mediapipe_scores.write(Clip(np.zeros((1, 55)), 30), Path("a.json"))


def test_a_take_is_never_converted_onto_itself(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    write_take(Clip(np.zeros((3, 55), np.float32), 30.0), path)
    before = path.read_bytes()
    with pytest.raises(FaceMimicError, match="another name"):
        convert(path, path)
    assert path.read_bytes() == before


def test_a_take_of_a_hundred_thousand_rows_is_read_and_its_damage_counted(tmp_path: Path) -> None:
    rows = ["Timecode,BlendShapeCount,JawOpen,EyeBlinkLeft"]
    for frame in range(100_000):
        seconds, part = divmod(frame, 60)
        timecode = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{part:02}.000"
        value = "nan" if frame % 20_000 == 7 else f"{frame % 100 / 100:.2f}"
        rows.append(f"{timecode},61,{value},0.5" if frame != 50_000 else f"{timecode},61")
    (tmp_path / "long.csv").write_text("\n".join(rows), "utf-8")
    take = read_take(tmp_path / "long.csv")
    assert (len(take.clip.values), take.clip.fps) == (100_000, 60)
    np.testing.assert_allclose(take.clip.values[99_990:, INDEX["jawOpen"]], np.arange(90, 100) / 100, atol=1e-6)
    assert np.isfinite(take.clip.values).all()
    assert any(note.startswith("6 rows are broken") for note in take.notes)
