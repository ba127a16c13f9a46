"""Irises that slide before the white and behind the face."""

import numpy as np
import pytest

from engine.transfer import drawn_eyes
from engine.transfer.drawn_eyes.amounts import LIDS


def test_the_iris_slides_before_the_white_and_behind_the_face(face, eye):
    points = np.concatenate([face.white, face.iris])
    pieces = np.arange(len(face.white)), len(face.white) + np.arange(len(face.iris))
    moved = drawn_eyes.looks(eye, pieces, points)
    for name, (vertices, offsets) in moved.items():
        assert set(vertices) == set(pieces[1]), name
        there = points[vertices] + offsets
        behind, seen = there[:, 1] - face.front(there), eye.inside(eye.local(there))
        assert behind[seen] == pytest.approx(1.8, abs=1.0)
        assert (behind[~seen] > 1.8).all(), "the face hides what slides beside the opening"
        assert 4 < np.abs(offsets).max() < 12
    assert moved["eyeLookOut"][1][:, 0].mean() > 0, "out is to the left of a left eye"


def test_an_eye_in_one_piece_slides_whole_and_less_behind_an_opening(face, closed_face, eye):
    laid = drawn_eyes.opening(closed_face.points, closed_face.triangles, closed_face.marks, "Left")
    pieces = (np.arange(len(closed_face.iris)),)
    way = {}
    for name, one in (("opening", eye), ("laid", laid)):
        vertices, offsets = drawn_eyes.looks(one, pieces, closed_face.iris)["eyeLookOut"]
        assert len(vertices) == len(closed_face.iris)
        way[name] = offsets[:, 0].mean()
    assert 3 < way["opening"] < 0.7 * way["laid"] < 9


def test_shut_lids_pass_before_the_eye_in_every_gaze(face, eye):
    """A plane of two triangles has places all over it, and for eyeBlink they reach as far as the eye looks."""
    corners = eye.origin + np.array([[5, -3, -9], [35, -3, -9], [35, -3, 9], [5, -3, 9]]) @ eye.frame
    found = drawn_eyes.poses(eye, (np.arange(4),), corners, np.array([[0, 1, 2], [0, 2, 3]]))
    rest, shut, up = (eye.local(found[name]) for name in ("eyeWide", "eyeBlink", "eyeLookUp"))
    assert len(rest) > 50
    assert up[:, 2].max() > rest[:, 2].max() + 1
    assert np.ptp(shut[:, 2]) > np.ptp(rest[:, 2]) + 2
    assert set(found) >= set(LIDS)
    assert not len(drawn_eyes.poses(eye, (), corners, np.zeros((0, 3), int))["eyeBlink"])
