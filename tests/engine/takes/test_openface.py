import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels import CHANNELS, HEAD, INDEX, SHAPES
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.takes.formats import convert, read_take, write_take
from engine.takes.openface_units import channels_of, driven_by, intensities_of, layout
from engine.takes.sampling import NOMINAL

UNITS = layout()["intensity"]
HEADER = ["frame", "face_id", "timestamp", "confidence", "success"]


def zeros(frames: int = 3) -> np.ndarray:
    return np.zeros((frames, len(CHANNELS)), np.float32)


def rows_of(path: Path) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(",")] for line in path.read_text().splitlines()]


def save(path: Path, rows: list[list[object]] | list[list[str]]) -> Path:
    path.write_text("\n".join(", ".join(map(str, row)) for row in rows), "utf-8")
    return path


def table(frames: int = 4, fps: float = 25.0, **columns: float) -> list[list[object]]:
    lead = [[k + 1, 0, f"{k / fps:.3f}", 0.98, 1] for k in range(frames)]
    return [[*HEADER, *columns], *([*row, *columns.values()] for row in lead)]


def one(path: Path, **columns: float) -> dict[str, float]:
    """What a file with these constant columns says, by channel; those at rest left out."""
    values = read_take(save(path / "one.csv", table(4, 25.0, **columns))).clip.values[0]
    return {name: round(float(values[place]), 4) for place, name in enumerate(CHANNELS) if abs(values[place]) > 1e-4}


intensity = st.floats(0, 5, allow_subnormal=False)


@given(strengths=st.fixed_dictionaries(dict.fromkeys(UNITS, intensity)))
def test_any_intensities_survive_the_channels(strengths: dict[str, float]) -> None:
    # Where two units share a channel, both together must not exceed it.
    strengths["AU07"] = min(strengths["AU07"], 5 - 0.3 * strengths["AU06"])
    strengths["AU10"] = min(strengths["AU10"], 5 - 0.5 * max(0, strengths["AU25"] - strengths["AU26"]))
    channels = channels_of({name: np.array([strength]) for name, strength in strengths.items()})
    again = intensities_of(channels)
    for name, strength in strengths.items():
        assert again[name][0] == pytest.approx(strength, abs=0.01), name


