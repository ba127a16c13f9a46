import csv
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels import CHANNELS, HEAD, INDEX, SHAPES
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.takes import timecode
from engine.takes.formats import read_take, write_take
from engine.takes.sampling import NOMINAL

PASCAL = {name: name[0].upper() + name[1:] for name in CHANNELS}


def wave(frames: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.random((frames, len(CHANNELS))).astype(np.float32)
    values[:, -len(HEAD) :] = values[:, -len(HEAD) :] * 2 - 1
    return values


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def save_rows(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_take(Clip(wave(90), 30.0), tmp_path / "take.csv")
    return tmp_path / "take.csv"


rates = st.sampled_from(NOMINAL) | st.floats(5, 240).map(lambda rate: round(rate, 2))


@given(frames=st.integers(2, 150), fps=rates, seed=st.integers(0, 99), data=st.data())
def test_any_clip_survives_the_file_in_any_column_order(
    frames: int, fps: float, seed: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("llf") / "take.csv"
    clip = Clip(wave(frames, seed), fps)
    write_take(clip, path)
    rows = rows_of(path)
    kept = data.draw(st.sets(st.sampled_from(CHANNELS), min_size=1))
    order = [0, 1] + [rows[0].index(PASCAL[name]) for name in kept]
    random.Random(seed).shuffle(order)
    save_rows(path, [[row[place] for place in order] for row in rows])
    take = read_take(path)
    assert take.clip.channels == CHANNELS
    assert take.clip.fps == pytest.approx(fps, rel=3e-3)
    assert len(take.clip.values) == frames
    for name in CHANNELS:
        expected = clip.values[:, INDEX[name]] if name in kept else 0
        np.testing.assert_allclose(take.clip.values[:, INDEX[name]], expected, atol=1e-6)


def test_all_61_columns_are_written_in_the_apps_order(written: Path, shared: Path) -> None:
    header = rows_of(written)[0]
    assert header == rows_of(shared / "captures" / "arkit_rom.csv")[0]
    assert len(header) == 63
    assert all(len(row) == 63 and row[1] == "61" for row in rows_of(written)[1:])


def test_a_real_take_is_read_at_its_sampling_rate(shared: Path) -> None:
    take = read_take(shared / "captures" / "arkit_rom.csv")
    clip = take.clip
    # 4030 samples, three of which are followed by a dropped one, on a timecode that counts 60 a second.
    assert clip.provenance["timecode_rate"] == 60
    assert len(clip.values) == 4033
    assert clip.fps == pytest.approx(30.0, rel=1e-3)
    assert clip.duration == pytest.approx(134.4, abs=0.1)
    assert len(take.notes) == 1 and take.notes[0].startswith("3 of 4033 frames")
    assert clip.values[0, INDEX["eyeBlinkLeft"]] == pytest.approx(0.1236470118)
    assert clip.values[0, INDEX["jawRight"]] == pytest.approx(0.0185036063)
    assert clip.values[0, INDEX["jawLeft"]] == 0
    assert clip.values.max() <= 1


def test_the_eyes_turn_as_in_a_real_take(shared: Path, tmp_path: Path) -> None:
    source = shared / "captures" / "arkit_rom.csv"
    write_take(read_take(source).clip, tmp_path / "again.csv")
    real, ours = rows_of(source), rows_of(tmp_path / "again.csv")
    for name, least in (("LeftEyeYaw", 0.85), ("RightEyeYaw", 0.85), ("LeftEyePitch", 0.99), ("RightEyePitch", 0.99)):
        place = real[0].index(name)
        a = np.array([float(row[place]) for row in real[1:2000]])
        b = np.array([float(row[place]) for row in ours[1:2000]])
        assert np.corrcoef(a[:500], b[:500])[0, 1] > least, name
        slope = np.polyfit(a[:500], b[:500], 1)[0]
        assert 0.7 < slope < 1.3, (name, slope)


def test_head_rotations_turn_to_the_apps_signs(tmp_path: Path) -> None:
    values = np.zeros((3, 55), np.float32)
    values[:, INDEX["headYaw"]], values[:, INDEX["headPitch"]], values[:, INDEX["headRoll"]] = 0.1, 0.2, 0.3
    write_take(Clip(values, 60), tmp_path / "head.csv")
    header, row = rows_of(tmp_path / "head.csv")[:2]
    told = [float(row[header.index(name)]) for name in ("HeadYaw", "HeadPitch", "HeadRoll")]
    np.testing.assert_allclose(told, [-0.1, -0.2, 0.3], atol=1e-6)
    np.testing.assert_allclose(read_take(tmp_path / "head.csv").clip.values, values, atol=1e-6)


def test_both_spellings_any_case_and_a_byte_order_mark_are_read(written: Path) -> None:
    text = written.read_text().replace("BlendShapeCount", "BlendshapeCount").replace("JawOpen", "jawopen")
    expected = read_take(written).clip.values
    written.write_text("﻿" + text, "utf-8")
    np.testing.assert_array_equal(read_take(written).clip.values, expected)


def unreals_times(path: Path) -> np.ndarray:
    """Seconds as Unreal's Live Link Face Importer reads them: 60 a second where a number passes 30, else 30."""
    codes = [list(map(float, row[0].split(":"))) for row in rows_of(path)[1:]]
    rate = 60 if max(code[3] for code in codes) > 30 else 30
    return np.array([3600 * h + 60 * m + s + f / rate for h, m, s, f in codes])


@given(frames=st.integers(1, 130), fps=rates)
def test_unreal_plays_a_take_of_any_length_at_its_own_speed(
    frames: int, fps: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("llf") / "take.csv"
    write_take(Clip(wave(frames), fps), path)
    rows = rows_of(path)
    assert rows[0][:2] == ["Timecode", "BlendShapeCount"]
    assert {len(row) for row in rows} == {63}
    assert not any(cell == "" for row in rows for cell in row)
    times = unreals_times(path)
    np.testing.assert_allclose(times - times[0], np.arange(frames) / fps, atol=1e-4)
    assert len(read_take(path).clip.values) == frames


@pytest.mark.parametrize(("mark", "point"), [(";", "."), (";", ","), ("\t", "."), ("\t", ",")])
def test_a_table_that_a_spreadsheet_saved_elsewhere_is_read(written: Path, mark: str, point: str) -> None:
    expected = read_take(written).clip.values
    written.write_text(written.read_text().replace(",", mark).replace(".", point))
    np.testing.assert_array_equal(read_take(written).clip.values, expected)


@pytest.mark.parametrize("per_second", [30, 60])
def test_drop_frame_timecodes_tell_the_time_of_the_camera(tmp_path: Path, per_second: int) -> None:
    step, dropped = 1001 / 1000 / per_second, per_second // 15
    rows, number = ["Timecode,JawOpen"], 0
    for frame in range(per_second * 130):
        seconds, ff = divmod(number, per_second)
        rows.append(
            f"01:{8 + seconds // 60:02d}:{seconds % 60:02d};{ff:02d}.000,{0.5 + 0.5 * np.sin(3 * step * frame)}"
        )
        number += 1
        if number % (60 * per_second) == 0 and (8 + number // (60 * per_second)) % 10:
            number += dropped
    (tmp_path / "drop.csv").write_text("\n".join(rows))
    take = read_take(tmp_path / "drop.csv")
    clip = take.clip
    assert len(clip.values) == per_second * 130
    assert clip.fps == pytest.approx(1 / step, rel=1e-4)
    assert not any("interpolated" in note for note in take.notes)
    assert clip.provenance["start_timecode"] == "01:08:00:00.000"
    expected = 0.5 + 0.5 * np.sin(3 * step * np.arange(len(clip.values)))
    np.testing.assert_allclose(clip.values[:, INDEX["jawOpen"]], expected, atol=1e-5)


@pytest.mark.parametrize("rate", [24, 25, 30, 60])
def test_a_timecode_may_count_at_another_rate_than_the_samples(written: Path, rate: int) -> None:
    rows = rows_of(written)
    for frame, row in enumerate(rows[1:]):
        row[0] = timecode.write(36000 + frame / 12, rate)
    clip = read_take(save_rows(written, rows)).clip
    assert clip.provenance["timecode_rate"] == rate
    assert clip.fps == pytest.approx(12, rel=1e-3)
    assert clip.provenance["start_timecode"] == "10:00:00:00.000"


def test_rows_without_a_face_are_skipped_and_interpolated(written: Path) -> None:
    rows = rows_of(written)
    rows[11] = [rows[11][0], "0"] + [""] * 61
    rows[12] = [rows[12][0], "0"]
    take = read_take(save_rows(written, rows))
    assert "2 rows show no face and were skipped." in take.notes
    assert "2 of 90 frames had no sample and were interpolated." in take.notes
    expected = wave(90)
    np.testing.assert_allclose(take.clip.values[13:], expected[13:], atol=1e-6)
    third = expected[9] + (expected[12] - expected[9]) / 3
    np.testing.assert_allclose(take.clip.values[10], third, atol=1e-6)


def test_broken_rows_are_counted_and_unknown_columns_reported(written: Path) -> None:
    rows = rows_of(written)
    rows[0][rows[0].index("JawOpen")] = "JawWagging"
    rows[5] = rows[5][:20]
    rows[6][4] = "lots"
    rows[7][0] = "half past two"
    rows[8][0] = rows[4][0]
    rows.append([])
    take = read_take(save_rows(written, rows))
    assert any(note.startswith("4 rows are broken") for note in take.notes)
    assert "Columns not understood: JawWagging." in take.notes
    assert "Channels not in the file, left at rest: jawOpen." in take.notes
    assert len(take.clip.values) == 90
    assert take.clip.provenance["notes"] == list(take.notes)


def test_values_beyond_the_range_are_limited_and_told(written: Path) -> None:
    rows = rows_of(written)
    rows[3][rows[0].index("JawOpen")] = "7.5"
    rows[4][rows[0].index("JawOpen")] = "1.004"
    take = read_take(save_rows(written, rows))
    assert take.clip.values[2, INDEX["jawOpen"]] == 1
    assert any(note.startswith("1 values lay outside") for note in take.notes)


@pytest.mark.parametrize("number", ["nan", "NaN", "inf", "-Infinity"])
def test_a_row_with_what_is_not_a_number_is_broken(written: Path, number: str) -> None:
    rows = rows_of(written)
    rows[3][rows[0].index("JawOpen")] = number
    take = read_take(save_rows(written, rows))
    assert any(note.startswith("1 row is broken") for note in take.notes)
    assert "1 of 90 frames had no sample and were interpolated." in take.notes
    expected = wave(90)
    np.testing.assert_allclose(take.clip.values[2], (expected[1] + expected[3]) / 2, atol=1e-6)
    for row in rows[1:]:
        row[rows[0].index("JawOpen")] = number
    with pytest.raises(FaceMimicError, match="no usable row") as error:
        read_take(save_rows(written, rows))
    assert error.value.kind == "file"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"frame,timestamp,confidence\n1,0,0.9\n", "not a Live Link Face recording"),
        (b"Timecode,BlendShapeCount\n00:00:00:00,61\n", "names no channel"),
        (b"Timecode,BlendShapeCount,JawOpen\n", "no usable row"),
        (b"Timecode,BlendShapeCount,JawOpen\nx,61,0.5\n", "no usable row"),
        (b"Timecode,BlendShapeCount,JawOpen\n00:00:00:00,0,\n", "no usable row"),
        (b"Timecode,JawOpen,JawOpen\n00:00:00:00,1,1\n", "two columns"),
        (b"Timecode,JawOpen\n00:00:00:00,1\n20:00:00:00,1\n", "jump"),
        (b"Timecode,\xff\xfe\n", "not readable"),
        (b"\x00\x01\x02\x03" * 100, "not a Live Link Face recording"),
        (b"hello world, this is a letter\n", "not a Live Link Face recording"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(FaceMimicError, match=says) as error:
        read_take(tmp_path / "bad.csv")
    assert error.value.kind == "file"
    assert "bad.csv" in str(error.value)


def test_one_row_is_a_take_of_one_frame(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("Timecode,JawOpen\n00:00:00:00,0.5\n")
    clip = read_take(tmp_path / "one.csv").clip
    assert clip.values.shape == (1, 55)


@given(text=st.text("0123456789.,:;-eE\n\"' aJwOpnTimcdBlShC", max_size=300))
def test_any_text_is_read_or_refused_in_words(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.csv"
    path.write_text("Timecode,BlendShapeCount,JawOpen\n00:00:00:00,1,0.5\n" + text)
    try:
        take = read_take(path)
    except FaceMimicError:
        return
    assert np.isfinite(take.clip.values).all()
    assert set(take.clip.channels) == {*SHAPES, *HEAD}
