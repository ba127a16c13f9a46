"""Large drawn eyes: an opening in a curved face before a white and a flat iris, and an eye laid on closed skin."""

from typing import NamedTuple

import numpy as np
import pytest

from engine.transfer import drawn_eyes, mesh
from engine.transfer.landmarks import CONTOURS, COUNT

MIDDLE, HALF = np.array([38.0, -4.0]), np.array([20.0, 19.0])
AROUND = 48


def front(x, z):
    """Depth of the face: a ball of 160 mm."""
    return 130.0 - np.sqrt(160.0**2 - x**2 - z**2)


def loop(share, behind=0.0):
    """A ring around the eye, `share` of the opening's size, in the face's surface or behind it."""
    turn = np.arange(AROUND) * 2 * np.pi / AROUND
    x, z = (MIDDLE + share * HALF * np.stack([np.cos(turn), np.sin(turn)], 1)).T
    return np.stack([x, front(x, z) + behind, z], 1)


def bridged(rings):
    """Points and triangles of rings, each joined to the next."""
    grid = np.arange(len(rings) * AROUND).reshape(len(rings), AROUND)
    right = np.roll(grid, -1, 1)
    a, b, c, d = (part.ravel() for part in (grid[:-1], right[:-1], right[1:], grid[1:]))
    return np.concatenate(rings), np.concatenate([np.stack([a, c, b], 1), np.stack([a, d, c], 1)])


class Face(NamedTuple):
    points: np.ndarray
    triangles: np.ndarray
    marks: np.ndarray
    white: np.ndarray
    iris: np.ndarray


@pytest.fixture(scope="module")
def face():
    rings = [loop(0.85, 9.0), loop(1.0, 2.5), *(loop(1.0 + 0.08 * k) for k in range(26))]
    points, triangles = bridged(rings)
    marks = np.zeros((COUNT, 3))
    for name, up in (("lidUpperLeft", 1.0), ("lidLowerLeft", -1.0)):
        turn = np.linspace(np.pi, 0, len(CONTOURS[name]))
        x, z = (MIDDLE + HALF * np.stack([np.cos(turn), up * np.sin(turn)], 1)).T
        marks[CONTOURS[name]] = np.stack([x, front(x, z), z], 1)
    white = np.concatenate([loop(share, 6.5) for share in (0.01, 0.4, 0.8, 1.2)])
    iris = np.concatenate([loop(share, 1.8) for share in (0.01, 0.2, 0.4, 0.7)])
    return Face(points, triangles, marks, white, iris)


@pytest.fixture(scope="module")
def eye(face):
    return drawn_eyes.opening(face.points, face.triangles, face.marks, "Left")


@pytest.fixture(scope="module")
def lids(face, eye):
    return drawn_eyes.lids(eye, face.points, face.triangles, np.concatenate([face.white, face.iris]))


def test_lids_meet_on_one_line(face, eye, lids):
    assert not eye.closed
    rim = slice(2 * AROUND, 3 * AROUND)
    shut = eye.local(face.points[rim] + lids["eyeBlink"][rim])
    assert np.abs(shut[:, 2] - eye.meets(shut[:, 0])).max() < 0.05 * eye.tall
    half = eye.local(face.points[rim] + lids["eyeSquint"][rim])
    assert 0.5 * eye.tall < np.ptp(half[:, 2]) < 0.8 * eye.tall


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_lids_pass_before_the_iris(face, lids, share):
    moved = face.points + share * lids["eyeBlink"]
    skin = mesh.samples(moved, face.triangles[np.all(face.triangles >= 2 * AROUND, axis=1)], 0.5)
    away, near = mesh.Tree(skin.points[:, [0, 2]]).query(face.iris[:, [0, 2]])
    covered = away < 0.5
    assert covered.mean() > (0.99 if share == 1.0 else 0.1)
    assert (skin.points[near, 1] < face.iris[:, 1])[covered].all()


def test_skin_far_from_the_eye_stays(face, lids):
    far = mesh.Tree(loop(1.0)).query(face.points)[0] > 32
    assert far.any()
    for offsets in lids.values():
        assert np.abs(offsets[far]).max() < 1e-6


