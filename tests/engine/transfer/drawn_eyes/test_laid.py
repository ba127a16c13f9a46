"""An eye laid on closed skin becomes a line below its lash."""

import numpy as np
import pytest

from engine.transfer import drawn_eyes


@pytest.fixture
def laid(closed_face):
    return drawn_eyes.opening(closed_face.points, closed_face.triangles, closed_face.marks, "Left")


def lash(face):
    return np.concatenate([face.loop(share, -1.5)[:25] for share in (1.1, 1.2)])


def test_it_becomes_a_line_before_the_skin(closed_face, laid):
    eye = closed_face.iris
    shut = eye + drawn_eyes.shut(laid, eye)["eyeBlink"]
    over = laid.local(shut)
    assert np.ptp(over[:, 2] - laid.meets(over[:, 0])) < 0.05 * laid.tall
    assert shut[:, 1] - closed_face.front(shut) == pytest.approx(-1.0, abs=0.4)


def test_its_lash_covers_the_line_and_keeps_its_thickness(closed_face, laid):
    drawn = lash(closed_face)
    shut = laid.local(drawn + drawn_eyes.lashes(laid, drawn, upper=True)["eyeBlink"])
    rest = laid.local(drawn)
    middle = np.abs(rest[:, 0] / laid.width - 0.5) < 0.15
    inner, outer = np.split(shut[:, 2] - laid.meets(shut[:, 0]), 2)
    inner, outer = inner[np.split(middle, 2)[0]], outer[np.split(middle, 2)[1]]
    assert inner.max() < 0.5
    assert outer.min() > -0.5
    assert outer.mean() - inner.mean() == pytest.approx(0.1 * laid.tall / 2, rel=0.3)
    assert np.ptp(shut[:, 2]) < 0.6 * np.ptp(rest[:, 2])


@pytest.mark.parametrize("look", ["eyeLookUp", "eyeLookDown"])
def test_its_lash_goes_with_the_gaze(closed_face, laid, look):
    drawn = lash(closed_face)
    _, offsets = drawn_eyes.looks(laid, (np.arange(len(closed_face.iris)),), closed_face.iris)[look]
    ridden = drawn_eyes.lashes(laid, drawn, upper=True)[look]
    assert ridden[:, 2].mean() == pytest.approx(offsets[:, 2].mean(), rel=0.1)
