"""The fit itself: what must hold for any rig and any performance."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from engine.retarget.seen import metric
from engine.retarget.solve import solve

CHANNELS = 52


def drawn(seed: int, shapes: int, frames: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A performance (frames, 52) and meanings (shapes, 52) as rigs have them: few channels each."""
    rng = np.random.default_rng(seed)
    meanings = np.where(rng.random((shapes, CHANNELS)) < 0.1, rng.random((shapes, CHANNELS)), 0)
    meanings[np.arange(shapes), rng.integers(0, CHANNELS, shapes)] += 0.7
    return rng.random((frames, CHANNELS)), meanings


def well_posed(meanings: np.ndarray, least: float = 0.06) -> bool:
    """Whether no shapes mean nearly the same, so that the answer needs no choice between them."""
    gram = meanings @ meanings.T
    size = np.sqrt(np.diag(gram))
    return bool(np.linalg.eigvalsh(gram / np.outer(size, size))[0] > least)


rigs = st.tuples(st.integers(0, 10_000), st.integers(1, 25))


@given(rigs, st.floats(0.05, 1.5))
def test_bounds_are_kept(rig: tuple[int, int], reach: float) -> None:
    values, meanings = drawn(*rig)
    rng = np.random.default_rng(rig[0])
    lower = -reach * rng.random(len(meanings))
    upper = reach * rng.random((len(values), len(meanings)))
    weights = solve(values, meanings, lower, upper)
    assert weights.dtype == np.float32
    assert (weights >= lower.astype(np.float32) - 1e-6).all()
    assert (weights <= upper.astype(np.float32) + 1e-6).all()


@settings(max_examples=30)
@given(rigs)
def test_it_is_the_least_squares_answer(rig: tuple[int, int]) -> None:
    values, meanings = drawn(*rig)
    assume(well_posed(meanings))
    weights = solve(values, meanings)
    for frame in (0, 5, 11):
        wanted = lsq_linear(meanings.T, values[frame], (0, 1), tol=1e-13).x
        np.testing.assert_allclose(weights[frame], wanted, atol=2e-5)


@settings(max_examples=30)
@given(rigs)
def test_the_eye_s_metric_is_the_one_that_is_minimised(rig: tuple[int, int]) -> None:
    values, meanings = drawn(*rig)
    root = np.linalg.cholesky(metric()).T
    assume(well_posed(meanings @ root.T))
    weights = solve(values, meanings, metric=metric())
    wanted = lsq_linear(root @ meanings.T, root @ values[3], (0, 1), tol=1e-13).x
    np.testing.assert_allclose(weights[3], wanted, atol=2e-5)


@given(rigs)
def test_what_a_rig_can_show_is_found_again(rig: tuple[int, int]) -> None:
    _, meanings = drawn(*rig)
    assume(well_posed(meanings))
    wanted = np.random.default_rng(rig[0]).random((9, len(meanings)))
    np.testing.assert_allclose(solve(wanted @ meanings, meanings, metric=np.eye(CHANNELS)), wanted, atol=1e-5)


def test_a_shape_of_each_channel_is_the_channel() -> None:
    values, _ = drawn(1, 1, 200)
    np.testing.assert_allclose(solve(values, np.eye(CHANNELS)), values, atol=1e-6)
    np.testing.assert_allclose(solve(values, np.eye(CHANNELS), metric=metric()), values, atol=1e-5)


@given(rigs)
def test_more_of_it_shows_more(rig: tuple[int, int]) -> None:
    """Along a performance that only grows, what is shown of it never shrinks, though single shapes may give way."""
    values, meanings = drawn(*rig, frames=1)
    weights = solve(np.linspace(0, 1, 30)[:, None] * values, meanings, metric=metric())
    shown = weights.astype(float) @ (meanings @ metric() @ values[0])
    assert (np.diff(shown) >= -1e-4).all()


@settings(max_examples=30)
@given(rigs, st.floats(0.1, 1))
def test_half_the_performance_is_half_the_answer_below_the_upper_bound(rig: tuple[int, int], part: float) -> None:
    values, meanings = drawn(*rig)
    whole = solve(values, meanings, upper=1e6)
    np.testing.assert_allclose(solve(part * values, meanings, upper=1e6), part * whole, atol=1e-4)


