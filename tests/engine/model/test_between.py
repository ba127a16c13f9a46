import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels import CHANNELS, INDEX
from engine.model.between import lean
from engine.model.exact import meet
from engine.request import Observed

FPS = 60.0
SMILE = INDEX["mouthSmileLeft"]


def keyed(frames: int, keys: dict[int, float]) -> Observed:
    values = np.zeros((frames, len(CHANNELS)), np.float32)
    confidence = np.zeros_like(values)
    for frame, value in keys.items():
        values[frame, SMILE], confidence[frame, SMILE] = value, 1
    return Observed(values, confidence)


def test_a_slow_detour_between_two_equal_keys_is_taken_back_and_quick_life_is_kept():
    time = np.arange(121) / FPS
    observed = keyed(121, {0: 0.4, 120: 0.4})
    slow, quick = 0.3 * np.sin(np.pi * time / 2), 0.05 * np.sin(2 * np.pi * 7 * time)
    for motion, low, high in ((slow, 0.0, 0.12), (quick, 0.045, 0.06)):
        values = np.zeros((121, len(CHANNELS)), np.float32)
        values[:, SMILE] = 0.4 + motion
        left = np.abs(lean(values, observed, FPS)[:, SMILE] - 0.4).max()
        assert low <= left <= high


def test_long_gaps_and_uncertain_ones_are_the_models():
    rng = np.random.default_rng(0)
    for frames, doubt in ((500, 0.0), (121, 0.4)):
        observed = keyed(frames, {0: 0.4, frames - 1: 0.4})
        confidence = observed.confidence.copy()
        confidence[frames // 2, SMILE] = doubt
        observed = Observed(observed.values, confidence)
        values = meet(rng.random((frames, len(CHANNELS))).astype(np.float32) * 0.5, observed, FPS)
        assert lean(values, observed, FPS) == pytest.approx(values, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.integers(0, 199), st.floats(0, 1), min_size=1, max_size=12), st.integers(0, 2**31))
def test_keys_are_met_and_other_channels_left_alone(keys, seed):
    observed = keyed(200, keys)
    values = meet(np.random.default_rng(seed).random((200, len(CHANNELS))).astype(np.float32), observed, FPS)
    answer = lean(values, observed, FPS)
    at = list(keys)
    assert answer[at, SMILE] == pytest.approx(observed.values[at, SMILE], abs=1e-4)
    assert (answer >= -1e-6)[:, :52].all()
    assert (answer <= 1 + 1e-6)[:, :52].all()
    assert np.array_equal(np.delete(answer, SMILE, axis=1), np.delete(values, SMILE, axis=1))
