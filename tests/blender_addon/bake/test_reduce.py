"""Key reduction: never off by more than the tolerance, extremes kept, nothing outside the range."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_addon.bake.reduce import Keys, reduce, turning_points


def evaluated(keys: Keys, at: np.ndarray) -> np.ndarray:
    """The reduced curve at fractional frames: cubic Hermite between keys, constant outside."""
    if len(keys.frames) == 1:
        return np.full(len(at), keys.values[0], float)
    at = np.clip(at, keys.frames[0], keys.frames[-1])
    i = np.clip(np.searchsorted(keys.frames, at, side="right") - 1, 0, len(keys.frames) - 2)
    span = np.diff(keys.frames)[i].astype(float)
    t = (at - keys.frames[i]) / span
    return (
        (2 * t**3 - 3 * t**2 + 1) * keys.values[i]
        + (t**3 - 2 * t**2 + t) * span * keys.right[i]
        + (3 * t**2 - 2 * t**3) * keys.values[i + 1]
        + (t**3 - t**2) * span * keys.left[i + 1]
    )


@st.composite
def signals(draw: st.DrawFn) -> np.ndarray:
    """A curve within 0..1 as captures show them: smooth drifts, blinks, noise, plateaus, jumps; 1 to 400 frames."""
    frames = draw(st.integers(1, 400))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["smooth", "blinks", "noise", "jumps", "mixed", "flat"]))
    t = np.arange(frames)
    values = np.full(frames, rng.random())
    if kind in ("smooth", "mixed"):
        values = 0.5 + 0.5 * np.sin(t * rng.uniform(0.01, 0.5) + rng.uniform(0, 6))
    if kind in ("blinks", "mixed"):
        for middle in rng.integers(0, frames, 1 + frames // 60):
            values = np.maximum(values * (kind == "mixed"), np.exp(-(((t - middle) / rng.uniform(0.5, 4)) ** 2)))
    if kind == "jumps":
        values = rng.random(1 + frames // 20)[t // 20]
    if kind in ("noise", "mixed"):
        values = values + rng.normal(0, rng.choice([0.001, 0.02, 0.3]), frames)
    return np.clip(values, 0, 1).astype(np.float32)


@settings(max_examples=150, deadline=None)
@given(signals(), st.sampled_from([0.002, 0.01, 0.05]), st.booleans())
def test_promises_of_a_reduced_curve(signal: np.ndarray, tolerance: float, exact: bool) -> None:
    keys = reduce(signal[:, None], tolerance, exact=np.array([exact]))[0]
    frames = np.arange(len(signal))
    assert np.abs(evaluated(keys, frames) - signal).max() <= tolerance
    assert (np.diff(keys.frames) > 0).all()
    assert keys.frames[0] == 0
    if len(keys.frames) > 1:
        assert keys.frames[-1] == len(signal) - 1
        np.testing.assert_array_equal(keys.values, signal[keys.frames])
    dense = evaluated(keys, np.linspace(0, len(signal) - 1, 16 * len(signal)))
    assert dense.min() >= -1e-5
    assert dense.max() <= 1 + 1e-5
    if exact and np.ptp(signal) > tolerance:
        peaks, kinds = turning_points(signal, tolerance)
        assert set(peaks) <= set(keys.frames)
        kept = np.isin(keys.frames, peaks)
        sign = dict(zip(peaks, kinds, strict=True))
        for frame, left, right in zip(keys.frames[kept], keys.left[kept], keys.right[kept], strict=True):
            assert left * sign[frame] >= 0
            assert right * sign[frame] <= 0
        for frame, kind in zip(peaks, kinds, strict=True):
            around = evaluated(keys, np.linspace(frame - 1, frame + 1, 33))
            assert ((around - signal[frame]) * kind).max() <= 1e-5


@settings(max_examples=50, deadline=None)
@given(st.lists(signals(), min_size=2, max_size=5))
def test_curves_do_not_influence_one_another(several: list[np.ndarray]) -> None:
    frames = min(map(len, several))
    together = reduce(np.stack([one[:frames] for one in several], 1), 0.01)
    for signal, keys in zip(several, together, strict=True):
        alone = reduce(signal[:frames, None], 0.01)[0]
        np.testing.assert_array_equal(keys.frames, alone.frames)
        np.testing.assert_array_equal(keys.right, alone.right)


def test_turning_points_are_peaks_valleys_and_the_ends_of_plateaus() -> None:
    signal = np.array([0, 0.2, 0.9, 0.9, 0.9, 0.3, 0.305, 0.3, 0.8, 0.5])
    frames, kinds = turning_points(signal, 0.01)
    assert frames.tolist() == [2, 4, 5, 8]
    assert kinds.tolist() == [1, 1, -1, 1]


def test_a_resting_curve_is_one_key() -> None:
    keys = reduce(np.full((500, 1), 0.25, np.float32), 0.01)[0]
    assert keys.values.tolist() == [0.25]


def test_a_long_rest_between_two_blinks_needs_few_keys() -> None:
    signal = np.zeros(2000, np.float32)
    for start in (20, 1900):
        signal[start : start + 9] = [0.1, 0.5, 0.9, 1, 1, 0.8, 0.5, 0.2, 0.05]
    keys = reduce(signal[:, None], 0.01, exact=np.array([True]))[0]
    assert len(keys.frames) <= 24
    assert {23, 24, 1903, 1904} <= set(keys.frames)


def test_a_head_may_turn_either_way() -> None:
    signal = np.sin(np.arange(300) / 20).astype(np.float32)[:, None] * 0.7
    keys = reduce(signal, 0.01, low=-np.inf, high=np.inf)[0]
    assert np.abs(evaluated(keys, np.arange(300)) - signal[:, 0]).max() <= 0.01
    assert len(keys.frames) <= 20


def capture(shared: Path) -> tuple[list[str], np.ndarray]:
    """The 52 channels of a real take, float32 (frames, 52)."""
    with (shared / "captures" / "arkit_rom.csv").open() as file:
        rows = list(csv.reader(file))
    first = rows[0].index("EyeBlinkLeft")
    names = [name[0].lower() + name[1:] for name in rows[0][first : first + 52]]
    values = [row[first : first + 52] for row in rows[1:] if row[1] != "0"]
    return names, np.clip(np.array(values, np.float32), 0, 1)


def test_a_real_take_keeps_at_most_a_twelfth_of_its_frames(shared: Path) -> None:
    names, values = capture(shared)
    exact = np.array([name.startswith(("eyeBlink", "mouth", "jaw")) for name in names])
    made = reduce(values, 0.01, exact=exact)
    errors = [np.abs(evaluated(keys, np.arange(len(values))) - values[:, k]).max() for k, keys in enumerate(made)]
    assert max(errors) <= 0.01
    assert sum(len(keys.frames) for keys in made) <= values.size / 12


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_the_shortest_takes(frames: int) -> None:
    values = np.linspace(0, 1, frames, dtype=np.float32)[:, None]
    keys = reduce(values, 0.01)[0]
    assert np.abs(evaluated(keys, np.arange(frames)) - values[:, 0]).max() <= 0.01


def test_a_curve_that_hardly_moves_rests_at_its_first_value() -> None:
    wobble = 0.004 * (1 - np.cos(np.linspace(0, 12, 200)))
    (keys,) = reduce(wobble[:, None].astype(np.float32), 0.01)
    assert keys.frames.tolist() == [0]
    assert keys.values.tolist() == [0.0]
