"""Lips' edges, found in a mesh: on the sample head, where they are known, and on heads whose lips are welded shut."""

import numpy as np
import pytest

from engine.channels import INDEX
from engine.transfer import lips, mesh, mouth
from engine.transfer.landmarks import CONTOURS
from engine.transfer.source import load_source


@pytest.fixture(scope="module")
def sample():
    return load_source()


@pytest.fixture(scope="module")
def found(sample):
    return mouth.find(sample.points, sample.triangles, sample.landmarks)


def welded(sample):
    """The sample's skin without the inside of its mouth, whose lips are joined along their edges."""
    triangles = sample.triangles[~(sample.lip_ring > 0)[sample.triangles].any(1)]
    edges = mouth.of_source(sample)
    upper, lower = list(edges.upper.vertices), list(edges.lower.vertices)
    seam, a, b = [], 0, 0
    while a < len(upper) - 1 or b < len(lower) - 1:
        on = b == len(lower) - 1 or (a < len(upper) - 1 and sample.points[upper[a], 0] <= sample.points[lower[b], 0])
        seam.append((upper[a], upper[a + 1], lower[b]) if on else (upper[a], lower[b + 1], lower[b]))
        a, b = a + on, b + (not on)
    seam = [corners for corners in seam if len(set(corners)) == 3]
    kept, triangles = np.unique(np.concatenate([triangles, seam]), return_inverse=True)
    return sample.points[kept], triangles.reshape(-1, 3)


def off(points, rim, truth):
    """mm by which the vertices of one edge lie off another's, at the median and at most."""
    away = mesh.Tree(points[truth.vertices]).query(points[rim.vertices])[0]
    return float(np.median(away)), float(away.max())


def test_the_edges_of_shut_lips_are_found(sample, found):
    truth = mouth.of_source(sample)
    for rim, true in zip(found, truth, strict=True):
        median, most = off(sample.points, rim, true)
        assert median < 1.0
        assert most < 4.0
    assert found.wide(sample.points) == pytest.approx(truth.wide(sample.points), rel=0.06)
    assert (sample.label[found.upper.vertices[3:-3]] != 2).all()
    assert (sample.label[found.lower.vertices[3:-3]] != 1).all()


def test_edges_run_along_the_mesh_from_corner_to_corner(sample, found):
    joined = {tuple(pair) for pair in mesh.edges(sample.triangles)}
    for rim in found:
        steps = np.sort(np.stack([rim.vertices[:-1], rim.vertices[1:]], 1), axis=1)
        assert all(tuple(step) in joined for step in steps)
        assert (rim.along[0], rim.along[-1]) == (0.0, 1.0)
        assert (np.diff(rim.along) >= 0).all()
    assert found.upper.vertices[0] == found.lower.vertices[0]
    assert found.upper.vertices[-1] == found.lower.vertices[-1]
    assert sample.points[found.upper.vertices[0], 0] < sample.points[found.upper.vertices[-1], 0]


def test_lips_that_were_seen_too_low_are_found_where_they_part(sample):
    marks = sample.landmarks.copy()
    marks[[number for name in CONTOURS if name.startswith("lip") for number in CONTOURS[name]], 2] -= 2.0
    rim = mouth.find(sample.points, sample.triangles, marks)
    assert rim is not None
    assert off(sample.points, rim.lower, mouth.of_source(sample).lower)[0] < 1.0


def test_lips_that_are_open_at_rest_are_found(sample):
    points = sample.points + 0.3 * sample.deltas[INDEX["jawOpen"]]
    rims = mouth.find(points, sample.triangles, sample.landmarks)
    assert rims is not None
    for rim, true in zip(rims, mouth.of_source(sample), strict=True):
        assert off(points, rim, true)[0] < 3.0


def test_a_hole_between_the_lips_opens_too(sample):
    triangles = sample.triangles[~(sample.lip_ring > 0)[sample.triangles].any(1)]
    rims = mouth.find(sample.points, triangles, sample.landmarks)
    assert rims is not None
    for rim, true in zip(rims, mouth.of_source(sample), strict=True):
        assert off(sample.points, rim, true)[0] < 1.0
    assert not len(lips.lining(sample.points, triangles, rims).vertices)


def test_welded_lips_have_no_edges(sample):
    assert mouth.find(*welded(sample), sample.landmarks) is None


def test_the_lining_lies_behind_the_lips_and_hangs_on_skull_and_jaw(sample):
    inner = lips.lining(sample.points, sample.triangles, mouth.of_source(sample))
    assert set(inner.vertices) == set(np.flatnonzero(sample.lip_ring > 0))
    close = (sample.lip_ring[inner.vertices] < 5) & (np.abs(sample.points[inner.vertices, 0]) < 12)
    known, below = inner.vertices[close], inner.below[close]
    height = sample.points[known, 2] - sample.landmarks[13, 2]
    assert below[height > 5].max() < 0.3
    assert below[height < -5].min() > 0.7
    assert not sample.hidden[inner.before].all()


def test_what_lips_do_is_told_along_their_edges(sample):
    edges = mouth.of_source(sample)
    values = np.zeros((2, len(sample.points), 3))
    for rim, height in ((edges.upper, 1.0), (edges.lower, -3.0)):
        values[0, rim.vertices, 2] = height * np.sin(np.pi * rim.along)
    told = lips.Edges.of(edges, values)
    again = np.zeros_like(values)
    told.onto(edges, again)
    assert again == pytest.approx(values, abs=0.02)
    told.sealed(1, 0)
    assert told.upper[0] + told.upper[1] == pytest.approx(told.lower[0] + told.lower[1])
    assert told.upper[1, 32, 2] == pytest.approx(-2.0, abs=0.02)
    told.shut([0])
    assert told.upper[0, :, 2] == pytest.approx(told.lower[0, :, 2])


def test_shapes_that_keep_lips_shut_are_told_from_those_that_part_them(sample):
    shut = lips.stay_shut(sample, mouth.of_source(sample))
    assert INDEX["mouthSmileLeft"] in shut
    assert not {INDEX["jawOpen"], INDEX["mouthFunnel"], INDEX["mouthUpperUpLeft"]} & set(shut)
