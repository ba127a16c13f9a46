"""Events that were labelled by hand, against those that a capture finds."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels import INDEX, SHAPES
from engine.paths import weights_folder
from engine.video.capture import Captured, capture_all
from engine.video.decoder import NAME
from engine.video.events import Events, find_events, lip_gap, runs
from engine.video.options import Options

LABELS = tomllib.loads(Path(__file__).with_name("events.toml").read_text("utf-8"))


def score(found: list[float], labelled: list[float], within: float) -> tuple[float, float]:
    """Precision and recall of moments; each labelled one is found at most once, by the nearest."""
    open_ = list(labelled)
    hits = 0
    for moment in found:
        near = [one for one in open_ if abs(one - moment) <= within]
        if near:
            open_.remove(min(near, key=lambda one: abs(one - moment)))
            hits += 1
    return hits / max(1, len(found)), hits / max(1, len(labelled))


def middles(spans: list) -> list[float]:
    return [(first + last) / 2 for first, last in spans]


def scored(captures: dict[str, Captured]) -> dict[str, tuple[float, float]]:
    """Precision and recall over all captures, frames of one put behind those of the other."""
    found: dict[str, list[float]] = {"blinks": [], "closures": [], "smiles": [], "mouth_open": []}
    labelled: dict[str, list[float]] = {name: [] for name in found}
    for place, (name, captured) in enumerate(captures.items()):
        events, after = captured.events, 1000.0 * place
        mine = {"blinks": middles(events.blinks), "closures": events.closures, "smiles": events.smiles}
        theirs = LABELS[name]
        other = {"blinks": middles(theirs["blinks"]), "closures": theirs["closures"], "smiles": theirs["smiles"]}
        mine["mouth_open"] = [first for first, _ in events.mouth_open]
        other["mouth_open"] = [first for first, _ in theirs["mouth_open"]]
        for kind in found:
            found[kind] += [after + moment for moment in mine[kind]]
            labelled[kind] += [after + moment for moment in other[kind]]
    within = {"blinks": 1.0, "closures": 1.0, "smiles": 2.0, "mouth_open": 2.0}
    return {kind: score(found[kind], labelled[kind], within[kind]) for kind in found}


def test_blinks_and_closures_are_found_on_their_frames(captured_a: Captured, captured_b: Captured) -> None:
    told = scored({"face_a": captured_a, "face_b": captured_b})
    assert told["blinks"] == (1, 1)
    assert told["closures"] == (1, 1)
    assert told["mouth_open"] == (1, 1)
    # A slow smile has no one frame in which it begins: most are within two frames of the label.
    assert min(told["smiles"]) >= 0.8


def test_the_learned_decoder_finds_them_too(shared: Path, bundle: Path) -> None:
    if not (weights_folder() / NAME).is_file():
        pytest.skip(f"needs the decoder's weights, {NAME}")
    options = Options(model=bundle, decoder="learned")
    captures = {name: capture_all(shared / "video" / f"{name}.mp4", options) for name in LABELS}
    told = scored(captures)
    assert told["blinks"] == (1, 1)
    assert told["closures"] == (1, 1)
    assert min(told["smiles"]) >= 0.85
    for name, captured in captures.items():
        at_rest = [frame for first, last in LABELS[name]["resting"] for frame in range(first, last + 1)]
        assert captured.resting[at_rest].sum() >= 0.6 * captured.resting.sum(), name
    # Pursed lips touch, however far the jaw seems to drop behind them.
    (first, last), *_ = LABELS["face_a"]["puckers"]
    pursed = captures["face_a"].clip.values[first + 2 : last - 1]
    assert (pursed[:, INDEX["jawOpen"]] - pursed[:, INDEX["mouthClose"]]).max() < 0.05


def test_a_wink_shuts_one_eye_on_its_frame(captured_b: Captured) -> None:
    (first, last), *_ = LABELS["face_b"]["winks"]
    left, right = (captured_b.clip.values[:, INDEX[f"eyeBlink{side}"]] for side in ("Left", "Right"))
    assert right[first : last + 1].min() > 0.7
    assert int(right[30:60].argmax()) + 30 in range(first, last + 1)
    assert left[first - 3 : last + 4].max() < 0.3


def test_a_lowered_gaze_is_no_blink(captured_b: Captured) -> None:
    (first, last), *_ = LABELS["face_b"]["lowered"]
    lids = captured_b.clip.values[first : last + 1, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]]
    assert lids.max() < 0.6


@given(st.lists(st.booleans(), max_size=60))
def test_runs_cover_the_chosen_frames(chosen: list[bool]) -> None:
    covered = [frame for first, last in runs(np.array(chosen, bool)) for frame in range(first, last + 1)]
    assert covered == [frame for frame, one in enumerate(chosen) if one]


def performed(frames: int, gap: np.ndarray | None = None, **curves: np.ndarray) -> Events:
    values = np.zeros((frames, len(SHAPES)), np.float32)
    for name, curve in curves.items():
        values[:, INDEX[name]] = curve
    return find_events(np.arange(frames) / 30, values, np.zeros(frames) if gap is None else gap)


def test_closed_eyes_are_no_blink() -> None:
    lids = np.zeros(90)
    lids[10:14], lids[40:80] = 1, 1
    assert performed(90, eyeBlinkLeft=lids, eyeBlinkRight=lids).blinks == [(10, 13)]


def test_a_wavering_reading_does_not_make_two_blinks_of_one() -> None:
    lids = np.zeros(30)
    lids[10:15] = 0.2, 0.69, 0.55, 0.76, 0.3
    assert performed(30, eyeBlinkLeft=lids, eyeBlinkRight=lids).blinks == [(11, 13)]


def test_a_wink_is_no_blink() -> None:
    lids = np.zeros(30)
    lids[10:14] = 1
    assert performed(30, eyeBlinkLeft=lids).blinks == []


def test_lips_that_meet_are_told_and_a_mouth_that_stays_open_is_not() -> None:
    gap = np.full(60, 0.01)
    gap[10:20], gap[30:36], gap[50:] = 0.2, 0.04, 0.3
    events = performed(60, gap)
    assert events.mouth_open == [(10, 19), (50, 59)]
    assert events.closures == [20]
    # What happens to lips that are lost from sight is not known.
    gap[20] = np.nan
    assert performed(60, gap).closures == []


def test_the_gap_does_not_depend_on_size_or_tilt(captured_a: Captured) -> None:
    marks = captured_a.track.landmarks[70:75]
    turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]])
    np.testing.assert_allclose(lip_gap(0.5 * marks @ turn.T, (480, 480)), lip_gap(marks, (480, 480)), rtol=1e-3)


def test_a_smile_begins_where_it_rises_and_not_where_a_corner_was_up_before() -> None:
    corner = np.interp(np.arange(120), [0, 20, 60, 64, 70], [0.0, 0.18, 0.2, 0.3, 0.9])
    assert performed(120, mouthSmileLeft=corner).smiles == [65]
    corner[:20] = 0.2
    assert performed(120, mouthSmileLeft=corner).smiles == [65]


def test_a_smile_begins_once_and_not_where_the_footage_does() -> None:
    left, right = np.zeros((2, 120))
    left[:20] = 0.8
    left[40:60], right[42:100] = 0.6, 0.7
    left[80:100] = 0.5
    # At the start it is there already; at 42 the other corner joins, at 80 one of them begins anew.
    assert performed(120, mouthSmileLeft=left, mouthSmileRight=right).smiles == [40, 80]
