import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels import INDEX, mirror
from engine.evaluate.reader import (
    BASIC,
    du_emotions,
    ideal_pose,
    named,
    read_units,
    scores,
    table,
    unit_channels,
    unit_numbers,
    variants_of,
)

ALIKE = {frozenset({"appalled", "hateful", "sadly_disgusted"}), frozenset({"sad", "sadly_angry"})}
"""Emotions whose core units Du et al. do not tell apart."""


@pytest.mark.parametrize("emotion", BASIC)
@pytest.mark.parametrize("strength", [0.25, 0.5, 0.8, 1.0])
def test_the_reader_names_ideal_poses_of_the_seven(emotion: str, strength: float) -> None:
    assert named(ideal_pose(emotion, strength), BASIC) == emotion


@pytest.mark.parametrize("emotion", du_emotions())
def test_the_reader_names_ideal_poses_of_the_21_up_to_those_with_the_same_core(emotion: str) -> None:
    said = named(ideal_pose(emotion, 0.8), du_emotions())
    same_core = set(table()["du"][said]["core"]) == set(table()["du"][emotion]["core"])
    assert said == emotion or same_core or {said, emotion} == {"sadly_angry", "sad"}


@pytest.mark.parametrize("emotion", du_emotions())
def test_all_variants_shown_still_read_as_a_near_emotion(emotion: str) -> None:
    pose = ideal_pose(emotion, 0.8, variants_of(emotion))
    found = scores(pose)
    better = [name for name in du_emotions() if found[name] > found[emotion]]
    assert len(better) <= 3, better


@given(st.sampled_from(BASIC), st.floats(0.3, 1.0))
def test_a_mirrored_face_reads_the_same(emotion: str, strength: float) -> None:
    pose = ideal_pose(emotion, strength, side="Right")
    mine, theirs = scores(pose), scores(mirror(pose))
    assert all(mine[name] == pytest.approx(theirs[name], abs=1e-3) for name in mine)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 0.8), min_size=16, max_size=16))
def test_units_come_back_from_the_pose_that_they_make(amounts: list[float]) -> None:
    pose = np.zeros(len(INDEX), np.float32)
    for unit, amount in zip(unit_numbers(), amounts, strict=True):
        for name, gain in table()["units"][str(unit)].items():
            for channel in [name] if name in INDEX else [name + "Left", name + "Right"]:
                pose[INDEX[channel]] += gain * amount
    reading = read_units(pose)
    assert np.allclose(reading.both, amounts, atol=1e-4)
    assert np.abs(reading.one).max() < 1e-5


def test_one_sided_units_are_read_as_such() -> None:
    reading = read_units(ideal_pose("contemptuous", 0.8, side="Right"))
    smile = unit_numbers().index(12)
    assert reading.one[smile] == pytest.approx(0.8, abs=1e-3)
    assert reading.both[smile] == pytest.approx(0, abs=1e-6)


def test_blinks_and_glances_do_not_change_the_name() -> None:
    for emotion in BASIC:
        pose = ideal_pose(emotion, 0.8)
        for name in ("eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight"):
            pose[INDEX[name]] = 0.7
        assert named(pose, BASIC) == emotion


def test_unit_channels_weigh_a_pose() -> None:
    gains = unit_channels([12])
    assert gains.sum() == pytest.approx(1)
    assert gains @ ideal_pose("happy", 0.6) == pytest.approx(0.6, abs=1e-5)
