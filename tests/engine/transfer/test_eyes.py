"""Eyes of every kind: without eyeballs, painted, shut, or one covered by a patch."""

import numpy as np
import pytest

from engine.channels import INDEX, SHAPES
from engine.transfer import eyes
from engine.transfer.landmarks import CONTOURS
from engine.transfer.parts import Ball, Parts
from engine.transfer.sides import sides
from engine.transfer.source import load_source

NONE = np.zeros(0, int)


def parts_with(**balls):
    return Parts(**dict.fromkeys(Parts._fields, NONE) | {"balls": balls, "lashes": {}, "mouth": np.zeros(3)})


def eyeball():
    return Ball(np.arange(4), (np.arange(4),), np.zeros(3), 12.0, True)


@pytest.fixture(scope="module")
def skin():
    source = load_source()
    own = sides(source.points, source.triangles, source.landmarks)[:, 1]
    return eyes.Skin(source.points, source.triangles, own, source.lid_ring, source.landmarks)


@pytest.fixture(scope="module")
def hollow(skin):
    """What is made of the sample head without its eyeballs."""
    deltas, found = np.zeros((len(SHAPES), len(skin.points), 3)), parts_with()
    drawn = eyes.move_lids(deltas, skin, skin.points, skin.triangles, found, load_source())
    return deltas, found, drawn


def test_lids_shut_over_an_opening_with_nothing_in_it(skin, hollow):
    deltas, _, drawn = hollow
    source = load_source()
    for side, sign, labels in (("Left", 1, (3, 4)), ("Right", -1, (5, 6))):
        rim = (source.lid_ring == 0) & (sign * source.points[:, 0] > 0)
        upper, lower = (rim & (source.label == label) for label in labels)
        shut = skin.points + deltas[INDEX[f"eyeBlink{side}"]]
        tall = np.ptp(skin.points[rim, 2])
        low, high = (
            np.interp(np.linspace(-8, 8, 9) + shut[rim, 0].mean(), *shut[one][np.argsort(shut[one, 0])][:, [0, 2]].T)
            for one in (lower, upper)
        )
        assert np.abs(high - low).max() < 0.2 * tall
        assert not drawn[side].closed


def test_an_eye_without_an_eyeball_is_told_with_what_to_do(skin, hollow):
    _, found, _ = hollow
    notes = eyes.missing(skin.marks, found)
    assert [note.split(":")[0] for note in notes] == [
        "No left eyeball was found",
        "No right eyeball was found",
    ]
    assert all("parent them to the head" in note for note in notes)


def test_a_painted_eye_and_a_shut_one_are_told(skin):
    assert ["painted on the skin" in note for note in eyes.missing(skin.marks, parts_with(Left=eyeball()))] == [True]
    marks = skin.marks.copy()
    marks[CONTOURS["lidUpperLeft"]] = marks[CONTOURS["lidLowerLeft"]] + [0, 0, 0.5]
    both = parts_with(Left=eyeball(), Right=eyeball())
    assert ["The left eye is shut in the mesh" in note for note in eyes.missing(marks, both)] == [True]
    assert eyes.missing(skin.marks, both) == []


def test_eyes_of_two_kinds_are_not_made_alike(hollow):
    _, _, drawn = hollow
    eye = [number for number, name in enumerate(SHAPES) if name.startswith("eye")]
    both = parts_with(Left=eyeball(), Right=eyeball())
    assert eyes.unlike(both, {}) == []
    assert eyes.unlike(both, drawn) == []
    assert eyes.unlike(parts_with(Left=eyeball()), {}) == eye
    assert eyes.unlike(both, {"Right": drawn["Right"]}) == eye


def test_other_shapes_push_no_lid_into_the_eyeball(skin):
    source = load_source()
    turn = np.random.default_rng(0).normal(size=(1500, 3))
    cloud = source.eye_centre + source.eye_radius * turn / np.linalg.norm(turn, axis=1, keepdims=True)
    points = np.concatenate([skin.points, cloud])
    vertices = len(skin.points) + np.arange(len(cloud))
    found = parts_with(Left=Ball(vertices, (vertices,), source.eye_centre, source.eye_radius, True))
    deltas = np.zeros((len(SHAPES), len(skin.points), 3))
    squint = deltas[INDEX["cheekSquintLeft"]]
    far = np.linalg.norm(skin.points - source.landmarks[CONTOURS["lidLowerLeft"][4]], axis=1)
    squint[:] = 6 * np.exp(-((far / 12) ** 2))[:, None] * [0.0, 0.7, 0.7]
    eyes.move_lids(deltas, skin, points, skin.triangles, found, source)
    edge = (source.lid_ring == 0) & (source.label == 4)
    away = np.linalg.norm(skin.points[edge] + squint[edge] - source.eye_centre, axis=1)
    assert away.min() > source.eye_radius - 0.2
    assert np.abs(squint[far > 15]).max() > 0.5, "the cheek still moves"
