import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels import CHANNELS, HIGHEST, INDEX, LOWEST, MIRROR_ORDER
from engine.emotions import emotions
from engine.performance.blinks import blink_shape, blinks
from engine.performance.performer import perform
from engine.performance.person import draw_person
from engine.performance.timing import offset, onset, wander
from engine.performance.units import units
from engine.request import Beat, Style


def apex(emotion: str, seed: int, intensity: float = 0.8) -> np.ndarray:
    beat = Beat(emotion, intensity, 0.0, 0.5, 1.0, 0.8)  # type: ignore[arg-type]
    return perform(np.random.default_rng(seed), [(beat, 0.3)], 180, Style())[60:100].mean(axis=0)


@pytest.mark.parametrize(
    ("emotion", "shown", "still"),
    [
        ("happy", "mouthSmileLeft", "mouthFrownLeft"),
        ("sad", "mouthFrownRight", "mouthSmileRight"),
        ("angry", "browDownLeft", "browInnerUp"),
        ("surprised", "browOuterUpRight", "browDownRight"),
        ("disgusted", "noseSneerLeft", "eyeWideLeft"),
        ("fearful", "mouthStretchLeft", "mouthSmileLeft"),
    ],
)
def test_an_emotion_shows_its_unit_and_not_its_opposite(emotion: str, shown: str, still: str) -> None:
    poses = np.stack([apex(emotion, seed) for seed in range(12)])
    assert np.median(poses[:, INDEX[shown]]) > 0.4
    assert np.median(poses[:, INDEX[still]]) < 0.1


def test_contempt_is_one_sided_and_falls_on_either_side() -> None:
    poses = np.stack([apex("contemptuous", seed) for seed in range(20)])
    left, right = poses[:, INDEX["mouthSmileLeft"]], poses[:, INDEX["mouthSmileRight"]]
    assert (np.maximum(left, right) > 3 * np.minimum(left, right)).all()
    assert 3 < (left > right).sum() < 17


@given(
    st.integers(0, 2**32), st.sampled_from(list(emotions())), st.floats(0, 1.2), st.floats(-2, 3), st.integers(20, 300)
)
def test_values_stay_in_range_and_settle_at_both_ends(
    seed: int, emotion: str, intensity: float, start: float, frames: int
) -> None:
    beat = Beat(emotion, intensity)  # type: ignore[arg-type]
    values = perform(np.random.default_rng(seed), [(beat, start)], frames, Style())
    assert values.shape == (frames, len(CHANNELS))
    assert values.dtype == np.float32
    assert (values >= LOWEST).all()
    assert (values <= HIGHEST).all()
    assert np.abs(values[[0, -1]]).max() < 1e-6


def test_the_same_seed_performs_the_same() -> None:
    assert np.array_equal(apex("angry", 5), apex("angry", 5))
    assert not np.array_equal(apex("angry", 5), apex("angry", 6))


def test_stronger_asks_show_more() -> None:
    smiles = [apex("happy", 3, intensity)[INDEX["mouthSmileLeft"]] for intensity in (0.2, 0.5, 0.8, 1.1)]
    assert np.all(np.diff(smiles) > 0.05)


def test_an_offset_is_not_an_onset_played_backwards() -> None:
    part = np.linspace(0, 1, 101)
    assert np.abs(offset(part) - onset(part, 1.0)[::-1]).max() > 0.1
    assert np.all(np.diff(offset(part)) <= 0)
    assert np.all(np.diff(onset(part, 1.0)) >= 0)


def test_blinks_close_fast_open_slowly_and_keep_their_rate() -> None:
    time = np.linspace(0, 0.7, 701)
    shape = blink_shape(time)
    closed = time[shape > 0.97]
    assert 0.05 < closed[0] < 0.08
    half_open = time[(time > closed[-1]) & (shape < 0.5)][0]
    assert 0.03 < half_open - closed[-1] < 0.12
    assert shape[-1] < 0.01
    rng = np.random.default_rng(0)
    counts = []
    for _ in range(40):
        person = draw_person(rng, Style())
        closure = blinks(rng, 60.0, person, np.array([]), np.ones(3600))
        counts.append(np.sum((closure[1:] > 0.25) & (closure[:-1] <= 0.25)))
    assert 14 < np.mean(counts) < 20


def test_no_blinks_when_none_are_asked() -> None:
    values = perform(np.random.default_rng(1), [], 1200, Style(blink_rate=0, gaze=0), settled=(True, True))
    assert values[:, INDEX["eyeBlinkLeft"]].max() < 0.1


def test_left_and_right_move_together() -> None:
    values = perform(np.random.default_rng(2), [(Beat("happy"), 0.2)], 240, Style())  # type: ignore[arg-type]
    sides = [i for i, other in enumerate(MIRROR_ORDER) if other > i and values[:, i].std() > 0.05]
    together = [np.corrcoef(values[:, i], values[:, MIRROR_ORDER[i]])[0, 1] for i in sides if "Look" not in CHANNELS[i]]
    assert min(together) > 0.95


def test_drift_stays_below_its_cutoff() -> None:
    curves = wander(np.random.default_rng(0), 6000, 60.0, 1.5, 20)
    power = np.abs(np.fft.rfft(curves * np.hanning(6000)[:, None], axis=0)) ** 2
    frequency = np.fft.rfftfreq(6000, 1 / 60)
    assert power[frequency > 1.6].sum() < 0.01 * power.sum()
    assert np.allclose(curves.std(axis=0), 1, atol=0.35)


def test_every_unit_names_real_channels_within_range() -> None:
    for unit in units().values():
        assert 0 <= unit.lead < 0.5
        assert 0 < (unit.left + unit.right).max() <= 1
