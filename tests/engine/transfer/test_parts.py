"""What a head is made of besides its skin, told apart by place and form."""

import numpy as np
import pytest

from engine.channels import INDEX
from engine.transfer import lashes
from engine.transfer.landmarks import lid_edges
from engine.transfer.parts import find_parts
from engine.transfer.source import load_source


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


def test_gums_in_one_piece_are_parted_by_height_but_a_long_molar_follows_the_jaw():
    source = load_source()
    line = source.landmarks[13, 2]
    pieces = {
        "skin": source.points,
        "gums": np.concatenate([arch(line + 14), arch(line - 16)]),
        "lower molar": block((20, 0, line - 14), (30, 9, line + 6)),
        "upper molar": block((20, 0, line - 3), (30, 9, line + 22)),
    }
    points = np.concatenate(list(pieces.values()))
    owner = np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces.values()])
    found = find_parts(points, owner, 0, source.points, source.landmarks)
    assert set(owner[found.lining]) == {1}
    assert set(owner[found.lower_teeth]) == {2}


def test_an_eyeballs_centre_is_found():
    source = load_source()
    points = np.concatenate([source.points, sphere(source.eye_centre, source.eye_radius)])
    owner = np.repeat([0, 1], [len(source.points), 200])
    ball = find_parts(points, owner, 0, source.points, source.landmarks).balls["Left"]
    assert ball.round
    assert ball.centre == pytest.approx(source.eye_centre, abs=0.01)
    assert ball.radius == pytest.approx(source.eye_radius, abs=0.01)


def test_lashes_grow_on_lids_and_belong_to_no_eyeball():
    source = load_source()
    upper, lower = lid_edges(source.landmarks, "Left")
    band = [0.0, -1.0, 2.0]
    pieces = {
        "skin": source.points,
        "eye": sphere(source.eye_centre, source.eye_radius),
        "upper lash": np.concatenate([upper, upper + band]),
        "lower lash": np.concatenate([lower, lower - band]),
    }
    points = np.concatenate(list(pieces.values()))
    owner = np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces.values()])
    found = find_parts(points, owner, 0, source.points, source.landmarks)
    assert set(owner[found.balls["Left"].vertices]) == {1}
    above, below = found.lashes["Left"]
    assert set(owner[above]) == {2}
    assert set(owner[below]) == {3}
    assert not len(found.on_skin)


def test_lashes_turn_with_a_lid_about_the_eyeball():
    centre = np.array([30.0, 0.0, 0.0])
    edge = centre + np.stack([np.linspace(-8, 8, 20), np.full(20, -9.0), np.full(20, 8.0)], 1)
    lid = edge + np.array([0.0, -4.0, 4.0])
    a = np.radians(50)
    about = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    deltas = np.zeros((52, 20, 3))
    deltas[INDEX["eyeBlinkLeft"]] = (edge - centre) @ about.T + centre - edge
    motion = lashes.edge_motion(edge, edge, deltas)
    moved = lid + lashes.carried(lid, edge, motion, centre)[INDEX["eyeBlinkLeft"]]
    inner = slice(6, -6)
    assert moved[inner] == pytest.approx(((lid - centre) @ about.T + centre)[inner], abs=0.6)
    straight = lid + lashes.carried(lid, edge, motion)[INDEX["eyeBlinkLeft"]]
    assert straight[inner] - edge[inner] - deltas[INDEX["eyeBlinkLeft"], inner] == pytest.approx((lid - edge)[inner])
