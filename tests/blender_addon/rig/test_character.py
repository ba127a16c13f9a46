"""Finding a character in the scene: what follows which channels, what stays unused, its head, what is no character."""

import json
from collections.abc import Callable

import bpy
import numpy as np
import pytest

from blender_addon.clip import Clip
from blender_addon.messages import AddonError
from blender_addon.rig.bones import facing, head_bone
from blender_addon.rig.character import EXPRESSIONS, find_character
from blender_addon.rig.schemes import channels

Make = Callable[..., bpy.types.Object]


def test_a_key_shared_by_two_objects_counts_once(make_mesh: Make, scene: bpy.types.Scene) -> None:
    face = make_mesh("Face", ["jawOpen"])
    twin = bpy.data.objects.new("Twin", face.data)
    scene.collection.objects.link(twin)
    twin.parent = face
    assert find_character(face).meshes == (face,)


def test_what_stays_unused_is_listed_with_its_reason(make_mesh: Make) -> None:
    face = make_mesh("Face", ["jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "blink", "Fangs", "mouthPucker"])
    face.data.shape_keys.key_blocks["mouthPucker"].driver_add("value")
    character = find_character(face)
    assert [target.shape_key for target in character.targets] == ["jawOpen", "eyeBlinkLeft", "eyeBlinkRight"]
    assert character.unused == (
        "Face/blink (eyeBlinkLeft has a finer shape key)",
        "Face/Fangs",
        "Face/mouthPucker (has a driver)",
    )
    assert "mouthPucker" in character.missing


def test_a_full_face_scores_higher_than_a_coarse_one(make_mesh: Make) -> None:
    full = find_character(make_mesh("Full", channels()[:52])).score
    coarse = find_character(make_mesh("Coarse", ["A", "I", "U", "E", "O", "Blink", "Joy"])).score
    assert 0 < coarse < 0.3 < 0.9 < full <= 1


def test_curves_follow_the_mix_and_stay_in_range(make_mesh: Make, make_clip: Callable[..., Clip]) -> None:
    character = find_character(make_mesh("Face", ["blink", "A", "I", "U"]))
    clip = make_clip(
        {"eyeBlinkLeft": [0, 1, 1], "eyeBlinkRight": [0, 0, 1], "jawOpen": [1, 1, 0.2], "mouthClose": [0, 1, 0.5]}
    )
    curves = {key: values for _, key, values in character.key_curves(clip)}
    np.testing.assert_allclose(curves["blink"], [0, 0.5, 1])
    np.testing.assert_allclose(curves["A"], [1, 0, 0])


def test_an_emotion_that_is_undone_takes_nothing_from_the_others(
    make_mesh: Make, make_clip: Callable[..., Clip]
) -> None:
    face = make_mesh("Face", ["open", "brows"])
    stated = [
        {"name": "aa", "binds": {"open": 1.0}},
        {"name": "angry", "binds": {"brows": 1.0, "open": 0.5}},
        {"name": "i", "binds": {"open": 0.0}},
    ]
    face[EXPRESSIONS] = json.dumps(
        [*stated, {"name": "ih", "binds": {"brows": 0.1}}, {"name": "ou", "binds": {"brows": 0.1}}]
    )
    clip = make_clip({"jawOpen": [0.5, 0.5], "browInnerUp": [0, 1]})
    curves = {key: values for _, key, values in find_character(face).key_curves(clip)}
    np.testing.assert_allclose(curves["open"], [0.5, 0.5])
    np.testing.assert_allclose(curves["brows"], [0, 0])


def test_expressions_noted_on_the_mesh_are_used(make_mesh: Make) -> None:
    face = make_mesh("Face", ["target_0", "target_1"])
    face[EXPRESSIONS] = json.dumps([{"name": "joy", "binds": {"target_1": 0.5}}])
    character = find_character(face)
    assert [(target.shape_key, target.mix) for target in character.targets] == [
        ("target_1", {"mouthSmileLeft": 0.25, "mouthSmileRight": 0.25})
    ]
    face[EXPRESSIONS] = "not json"
    assert not find_character(face).targets


def refused(obj: bpy.types.Object | None, *said: str) -> None:
    with pytest.raises(AddonError) as error:
        find_character(obj)
    for part in said:
        assert part in str(error.value)


def test_one_mesh_does_not_play_an_expression_that_another_shows_better(make_mesh: Make, make_armature: Make) -> None:
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen", "mouthFunnel"], parent=rig)
    teeth = make_mesh("Teeth", ["jawOpen"], parent=rig)
    spoken = [{"name": name, "binds": {"jawOpen": 0.5}} for name in ("aa", "ih", "oh")]
    face[EXPRESSIONS] = teeth[EXPRESSIONS] = json.dumps(spoken)
    mixes = {target.mesh: target.mix for target in find_character(face).targets if target.shape_key == "jawOpen"}
    assert "mouthFunnel" not in mixes[face]
    assert "mouthFunnel" not in mixes[teeth]
    assert mixes[teeth]["jawOpen"] == 1.0


@pytest.mark.parametrize("stated", [False, True])
def test_what_nothing_finer_moves_follows_beside_a_finer_face(
    make_mesh: Make, make_armature: Make, stated: bool
) -> None:
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen", "browOuterUpLeft", "browOuterUpRight", "eyeWideLeft", "eyeWideRight"], rig)
    eyes = make_mesh("Eyes", ["Small Pupils" if stated else "surprised", "eyeWideLeft"], rig)
    if stated:
        binds = {"Small Pupils": 0.8, "eyeWideLeft": 0.5}
        face[EXPRESSIONS] = json.dumps([{"name": "surprised", "binds": {"jawOpen": 0.4}}])
        eyes[EXPRESSIONS] = json.dumps([{"name": "surprised", "binds": binds}])
    mixes = {(target.mesh, target.shape_key): target.mix for target in find_character(face).targets}
    assert mixes[eyes, "Small Pupils" if stated else "surprised"]["browOuterUpLeft"] > 0.2
    assert mixes[eyes, "eyeWideLeft"] == {"eyeWideLeft": 1.0}
    assert mixes[face, "jawOpen"] == {"jawOpen": 1.0}


def test_nothing_selected_and_wrong_kinds(scene: bpy.types.Scene) -> None:
    refused(None, "Select")
    refused(bpy.data.objects.new("Lamp", bpy.data.lights.new("Lamp", "POINT")), "Lamp", "light")


def test_no_shape_keys(make_mesh: Make, make_armature: Make) -> None:
    refused(make_mesh("Stone"), "Stone", "shape keys")
    refused(make_armature("Bones"), "Bones", "shape keys")


@pytest.mark.parametrize(
    "names",
    [
        ["Hips", "Spine", "Neck", "Head", "HeadTop_End"],
        ["mixamorig:Hips", "mixamorig:Neck", "mixamorig:Head", "mixamorig:HeadTop_End"],
        ["J_Bip_C_Hips", "J_Bip_C_Neck", "J_Bip_C_Head", "J_Sec_Hair1"],
        ["CC_Base_Hip", "CC_Base_NeckTwist02", "CC_Base_Head", "CC_Base_JawRoot"],
        ["DEF-spine", "DEF-spine.004", "DEF-spine.005", "DEF-spine.006"],
        ["pelvis_Armature", "neck_Armature", "head_Armature", "HairBall_Center"],
        ["Bip01 Pelvis", "Bip01 Neck", "Bip01 Head", "Bip01 HeadNub"],
        ["root.x", "neck.x", "head.x"],
        ["センター", "首", "頭", "両目"],
    ],
)
def test_the_head_bone_of_common_rigs(make_armature: Make, names: list[str]) -> None:
    chain = {
        name: (names[k - 1] if k else None, (0, 0, 0.5 + 0.2 * k), (0, 0, 0.7 + 0.2 * k))
        for k, name in enumerate(names)
    }
    wanted = next(name for name in names if "ead" in name or name in ("DEF-spine.006", "頭"))
    assert head_bone(make_armature(bones=chain)) == wanted


def test_a_rig_without_a_head(make_armature: Make) -> None:
    bones = {"Root": (None, (0, 0, 0), (0, 0, 1)), "HeadTarget": ("Root", (0, 0, 1), (0, 0, 2))}
    assert head_bone(make_armature(bones=bones)) is None


@pytest.mark.parametrize("turn", [0, np.pi / 2, np.pi, -np.pi / 2])
def test_a_character_faces_where_its_sides_say(make_armature: Make, turn: float) -> None:
    left, up, forward = np.array(facing(make_armature(turn=turn))).T
    np.testing.assert_allclose(up, [0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(left, [np.cos(turn), np.sin(turn), 0], atol=1e-6)
    np.testing.assert_allclose(forward, [np.sin(turn), -np.cos(turn), 0], atol=1e-6)
