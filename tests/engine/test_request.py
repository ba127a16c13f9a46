import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels import CHANNELS
from engine.emotions import emotions
from engine.errors import FaceMimicError
from engine.request import LONGEST, SHORTEST, STRONGEST, STYLE_KNOBS, Beat, Observed, Request, Style

seconds = st.floats(0, 20)
beats = st.builds(
    Beat,
    emotion=st.dictionaries(st.sampled_from(sorted(emotions())), st.floats(0.01, 10), min_size=1, max_size=3),
    intensity=st.floats(0, STRONGEST),
    start=seconds,
    onset=seconds,
    hold=seconds,
    offset=seconds,
)
requests = st.builds(
    Request,
    beats=st.lists(beats, max_size=4).map(tuple),
    duration=st.floats(SHORTEST, LONGEST),
    seed=st.integers(0, 2**63 - 1),
    fps=st.floats(1, 240),
    steps=st.none() | st.integers(1, 200),
    guidance=st.none() | st.floats(0, 8),
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("beats", "duration", "style", "seed", "fps", "steps", "guidance")


@given(requests)
def test_a_request_survives_json(request: Request) -> None:
    again = Request.from_dict(json.loads(json.dumps(request.to_dict())))
    assert again.to_dict() == request.to_dict() or all(
        math.isclose(a, b)
        for old, new in zip(request.beats, again.beats, strict=True)
        for a, b in zip(old.emotion.values(), new.emotion.values(), strict=True)
    )


@given(st.dictionaries(st.sampled_from(KEYS), junk))
def test_any_table_is_a_request_or_is_refused_in_words(table: dict[str, Any]) -> None:
    try:
        request = Request.from_dict(table)
    except FaceMimicError as error:
        assert str(error).endswith((".", "?"))
        return
    assert request.frames >= 2


@given(st.dictionaries(st.sampled_from(["emotion", "intensity", "start", "duration", "hold"]), junk))
def test_any_beat_is_a_beat_or_is_refused_in_words(row: dict[str, Any]) -> None:
    try:
        request = Request.from_dict({"beats": [row]})
    except FaceMimicError:
        return
    assert math.isclose(sum(request.beats[0].emotion.values()), 1)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "at least one beat"),
        ({"beats": []}, "at least one beat"),
        ({"beats": [{"intensity": 1}]}, "names no emotion"),
        ({"beats": [{"emotion": "hapy"}]}, "Did you mean"),
        ({"beats": [{"emotion": "happy", "intensity": 2}]}, "Intensity must be from 0 to 1.2; it is 2"),
        ({"beats": [{"emotion": "happy", "intensity": "much"}]}, "Intensity must be a number"),
        ({"beats": [{"emotion": "happy", "duration": 2, "hold": 1}]}, "one or the other"),
        ({"beats": [{"emotion": "happy", "colour": 2}]}, "“colour” is not known in beat 1"),
        ({"beats": "happy"}, "must be a list"),
        ({"duration": 0.1}, "Duration"),
        ({"duration": 601}, "Duration"),
        ({"duration": float("nan")}, "Duration"),
        ({"duration": True}, "Duration"),
        ({"duration": 1, "fps": 0}, "fps"),
        ({"duration": 1, "fps": 1000}, "fps"),
        ({"duration": 1, "seed": -1}, "seed"),
        ({"duration": 1, "seed": 1.5}, "seed"),
        ({"duration": 1, "steps": 0}, "Steps"),
        ({"duration": 1, "style": {"mood": 1}}, "“mood” is not known in style"),
        ({"duration": 1, "style": {"tempo": 3}}, "tempo"),
        ({"duration": 1, "speed": 2}, "“speed” is not known in the request"),
        ({"duration": 10**400}, "Duration"),
        ({"beats": [{"emotion": "happy", "intensity": 10**400}]}, "Intensity must be from 0 to 1.2"),
        ({"beats": [{"emotion": {"happy": 10**400}}]}, "share of “happy”"),
        ({"beats": [{"emotion": {"happy": 1e308, "sad": 1e308}}]}, "share of “happy”"),
        ({"duration": 1, "steps": 2.5}, "Steps"),
        ([], "must be a table"),
    ],
)
def test_what_cannot_be_asked_is_refused(table: Any, says: str) -> None:
    with pytest.raises(FaceMimicError, match=says) as error:
        Request.from_dict(table)
    assert error.value.kind == "request"


