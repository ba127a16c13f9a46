import numpy as np
import pytest

from engine.channels import CHANNELS, INDEX, mirror
from engine.train.decoder.head import EYES, Head, rotation


@pytest.fixture(scope="module")
def head(shared) -> Head:
    return Head(shared / "rigs")


def shown(**channels: float) -> np.ndarray:
    values = np.zeros(len(CHANNELS), np.float32)
    for name, value in channels.items():
        values[INDEX[name]] = value
    return values


def test_rest_is_the_neutral_head(head):
    np.testing.assert_allclose(head.posed(head.rest, shown()), head.rest, atol=1e-4)


def test_eyes_turn_as_the_channels_say(head):
    points = head.posed(head.rest, shown(eyeLookOutLeft=1.0, eyeLookInRight=1.0))
    for first, last in EYES.values():
        pupil = np.argmax(head.rest[first:last, 2])
        assert points[first + pupil, 0] > head.rest[first + pupil, 0] + 0.5


def test_an_open_jaw_opens_the_lips_and_sealing_closes_them(head):
    rest = head.opening(head.rest)
    opened = head.opening(head.posed(head.rest, shown(jawOpen=0.8)))
    sealed = head.opening(head.posed(head.rest, shown(jawOpen=0.8, mouthClose=0.8)))
    assert opened > rest + 1
    assert sealed < rest + 0.3


def test_expressions_mirror_with_the_head(head):
    values = shown(mouthSmileLeft=1.0, browDownRight=0.7, jawLeft=0.5)
    left = head.posed(head.rest, values) - head.rest
    right = head.posed(head.rest, mirror(values)) - head.rest
    assert np.abs(left).max() == pytest.approx(np.abs(right).max(), rel=0.05)


def test_rotation_signs_are_those_of_the_channels():
    forward, up = np.array([0, 0, 1.0]), np.array([0, 1.0, 0])
    assert (rotation(0.3, 0, 0) @ forward)[0] > 0
    assert (rotation(0, 0.3, 0) @ forward)[1] > 0
    assert (rotation(0, 0, 0.3) @ up)[0] > 0
