"""Lids that meet, pass before what lies in the eye, and neither fold nor drag what is far away."""

import numpy as np
import pytest

from engine.transfer import drawn_eyes, mesh


def test_lids_meet_on_one_line(face, eye, lids):
    shut = eye.local(face.points[face.rim] + lids["eyeBlink"][face.rim])
    assert np.abs(shut[:, 2] - eye.meets(shut[:, 0])).max() < 0.06 * eye.tall
    half = eye.local(face.points[face.rim] + lids["eyeSquint"][face.rim])
    assert 0.5 * eye.tall < np.ptp(half[:, 2]) < 0.8 * eye.tall


@pytest.mark.parametrize("look", ["eyeLookUp", "eyeLookDown"])
def test_shut_lids_stay_shut_wherever_the_eye_looks(face, eye, lids, look):
    at = face.points[face.rim]
    rest, shut = eye.local(at), eye.local(at + lids["eyeBlink"][face.rim] + lids[look][face.rim])
    upper = rest[:, 2] > eye.meets(rest[:, 0])
    along = np.linspace(0.05, 0.95, 30) * eye.width
    over, under = (np.interp(along, *shut[side][np.argsort(shut[side, 0])][:, [0, 2]].T) for side in (upper, ~upper))
    assert (over - under).max() < 0.01 * eye.tall, "no gap"
    assert (over - under).min() > -0.12 * eye.tall, "nor one lid far below the other"


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_lids_pass_before_the_iris(face, lids, share):
    moved = face.points + share * lids["eyeBlink"]
    skin = mesh.samples(moved, face.seen(), 0.5)
    away, near = mesh.Tree(skin.points[:, [0, 2]]).query(face.iris[:, [0, 2]])
    covered = away < 0.5
    assert covered.mean() > (0.99 if share == 1.0 else 0.1)
    assert (skin.points[near, 1] < face.iris[:, 1])[covered].all()


def test_skin_far_from_the_eye_stays(face, lids):
    far = mesh.Tree(face.loop(1.0)).query(face.points)[0] > 32
    assert far.any()
    for offsets in lids.values():
        assert np.abs(offsets[far]).max() < 1e-6


def test_lids_do_not_fold_over(face, lids):
    """Seen from the front, no triangle turns its back."""

    def area(points):
        a, b, c = points[face.seen()][..., [0, 2]].transpose(1, 0, 2)
        return np.cross(b - a, c - a)

    rest = area(face.points)
    for name, offsets in lids.items():
        turned = np.sign(area(face.points + offsets)) != np.sign(rest)
        assert turned.mean() < (0.02 if name == "eyeBlink" else 1e-9), name


def test_other_shapes_are_kept_from_dragging_the_lids(face, eye):
    deltas = np.zeros((2, len(face.points), 3))
    deltas[0, :, 2], deltas[1, :, 2] = 20.0, 1.0
    drawn_eyes.calmed(eye, face.points, deltas)
    assert np.abs(deltas[0, face.rim]).max() < 0.2 * eye.tall
    assert deltas[0, -48:, 2] == pytest.approx(20.0)
    assert deltas[1] == pytest.approx(np.broadcast_to([0, 0, 1.0], face.points.shape))
