"""Shape keys that drivers hold: they stay as they are, the artist is told, and may mute the drivers."""

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon.bake.write import bake
from blender_addon.clip import Clip
from blender_addon.panels.matching import matching
from blender_addon.rig.character import find_character
from blender_addon.rig.drivers import drivers_of, held, mute_drivers

Make = Callable[..., bpy.types.Object]
MakeClip = Callable[..., Clip]


@pytest.fixture
def face(addon: None, make_mesh: Make, make_armature: Make) -> Any:
    """A face whose shapes are all driven, as control rigs have them, with teeth that have one."""
    rig = make_armature()
    face: Any = make_mesh("Face", ["jawOpen", 'mouth "Smile" L', "corrective", "eyeBlinkLeft"], rig)
    teeth: Any = make_mesh("Teeth", ["jawOpen"], rig)
    for mesh in (face, teeth):
        for block in mesh.data.shape_keys.key_blocks[1:]:
            block.driver_add("value").driver.expression = "0.25"
    layer: Any = bpy.context.view_layer
    layer.objects.active = face
    layer.update()
    return face


def test_what_drivers_hold_is_left_alone_and_told(face: Any) -> None:
    character = find_character(face)
    assert not character.targets
    (note,) = character.notes
    assert note.startswith("Face/jawOpen and 3 more shape keys have drivers, which a performance leaves alone.")
    assert held(face.data.shape_keys) == {"jawOpen", 'mouth "Smile" L', "corrective", "eyeBlinkLeft"}


def test_one_driver_is_told_alone_and_strangers_are_not(addon: None, make_mesh: Make) -> None:
    other: Any = make_mesh("Other", ["jawOpen", "eyeBlinkLeft", "wart"])
    other.data.shape_keys.key_blocks["wart"].driver_add("value")
    assert find_character(other).notes == ()
    other.data.shape_keys.key_blocks["jawOpen"].driver_add("value")
    assert [note.split(",")[0] for note in find_character(other).notes] == ["Other/jawOpen has a driver"]


def test_a_muted_driver_holds_nothing_and_stays(face: Any, make_clip: MakeClip, scene: Any) -> None:
    ours: Any = bpy.ops.facemimic  # pyright: ignore[reportAttributeAccessIssue]
    assert not matching(face).shaped
    assert ours.mute_drivers(mute=True) == {"FINISHED"}
    assert matching(face).shaped == 3, "the panel sees it"
    character = find_character(face)
    assert {(one.mesh.name, one.shape_key) for one in character.targets} == {
        ("Face", "jawOpen"), ("Face", 'mouth "Smile" L'), ("Face", "eyeBlinkLeft"), ("Teeth", "jawOpen"),
    }  # fmt: skip
    assert not drivers_of(face.data.shape_keys)["corrective"].mute, "a stranger's driver is not touched"
    bake(character, make_clip({"jawOpen": np.linspace(0, 1, 10)}), frame=1, fps=24, tolerance=None, name="Take")
    scene.frame_set(10)
    values = {block.name: block.value for block in face.data.shape_keys.key_blocks[1:]}
    assert values["jawOpen"] == pytest.approx(1.0)
    assert values["corrective"] == pytest.approx(0.25)
    assert [one.driver.expression for one in face.data.shape_keys.animation_data.drivers] == ["0.25"] * 4
    assert ours.mute_drivers(mute=False) == {"FINISHED"}
    scene.frame_set(1)
    scene.frame_set(10)
    assert face.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.25)
    assert not find_character(face).targets


def test_one_driver_is_muted_by_its_name(face: Any) -> None:
    assert mute_drivers([face], True, 'mouth "Smile" L') == 1
    assert mute_drivers([face], True, 'mouth "Smile" L') == 0
    assert [one.shape_key for one in find_character(face).targets] == ['mouth "Smile" L']
