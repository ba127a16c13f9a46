"""A large drawn eye: an opening in a curved face before a white and a flat iris."""

from typing import NamedTuple

import numpy as np
import pytest

from engine.transfer import drawn_eyes
from engine.transfer.drawn_eyes.amounts import LIDS
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
    """The skin, the face's marks (468, 3), and the eye's parts. rim: the vertices at the edge of the opening."""

    points: np.ndarray
    triangles: np.ndarray
    marks: np.ndarray
    white: np.ndarray
    iris: np.ndarray
    rim: slice

    def loop(self, share, behind=0.0):
        return loop(share, behind)

    def front(self, at):
        return front(at[:, 0], at[:, 2])

    def seen(self):
        """The triangles of the face itself, without what lines the lids."""
        return self.triangles[np.all(self.triangles >= self.rim.start, axis=1)]


def marked():
    marks = np.zeros((COUNT, 3))
    for name, up in (("lidUpperLeft", 1.0), ("lidLowerLeft", -1.0)):
        turn = np.linspace(np.pi, 0, len(CONTOURS[name]))
        x, z = (MIDDLE + HALF * np.stack([np.cos(turn), up * np.sin(turn)], 1)).T
        marks[CONTOURS[name]] = np.stack([x, front(x, z), z], 1)
    return marks


@pytest.fixture(scope="package")
def face():
    rings = [loop(0.85, 9.0), loop(1.0, 2.5), *(loop(1.0 + 0.08 * k) for k in range(26))]
    white = np.concatenate([loop(share, 6.5) for share in (0.01, 0.4, 0.8, 1.2)])
    iris = np.concatenate([loop(share, 1.8) for share in (0.01, 0.2, 0.4, 0.7)])
    return Face(*bridged(rings), marked(), white, iris, slice(2 * AROUND, 3 * AROUND))


@pytest.fixture(scope="package")
def closed_face():
    """The same face without an opening, an eye laid on it."""
    eye = np.concatenate([loop(share, -1.0) for share in (0.01, 0.5, 1.0)])
    return Face(*bridged([loop(share) for share in np.linspace(0.01, 3, 40)]), marked(), eye[:0], eye, slice(0, 0))


@pytest.fixture(scope="package")
def eye(face):
    return drawn_eyes.opening(face.points, face.triangles, face.marks, "Left")


@pytest.fixture(scope="package")
def lids(face, eye):
    inside = np.concatenate([face.white, face.iris])
    return drawn_eyes.lids(eye, face.points, face.triangles, dict.fromkeys(LIDS, inside))