@given(
    frames=st.integers(2, 80),
    fps=st.sampled_from(NOMINAL) | st.floats(5, 240).map(lambda rate: round(rate, 2)),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_what_the_columns_carry_survives_the_file_in_any_order(
    frames: int, fps: float, seed: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    folder = tmp_path_factory.mktemp("openface")
    values = channels_of({name: rng.random(frames) * 5 for name in UNITS})
    values[:, -len(HEAD) :] = rng.random((frames, len(HEAD))) * 0.8 - 0.4
    across, up = rng.random((2, frames)) * 1.6 - 0.8
    for side, outward in (("Left", across), ("Right", -across)):
        values[:, INDEX[f"eyeLookOut{side}"]], values[:, INDEX[f"eyeLookIn{side}"]] = (
            outward.clip(0),
            -outward.clip(max=0),
        )
        values[:, INDEX[f"eyeLookUp{side}"]], values[:, INDEX[f"eyeLookDown{side}"]] = up.clip(0), -up.clip(max=0)
    write_take(Clip(values, fps), folder / "take.openface.csv")
    rows = rows_of(folder / "take.openface.csv")
    told = read_take(folder / "take.openface.csv")
    assert told.clip.fps == pytest.approx(fps, rel=2e-3)
    assert len(told.clip.values) == frames
    np.testing.assert_allclose(told.clip.values, values, atol=0.01)
    kept = data.draw(st.sets(st.sampled_from(UNITS), min_size=1).map(sorted))
    wanted = [*HEADER, "pose_Rx", "gaze_angle_x", *(f"{name}_r" for name in kept)]
    random.Random(seed).shuffle(wanted)
    part = [[row[rows[0].index(name)] for name in wanted] for row in rows]
    read = read_take(save(folder / "part.csv", part)).clip
    if {"AU25", "AU26"} <= set(kept):
        drives = driven_by(kept)
        drives[
            [INDEX[name] for name in ("eyeSquintLeft", "eyeSquintRight", "mouthUpperUpLeft", "mouthUpperUpRight")]
        ] = False
        np.testing.assert_allclose(read.values[:, drives], values[:, drives], atol=0.01)
    assert not read.values[:, ~driven_by(kept) & (np.array(CHANNELS) != "headPitch")].any()


def test_a_second_writing_says_the_same(tmp_path: Path, some_clip: Clip) -> None:
    write_take(some_clip, tmp_path / "a.openface.csv")
    write_take(read_take(tmp_path / "a.openface.csv").clip, tmp_path / "b.openface.csv")
    first, second = rows_of(tmp_path / "a.openface.csv"), rows_of(tmp_path / "b.openface.csv")
    for name in ("pose_Ry", "gaze_angle_x", *(f"{unit}_r" for unit in UNITS)):
        place = first[0].index(name)
        a, b = (np.array([float(row[place]) for row in rows[1:]]) for rows in (first, second))
        np.testing.assert_allclose(a, b, atol=0.01, err_msg=name)


def test_all_columns_are_written_as_the_toolkit_names_them(tmp_path: Path) -> None:
    values = zeros()
    values[:, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] = 0.8
    values[:, [INDEX["mouthRollLower"], INDEX["mouthRollUpper"]]] = 0.8
    values[:, INDEX["eyeBlinkLeft"]] = 1
    write_take(Clip(values, 30), tmp_path / "take.openface.csv")
    text = (tmp_path / "take.openface.csv").read_text()
    assert text.startswith("frame, face_id, timestamp, confidence, success, gaze_0_x, ")
    assert text.splitlines()[0].endswith(", AU26_c, AU28_c, AU45_c")
    rows = rows_of(tmp_path / "take.openface.csv")
    assert len(rows[0]) == 5 + 8 + 6 + 17 + 18 and {len(row) for row in rows} == {54}
    row = dict(zip(rows[0], map(float, rows[1]), strict=True))
    assert (row["AU12_r"], row["AU12_c"], row["AU28_c"], row["AU01_c"]) == (4.0, 1.0, 1.0, 0.0)
    assert (row["AU45_r"], row["AU45_c"]) == (2.5, 1.0)
    assert [float(row[2]) for row in rows[1:]] == pytest.approx([0, 1 / 30, 2 / 30], abs=1e-5)


def test_an_open_mouth_shows_parted_lips_unless_they_are_closed_over_the_jaw() -> None:
    values = zeros(2)
    values[:, INDEX["jawOpen"]] = 0.6
    values[1, INDEX["mouthClose"]] = 0.6
    said = intensities_of(values)
    np.testing.assert_allclose(said["AU26"], 3, atol=1e-5)
    np.testing.assert_allclose(said["AU25"], [3, 0], atol=1e-5)


def test_each_unit_moves_its_channels_on_both_sides(tmp_path: Path) -> None:
    assert one(tmp_path, AU12_r=2.5) == {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}
    assert one(tmp_path, AU01_r=1) == {"browInnerUp": 0.2}
    assert one(tmp_path, AU26_r=2) == {"jawOpen": 0.4}
    assert one(tmp_path, AU26_r=2, AU25_r=1) == {"jawOpen": 0.4, "mouthClose": 0.2}
    assert one(tmp_path, AU04_r=-0.5, AU12_r=5) == {"mouthSmileLeft": 1, "mouthSmileRight": 1}
    assert one(tmp_path, AU45_c=1, AU12_r=0) == {}


def test_signs_of_head_and_gaze(tmp_path: Path) -> None:
    # x to the image's right (the person's left), y down, z away from the camera.
    assert one(tmp_path, pose_Rx=0.2, pose_Ry=0, pose_Rz=0) == {"headPitch": -0.2}
    assert one(tmp_path, pose_Rx=0, pose_Ry=0.2, pose_Rz=0) == {"headYaw": -0.2}
    assert one(tmp_path, pose_Rx=0, pose_Ry=0, pose_Rz=0.2) == {"headRoll": 0.2}
    assert one(tmp_path, gaze_angle_x=0.3, gaze_angle_y=0) == {"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5}
    assert one(tmp_path, gaze_angle_x=0, gaze_angle_y=0.305) == {"eyeLookDownLeft": 0.5, "eyeLookDownRight": 0.5}
    # Eyes on the camera while the head turns to its right look to the left in the head.
    turned = one(tmp_path, gaze_angle_x=0, gaze_angle_y=0, pose_Rx=0, pose_Ry=0.3, pose_Rz=0)
    assert turned == {"headYaw": -0.3, "eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5}
    vectors = {"gaze_0_x": 0.3, "gaze_0_y": 0, "gaze_0_z": -1, "gaze_1_x": 0.32, "gaze_1_y": 0, "gaze_1_z": -1}
    assert one(tmp_path, **vectors)["eyeLookOutLeft"] == pytest.approx(0.5, abs=0.01)


def test_gaze_without_a_head_is_told(tmp_path: Path) -> None:
    take = read_take(save(tmp_path / "a.csv", table(gaze_angle_x=0.1, gaze_angle_y=0.0)))
    assert any("relative to the head" in note for note in take.notes)


def test_frames_that_were_not_tracked_are_interpolated_and_counted(tmp_path: Path) -> None:
    rows = table(8, AU12_r=0.0)
    for frame, strength in enumerate((9, 1, 9, 9, 4, 4, 9, 9), 1):
        rows[frame][5] = strength
    for frame in (1, 3, 8):
        rows[frame][4] = 0
    rows[4][3], rows[7][5] = 0.3, "-nan(ind)"
    rows[8][5] = "nan"
    take = read_take(save(tmp_path / "a.csv", rows))
    smile = take.clip.values[:, INDEX["mouthSmileLeft"]]
    np.testing.assert_allclose(smile * 5, [1, 1, 2, 3, 4, 4, 4, 4], atol=1e-5)
    assert "4 rows have no tracked face (success 0 or low confidence)." in take.notes
    assert any(note.startswith("1 row is broken") for note in take.notes)
    assert "5 of 8 frames had no sample and were interpolated." in take.notes


def test_the_face_that_is_tracked_longest_is_read(tmp_path: Path) -> None:
    rows = table(4, AU12_r=1.0)
    other = [[row[0], 3, *row[2:5], 4.0] for row in rows[1:]]
    rows[1][4] = 0
    mixed = [rows[0], *(row for pair in zip(rows[1:], other, strict=True) for row in pair)]
    take = read_take(save(tmp_path / "a.csv", mixed))
    np.testing.assert_allclose(take.clip.values[:, INDEX["mouthSmileLeft"]], 0.8, atol=1e-6)
    assert take.clip.fps == 25 and len(take.clip.values) == 4
    assert "The file has 2 faces; face 3, tracked in most frames, was read." in take.notes


def test_landmarks_are_no_unknown_columns_but_others_are(tmp_path: Path) -> None:
    rows = table(AU12_r=1.0)
    more = ["x_0", "X_0", "eye_lmk_x_0", "eye_lmk_X_0", "p_scale", "p_rx", "p_3", "pose_Tz", "AU12_c", "gaze_2_z"]
    rows = [[*rows[0], *more, "mood", "AU99_r"], *([*row, *[0] * len(more), "fine", 1] for row in rows[1:])]
    take = read_take(save(tmp_path / "a.csv", rows))
    assert take.notes[0] == "Columns not understood: mood, au99_r."


def test_what_the_columns_cannot_show_is_told(tmp_path: Path) -> None:
    values = zeros()
    values[:, [INDEX["cheekPuff"], INDEX["mouthSmileLeft"], INDEX["headYaw"], INDEX["eyeLookUpLeft"]]] = 0.5
    write_take(Clip(values, 30), tmp_path / "a.npz")
    notes = convert(tmp_path / "a.npz", tmp_path / "a.openface.csv").notes
    assert notes[0].startswith("OpenFace's columns have no left and right")
    assert notes[1] == "Channels that its columns cannot show, left out: cheekPuff."


def test_a_folder_of_images_has_frames_and_no_times(tmp_path: Path) -> None:
    rows = [[row[0], row[5]] for row in table(5, AU12_r=1.0)]
    take = read_take(save(tmp_path / "a.csv", [rows[0], *rows[1:3], *rows[4:]]))
    assert take.clip.fps == 30 and len(take.clip.values) == 5
    assert "The file tells no times; 30 frames a second were taken." in take.notes
    rows = [[*row[:2], "timestamp" if row[0] == "frame" else 0, *row[3:]] for row in table(5, AU12_r=1.0)]
    take = read_take(save(tmp_path / "a.csv", rows))
    assert take.clip.fps == 30 and len(take.clip.values) == 5


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("timestamp, confidence, success\n0, 1, 1\n", "no column of action units"),
        ("face, confidence, AU12_r\n0, 1, 1\n", "no column “timestamp”"),
        ("frame; timestamp; AU12_r\n0; 1; 1\n", "not a"),
        ("timestamp, AU12_r\n", "no usable row"),
        ("timestamp, AU12_r\n0, lots\n", "no usable row"),
        ("timestamp, AU12_r\n0\n", "no usable row"),
        ("timestamp, success, AU12_r\n0, 0, 1\n", "no frame with a tracked face"),
        ("timestamp, confidence, AU12_r\n0, 0.2, 1\n", "no frame with a tracked face"),
        ("timestamp, AU12_r, AU12_r\n0, 1, 1\n", "two columns"),
        ("timestamp, AU12_r\n0, 1\n9e9, 1\n", "jump"),
        ("timestamp, AU12_r\n0, 1\n1e-7, 1\n", "no camera"),
        ("timestamp, AU12_r\nnan, 1\ninf, 1\n", "no usable row"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "bad.csv").write_text(content)
    with pytest.raises(FaceMimicError, match=says) as error:
        read_take(tmp_path / "bad.csv")
    assert error.value.kind == "file" and "bad.csv" in str(error.value)


@given(text=st.text("0123456789.,-e\n\"' nai", max_size=300))
def test_any_text_is_read_or_refused_in_words(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.csv"
    path.write_text("frame, timestamp, success, AU12_r, gaze_angle_x, gaze_angle_y\n1, 0, 1, 2, 0, 0\n" + text)
    try:
        take = read_take(path)
    except FaceMimicError:
        return
    assert np.isfinite(take.clip.values).all()
    assert len(take.clip.channels) == len(SHAPES) + len(HEAD)
