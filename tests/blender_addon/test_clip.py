"""Takes as the add-on reads and writes them without the engine."""

from pathlib import Path

import numpy as np
import pytest

from blender_addon.clip import Clip, load_npz, save_npz
from blender_addon.messages import AddonError


def a_clip(**provenance: object) -> Clip:
    return Clip(np.linspace(0, 1, 600, dtype=np.float32)[:, None], 29.97, ("jawOpen",), provenance)


def test_a_saved_take_is_loaded_as_it_was(tmp_path: Path) -> None:
    save_npz(a_clip(seed=7), tmp_path / "take.npz")
    loaded = load_npz(tmp_path / "take.npz")
    np.testing.assert_array_equal(loaded.values, a_clip().values)
    assert loaded[1:] == (29.97, ("jawOpen",), {"seed": 7})


def test_data_that_cannot_be_unpacked_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    save_npz(a_clip(), path)
    data = bytearray(path.read_bytes())
    start = 30 + int.from_bytes(data[26:28], "little") + int.from_bytes(data[28:30], "little")
    data[start] = 0x07
    path.write_bytes(data)
    with pytest.raises(AddonError, match=r"take\.npz"):
        load_npz(path)


def test_provenance_that_is_no_table_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "take.npz", values=np.zeros((2, 1)), fps=30.0, channels=["jawOpen"], provenance="[1, 2]")
    with pytest.raises(AddonError, match=r"take\.npz"):
        load_npz(tmp_path / "take.npz")