def test_lids_do_not_fold_over(face, lids):
    """Seen from the front, no triangle turns its back."""
    front_faces = face.triangles[np.all(face.triangles >= 2 * AROUND, axis=1)]

    def area(points):
        a, b, c = points[front_faces][..., [0, 2]].transpose(1, 0, 2)
        return np.cross(b - a, c - a)

    rest = area(face.points)
    for name, offsets in lids.items():
        turned = np.sign(area(face.points + offsets)) != np.sign(rest)
        assert turned.mean() < (0.02 if name == "eyeBlink" else 1e-9), name


def test_the_iris_slides_before_the_white_and_behind_the_face(face, eye):
    points = np.concatenate([face.white, face.iris])
    pieces = np.arange(len(face.white)), len(face.white) + np.arange(len(face.iris))
    moved = drawn_eyes.looks(eye, pieces, points)
    for name, (vertices, offsets) in moved.items():
        assert set(vertices) == set(pieces[1]), name
        there = points[vertices] + offsets
        behind = there[:, 1] - front(there[:, 0], there[:, 2])
        assert behind == pytest.approx(1.8, abs=1.0)
        assert 4 < np.abs(offsets).max() < 12
    assert moved["eyeLookOut"][1][:, 0].mean() > 0, "out is to the left of a left eye"


def test_a_lash_rides_on_its_lid(face, eye, lids):
    root = loop(1.0)[3 : AROUND // 2 - 2]
    tip = loop(1.25)[3 : AROUND // 2 - 2]
    moved = drawn_eyes.lashes(eye, np.concatenate([root, tip]), upper=True)["eyeBlink"]
    rim = 2 * AROUND + np.arange(3, AROUND // 2 - 2)
    assert np.linalg.norm(moved[: len(root)] - lids["eyeBlink"][rim], axis=1).max() < 1.5
    before = np.linalg.norm(tip - root, axis=1)
    after = np.linalg.norm(tip + moved[len(root) :] - root - moved[: len(root)], axis=1)
    assert after == pytest.approx(before, rel=0.3)


def test_brows_stay_and_folds_barely_move(eye):
    fold, brow = loop(1.25)[AROUND // 4 :][:1], loop(2.2)[AROUND // 4 :][:1]
    moved = drawn_eyes.lines(eye, np.concatenate([fold, brow]))["eyeBlink"]
    assert -0.2 * eye.tall < moved[0, 2] < -0.5
    assert abs(moved[1, 2]) < 0.5


def test_other_shapes_are_kept_from_dragging_the_lids(face, eye):
    deltas = np.zeros((2, len(face.points), 3))
    deltas[0, :, 2], deltas[1, :, 2] = 20.0, 1.0
    drawn_eyes.calmed(eye, face.points, deltas)
    rim = slice(2 * AROUND, 3 * AROUND)
    assert np.abs(deltas[0, rim]).max() < 0.2 * eye.tall
    assert deltas[0, -AROUND:, 2] == pytest.approx(20.0)
    assert deltas[1] == pytest.approx(np.broadcast_to([0, 0, 1.0], face.points.shape))


def test_an_eye_on_closed_skin_becomes_a_line_with_its_lashes(face):
    points, triangles = bridged([loop(share) for share in np.linspace(0.01, 3, 40)])
    eye = drawn_eyes.opening(points, triangles, face.marks, "Left")
    assert eye.closed
    laid = np.concatenate([loop(share, -1.0) for share in (0.01, 0.5, 1.0)])
    lash = loop(1.2, -1.5)[: AROUND // 2]
    shut = laid + drawn_eyes.shut(eye, laid)["eyeBlink"]
    assert np.ptp(shut[:, 2]) < 0.3 * np.ptp(laid[:, 2])
    assert shut[:, 1] - front(shut[:, 0], shut[:, 2]) == pytest.approx(-1.0, abs=0.4)
    closed = lash + drawn_eyes.lashes(eye, lash, upper=True)["eyeBlink"]
    assert np.ptp(closed[:, 2]) < 0.35 * np.ptp(lash[:, 2])
    pieces = (np.arange(len(laid)),)
    vertices, offsets = drawn_eyes.looks(eye, pieces, laid)["eyeLookOut"]
    assert len(vertices) == len(laid)
    assert 3 < offsets[:, 0].mean() < 9
