import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels import CHANNELS, INDEX
from engine.evaluate.events import DOWN, SIDEWAYS, UP, blinks, gaze_degrees, saccades


def ramp(part: np.ndarray) -> np.ndarray:
    p = np.clip(part, 0, 1)
    return p**3 * (10 - 15 * p + 6 * p**2)


def lid(starts: list[float], depths: list[float], closing: float, opening: float, fps: float = 60.0) -> np.ndarray:
    time = np.arange(round(12 * fps)) / fps
    closure = np.zeros(len(time))
    for start, depth in zip(starts, depths, strict=True):
        down, up = ramp((time - start) / closing), ramp((time - start - closing - 0.02) / opening)
        closure = np.maximum(closure, depth * (down - up))
    return closure


@settings(max_examples=40)
@given(st.floats(0.055, 0.12), st.floats(0.12, 0.3), st.floats(0.4, 1.0), st.floats(0, 1 / 60))
def test_known_blinks_are_found_as_they_are(closing: float, opening: float, depth: float, shift: float) -> None:
    starts = [1.0 + shift, 4.0 + shift, 9.0 + shift]
    found = blinks(lid(starts, [depth] * 3, closing, opening), 60.0)
    assert [blink.start for blink in found] == pytest.approx(starts, abs=0.012)
    assert np.median([blink.closing for blink in found]) == pytest.approx(closing, abs=0.014)
    assert [blink.depth for blink in found] == pytest.approx([depth] * 3, abs=0.08)
    # From 95 % to 10 % a minimum-jerk ramp takes 0.56 of its length.
    assert np.median([blink.opening for blink in found]) == pytest.approx(0.56 * opening, abs=0.03)


def test_lids_that_sink_with_the_gaze_or_stay_shut_are_no_blinks() -> None:
    time = np.arange(600) / 60
    sinking = 0.4 * ramp((time - 2) / 0.05) - 0.4 * ramp((time - 6) / 0.05)
    assert blinks(sinking, 60.0) == []
    assert blinks(0.1 + 0.05 * np.sin(time), 60.0) == []


def test_a_blink_on_lowered_lids_counts_once() -> None:
    closure = 0.3 + 0.7 * lid([3.0], [1.0], 0.066, 0.17)
    (blink,) = blinks(closure, 60.0)
    assert blink.depth > 0.95


@settings(max_examples=40)
@given(st.floats(4, 24), st.floats(0, 6.28), st.floats(0, 1 / 60))
def test_known_saccades_are_found_as_they_are(size: float, angle: float, shift: float) -> None:
    time = np.arange(180) / 60
    duration = 0.025 + 0.0024 * size
    moved = size * ramp((time - 1.2 - shift) / duration)
    (saccade,) = saccades(np.stack([moved * np.cos(angle), moved * np.sin(angle)], axis=1), 60.0)
    assert saccade.size == pytest.approx(size, rel=0.06, abs=0.1)
    assert saccade.duration == pytest.approx(duration, abs=0.012)
    assert saccade.start == pytest.approx(1.2 + shift, abs=0.012)


def test_pursuit_and_tremor_are_no_saccades() -> None:
    time = np.arange(300) / 60
    rng = np.random.default_rng(0)
    gaze = np.stack([8 * np.sin(2 * np.pi * 0.3 * time), np.zeros(300)], axis=1) + rng.normal(0, 0.03, (300, 2))
    assert saccades(gaze, 60.0) == []


def test_gaze_is_read_in_degrees() -> None:
    values = np.zeros((3, len(CHANNELS)))
    values[0, [INDEX["eyeLookOutLeft"], INDEX["eyeLookInRight"]]] = 1
    values[1, [INDEX["eyeLookUpLeft"], INDEX["eyeLookUpRight"]]] = 1
    values[2, [INDEX["eyeLookDownLeft"], INDEX["eyeLookDownRight"]]] = 1
    assert np.allclose(gaze_degrees(values), [[SIDEWAYS, 0], [0, UP], [0, -DOWN]])
