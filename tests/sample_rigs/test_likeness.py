"""The numbers that were measured on the sample head still are its own."""

import tomllib
from pathlib import Path

import bpy
import numpy as np
import pytest

from engine.channels import SHAPES
from engine.retarget import seen
from engine.retarget.seen import both_sides

ROOT = Path(__file__).resolve().parents[2]
ADDED = {("cheekSquint", "eyeSquint"), ("cheekSquint", "mouthSmile"), ("mouthUpperUp", "noseSneer")}
"""What goes together in a feeling and not in displacement, as the table says."""


@pytest.fixture(scope="module")
def fields() -> dict[str, np.ndarray]:
    """By channel, the displacement of all vertices of the head."""
    bpy.ops.wm.open_mainfile(filepath=str(ROOT / "sample_rigs" / "head.blend"))
    parts: dict[str, list[np.ndarray]] = {name: [] for name in SHAPES}
    for obj in bpy.data.objects:
        keys = obj.data.shape_keys if obj.type == "MESH" else None
        for name in SHAPES if keys else ():
            flat = np.zeros((2, 3 * len(obj.data.vertices)), np.float32)
            keys.reference_key.data.foreach_get("co", flat[0])
            block = keys.key_blocks.get(name)
            if block:
                block.data.foreach_get("co", flat[1])
            parts[name].append(flat[1] - flat[0] if block else 0 * flat[0])
    return {name: np.concatenate(own) for name, own in parts.items()}


def test_channels_that_look_alike_move_alike(fields: dict[str, np.ndarray]) -> None:
    for name, others in seen._data()["alike"].items():
        for other, told in others.items():
            one, two = fields[both_sides(name)[0]], fields[both_sides(other)[0]]
            cosine = float(one @ two / np.linalg.norm(one) / np.linalg.norm(two))
            if (name, other) not in ADDED:
                assert cosine * told > 0, (name, other, cosine)
                assert abs(cosine - told) < 0.45, (name, other, cosine)


def test_the_mouth_widens_opens_and_curves_as_the_table_says(fields: dict[str, np.ndarray]) -> None:
    both = {stem: sum(fields[name].reshape(-1, 3) for name in both_sides(stem)) for stem in _stems()}
    rest = _rest()
    inwards = both["mouthPucker"][:, 0]  # it draws in nothing further than the corners
    corners = [int(inwards.argmin()), int(inwards.argmax())]
    middle = np.abs(rest[:, 0]) < 0.004
    lips = [int((np.linalg.norm(both[stem], axis=1) * middle).argmax()) for stem in ("mouthUpperUp", "mouthLowerDown")]
    wide = rest[corners[0], 0] - rest[corners[1], 0]
    table = tomllib.loads((ROOT / "engine" / "retarget" / "mouths.toml").read_text("utf-8"))
    for kind, axis, ends in (("width", 0, corners), ("opening", 2, lips)):
        for stem, told in table[kind].items():
            measured = (both[stem][ends[0], axis] - both[stem][ends[1], axis]) / abs(wide)
            measured *= np.sign(wide) if kind == "width" else 1
            assert measured == pytest.approx(told, abs=0.1), (kind, stem)
    for stem, told in table["curve"].items():
        measured = (both[stem][corners, 2].mean() - both[stem][lips, 2].mean()) / abs(wide)
        assert measured == pytest.approx(told, abs=0.03), stem


def _stems() -> list[str]:
    table = tomllib.loads((ROOT / "engine" / "retarget" / "mouths.toml").read_text("utf-8"))
    return [*table["width"], *table["opening"], *table["curve"]]


def _rest() -> np.ndarray:
    """Where the vertices are whose displacements `fields` holds, in its order."""
    parts = []
    for obj in bpy.data.objects:
        if obj.type == "MESH" and obj.data.shape_keys:
            flat = np.zeros(3 * len(obj.data.vertices), np.float32)
            obj.data.shape_keys.reference_key.data.foreach_get("co", flat)
            parts.append(flat.reshape(-1, 3))
    return np.concatenate(parts)
