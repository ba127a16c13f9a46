"""Requests as they come through the pipe, and the contact sheet's pictures."""

import numpy as np
import pytest

from engine.channels import INDEX
from engine.errors import FaceMimicError
from engine.transfer import asked, sheet
from engine.transfer.landmarks import NAMED
from engine.transfer.source import load_source


@pytest.fixture
def no_tracker(monkeypatch):
    def missing():
        raise FaceMimicError("The tracker is not installed.", "video")

    monkeypatch.setattr(asked, "find_landmarker", missing)


@pytest.fixture
def head():
    source = load_source()
    return {
        "points": source.points.astype(np.float32),
        "triangles": source.triangles.astype(np.float32),
    }


def stage(name):
    return lambda fraction: None


def test_without_a_tracker_landmarks_are_a_guess_and_said_to_be(head, no_tracker):
    answer, arrays = asked.found({}, head, stage)
    assert answer["seen"] is False
    assert set(answer["landmarks"]) == set(NAMED)
    assert not arrays


def test_progress_may_cancel(head, no_tracker):
    source = load_source()
    landmarks = {name: source.landmarks[number].tolist() for name, number in NAMED.items()}

    def cancelled(name):
        def tell(fraction):
            raise FaceMimicError("Cancelled.", "cancelled")

        return tell

    with pytest.raises(FaceMimicError, match=r"Cancelled"):
        asked.transferred({"landmarks": landmarks}, head, cancelled)


@pytest.mark.parametrize(
    ("header", "change", "match"),
    [
        ({"tile": -1}, {}, "tile"),
        ({"tile": True}, {}, "tile"),
        ({"landmarks": [1]}, {}, "table"),
        ({"landmarks": {"nose": [0, 0, 0]}}, {}, "nose"),
        ({}, {"colours": np.zeros((3, 3), np.float32)}, "colours"),
        ({}, {"triangles": None}, "arrays"),
        ({}, {"points": np.zeros((5, 2), np.float32)}, "points"),
        ({}, {}, "Place Landmarks"),
    ],
)
def test_requests_that_cannot_be_answered_are_explained(head, no_tracker, header, change, match):
    arrays = {name: array for name, array in (head | change).items() if array is not None}
    with pytest.raises(FaceMimicError, match=match):
        asked.transferred(header, arrays, stage)


def test_the_sheet_shows_every_shape_and_mouth_close_on_an_open_jaw(head):
    source = load_source()
    everything = np.arange(len(source.points))
    deltas = np.zeros((52, len(source.points), 3), np.float32)
    deltas[INDEX["jawOpen"]], deltas[INDEX["mouthClose"]] = 30.0, -30.0
    pictures = sheet.tiles(
        source.points, source.triangles, None, np.eye(3), source.landmarks, everything, deltas, size=24
    )
    assert pictures.shape == (53, 24, 24, 3)
    assert 0 <= pictures.min() < pictures.max() <= 1
    rest, opened, sealed = pictures[0], pictures[1 + INDEX["jawOpen"]], pictures[1 + INDEX["mouthClose"]]
    assert np.abs(rest - opened).max() > 0.1
    assert sealed == pytest.approx(rest, abs=0.02)


def test_the_sheet_has_room_for_raised_brows_and_a_dropped_jaw():
    marks = load_source().landmarks * [1.6, 1.0, 1.0]  # large eyes far apart, as drawn faces have
    brows = max(marks[number, 2] for name, number in NAMED.items() if name.startswith("brow"))
    chin = marks[NAMED["chin"], 2]
    high, low = brows + 0.12 * (brows - chin), chin - 0.17 * (brows - chin)
    square = np.array([[-9.0, -200, -3], [9, -200, -3], [9, -200, 3], [-9, -200, 3]])
    points = np.concatenate([square + np.array([0, 0, z]) for z in (high, low)])
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    paint = np.repeat([[1.0, 0, 0], [0, 0, 1.0]], 4, axis=0)
    picture = sheet.tiles(points, triangles, paint, np.eye(3), marks, np.arange(8), np.zeros((52, 8, 3)), 48)[0]
    for own, other in ((0, 2), (2, 0)):
        rows = (picture[..., own] - picture[..., other] > 0.2).any(1)
        assert rows.any()
        assert not rows[[0, -1]].any(), "whole, not cut off"
