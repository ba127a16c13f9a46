import numpy as np
import pytest

from engine.channels import INDEX
from engine.train.decoder.expressions import Expressions, is_reserved, without_opposites
from engine.video.decoder import outputs


def drawn(count: int, kind: str | None = None) -> list[tuple[np.ndarray, str]]:
    expressions = Expressions(np.random.default_rng(3))
    return [expressions.draw(kind) for _ in range(count)]


def test_training_shows_every_channel_and_no_reserved_pair():
    examples = drawn(900)
    values = np.array([value for value, _ in examples])
    assert not any(is_reserved(value) for value in values)
    shown = (values > 0.3).sum(0)
    named = [name for pair in outputs() for name in pair if name]
    assert {name for name in named if shown[INDEX[name]] == 0} == set()
    assert (values[:, INDEX["tongueOut"] :] == 0).all()


def test_reserved_combinations_are_reserved():
    assert all(is_reserved(value) for value, _ in drawn(20, "reserved"))


def test_sealed_lips_close_over_an_open_jaw():
    for value, _ in drawn(20, "sealed"):
        assert value[INDEX["jawOpen"]] >= 0.2
        assert 0.7 * value[INDEX["jawOpen"]] <= value[INDEX["mouthClose"]] <= value[INDEX["jawOpen"]]


@pytest.mark.parametrize("left,right,expected", [(0.8, 0.3, (0.5, 0.0)), (0.2, 0.2, (0.0, 0.0))])
def test_opposites_cancel(left, right, expected):
    values = np.zeros(55)
    values[INDEX["jawLeft"]], values[INDEX["jawRight"]] = left, right
    found = without_opposites(values)
    assert (found[INDEX["jawLeft"]], found[INDEX["jawRight"]]) == pytest.approx(expected)
