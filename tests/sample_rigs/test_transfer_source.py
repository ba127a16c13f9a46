"""What the engine transfers face shapes from is Nova as committed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bpy")

from tests.sample_rigs.nova import Nova

FILE = Path(__file__).parents[2] / "engine" / "transfer" / "data" / "nova.npz"


@pytest.fixture(scope="module")
def source() -> dict[str, np.ndarray]:
    with np.load(FILE, allow_pickle=False) as data:
        return {name: data[name] for name in data.files}


def test_its_shapes_are_those_of_the_file(source: dict[str, np.ndarray]) -> None:
    nova = Nova()
    assert np.abs(source["points"] - nova.face).max() < 0.01
    for name, deltas, step in zip(source["names"].tolist(), source["deltas"], source["step"], strict=True):
        if name in nova.shapes["Nova Face"]:
            assert np.abs(deltas * step - nova.shape(name)).max() < 0.01, name


def test_no_landmark_fell_past_an_edge(source: dict[str, np.ndarray]) -> None:
    """MediaPipe sees the face from the front: none of its points lies far behind skin that is beside it."""
    shown = source["points"][~source["hidden"]]
    for number, mark in enumerate(source["landmarks"][:468]):
        near = shown[np.linalg.norm((shown - mark)[:, [0, 2]], axis=1) < 3.0]
        assert not len(near) or mark[1] < near[:, 1].min() + 22.0, (number, mark.round(1))
