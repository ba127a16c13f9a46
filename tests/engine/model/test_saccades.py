import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels import CHANNELS, INDEX
from engine.evaluate.events import gaze_degrees, saccades
from engine.model.saccades import LOOKS, with_saccades
from engine.performance.timing import minimum_jerk
from engine.takes.eyes import looks

FPS = 60.0
LIDS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]


def glides(sizes: list[float], seconds: float = 0.2) -> np.ndarray:
    """Eyes that glide to the left and back, each glide as long as `seconds`, two thirds of a second apart."""
    time = np.arange(round(FPS * (len(sizes) * 0.66 + 0.6))) / FPS
    yaw, here = np.zeros(len(time)), 0.0
    for k, size in enumerate(sizes):
        yaw += (size - here) * minimum_jerk((time - 0.5 - 0.66 * k) / seconds)
        here = size
    return looks(np.deg2rad(yaw), np.zeros(len(time)), np.deg2rad(1.0)).astype(np.float32)


def test_glides_become_saccades_on_the_main_sequence():
    smooth = glides([10, 0, -15, 5])
    found = saccades(gaze_degrees(with_saccades(smooth, np.ones(len(smooth), bool), FPS)), FPS)
    assert len(found) == 4
    for one in found:
        assert abs(one.duration - (0.025 + 0.0024 * one.size)) < 0.012
        assert one.peak > 200


def test_the_eyes_still_look_where_they_looked():
    smooth = glides([10, 0, -15, 5])
    quick = with_saccades(smooth, np.ones(len(smooth), bool), FPS)
    held = [20, round(FPS * 0.95), round(FPS * 1.6), round(FPS * 2.27)]
    assert np.abs(gaze_degrees(quick) - gaze_degrees(smooth))[held].max() < 0.6


def test_eyes_turn_against_the_head_while_they_look_at_something():
    values = np.zeros((180, len(CHANNELS)), np.float32)
    time = np.arange(180) / FPS
    values[:, INDEX["headYaw"]] = np.deg2rad(3) * np.sin(2 * np.pi * 0.8 * time)
    values += looks(-np.deg2rad(3) * np.sin(2 * np.pi * 0.8 * time), np.zeros(180)).astype(np.float32)
    quick = with_saccades(values, np.ones(180, bool), FPS)
    world = gaze_degrees(quick)[:, 0] + np.rad2deg(values[:, INDEX["headYaw"]])
    assert np.ptp(world) < 0.5


def test_what_is_observed_stays():
    smooth = glides([10, 0, -15, 5])
    free = np.ones(len(smooth), bool)
    free[60:120] = False
    assert np.array_equal(with_saccades(smooth, free, FPS)[60:120], smooth[60:120])
    assert np.array_equal(with_saccades(smooth, np.zeros(len(smooth), bool), FPS), smooth)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 90), st.integers(0, 2**31))
def test_only_gaze_and_lids_change(frames, seed):
    rng = np.random.default_rng(seed)
    values = rng.random((frames, len(CHANNELS))).astype(np.float32)
    answer = with_saccades(values, rng.random(frames) < 0.7, FPS)
    other = [i for i in range(len(CHANNELS)) if i not in (*LOOKS, *LIDS)]
    assert np.isfinite(answer).all()
    assert np.array_equal(answer[:, other], values[:, other])
    assert answer[:, LOOKS].min() >= 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("fps", [0.5, 1.0, 2.0, 5.0])
def test_rates_slower_than_a_fixation_are_performed_too(fps: float):
    values = glides([8, -6, 12])[:12]
    performed = with_saccades(values, np.ones(len(values), bool), fps)
    assert np.isfinite(performed).all()
