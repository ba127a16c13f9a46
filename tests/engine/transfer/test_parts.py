"""What a head is made of besides its skin, told apart by place and form."""

from typing import Any

import numpy as np
import pytest

from engine.channels import INDEX
from engine.transfer.parts import Ball, Parts, find_parts, move_parts
from engine.transfer.source import load_source

NOTHING: Any = None
NONE = np.zeros(0, int)


def block(low, high, count=5):
    """Points of a box, its corners and insides."""
    axes = [np.linspace(a, b, count) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes), -1).reshape(-1, 3)


def sphere(centre, radius):
    rng = np.random.default_rng(0).normal(size=(200, 3))
    return centre + radius * rng / np.linalg.norm(rng, axis=1, keepdims=True)


def arch(z, thick=4.0):
    """A row of teeth at a height."""
    x = np.linspace(-24, 24, 60)
    return np.concatenate([np.stack([x, -28 + 34 * (x / 24) ** 2, np.full(60, z + d)], 1) for d in (0.0, thick)])


def test_pieces_are_told_apart():
    source = load_source()
    lips = source.landmarks[13]
    pieces = {
        "skin": source.points,
        "eye": sphere(source.eye_centre, source.eye_radius),
        "iris": sphere(source.eye_centre - [0, 22, 0], 9.0),
        "upper teeth": arch(lips[2] + 3),
        "lower teeth": arch(lips[2] - 9),
        "tongue": block((-14, -24, lips[2] - 12), (14, 20, lips[2] - 4)),
        "brow": source.landmarks[105] + block((-12, -2, -2), (12, -1, 2)),
        "hair": block((-90, -40, 60), (90, 160, 130)),
        "hat": block((-40, -20, 200), (40, 20, 230)),
    }
    points = np.concatenate(list(pieces.values()))
    owner = np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces.values()])
    found = find_parts(points, owner, 0, source.points, source.landmarks)
    names = list(pieces)

    def of(vertices):
        return {names[number] for number in np.unique(owner[vertices])}

    assert of(found.balls["Left"].vertices) == {"eye", "iris"}
    assert set(found.balls) == {"Left"}
    assert of(found.lower_teeth) == {"lower teeth"}
    assert of(found.tongue) == {"tongue"}
    assert of(found.on_skin) == {"brow"}


def test_an_eyeballs_centre_is_found():
    source = load_source()
    points = np.concatenate([source.points, sphere(source.eye_centre, source.eye_radius)])
    owner = np.repeat([0, 1], [len(source.points), 200])
    ball = find_parts(points, owner, 0, source.points, source.landmarks).balls["Left"]
    assert ball.round
    assert ball.centre == pytest.approx(source.eye_centre, abs=0.01)
    assert ball.radius == pytest.approx(source.eye_radius, abs=0.01)


def test_drawn_eyes_shut_to_a_line_with_their_lashes_and_without_their_brows():
    eye = block((20, -30, -10), (40, -29, 10))
    lash, brow = block((22, -31, 9), (38, -30, 11)), block((20, -31, 22), (40, -30, 24))
    skin = block((0, -28, -40), (60, -27, 40))
    points = np.concatenate([skin, eye, lash, brow])
    ends = np.cumsum([len(skin), len(eye), len(lash), len(brow)])
    ranges = [np.arange(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    ball = Ball(ranges[1], np.array([30.0, -20.0, 0.0]), 10.0, False)
    parts = Parts({"Left": ball}, NONE, NONE, NONE, np.concatenate(ranges[2:]), np.zeros(3))
    out = np.zeros((52, len(points), 3))
    move_parts(parts, points, ranges[0], out, load_source(), NOTHING, NOTHING)
    shut = points + out[INDEX["eyeBlinkLeft"]]
    assert np.ptp(shut[ranges[1], 2]) == pytest.approx(2.0)
    assert np.abs(shut[ranges[2], 2] - shut[ranges[1], 2].mean()).max() < 3
    assert shut[ranges[3], 2] == pytest.approx(points[ranges[3], 2])
    assert not out[INDEX["eyeBlinkRight"]].any()
