"""A drawn eye measured on the skin, whether it is open or laid on it."""

import numpy as np
import pytest

from engine.transfer import drawn_eyes
from engine.transfer.landmarks import CONTOURS


def test_an_opening_is_told_from_an_eye_laid_on_the_skin(face, closed_face, eye):
    assert not eye.closed
    assert drawn_eyes.opening(closed_face.points, closed_face.triangles, closed_face.marks, "Left").closed


def test_its_size_and_its_face_are_measured(face, eye):
    assert eye.width == pytest.approx(40, rel=0.04)
    assert eye.tall == pytest.approx(38, rel=0.05)
    around = eye.local(face.loop(1.3))
    assert eye.surface.depth(around) == pytest.approx(around[:, 1], abs=0.2)


def test_lids_are_moved_to_where_the_skin_ends(face, eye):
    marks = face.marks.copy()
    for name, up in (("lidUpperLeft", 1.0), ("lidLowerLeft", -1.0)):
        marks[CONTOURS[name][1:-1], 2] -= up * 2.0
    found = drawn_eyes.opening(face.points, face.triangles, marks, "Left")
    assert found.tall == pytest.approx(eye.tall, abs=1.0)


def test_lids_of_a_round_eye_meet_above_its_lower_edge(eye):
    along = np.linspace(0, eye.width, 9)
    low = eye.meets(along)
    assert low[[0, -1]] == pytest.approx(0)
    assert eye.lower[:, 2].min() < low.min() < -0.15 * eye.width
    assert low == pytest.approx(low[::-1])
