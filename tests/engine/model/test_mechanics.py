import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels import CHANNELS, INDEX
from engine.model.mechanics import LIDS, NODS, with_weight

FPS = 60.0


def still(frames: int) -> np.ndarray:
    return np.zeros((frames, len(CHANNELS)), np.float32)


def test_a_head_nods_and_does_not_tremble():
    time = np.arange(240) / FPS
    values, yaw = still(240), INDEX["headYaw"]
    free = np.ones(240, bool)
    for hertz, low, high in ((0.3, 0.95, 1.0), (12.0, 0.0, 0.05)):
        values[:, yaw] = 0.1 * np.sin(2 * np.pi * hertz * time)
        left = np.ptp(with_weight(values, free, FPS)[60:180, yaw]) / np.ptp(values[60:180, yaw])
        assert low <= left <= high


def test_tempo_says_how_quickly_a_head_follows():
    time = np.arange(240) / FPS
    values, yaw = still(240), INDEX["headYaw"]
    values[:, yaw] = 0.1 * np.sin(2 * np.pi * 1.2 * time)
    free = np.ones(240, bool)
    sizes = [np.ptp(with_weight(values, free, FPS, tempo)[60:180, yaw]) for tempo in (0.0, 1.0, 2.0)]
    assert sizes[0] < 0.3 * sizes[1] < 0.3 * sizes[2]


def test_lids_that_nearly_meet_meet_and_half_blinks_stay_half():
    values = still(5)
    values[:, LIDS] = np.array([0.3, 0.6, 0.85, 0.95, 1.0], np.float32)[:, None]
    lids = with_weight(values, np.ones(5, bool), FPS)[:, LIDS[0]]
    assert np.allclose(lids[:2], [0.3, 0.6])
    assert lids[2] >= 0.89
    assert lids[3] >= 0.96
    assert lids[4] == 1.0


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 90), st.integers(0, 2**31))
def test_what_is_observed_and_the_rest_of_the_face_stay(frames, seed):
    rng = np.random.default_rng(seed)
    values, free = rng.random((frames, len(CHANNELS))).astype(np.float32), rng.random(frames) < 0.7
    answer = with_weight(values, free, FPS)
    assert np.array_equal(answer[~free], values[~free])
    others = [i for i in range(len(CHANNELS)) if i not in (*LIDS, *NODS)]
    assert np.array_equal(answer[:, others], values[:, others])
    assert answer[:, LIDS].max(initial=0) <= 1
