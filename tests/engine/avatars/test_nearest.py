"""An avatar's file as a rig to be fitted to."""

from pathlib import Path

import numpy as np

from engine.avatars.glb import Glb
from engine.avatars.nearest import _joined, meshes_of
from tests.engine.avatars.made import avatar, packed


def test_vertices_that_a_file_holds_several_times_count_once(tmp_path: Path) -> None:
    document, binary = avatar(["jawOpen", "tongueOut"])
    document["meshes"][0]["primitives"] *= 3
    moved = meshes_of(Glb.from_bytes(packed(document, binary), "a.vrm"))[0].moved
    assert moved is not None
    assert moved.points.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert {name: one.shape for name, one in moved.moved.items()} == {"jawOpen": (3, 3), "tongueOut": (3, 3)}


def test_lips_that_touch_at_rest_stay_two() -> None:
    points = np.array([[0.0, 0, 0], [0, 0, 0], [1, 1, 1], [1, 1, 1]])
    down, up = np.zeros((2, 4, 3))
    down[0], up[1] = (0, -0.1, 0), (0, 0.1, 0)
    joined = _joined(points, [down, up], ("jawOpen", "mouthUpperUp"))
    assert joined.points.tolist() == [[0, 0, 0], [0, 0, 0], [1, 1, 1]]
    assert joined.moved["jawOpen"][:, 1].tolist() == [-0.1, 0, 0]
    assert _joined(np.zeros((0, 3)), [], ()).points.shape == (0, 3)


def test_an_avatar_that_is_split_at_every_corner_performs_the_same(shared: Path) -> None:
    file = Glb.read(shared / "rigs" / "ict_facekit.glb")
    for mesh in meshes_of(file).values():
        assert mesh.moved is not None
        again = _joined(
            np.repeat(mesh.moved.points, 2, axis=0),
            [np.repeat(one, 2, axis=0) for one in mesh.moved.moved.values()],
            tuple(mesh.moved.moved),
        )
        assert len(again.points) == len(mesh.moved.points)