@settings(max_examples=30)
@given(rigs)
def test_the_answer_moves_no_faster_than_the_performance(rig: tuple[int, int]) -> None:
    """Lipschitz: the projection onto the bounds does not stretch, and the floor limits the inverse."""
    (first, last), meanings = drawn(*rig, frames=2)
    meanings = np.concatenate([meanings, meanings[:1]])
    steps = first + np.linspace(0, 1, 400)[:, None] * (last - first)
    weights = solve(steps, meanings).astype(float)
    size = np.linalg.norm(meanings, axis=1)
    fastest = np.abs(np.diff(weights, axis=0) * size).max()
    assert fastest <= np.linalg.norm(last - first) / 399 / np.sqrt(0.05) + 1e-4


@given(rigs)
def test_the_order_of_shapes_and_frames_does_not_matter(rig: tuple[int, int]) -> None:
    values, meanings = drawn(*rig)
    rng = np.random.default_rng(rig[0])
    shapes, frames = rng.permutation(len(meanings)), rng.permutation(len(values))
    weights = solve(values, meanings)
    np.testing.assert_allclose(solve(values[frames], meanings[shapes]), weights[frames][:, shapes], atol=1e-4)


def test_the_same_question_has_the_same_bytes() -> None:
    values, meanings = drawn(4, 20, 300)
    assert solve(values, meanings).tobytes() == solve(values.copy(), meanings.copy()).tobytes()


def test_shapes_that_mean_the_same_share_it() -> None:
    meanings = np.zeros((2, CHANNELS))
    meanings[:, 3] = 1
    np.testing.assert_allclose(solve(np.full((1, CHANNELS), 0.8), meanings), [[0.4, 0.4]], atol=0.01)


def test_a_shape_without_meaning_rests() -> None:
    assert solve(np.ones((3, CHANNELS)), np.zeros((2, CHANNELS))).tolist() == [[0, 0]] * 3


def test_alternatives_exclude_one_another() -> None:
    """Between two vowels that could share, the one that comes nearer is preferred."""
    meanings = np.zeros((2, CHANNELS))
    meanings[0, :3] = 1, 0.6, 0
    meanings[1, :3] = 0, 0.6, 1
    values = np.zeros((1, CHANNELS))
    values[0, :3] = 0.9, 0.6, 0.3
    apart = np.array([[0, 1.0], [1.0, 0]])
    shared, chosen = solve(values, meanings)[0], solve(values, meanings, apart=apart)[0]
    assert shared.min() > 0.2
    assert chosen[0] > chosen[1]
    assert chosen[1] < shared[1] / 2
    # One of them alone is shown as it is.
    np.testing.assert_allclose(solve(0.7 * meanings[:1], meanings, apart=apart), [[0.7, 0]], atol=1e-5)


def test_a_given_shape_is_fitted_around() -> None:
    meanings = np.zeros((2, CHANNELS))
    meanings[0, 0], meanings[1, :2] = 1, (0.5, 1)
    values = np.zeros((2, CHANNELS))
    values[:, 0] = 1
    weights = solve(values, meanings, [0, 0.6], [1, 0.6])
    np.testing.assert_allclose(weights, [[0.7, 0.6]] * 2, atol=1e-5)


@pytest.mark.parametrize(
    ("values", "meanings", "bounds"),
    [((3, 52), (4, 51), (0, 1)), ((52,), (4, 52), (0, 1)), ((3, 52), (4, 52), (0.5, 0.4))],
)
def test_what_does_not_fit_is_refused(values: tuple, meanings: tuple, bounds: tuple) -> None:
    with pytest.raises(ValueError, match=r"channels|bound"):
        solve(np.zeros(values), np.ones(meanings), *bounds)


def test_no_shapes_are_no_weights() -> None:
    assert solve(np.zeros((5, CHANNELS)), np.zeros((0, CHANNELS))).shape == (5, 0)
