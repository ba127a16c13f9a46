import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.channels import HEAD, INDEX, SHAPES
from engine.errors import FaceMimicError
from engine.takes.formats import check_writable, read_take

SEEN = [name for name in SHAPES if name != "tongueOut"]
Frames = list[dict[str, float]]


def save(path: Path, data: Any) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return path


def web(scores: dict[str, float]) -> list[dict[str, Any]]:
    return [{"index": i, "score": s, "categoryName": n, "displayName": ""} for i, (n, s) in enumerate(scores.items())]


def python(scores: dict[str, float]) -> list[dict[str, Any]]:
    return [{"index": i, "score": s, "category_name": n} for i, (n, s) in enumerate(scores.items())]


def timed(frames: Frames, fps: float) -> Any:
    return [{"timestamp_ms": round(k * 1000 / fps), "blendshapes": row} for k, row in enumerate(frames)]


FORMS: dict[str, Callable[[Frames, float], Any]] = {
    "dicts with times": timed,
    "flat dicts with times": lambda f, fps: [{"time": k / fps, **row} for k, row in enumerate(f)],
    "dicts around": lambda f, fps: {"fps": fps, "frames": f},
    "categories": lambda f, fps: {"fps": fps, "frames": [web(row) for row in f]},
    "faces of categories": lambda f, fps: {"frame_rate": fps, "frames": [[python(row)] for row in f]},
    "web results": lambda f, fps: {
        "fps": fps,
        "frames": [
            {"faceLandmarks": [], "faceBlendshapes": [{"categories": web(r), "headIndex": -1}]} for r in f
        ],
    },
    "names once": lambda f, fps: {"fps": fps, "names": list(f[0]), "scores": [list(row.values()) for row in f]},
    "microseconds": lambda f, fps: [
        {"timestamp": k / fps * 1e6, "face_blendshapes": [python(row)]} for k, row in enumerate(f)
    ],
}  # fmt: skip


