"""The render room finds heads and lays out sheets; nothing is rendered here."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from PIL import Image  # noqa: E402

from sample_rigs import studio  # noqa: E402

BLEND = Path(__file__).parents[2] / "sample_rigs" / "head.blend"


@pytest.fixture
def character() -> list:
    bpy.ops.wm.open_mainfile(filepath=str(BLEND))
    return [o for o in bpy.context.scene.objects if o.type in ("MESH", "ARMATURE")]


def test_the_head_is_found_on_a_whole_body(character: list) -> None:
    low, high = studio.head_box(character)
    assert 1.25 < low.z < 1.36
    assert 1.50 < high.z < 1.68
    assert abs(low.x + high.x) < 0.08


def test_the_camera_stands_before_the_face(character: list) -> None:
    camera = studio.frame_head(character, yaw=0.0)
    assert camera.location.y < -0.5
    assert abs(camera.location.x) < 0.05
    left = studio.frame_head(character, yaw=90.0)
    assert left.location.x > 0.5


def test_a_character_that_looks_the_other_way_is_walked_around(character: list) -> None:
    rig = next(o for o in character if o.type == "ARMATURE")
    assert studio.facing(character) == 0.0
    rig.rotation_euler.z = math.pi
    bpy.context.view_layer.update()
    assert studio.facing(character) == 180.0
    assert studio.frame_head(character, yaw=0.0).location.y > 0.5


def test_a_shape_key_that_hides_hair_behind_does_not_turn_the_camera(character: list) -> None:
    hair = next(o for o in character if o.name == "Nova Hair")
    hair.shape_key_add(name="Basis")
    hide = hair.shape_key_add(name="HideHair")
    for point in hide.data:
        point.co *= 0.0 if point.co.y > 0 else 1.0
    assert studio.facing(character) == 0.0


def test_shapes_are_set_on_all_meshes_and_cleared(character: list) -> None:
    studio.set_shapes(character, {"jawOpen": 0.7})
    values = [
        o.data.shape_keys.key_blocks["jawOpen"].value
        for o in character
        if o.type == "MESH" and o.data.shape_keys and "jawOpen" in o.data.shape_keys.key_blocks
    ]
    assert len(values) >= 2
    assert np.allclose(values, 0.7)
    studio.set_shapes(character, {})
    keys = [o.data.shape_keys for o in character if o.type == "MESH" and o.data.shape_keys]
    assert not any(block.value for key in keys for block in key.key_blocks)


def test_a_sheet_has_a_cell_for_each_picture(tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (100, 80), (n * 20, 90, 40)) for n in range(5)]
    path = studio.sheet(pictures, [str(n) for n in range(5)], 3, tmp_path / "sheet.png")
    page = Image.open(path)
    assert page.width > 300
    assert page.height > 2 * 80
    assert [p.name for p in tmp_path.iterdir()] == ["sheet.png"]
