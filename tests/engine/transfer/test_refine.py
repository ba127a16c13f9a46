"""A symmetric face's plane, its mouth's slit, its lids and lips: on the sample head, where each is known."""

import numpy as np
import pytest

from engine.channels import INDEX, SHAPES
from engine.transfer import contacts, lids, mesh, refine, symmetry
from engine.transfer.landmarks import CONTOURS, NAMED
from engine.transfer.parts import Ball
from engine.transfer.sides import sides
from engine.transfer.soften import softened
from engine.transfer.source import load_source


@pytest.fixture(scope="module")
def sample():
    return load_source()


@pytest.fixture(scope="module")
def belongs(sample):
    return sides(sample.points, sample.triangles, sample.landmarks)


def about_z(degrees):
    a = np.radians(degrees)
    return np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])


def test_the_points_of_both_sides_are_partners():
    partners = refine.partners()
    assert sorted(partners) == list(range(468))
    assert partners[NAMED["lidUpperLeft"]] == NAMED["lidUpperRight"]
    assert partners[NAMED["noseTip"]] == NAMED["noseTip"]
    assert partners[CONTOURS["lipUpperInner"][0]] == CONTOURS["lipUpperInner"][-1]


@pytest.mark.parametrize("degrees", [0.0, 14.0])
def test_a_symmetric_head_tells_where_it_looks(sample, degrees):
    turn = about_z(degrees)
    # A tracker that errs: it takes the face for one that looks to the side.
    seen = sample.landmarks @ about_z(6) @ turn.T
    found = refine.mirror(seen, sample.points @ turn.T, 1.0)
    assert found is not None
    straight = refine.straight(found[0]) @ turn
    assert straight == pytest.approx(np.eye(3), abs=0.01)


def test_a_lopsided_head_has_no_plane(sample):
    points = sample.points.copy()
    points[:, 1] += np.where(points[:, 0] > 0, 0.35 * points[:, 0], 0.0)
    assert refine.mirror(sample.landmarks, points, 1.0) is None


def test_a_mouth_that_was_seen_elsewhere_is_moved_to_its_slit(sample):
    unit = 0.01
    seen = sample.landmarks.copy()
    lips = [number for name in CONTOURS if name.startswith("lip") for number in CONTOURS[name]]
    seen[lips] += [0.0, 0.0, -7.0]
    found = refine.refined(seen * unit, sample.points * unit, sample.triangles, unit, 0.0) / unit
    line = CONTOURS["lipUpperInner"]
    before = np.abs(seen[line, 2] - sample.landmarks[line, 2]).mean()
    after = np.abs(found[line, 2] - sample.landmarks[line, 2]).mean()
    assert after < 0.25 * before


def test_lips_that_touch_belong_to_different_sides(sample, belongs):
    line = sample.lip_ring == 0
    over, under = belongs[line & (sample.label == 1), 0], belongs[line & (sample.label == 2), 0]
    assert (over > 0).mean() > 0.95
    assert (under < 0).mean() > 0.95


def test_lids_turn_about_the_eyeball_and_stay_off_it_at_half_strength(sample, belongs):
    rng = np.random.default_rng(0).normal(size=(3000, 3))
    cloud = sample.eye_centre + sample.eye_radius * rng / np.linalg.norm(rng, axis=1, keepdims=True)
    ball = Ball(np.arange(3000), (np.arange(3000),), sample.eye_centre, sample.eye_radius, True)
    assert lids.fits(ball, sample.landmarks, "Left")
    own = np.where(sample.points[:, 0] > 0, belongs[:, 1], 0.0)
    moved = lids.turned(sample.points, sample.triangles, own, ball, sample.landmarks, "Left")
    assert set(moved) == set(lids.SHARES)
    normals = mesh.vertex_normals(sample.points, sample.triangles)
    near = np.flatnonzero(own)
    blink = contacts.outside(sample.points, normals, moved["eyeBlink"], cloud, sample.eye_centre, near)
    edge = (sample.lid_ring == 0) & (sample.points[:, 0] > 0)
    for share in (0.5, 1.0):
        away = np.linalg.norm(sample.points[edge] + share * blink[edge] - sample.eye_centre, axis=1)
        assert away.min() > sample.eye_radius - 0.2
    assert blink[edge & (sample.label == 3), 2].min() < -3
    assert np.abs(blink[sample.points[:, 0] < 0]).max() < 1e-9


def test_softened_shapes_lose_their_noise_and_keep_their_motion(sample):
    rng = np.random.default_rng(1)
    deltas = np.zeros((52, len(sample.points), 3))
    brow = INDEX["browInnerUp"]
    deltas[brow, :, 2] = np.exp(-(((sample.points - sample.landmarks[NAMED["forehead"]]) / 30) ** 2).sum(1)) * 8
    rough = deltas.copy()
    rough[brow] += rng.normal(size=rough[brow].shape) * 0.4
    soft, clean = (softened(one, sample.points, sample.triangles, sample.lip_ring) for one in (rough, deltas))
    assert np.abs(soft[brow] - clean[brow]).mean() < 0.3 * np.abs(rough[brow] - deltas[brow]).mean()
    assert clean[brow, :, 2].max() > 6
    others = [number for number in range(len(SHAPES)) if number != brow]
    assert not soft[others].any()


def test_lips_that_touch_are_not_mixed_up_by_symmetry(sample, belongs):
    deltas = np.zeros((52, len(sample.points), 3))
    deltas[INDEX["jawOpen"], sample.label == 2, 2] = -10.0
    shut = sample.points.copy()
    line = np.flatnonzero(sample.lip_ring == 0)
    shut[line, 2] = np.round(shut[line, 2])
    even = symmetry.symmetric(deltas, shut, sample.triangles, belongs, np.diag([-1.0, 1.0, 1.0]), np.zeros(3))[
        INDEX["jawOpen"], :, 2
    ]
    assert (even[line[sample.label[line] == 1]] > -2).mean() > 0.9
    assert (even[line[sample.label[line] == 2]] < -8).mean() > 0.9


def test_only_ends_of_a_surface_weld():
    """Two quads side by side share an edge's places: ends weld, but a fold that goes on behind stays open."""
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1], [1, 0, 0], [2, 0, 0], [2, 0, 1], [1, 0, 1]], float)
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    of, kept = mesh.weld(points, triangles)
    assert len(kept) == 6
    assert of[1] == of[4]
    assert of[2] == of[7]