@given(form=st.sampled_from(list(FORMS)), frames=st.integers(2, 40), seed=st.integers(0, 99), data=st.data())
def test_scores_are_read_in_every_form_and_order(
    form: str, frames: int, seed: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = ["_neutral", *data.draw(st.sets(st.sampled_from(SEEN), min_size=1).map(sorted))]
    random.Random(seed).shuffle(kept)
    fps = data.draw(st.sampled_from([10.0, 24.0, 25.0, 30.0, 60.0, 120.0]))
    values = np.random.default_rng(seed).random((frames, len(kept)))
    rows = [dict(zip(kept, row, strict=True)) for row in values.tolist()]
    path = save(tmp_path_factory.mktemp("mp") / "scores.json", FORMS[form](rows, fps))
    take = read_take(path)
    assert take.clip.fps == pytest.approx(fps, rel=1.1e-3 * fps / (frames - 1) + 1e-9)
    assert len(take.clip.values) == frames
    assert not any("understood" in note for note in take.notes)
    for name in SEEN:
        expected = values[:, kept.index(name)] if name in kept else 0
        np.testing.assert_allclose(take.clip.values[:, INDEX[name]], expected, atol=1e-6)


def test_frames_without_a_face_are_interpolated_and_counted(tmp_path: Path) -> None:
    face = {"jawOpen": 0.0}, {"jawOpen": 1.0}
    frames = [None, face[0], [], {"jawOpen": "wide"}, {}, face[1], {"jawOpen": 10**400}]
    take = read_take(save(tmp_path / "a.json", {"fps": 25, "frames": frames}))
    np.testing.assert_allclose(take.clip.values[:, INDEX["jawOpen"]], [0, 0, 0.25, 0.5, 0.75, 1, 1])
    assert "3 frames have no face." in take.notes
    assert "2 frames are broken (no scores, or no numbers)." in take.notes
    assert "5 of 7 frames had no sample and were interpolated." in take.notes


def test_what_is_not_known_is_told(tmp_path: Path) -> None:
    faces = [{"categories": web({"jawOpen": 0.5, "wagging": 1.0})}] * 2
    frames = [{"timestamp": 0, "faceBlendshapes": faces, "facialTransformationMatrixes": [[1]]}]
    frames += [{"timestamp": 40, "faceBlendshapes": [{"categories": web({"wagging": 1.0})}]}]
    notes = " ".join(read_take(save(tmp_path / "a.json", {"fps": 100, "frames": frames})).notes)
    for part in (
        "Columns not understood: wagging.",
        "tongueOut",
        "1 frame has several faces",
        "pose matrices could not be read",
        "1 score is missing",
        "says 100 frames a second, its times 25",
    ):
        assert part in notes
    plain = read_take(save(tmp_path / "a.json", [{"jawOpen": 1}] * 3))
    assert plain.clip.fps == 30 and any("no rate; 30 frames a second were taken" in note for note in plain.notes)


@pytest.mark.parametrize(
    "form",
    [
        lambda pose: [{"rows": 4, "columns": 4, "data": pose.T.ravel().tolist()}],
        lambda pose: [pose.tolist()],
        lambda pose: pose.tolist(),
        lambda pose: [pose.ravel().tolist()],
        lambda pose: pose.T.ravel().tolist(),
    ],
)
def test_the_head_turns_as_the_matrices_say(tmp_path: Path, form: Callable[[np.ndarray], Any]) -> None:
    told = np.radians([[0, 0, 0], [20, -10, 5], [40, -20, 10], [-15, 8, -3]])
    frames = []
    for angles in told:
        pose = np.eye(4)
        # To the own left, up and to the left shoulder, before a camera whose x goes to the person's left.
        pose[:3, :3] = 1.05 * Rotation.from_euler("YXZ", angles * (1, -1, -1)).as_matrix()
        pose[:3, 3] = 1.5, -2.0, -40.0
        frames.append({"jawOpen": 0.5, "facialTransformationMatrixes": form(pose)})
    frames[1]["facialTransformationMatrixes"] = [[0.0] * 16]
    take = read_take(save(tmp_path / "a.json", {"fps": 30, "frames": frames}))
    expected = np.vstack([told[0], (told[0] + told[2]) / 2, told[2:]])
    np.testing.assert_allclose(take.clip.values[:, [INDEX[name] for name in HEAD]], expected, atol=1e-4)
    assert not any("matrices" in note or "headYaw" in note for note in take.notes)


@pytest.mark.parametrize("unit", [1.0, 1e3, 1e6, 1e9])
def test_the_unit_of_a_time_follows_from_its_steps(tmp_path: Path, unit: float) -> None:
    frames = [{"timestamp": k / 24 * unit, "jawOpen": 0.5} for k in range(30)]
    assert read_take(save(tmp_path / "a.json", frames)).clip.fps == 24


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "not a"),
        ({"blendshapes": []}, "no list of frames"),
        ({"blendshapes": {"jawOpen": 1}}, "no list of frames"),
        ('[{"jawOpen": 1', "not readable as JSON"),
        ([{"jawOpen": "wide"}], "no frame with a face"),
        ([[], None, {"blendshapes": []}], "no frame with a face"),
        ({"fps": 0, "frames": [{"jawOpen": 1}]}, "0 frames a second"),
        ({"fps": "x", "frames": [{"jawOpen": 1}]}, "x frames a second"),
        ([{"blendshapes": {"wag": 1}}], "names no channel"),
        ([{"timestamp_ms": 0, "jawOpen": 1}, {"timestamp_ms": 9e15, "jawOpen": 1}], "jump"),
        ([{"timestamp_ms": 0, "jawOpen": 1}, {"timestamp_ms": 1e-6, "jawOpen": 1}], "no camera"),
        ("\ufeff", "not a"),
    ],
)
def test_a_file_that_is_no_score_file_is_refused(tmp_path: Path, data: Any, says: str) -> None:
    with pytest.raises(FaceMimicError, match=says) as error:
        read_take(save(tmp_path / "bad.json", data))
    assert error.value.kind == "file" and "bad.json" in str(error.value)


def test_times_that_do_not_rise_are_skipped_and_counted(tmp_path: Path) -> None:
    frames = [{"timestamp_ms": t, "jawOpen": 0.5} for t in (0, 40, 40, 20, 80, 120)]
    take = read_take(save(tmp_path / "a.json", frames))
    assert len(take.clip.values) == 4 and take.clip.fps == 25
    assert any(note.startswith("2 frames have no later time") for note in take.notes)


def test_other_json_files_are_told_from_an_export(tmp_path: Path) -> None:
    check_writable(tmp_path / "a.json")
    with pytest.raises(FaceMimicError, match="not an Audio2Face export or a MediaPipe score file"):
        read_take(save(tmp_path / "a.json", {"apples": 3}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just({"jawOpen": 0.5}),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["blendshapes", "scores", "timestamp", "categoryName", "score", "jawOpen", "x"]), inner
        )
    ),
    max_leaves=15,
)


@given(frames=st.lists(json_values, max_size=5), fps=json_values, names=json_values)
def test_any_values_are_read_or_refused_in_words(
    frames: Any, fps: Any, names: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.json"
    for data in ({"blendshapes": 1, "frames": frames}, {"blendshapes": frames, "fps": fps, "names": names}, frames):
        try:
            take = read_take(save(path, data))
        except FaceMimicError:
            continue
        assert np.isfinite(take.clip.values).all()
