"""Points of the drawn head that crops learn to find, besides channels: a few pictures teach where lids and lips are,
but it takes many to teach what a whole expression looks like."""

import numpy as np

from engine.train.decoder.head import EYES, SKIN, Head
from engine.train.decoder.scene import Scene
from engine.video.crops import CROPS, crop_maps

LIDS, BROW, IRIS = 36, 16, 5
LIPS, AROUND = 52, 20
FACE = 56
COUNTS = (LIDS + BROW + IRIS, LIDS + BROW + IRIS, LIPS + AROUND, FACE)
"""Points of each of CROPS."""


def followed(head: Head) -> list[np.ndarray]:
    """For each of CROPS, the vertices to find in it. Those of the right eye mirror the left one's; the second half of
    the mouth's and the face's mirror the first."""
    front = np.flatnonzero((head.kinds == SKIN) & (head.rest[:, 2] > 4.5))
    x, y, _ = head.rest[front].T
    lid, lip = head.lid_distance[front], head.lip_distance[front]
    first, last = EYES["Left"]
    ball = head.rest[first:last]
    ahead = np.argmax(ball[:, 2])
    ring = [
        np.argmin(np.linalg.norm(ball - ball[ahead] - (dx, dy, -0.2), axis=1))
        for dx, dy in ((0.55, 0), (-0.55, 0), (0, 0.55), (0, -0.55))
    ]
    brow = (x > 1.2) & (x < 6) & (y > 4.2) & (y < 6.4)
    eye = np.concatenate(
        [
            _spread(head, front[(lid < 0.4) & (x > 0)], LIDS),
            _spread(head, front[brow], BROW),
            first + np.array([ahead, *ring]),
        ]
    )
    left = x > -0.05
    mouth = np.concatenate(
        [
            _spread(head, front[(lip < 0.25) & left], LIPS // 2),
            _spread(head, front[(lip > 0.3) & (lip < 1.6) & left], AROUND // 2),
        ]
    )
    whole = _spread(head, front[(y < 8) & (y > -9) & (lid > 0.5) & (lip > 0.3) & left], FACE // 2)
    return [eye, _opposite(head, eye)] + [np.concatenate([half, _opposite(head, half)]) for half in (mouth, whole)]


def placed(vertices: np.ndarray, scene: Scene) -> np.ndarray:
    """Where vertices (points, 3) are in the picture, float32 (points, 2), shares across and down."""
    chosen = vertices
    clip = (scene.camera @ scene.view @ np.c_[chosen, np.ones(len(chosen))].T).T
    flat = clip[:, :2] / clip[:, 3:]
    return np.stack([(flat[:, 0] + 1) / 2, (1 - flat[:, 1]) / 2], 1).astype(np.float32)


def in_crops(points: np.ndarray, landmarks: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Points (points, 2) of a square picture in their crops, float32 (points, 2): -1..1 across and down."""
    found, start = [], 0
    for crop, count, matrix in zip(CROPS, COUNTS, crop_maps(landmarks, pose, (1, 1)), strict=True):
        part = points[start : start + count] - matrix[:, 2]
        start += count
        # Pixels of the crop, counted from the middle of its first one.
        pixels = np.linalg.solve(matrix[:, :2], part.T).T
        found.append((2 * pixels + 1) / (crop.width, crop.height) - 1)
    return np.concatenate(found).astype(np.float32)


def _opposite(head: Head, vertices: np.ndarray) -> np.ndarray:
    """The vertices on the other side of the face."""
    mirrored = head.rest * [-1, 1, 1]
    return np.array([np.argmin(np.linalg.norm(mirrored - head.rest[one], axis=1)) for one in vertices])


def _spread(head: Head, among: np.ndarray, count: int) -> np.ndarray:
    """So many of the vertices, far from each other."""
    places = head.rest[among]
    away = np.linalg.norm(places - places[0], axis=1)
    chosen = [0]
    for _ in range(count - 1):
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, np.linalg.norm(places - places[chosen[-1]], axis=1))
    return among[chosen]
