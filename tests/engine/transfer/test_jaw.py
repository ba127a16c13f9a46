"""A rigid jaw, and the gums and the tongue that hang on it."""

import numpy as np
import pytest

from engine.channels import INDEX
from engine.transfer import inner_mouth, jaw
from engine.transfer.landmarks import NAMED
from engine.transfer.relief import Relief
from engine.transfer.source import load_source
from engine.transfer.warp import Warp


@pytest.fixture(scope="module")
def sample():
    return load_source()


def stay():
    points = np.random.default_rng(0).normal(size=(30, 3)) * 100
    return Warp(points, points)


def test_the_samples_jaw_shapes_are_shares_of_a_rigid_motion(sample):
    for name in sample.jaw:
        share, whole = jaw.shares(sample, name), jaw.offsets(sample.jaw[name], sample.points)
        delta = sample.deltas[INDEX[name]]
        assert np.linalg.norm(delta - share[:, None] * whole) < 0.05 * np.linalg.norm(delta)
    opens = jaw.shares(sample, jaw.OPENS)
    chin, nose = (
        np.linalg.norm(sample.points - sample.landmarks[NAMED[name]], axis=1).argmin() for name in ("chin", "noseTip")
    )
    assert opens[chin] == pytest.approx(1.0, abs=0.05)
    assert opens[nose] == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("name", ["jawOpen", "jawForward", "jawLeft"])
def test_a_face_like_the_sample_moves_its_jaw_alike_and_less_at_less_strength(sample, name):
    motion = jaw.moved(sample, name, stay())
    assert motion == pytest.approx(sample.jaw[name], abs=1e-6)
    half = jaw.moved(sample, name, stay(), 0.5)
    chin = sample.landmarks[[NAMED["chin"]]]
    share = np.linalg.norm(jaw.offsets(half, chin)) / np.linalg.norm(jaw.offsets(motion, chin))
    assert share == pytest.approx(0.5, abs=0.02)


def test_a_jaw_keeps_its_form_on_a_face_of_other_proportions(sample):
    there = sample.landmarks * [0.7, 1.1, 0.8] + [0, 4, -6]
    motion = jaw.moved(sample, "jawOpen", Warp(sample.landmarks[::9], there[::9], 1.0))
    turn = motion[:, :3]
    assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-9)
    angle = np.degrees(np.arccos((np.trace(turn) - 1) / 2))
    assert angle == pytest.approx(np.degrees(np.arccos((np.trace(sample.jaw["jawOpen"][:, :3]) - 1) / 2)), abs=1e-6)


def sheet(z, facing):
    """A flat plate at height z from the front teeth to behind the last, and rows of its vertices."""
    x, y = np.meshgrid(np.linspace(-20, 20, 9), np.linspace(-30, 40, 29))
    grid = np.arange(x.size).reshape(x.shape)
    a, b, c, d = (one.ravel() for one in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    return np.stack([x.ravel(), y.ravel(), np.full(x.size, z)], 1), faces if facing > 0 else faces[:, ::-1], grid


def test_gums_and_a_tongue_in_one_piece_are_parted_and_the_throat_stays():
    top, roof, above = sheet(8.0, -1)
    low, floor, under = sheet(-8.0, 1)
    n = len(top)
    a, b = above[-1], under[-1] + n
    wall = np.concatenate([np.stack([a[:-1], b[:-1], a[1:]], 1), np.stack([a[1:], b[:-1], b[1:]], 1)])
    teeth = []
    for height in (10.0, -10.0):
        row = np.stack([np.tile([-19.0, 19.0], 8), np.repeat(np.linspace(-29, 0, 8), 2), np.full(16, height)], 1)
        teeth.append(np.concatenate([row, row * [1, 1, 0.4]]))
    points = np.concatenate([top, low, *teeth])
    rows = np.arange(2 * n, 2 * n + 32), np.arange(2 * n + 32, 2 * n + 64)
    triangles = np.concatenate([roof, floor + n, wall])
    share = inner_mouth.hanging(points, triangles, np.arange(2 * n), rows, np.zeros(3))
    front = points[: 2 * n, 1] < 0
    assert share[:n][front[:n]].max() < 0.1
    assert share[n:][front[n:]].min() > 0.9
    assert share[[above[-1], under[-1] + n]].max() < 0.1
    assert np.abs(np.diff(share[under + n][:, 4])).max() < 0.7


def test_what_slides_over_a_slope_goes_as_deep_as_the_slope():
    x, z = np.meshgrid(np.linspace(-30, 30, 25), np.linspace(-30, 30, 25))
    points = np.stack([x.ravel(), 0.5 * z.ravel(), z.ravel()], 1)
    grid = np.arange(x.size).reshape(x.shape)
    a, b, c, d = (one.ravel() for one in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    relief = Relief(points, faces, np.zeros(3), np.ones(len(points), bool))
    rises = relief.rises(np.zeros((2, 3)), np.array([[0.0, 0.0, 6.0], [5.0, 0.0, 0.0]]))
    assert rises == pytest.approx([3.0, 0.0], abs=0.1)
