import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.video.crops import BYTES, CROPS, face_crops, parted


def drawn_face(size: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Smooth noise, and landmarks that stand for an upright face in its middle."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (20, 20, 3)).astype(np.uint8)
    pixels = np.kron(coarse, np.ones((size // 20, size // 20, 1), np.uint8))
    marks = np.full((478, 3), 0.5)
    places = {33: (0.35, 0.4), 133: (0.45, 0.4), 362: (0.55, 0.4), 263: (0.65, 0.4), 2: (0.5, 0.55)}
    places |= {61: (0.42, 0.65), 291: (0.58, 0.65), 0: (0.5, 0.62), 17: (0.5, 0.68)}
    for place, at in places.items():
        marks[place, :2] = at
    return pixels, marks


def mirrored_face(pixels: np.ndarray, marks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.arange(478)
    for one, other in ((33, 263), (133, 362), (61, 291)):
        order[[one, other]] = other, one
    flipped = marks[order].copy()
    flipped[:, 0] = 1 - flipped[:, 0]
    return np.ascontiguousarray(pixels[:, ::-1]), flipped


def test_a_mirrored_picture_has_the_mirrored_crops():
    pixels, marks = drawn_face()
    left, right, *others = parted(face_crops(pixels, marks, np.eye(4)).astype(int))
    found = parted(face_crops(*mirrored_face(pixels, marks), np.eye(4)).astype(int))
    # Eyes have their noses on the same side, so they change places.
    for one, other in zip((right, left, *(part[:, ::-1] for part in others)), found, strict=True):
        assert np.abs(one - other).mean() < 2


def test_crops_are_alike_in_a_larger_picture():
    pixels, marks = drawn_face(400)
    larger = np.kron(pixels, np.ones((4, 4, 1), np.uint8))
    change = np.abs(face_crops(pixels, marks, np.eye(4)).astype(int) - face_crops(larger, marks, np.eye(4)))
    assert change.mean() < 2


def test_a_tilted_face_is_turned_upright():
    pixels, marks = drawn_face()
    # A quarter turn of picture, landmarks and pose; the picture is square.
    turned = marks.copy()
    turned[:, 0], turned[:, 1] = marks[:, 1], 1 - marks[:, 0]
    pose = np.eye(4)
    pose[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    upright = face_crops(pixels, marks, np.eye(4)).astype(int)
    assert np.abs(upright - face_crops(np.rot90(pixels), turned, pose)).mean() < 3


@given(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5), st.floats(0.001, 3))
def test_faces_anywhere_and_of_any_size_give_crops(x: float, y: float, size: float):
    pixels, marks = drawn_face(100)
    placed = (marks - 0.5) * size + (x, y, 0)
    assert face_crops(pixels, placed, np.eye(4)).shape == (BYTES,)


def test_parts_are_views_of_the_row():
    rows = np.arange(2 * BYTES).reshape(2, BYTES)
    parts = parted(rows)
    assert [part.shape[1:] for part in parts] == [(one.height, one.width) for one in CROPS]
    np.testing.assert_array_equal(np.concatenate([part.reshape(2, -1) for part in parts], 1), rows)
