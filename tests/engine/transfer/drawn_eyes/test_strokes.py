"""Lashes that ride on their lid and folds above it that barely move."""

import numpy as np
import pytest

from engine.transfer import drawn_eyes
from engine.transfer.mesh import Tree

UPPER = slice(3, 22)
"""Places of a ring that lie above the eye's corners."""


def test_a_lash_rides_on_its_lid(face, eye, lids):
    root, tip = face.loop(1.0)[UPPER], face.loop(1.25)[UPPER]
    lifted = drawn_eyes.lifted(eye, face.points, lids)
    moved = drawn_eyes.lashes(lifted, np.concatenate([root, tip]), upper=True)["eyeBlink"]
    edge = lids["eyeBlink"][face.rim][UPPER]
    assert np.linalg.norm(moved[: len(root)] - edge, axis=1).max() < 1.5
    before = np.linalg.norm(tip - root, axis=1)
    after = np.linalg.norm(tip + moved[len(root) :] - root - moved[: len(root)], axis=1)
    assert after == pytest.approx(before, rel=0.3)


def test_the_lash_of_a_shut_eye_is_an_even_arc(face, eye):
    root = face.loop(1.0)[UPPER]
    shut = eye.local(root + drawn_eyes.lashes(eye, root, upper=True)["eyeBlink"])
    bend = np.diff(shut[:, 2], 2)
    assert (bend > -0.05).all(), "it hangs, and nowhere turns the other way"


def test_a_wing_beyond_the_corner_stays_at_it_and_keeps_its_direction(face, eye):
    wing = face.loop(1.0)[0] + np.linspace(0, 1, 8)[:, None] * [12.0, 2.0, 2.0]
    moved = wing + drawn_eyes.lashes(eye, wing, upper=True)["eyeBlink"]
    assert moved[0] == pytest.approx(wing[0], abs=0.5)
    assert moved[-1] == pytest.approx(wing[-1], abs=3.0)
    step = np.linalg.norm(np.diff(moved, axis=0), axis=1)
    assert step.max() < 3 * np.linalg.norm(wing[1] - wing[0])


def test_brows_stay_and_folds_barely_move(face, eye):
    fold, brow = face.loop(1.25)[12:13], face.loop(2.2)[12:13]
    moved = drawn_eyes.lines(eye, np.concatenate([fold, brow]))["eyeBlink"]
    assert -0.1 * eye.tall < moved[0, 2] < -0.3
    assert abs(moved[1, 2]) < 0.5


def test_lashes_never_lie_deeper_in_the_face_than_at_rest(face, eye):
    lash = np.concatenate([face.loop(1.0, -1.0)[UPPER], face.loop(1.2, -1.5)[UPPER]])
    for name, offsets in drawn_eyes.lashes(eye, lash, upper=True).items():
        there = lash + offsets
        before = face.front(lash) - lash[:, 1]
        assert face.front(there) - there[:, 1] == pytest.approx(before, abs=0.5), name
        assert Tree(face.loop(1.0)).query(there)[0].max() < eye.tall
