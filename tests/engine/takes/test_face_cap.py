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
from engine.takes.formats import read_take, write_take
from engine.takes.sampling import NOMINAL

SAMPLE = """info,nano seconds,made by hand
bs,browInnerUp,browDown_L,browDown_R,jawOpen,mouthSmile_R
k,40,0,0,1,10,20,30,1,2,3,4,0.1,0.2,0.3,0.4,0.5
k,73,0,0,1,10,20,30,1,2,3,4,0.1,0.2,0.3,0.4,0.5
k,107,0,0,1,10,20,30,1,2,3,4,0.1,0.2,0.3,0.4,0.5
"""


def wave(frames: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.random((frames, len(CHANNELS))).astype(np.float32)
    values[:, -len(HEAD) :] = values[:, -len(HEAD) :] * 2 - 1
    return values


def save(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@given(
    frames=st.integers(2, 150),
    fps=st.sampled_from(NOMINAL) | st.floats(5, 240).map(lambda rate: round(rate, 2)),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_any_clip_survives_the_file_in_any_order_of_weights(
    frames: int, fps: float, seed: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("facecap") / "take.txt"
    clip = Clip(wave(frames, seed), fps)
    write_take(clip, path)
    rows = list(csv.reader(path.open(newline="")))
    names = rows[1]
    kept = sorted(data.draw(st.sets(st.sampled_from(range(1, len(names))), min_size=1)))
    random.Random(seed).shuffle(kept)
    told = [rows[0], ["bs", *(names[place] for place in kept)]]
    told += [[*row[:12], *(row[11 + place] for place in kept)] for row in rows[2:]]
    save(path, "\n".join(map(",".join, told)))
    take = read_take(path)
    assert len(take.clip.values) == frames
    assert take.clip.fps == pytest.approx(fps, rel=max(2e-3, 1.1e-3 * fps / (frames - 1)))
    spelled = {name.replace("_L", "Left").replace("_R", "Right") for name in told[1]} | set(HEAD)
    for name in CHANNELS:
        expected = clip.values[:, INDEX[name]] if name in spelled else 0
        np.testing.assert_allclose(take.clip.values[:, INDEX[name]], expected, atol=1e-5)


def test_a_recording_is_read_by_names_at_its_own_rate(tmp_path: Path) -> None:
    take = read_take(save(tmp_path / "take.txt", SAMPLE))
    clip = take.clip
    assert clip.fps == pytest.approx(30, rel=2e-3) and len(clip.values) == 3
    assert clip.provenance["start_ms"] == 40
    for name, value in (("browInnerUp", 0.1), ("browDownLeft", 0.2), ("browDownRight", 0.3), ("mouthSmileRight", 0.5)):
        np.testing.assert_allclose(clip.values[:, INDEX[name]], value, atol=1e-6)
    # Degrees about the person's left, up and forward axes: down, to the left, to the right shoulder.
    np.testing.assert_allclose(
        np.degrees(clip.values[0, [INDEX["headPitch"], INDEX["headYaw"], INDEX["headRoll"]]]), [-10, 20, -30], atol=1e-4
    )
    (note,) = take.notes
    assert note.startswith("Channels not in the file, left at rest: ") and "tongueOut" in note


def test_all_52_names_of_the_app_are_written_in_its_order(tmp_path: Path) -> None:
    write_take(Clip(wave(3), 60), tmp_path / "take.txt")
    rows = list(csv.reader((tmp_path / "take.txt").open()))
    assert rows[0][0] == "info" and rows[1][:4] == ["bs", "browInnerUp", "browDown_L", "browDown_R"]
    assert len(rows[1]) == len(SHAPES) + 1
    assert [row[:2] for row in rows[2:]] == [["k", "0"], ["k", "17"], ["k", "33"]]
    assert all(len(row) == 12 + len(SHAPES) for row in rows[2:])


def test_the_eyes_turn_with_the_gaze(tmp_path: Path) -> None:
    values = np.zeros((2, len(CHANNELS)), np.float32)
    values[:, [INDEX["eyeLookOutLeft"], INDEX["eyeLookInRight"], INDEX["eyeLookDownLeft"]]] = 1
    write_take(Clip(values, 60), tmp_path / "take.txt")
    row = [float(cell) for cell in list(csv.reader((tmp_path / "take.txt").open()))[2][1:]]
    left_down, left_across, right_down, right_across = row[7:11]
    assert left_down > 20 and right_down == 0
    assert left_across == pytest.approx(right_across) and left_across > 20


def test_broken_rows_are_counted_and_unknown_weights_reported(tmp_path: Path) -> None:
    lines = SAMPLE.replace("jawOpen", "jawWagging").splitlines()
    lines += [lines[4].replace("107", "140"), "k,173,1,2", lines[4].replace("107", "lots"), "what is this", ""]
    lines += [lines[4].replace("0.4", "nan").replace("107", "207"), lines[4].replace("107", "240"), lines[4]]
    take = read_take(save(tmp_path / "take.txt", "\n".join(lines)))
    assert "Columns not understood: jawWagging." in take.notes
    assert any(note.startswith("5 rows are broken") for note in take.notes)
    assert "2 of 7 frames had no sample and were interpolated." in take.notes


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "not a Face Cap recording"),
        (b"dear diary\n", "not a Face Cap recording"),
        (b"k,0,0,0,0,0,0,0,0,0,0,0,1\n", "no row “bs”"),
        (b"bs,jawOpen\n", "no usable row"),
        (b"bs,jawOpen\nk,0,1\n", "no usable row"),
        (b"bs,wag,wig\nk,0,0,0,0,0,0,0,0,0,0,0,1,1\n", "names no channel"),
        (b"bs,jawOpen,jaw_open\nk,0,0,0,0,0,0,0,0,0,0,0,1,1\n", "two columns"),
        (b"bs,jawOpen\nbs,jawOpen\n", "twice"),
        (b"bs,jawOpen\nk,0,0,0,0,0,0,0,0,0,0,0,1\nk,9e9,0,0,0,0,0,0,0,0,0,0,1\n", "jump"),
        (b"bs,jawOpen\nk,0,0,0,0,0,0,0,0,0,0,0,1\nk,0.001,0,0,0,0,0,0,0,0,0,0,1\n", "no camera"),
        (b"bs,jawOpen\xff\n", "not readable"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "bad.txt").write_bytes(content)
    with pytest.raises(FaceMimicError, match=says) as error:
        read_take(tmp_path / "bad.txt")
    assert error.value.kind == "file" and "bad.txt" in str(error.value)


@given(text=st.text("kbs0123456789.,-e\n\"' nai", max_size=300))
def test_any_text_is_read_or_refused_in_words(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.txt"
    try:
        take = read_take(save(path, SAMPLE + text))
    except FaceMimicError:
        return
    assert np.isfinite(take.clip.values).all()
