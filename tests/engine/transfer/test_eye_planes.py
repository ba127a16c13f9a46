"""Eyes that are planes with a texture are found by their surface, and lashes are left alone."""

import numpy as np
import pytest

from engine.transfer import mesh
from engine.transfer.eye_planes import with_planes
from engine.transfer.landmarks import lid_edges
from engine.transfer.parts import find_parts
from engine.transfer.source import load_source

SQUARE = np.array([[0, 1, 2], [0, 2, 3]])


def plane(marks, side, far=1.2):
    """Four corners around an opening, the middle of each side at `far` times its rim, a little behind the lids."""
    rim = np.concatenate(lid_edges(marks, side))
    low, high = rim.min(0), rim.max(0)
    middle, half = (low + high) / 2, far * (high - low) / 2
    corners = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]])
    return middle + corners * half * [1, 0, 1] + [0, 4, 0]


def parts_with(*extra):
    """What is found on the sample's skin with more pieces: points and triangles of each."""
    source = load_source()
    points, triangles = [source.points], [source.triangles]
    for some, faces in extra:
        triangles.append(faces + sum(map(len, points)))
        points.append(some)
    whole, faces = np.concatenate(points), np.concatenate(triangles)
    owner = np.repeat(np.arange(len(points)), [len(part) for part in points])
    found = find_parts(whole, owner, 0, source.points, source.landmarks)
    return with_planes(found, whole, faces, owner, 0, source.landmarks), owner


@pytest.mark.parametrize("far", [1.1, 1.6])
def test_a_plane_of_four_corners_is_an_eye(far):
    marks = load_source().landmarks
    found, owner = parts_with((plane(marks, "Left", far), SQUARE), (plane(marks, "Right", far), SQUARE))
    assert {side: set(owner[ball.vertices]) for side, ball in found.balls.items()} == {"Left": {1}, "Right": {2}}
    assert not found.balls["Left"].round
    taken = np.concatenate([found.on_skin, *found.lashes["Left"], *found.lashes["Right"]])
    assert not np.isin(taken, np.flatnonzero(owner)).any()


def test_an_iris_on_a_plane_belongs_to_the_same_eye():
    marks = load_source().landmarks
    white, iris = plane(marks, "Left", 1.3), plane(marks, "Left", 1.05) - [0, 1, 0]
    found, owner = parts_with((white, SQUARE), (iris, SQUARE))
    assert set(owner[found.balls["Left"].vertices]) == {1, 2}
    assert len(found.balls["Left"].pieces) == 2


def test_a_line_around_the_eye_is_no_eye():
    source = load_source()
    upper, lower = lid_edges(source.landmarks, "Left")
    rim = np.concatenate([upper, lower[-2:0:-1]])
    ring = np.concatenate([rim, rim + [0, -0.5, 0] + 0.15 * (rim - rim.mean(0)) * [1, 0, 1]])
    n = len(rim)
    after = np.roll(np.arange(n), -1)
    faces = np.concatenate(
        [np.stack([np.arange(n), after, after + n], 1), np.stack([np.arange(n), after + n, np.arange(n) + n], 1)]
    )
    found, _ = parts_with((ring, faces))
    assert not found.balls
    assert mesh.pieces(2 * n, faces).max() == 0
    assert sum(map(len, found.lashes["Left"])) == 2 * n


def test_what_hangs_far_before_the_eye_is_no_eye():
    source = load_source()
    found, _ = parts_with((plane(source.landmarks, "Left") - [0, 60, 0], SQUARE))
    assert not found.balls
