import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FaceMimicError
from engine.takes.sampling import NOMINAL, check, evenly, rate_of, rising


@given(st.sampled_from(NOMINAL), st.integers(60, 600), st.sampled_from([None, 3, 6]), st.floats(0, 1000))
def test_a_nominal_rate_is_found_in_rounded_times(rate: float, count: int, digits: int | None, start: float) -> None:
    times = start + np.arange(count) / rate
    assert rate_of(times if digits is None else np.round(times, digits)) == pytest.approx(rate, rel=1.1e-3)


def test_even_times_of_a_rate_beside_a_nominal_one_keep_it_and_jittering_ones_do_not() -> None:
    times = np.arange(600) / 30.004
    assert rate_of(times) == pytest.approx(30.004, abs=1e-4)
    assert rate_of(np.round(times, 3)) == pytest.approx(30.004, abs=1e-3)
    assert rate_of(times + np.random.default_rng(1).normal(0, 0.0005, 600)) == 30


@given(st.floats(5, 240), st.integers(20, 300), st.sets(st.integers(1, 18), max_size=6))
def test_dropped_samples_do_not_change_the_rate(rate: float, count: int, dropped: set[int]) -> None:
    times = np.delete(np.arange(count) / rate, sorted(dropped))
    assert rate_of(times) == pytest.approx(rate, rel=3e-3)


@pytest.mark.parametrize(("fps", "frames"), [(60, 2), (30, 2), (24, 2), (60, 40), (100, 2), (200, 9), (46, 2)])
def test_few_rounded_times_still_tell_it(fps: float, frames: int) -> None:
    assert rate_of(np.round(np.arange(frames) / fps, 3)) == pytest.approx(fps, rel=0.02)
    assert rate_of(np.zeros(1)) == 60


def test_even_samples_are_taken_as_they_are_and_gaps_filled() -> None:
    times = np.array([0.0, 0.1, 0.2, 0.5, 0.6]) + 7
    even, filled = evenly(times, np.array([[0.0], [5], [1], [4], [9]]), 10)
    np.testing.assert_allclose(even[:, 0], [0, 5, 1, 2, 3, 4, 9])
    assert filled == 2


def test_unusable_rows_only_set_the_length() -> None:
    usable = np.array([False, True, False, True, False])
    even, filled = evenly(np.arange(5) / 10, np.array([[9.0], [1], [9], [3], [9]]), 10, usable)
    np.testing.assert_allclose(even[:, 0], [1, 1, 2, 3, 3])
    assert filled == 3


@given(st.lists(st.floats(0.001, 0.5), min_size=3, max_size=60), st.integers(0, 99))
def test_uneven_samples_are_resampled_between_their_values(steps: list[float], seed: int) -> None:
    times = np.cumsum([0.0, *steps])
    values = np.random.default_rng(seed).random((len(times), 2))
    even, _ = evenly(times, values, rate_of(times))
    assert np.isfinite(even).all()
    assert even.min() >= values.min() - 1e-9 and even.max() <= values.max() + 1e-9


@pytest.mark.parametrize("times", [[0, 1e9], [0, 1e-9, 2e-9, 3e-9, 50], [0, 1e300], [0, 2, 4]])
def test_absurd_times_are_refused(times: list[float]) -> None:
    with pytest.raises(FaceMimicError) as error:
        check("a.csv", np.array(times), rate_of(np.array(times)))
    assert error.value.kind == "file"


def test_times_that_fall_back_are_found() -> None:
    assert rising(np.array([0.0, 1, 1, 0.5, 2, 1.5, 3])).tolist() == [True, True, False, False, True, False, True]