@given(st.floats(0.1, 60))
def test_a_spanning_beat_lasts_as_long_as_asked(duration: float) -> None:
    beat = Beat.spanning("happy", 0.8, 1.0, duration)
    assert math.isclose(beat.end, 1.0 + duration, rel_tol=1e-9)
    assert beat.offset >= beat.onset or duration > 1.5


def test_beats_are_sorted_and_set_the_duration() -> None:
    request = Request(beats=(Beat("sad", start=3.0), Beat("happy", start=0.5)))
    assert [beat.start for beat in request.beats] == [0.5, 3.0]
    assert request.duration == request.beats[1].end
    assert request.frames == round(request.beats[1].end * 60)


def test_a_request_file_is_read_as_toml_or_json(tmp_path: Path) -> None:
    (tmp_path / "ask.toml").write_text(
        'seed = 3\nfps = 24\n[style]\ntempo = 1.2\n[[beats]]\nemotion = "happy=0.6,surprised=0.4"\nduration = 2.0\n'
        "[[beats]]\nemotion = { anger = 1.0 }\nstart = 2.0\nintensity = 0.5\n",
        "utf-8",
    )
    request = Request.load(tmp_path / "ask.toml")
    assert (request.seed, request.fps, request.style.tempo) == (3, 24, 1.2)
    assert request.beats[1].emotion == {"angry": 1.0}
    (tmp_path / "ask.json").write_text(json.dumps(request.to_dict()), "utf-8")
    assert Request.load(tmp_path / "ask.json") == request
    (tmp_path / "ask.json").rename(tmp_path / "Ask.JSON")
    assert Request.load(tmp_path / "Ask.JSON") == request


def test_a_request_file_that_nests_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ask.json").write_text("[" * 100_000)
    with pytest.raises(FaceMimicError, match=r"ask\.json"):
        Request.load(tmp_path / "ask.json")


@pytest.mark.parametrize("content", [b"seed = ", b"\xff\xfe\x00", b"[[beats]\n"])
def test_a_request_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ask.toml").write_bytes(content)
    with pytest.raises(FaceMimicError, match=r"ask\.toml") as error:
        Request.load(tmp_path / "ask.toml")
    assert error.value.kind == "file"
    with pytest.raises(FaceMimicError, match="missing"):
        Request.load(tmp_path / "missing.toml")


def test_the_natural_style_is_the_vectors_origin() -> None:
    assert Style().vector().tolist() == [0.0] * len(STYLE_KNOBS)


def test_observed_curves_set_the_duration_and_ignore_what_is_unknown() -> None:
    values = np.full((90, len(CHANNELS)), np.nan, np.float32)
    confidence = np.zeros_like(values)
    values[0], confidence[0] = 5.0, 1.0
    request = Request(observed=Observed(values, confidence), fps=30)
    assert request.duration == 3.0
    assert request.observed is not None
    assert request.observed.values[0, 0] == 1.0
    assert not request.observed.values[1:].any()


@pytest.mark.parametrize(
    ("values", "confidence", "says"),
    [
        (np.zeros((4, 55)), np.zeros((5, 55)), "same number of frames"),
        (np.zeros((4, 3)), np.zeros((4, 3)), "frames × 55"),
        (np.full((4, 55), np.nan), np.ones((4, 55)), "not a number"),
        (np.zeros((4, 55)), np.full((4, 55), 2.0), "from 0"),
        (np.zeros((4, 55)), np.full((4, 55), np.nan), "not a number"),
    ],
)
def test_observed_curves_that_make_no_sense_are_refused(values: np.ndarray, confidence: np.ndarray, says: str) -> None:
    with pytest.raises(FaceMimicError, match=says):
        Observed(values, confidence)


def test_observed_curves_must_fit_the_duration() -> None:
    observed = Observed(np.zeros((10, 55)), np.zeros((10, 55)))
    with pytest.raises(FaceMimicError, match="10 frames"):
        Request(observed=observed, duration=5.0, fps=30)
