import numpy as np
import pytest

from engine.evaluate.setting import simulate
from engine.evaluate.styles import KNOBS, leak, monotonic, swept
from engine.request import STYLE_KNOBS


@pytest.fixture(scope="module")
def found() -> dict[str, np.ndarray]:
    return swept(simulate, 12)


def test_every_knob_has_its_measure() -> None:
    assert set(KNOBS) == set(STYLE_KNOBS)


@pytest.mark.parametrize("knob", STYLE_KNOBS)
def test_the_simulators_knobs_move_their_measures(found: dict[str, np.ndarray], knob: str) -> None:
    assert monotonic(found[knob][:, :, STYLE_KNOBS.index(knob)].T).value > 0.85


def test_the_matrix_has_ones_on_its_diagonal_and_little_beside(found: dict[str, np.ndarray]) -> None:
    matrix = leak(found)
    assert np.allclose(np.diag(matrix), 1)
    assert np.percentile(np.abs(matrix[~np.eye(len(matrix), dtype=bool)]), 85) < 0.3
