"""What slides over an eye stays before it."""

import numpy as np
import pytest

from engine.transfer.drawn_eyes.before import kept_before

WALL = np.stack([np.linspace(-10, 10, 200), np.zeros(200), np.zeros(200)], 1)
"""Points of an eye at depth 0; the viewer looks from +y."""


def test_what_moves_is_lifted_and_takes_its_lining_along():
    at = np.array([[0.0, -1.0, 5.0], [0.0, -2.0, 5.0], [0.0, -1.0, 0.0]])
    offsets = np.array([[0.0, 0.0, -5.0], [0.0, 0.0, -5.0], [0.0, 0.0, 0.0]])
    moved = kept_before(at, offsets, np.array([True, False, True]), WALL, 20.0)
    assert at[0, 1] + moved[0, 1] == pytest.approx(0.0)
    assert moved[1, 1] == pytest.approx(moved[0, 1])
    assert not moved[2].any(), "what does not move is not moved"


@pytest.mark.parametrize("cloud", [WALL[:0], WALL[:1]])
def test_an_eye_of_hardly_any_points_is_no_error(cloud):
    at, offsets = np.array([[-10.0, -1.0, 3.0]]), np.array([[0.0, 0.0, -3.0]])
    moved = kept_before(at, offsets, np.array([True]), cloud, 20.0)
    assert moved[0, 1] >= 1.0 if len(cloud) else not moved[0, 1]
