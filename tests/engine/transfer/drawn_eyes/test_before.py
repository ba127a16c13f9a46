"""What slides over an eye stays before it."""

import numpy as np
import pytest

from engine.transfer.drawn_eyes.before import kept_before

WALL = np.stack([np.linspace(-10, 10, 200), np.zeros(200), np.zeros(200)], 1)
"""Points of an eye at depth 0; the viewer looks from +y."""


def each(*places):
    """A cover whose samples are its places."""
    return np.array(places)[:, None], np.ones((len(places), 1))


NONE = np.zeros(0, int)


def test_what_moves_is_lifted_and_takes_its_lining_along():
    at = np.array([[0.0, -1.0, 5.0], [0.0, -2.0, 5.0], [0.0, -1.0, 0.0]])
    offsets = np.array([[0.0, 0.0, -5.0], [0.0, 0.0, -5.0], [0.0, 0.0, 0.0]])
    moved = kept_before(at, offsets, each(0, 2), np.array([1]), WALL, 20.0)
    assert at[0, 1] + moved[0, 1] == pytest.approx(0.0)
    assert moved[1, 1] == pytest.approx(moved[0, 1])
    assert not moved[2].any(), "what does not move is not moved"


def test_a_lid_keeps_its_thickness():
    at, offsets = np.array([[0.0, 0.1, 5.0]]), np.array([[0.0, 0.0, -5.0]])
    moved = kept_before(at, offsets, each(0), NONE, WALL, 20.0, thin=0.5)
    assert at[0, 1] + moved[0, 1] == pytest.approx(0.5)


def test_a_coarse_lid_is_not_pierced_between_its_vertices():
    at = np.array([[-9.0, -1.0, 5.0], [9.0, -1.0, 5.0]])
    offsets = np.tile([0.0, 0.0, -5.0], (2, 1))
    cover = np.array([[0, 1], [0, 1]]), np.array([[0.5, 0.5], [0.2, 0.8]])
    moved = kept_before(at, offsets, cover, NONE, WALL[90:110], 20.0)
    assert (at + moved)[:, 1].min() >= 0.0


def test_where_the_eye_comes_through_the_skin_at_rest_it_stays_behind():
    at, offsets = np.array([[0.0, -8.0, 1.0]]), np.array([[0.0, 0.0, -1.0]])
    moved = kept_before(at, offsets, each(0), NONE, WALL, 20.0)
    assert at[0, 1] + moved[0, 1] < -4


@pytest.mark.parametrize("cloud", [WALL[:0], WALL[:1]])
def test_an_eye_of_hardly_any_points_is_no_error(cloud):
    at, offsets = np.array([[-10.0, -1.0, 3.0]]), np.array([[0.0, 0.0, -3.0]])
    moved = kept_before(at, offsets, each(0), NONE, cloud, 20.0)
    assert moved[0, 1] >= 1.0 if len(cloud) else not moved[0, 1]
