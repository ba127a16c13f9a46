import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels import CHANNELS, INDEX, SHAPES
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.takes.audio2face import _layout
from engine.takes.formats import convert, read_take, write_take

FACS = tuple(_layout()["facs"])


def wave(frames: int, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).random((frames, len(CHANNELS))).astype(np.float32)
    values[:, len(SHAPES) :] = 0
    return values


def export(names: list[Any], weights: Any, **more: Any) -> dict[str, Any]:
    shape = {"numPoses": len(names), "numFrames": len(weights)}
    return {"exportFps": 60.0, "trackPath": "c:/a.wav", **shape, "facsNames": names, "weightMat": weights} | more


def save(path: Path, data: Any) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return path


@given(frames=st.integers(1, 60), fps=st.floats(5, 240), seed=st.integers(0, 99), data=st.data())
def test_any_clip_survives_the_file_in_any_order_and_spelling(
    frames: int, fps: float, seed: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("a2f") / "take.json"
    clip = Clip(wave(frames, seed), fps)
    write_take(clip, path)
    told = json.loads(path.read_text())
    kept = data.draw(st.sets(st.sampled_from(SHAPES), min_size=1).map(sorted))
    random.Random(seed).shuffle(kept)
    spell = data.draw(st.sampled_from([str, str.upper, str.lower, lambda name: f"Face_Blendshape.{name}"]))
    rows = np.array(told["weightMat"])[:, [told["facsNames"].index(name) for name in kept]]
    save(path, export([spell(name) for name in kept], rows.tolist(), exportFps=told["exportFps"]))
    read = read_take(path).clip
    assert read.fps == fps
    for name in SHAPES:
        expected = clip.values[:, INDEX[name]] if name in kept else 0
        np.testing.assert_allclose(read.values[:, INDEX[name]], np.broadcast_to(expected, frames), atol=1e-6)


def test_an_export_has_the_keys_and_counts_of_the_original(tmp_path: Path) -> None:
    write_take(Clip(wave(7), 30), tmp_path / "take.json")
    told = json.loads((tmp_path / "take.json").read_text())
    assert list(told) == ["exportFps", "trackPath", "numPoses", "numFrames", "facsNames", "weightMat"]
    assert (told["exportFps"], told["numPoses"], told["numFrames"]) == (30, 52, 7)
    assert set(told["facsNames"]) == set(SHAPES)


def test_all_46_own_names_are_understood(tmp_path: Path) -> None:
    assert len(FACS) == 46
    take = read_take(save(tmp_path / "take.json", export(list(FACS), np.eye(46).tolist())))
    assert not any("understood" in note for note in take.notes)
    assert (take.clip.values.max(1) > 0).all()
    moved = {name: {CHANNELS[c] for c in np.flatnonzero(take.clip.values[row])} for row, name in enumerate(FACS)}
    assert moved["eyesLookLeft"] == {"eyeLookOutLeft", "eyeLookInRight"}
    assert moved["jawDropLipTowards"] == {"jawOpen", "mouthClose"}
    assert moved["lipPressor"] == {"mouthPressLeft", "mouthPressRight"}
    both = read_take(save(tmp_path / "take.json", export(["innerBrowRaiserL", "innerBrowRaiserR"], [[1, 1]]))).clip
    assert both.values[0, INDEX["browInnerUp"]] == 1


@pytest.mark.parametrize("name", ["JawDrop", "jaw_drop", "blendShape1.jawDrop"])
def test_spelling_varies(tmp_path: Path, name: str) -> None:
    take = read_take(save(tmp_path / "take.json", export([name, "dimpleL"], [[0.5, 0.25]])))
    assert take.clip.values[0, INDEX["jawOpen"]] == 0.5
    assert take.clip.values[0, INDEX["mouthDimpleLeft"]] == 0.25


def test_null_and_broken_rows_are_interpolated_and_counted(tmp_path: Path) -> None:
    rows = [None, [0.0], None, [1.0], [1, 2], "x", ["0.5"], [None], [float("nan")], [10**400], [True], [0.5]]
    take = read_take(save(tmp_path / "take.json", export(["jawOpen"], rows)))
    np.testing.assert_allclose(take.clip.values[:4, INDEX["jawOpen"]], [0, 0, 0.5, 1])
    np.testing.assert_allclose(take.clip.values[3:, INDEX["jawOpen"]], np.linspace(1, 0.5, 9), atol=1e-6)
    assert "9 of 12 frames are empty or broken and were interpolated." in take.notes


def test_what_the_header_says_wrongly_and_what_is_not_read_is_told(tmp_path: Path) -> None:
    data = export(["jawOpen", "wagging"], [[2.0, 1.0]], numFrames=99, numPoses="many", joints=["jaw"], rotations=[[1]])
    del data["exportFps"]
    notes = " ".join(read_take(save(tmp_path / "take.json", data)).notes)
    for part in (
        "Columns not understood: wagging.",
        "says numFrames 99 and has 1",
        "says numPoses many and has 2",
        "Not read: joints, rotations.",
        "no frame rate (exportFps); 60",
        "1 values lay outside",
    ):
        assert part in notes


def test_a_head_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    values = wave(3)
    write_take(Clip(values, 60), tmp_path / "still.npz")
    values[:, INDEX["headYaw"]] = 0.3
    write_take(Clip(values, 60), tmp_path / "turning.npz")
    assert convert(tmp_path / "still.npz", tmp_path / "a.json").notes == ()
    (note,) = convert(tmp_path / "turning.npz", tmp_path / "a.json").notes
    assert "head" in note


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "empty"),
        ("[1, 2]", "not a"),
        ('"exportFps"', "facsNames"),
        ('{"exportFps": 60', "not readable as JSON"),
        ('{"facsNames": ' + "[" * 100_000, "not readable as JSON"),
        ({"facsNames": ["jawOpen"]}, "weightMat"),
        ({"weightMat": [[1]]}, "facsNames"),
        (export([], []), "facsNames"),
        (export([1, 2], [[1, 1]]), "facsNames"),
        (export(["wag"], [[1]]), "names no channel"),
        (export(["jawOpen", "JawOpen"], [[1, 1]]), "two columns"),
        (export(["jawOpen"], []), "no usable row"),
        (export(["jawOpen"], [None, [1, 2]]), "no usable row"),
        (export(["jawOpen"], [[1]], exportFps=0), "exportFps 0"),
        (export(["jawOpen"], [[1]], exportFps=1e9), "exportFps"),
        (export(["jawOpen"], [[1]], exportFps="fast"), "exportFps fast"),
        (export(["jawOpen"], [[1]], exportFps=float("nan")), "exportFps nan"),
        (export(["jawOpen"], [[1]], exportFps=True), "exportFps True"),
    ],
)
def test_a_file_that_is_no_export_is_refused(tmp_path: Path, data: Any, says: str) -> None:
    save(tmp_path / "bad.json", data)
    with pytest.raises(FaceMimicError, match=says) as error:
        read_take(tmp_path / "bad.json")
    assert error.value.kind == "file" and "bad.json" in str(error.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(rows=json_values, fps=json_values, names=json_values | st.just(["jawOpen"]))
def test_any_values_are_read_or_refused_in_words(
    rows: Any, fps: Any, names: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.json"
    save(path, {"exportFps": fps, "facsNames": names, "weightMat": rows})
    try:
        take = read_take(path)
    except FaceMimicError:
        return
    assert np.isfinite(take.clip.values).all()
