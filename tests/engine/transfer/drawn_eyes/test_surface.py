"""The face around an eye as a smooth depth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.transfer.drawn_eyes.surface import fitted


@given(st.lists(st.floats(-2, 2), min_size=6, max_size=6), st.floats(0.01, 1000))
def test_a_paraboloid_of_any_size_is_found_again(factors, size):
    x, z = np.random.default_rng(0).uniform(-1, 1, (2, 40))
    y = np.stack([np.ones(40), x, z, x * x, x * z, z * z], 1) @ factors
    places = size * np.stack([x, y, z], 1)
    assert fitted(places[:30], size).depth(places) == pytest.approx(places[:, 1], abs=1e-6 * size)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_places_leave_it_finite_and_through_them(count):
    places = np.random.default_rng(1).normal(size=(count, 3))
    found = fitted(places, 1.0)
    assert found.depth(places) == pytest.approx(places[:, 1])
    assert np.isfinite(found.depth(np.ones((1, 3)))).all()
