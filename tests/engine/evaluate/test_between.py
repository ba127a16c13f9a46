import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from engine.clip import Clip
from engine.evaluate.between import METHODS, bezier
from engine.evaluate.inbetweens import GAPS, SHAPES, changes, cut, frechet, requested


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(20, 120), st.integers(3, 9))
def test_every_method_meets_its_keys(seed: int, frames: int, keys: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 1, (frames, 4))
    known = np.zeros(frames, bool)
    known[[0, -1, *rng.integers(0, frames, keys)]] = True
    for name, method in METHODS.items():
        assert np.abs(method(values, known)[known] - values[known]).max() < 1e-9, name


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_clamped_handles_never_overshoot(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 1, (100, 3))
    known = np.zeros(100, bool)
    known[[0, 17, 40, 41, 66, 99]] = True
    keys = np.flatnonzero(known)
    filled = bezier(values, known)
    for first, last in itertools.pairwise(keys):
        low, high = np.sort(values[[first, last]], axis=0)
        assert (filled[first : last + 1] >= low - 1e-9).all()
        assert (filled[first : last + 1] <= high + 1e-9).all()


def test_a_straight_course_stays_straight() -> None:
    values = np.linspace(0, 1, 61)[:, None]
    known = np.zeros(61, bool)
    known[::15] = True
    for method in METHODS.values():
        assert np.abs(method(values, known)[16:45] - values[16:45]).max() < 0.005


def test_frechet_is_zero_for_the_same_and_known_for_gaussians() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, (400, 5)), rng.normal(0.5, 2, (400, 5))
    assert frechet(a, a) == pytest.approx(0, abs=1e-9)
    ca, cb = np.cov(a.T), np.cov(b.T)
    gap = a.mean(axis=0) - b.mean(axis=0)
    assert frechet(a, b) == pytest.approx(gap @ gap + np.trace(ca + cb - 2 * np.real(sqrtm(ca @ cb))), rel=1e-6)


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("keyed", [False, True])
def test_windows_hide_the_gap_and_only_it(gap: float, keyed: bool) -> None:
    take = Clip(np.random.default_rng(0).uniform(0, 1, (400, 55)).astype(np.float32), 30.0)
    windows, known, judged = cut(take, gap, 5, keyed)
    assert judged.sum() == round(gap * 30)
    assert not (known & judged).any()
    first, last = np.flatnonzero(judged)[[0, -1]]
    assert known[first - 1]
    assert known[last + 1]
    request = requested(windows[0], known, 30.0, 0)
    assert request.observed is not None
    assert (request.observed.values[judged] == 0).all()
    assert changes(windows, judged).shape == (5 * (judged.sum() + 1), 2 * len(SHAPES))
