"""Fingers are found below the hands, whatever the usual rigs call them."""

import json

import bpy
import pytest

from blender_addon.export.humanoid import find_bones
from blender_addon.export.humanoid_hands import hand_bones
from blender_addon.export.vrm import export_vrm
from blender_addon.export.vrm_meta import VrmMeta
from blender_addon.rig.avatar_bones import STATED_BONES, humanoid_nodes
from blender_addon.rig.import_avatar import import_avatar
from tests.blender_addon.export.test_vrm import META, vrm_of

SMALL = {"Thumb": "thumb", "Index": "index", "Middle": "middle", "Ring": "ring", "Little": "pinky"}
FINGERS = ["Thumb", "Index", "Middle", "Ring", "Little"]
ALL = {
    f"left{finger}{joint}"
    for finger in FINGERS
    for joint in (("Metacarpal", "Proximal", "Distal") if finger == "Thumb" else ("Proximal", "Intermediate", "Distal"))
}
USUAL = {
    "Mixamo": lambda finger, joint: f"mixamorig:LeftHand{'Pinky' if finger == 'Little' else finger}{joint}",
    "Rigify": lambda finger, joint: (
        f"thumb.0{joint}.L"
        if finger == "Thumb"
        else f"f_{'pinky' if finger == 'Little' else finger.lower()}.0{joint}.L"
    ),
    "Unreal": lambda finger, joint: f"{SMALL[finger]}_0{joint}_l",
    "Reallusion": lambda finger, joint: (
        f"CC_Base_L_{ {'Middle': 'Mid', 'Little': 'Pinky'}.get(finger, finger) }{joint}"
    ),
    "VRoid": lambda finger, joint: f"J_Bip_L_{finger}{joint}",
    "VRM 1.0": lambda finger, joint: (
        f"left{finger}{('Metacarpal' if finger == 'Thumb' else 'Proximal', 'Proximal' if finger == 'Thumb' else 'Intermediate', 'Distal')[joint - 1]}"  # noqa: E501
    ),
}


def grow(armature, name, joints=4):
    """Fingers on the left hand, each of `joints` bones, one behind the other; name(finger, joint) names them."""
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones = armature.data.edit_bones
    for row, finger in enumerate(FINGERS):
        above = bones["leftHand"]
        for joint in range(1, joints + 1):
            bone = bones.new(name(finger, joint))
            bone.head = (0.68 + 0.03 * joint, 0.02 * row, 1.35)
            bone.tail = (0.7 + 0.03 * joint, 0.02 * row, 1.35)
            bone.parent = above
            above = bone
    bpy.ops.object.mode_set(mode="OBJECT")


@pytest.mark.parametrize("rig", list(USUAL))
def test_of_the_usual_rigs(make, rig):
    armature = make(["jawOpen"]).armature
    grow(armature, USUAL[rig], 3 if rig == "VRM 1.0" else 4)
    found = hand_bones(armature, find_bones(armature))
    assert set(found) == ALL
    for finger in FINGERS:
        last = f"left{finger}Distal"
        assert found[last] == USUAL[rig](finger, 3)


def test_palms_are_no_fingers_and_short_fingers_end_early(make):
    armature = make(["jawOpen"]).armature
    grow(armature, lambda finger, joint: f"{finger.lower()}_{'metacarpal' if joint == 1 else joint}_l", 2)
    found = hand_bones(armature, find_bones(armature))
    assert found["leftThumbMetacarpal"] == "thumb_metacarpal_l"
    assert found["leftThumbProximal"] == "thumb_2_l"
    assert found["leftIndexProximal"] == "index_2_l"
    assert "leftIndexIntermediate" not in found


def test_an_avatars_own_word_goes_first_and_comes_along(make, tmp_path):
    character = make(["jawOpen"])
    grow(character.armature, lambda finger, joint: f"指{FINGERS.index(finger)}-{joint}", 3)
    assert not hand_bones(character.armature, find_bones(character.armature))
    names = {f"left{finger}{joint}": f"指{row}-{place}" for row, finger in enumerate(FINGERS)
             for place, joint in enumerate(("Metacarpal", "Proximal", "Distal") if finger == "Thumb" else
                                           ("Proximal", "Intermediate", "Distal"), 1)}  # fmt: skip
    character.armature[STATED_BONES] = json.dumps({**names, "hips": "hips", "leftEye": "gone"})
    path = export_vrm(character, tmp_path / "mim.vrm", META).path
    gltf, vrm = vrm_of(path)
    human = {name: gltf.nodes[bone["node"]].name for name, bone in vrm["humanoid"]["humanBones"].items()}
    assert names.items() <= human.items()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    again = import_avatar(path)
    assert names.items() <= hand_bones(again.armature, find_bones(again.armature)).items()


def test_thumbs_of_vrm_0_get_their_new_names():
    bones = [{"bone": f"leftThumb{joint}", "node": node} for node, joint in enumerate(("Proximal", "Intermediate", "Distal"))]  # fmt: skip  # noqa: E501
    document = {"extensions": {"VRM": {"humanoid": {"humanBones": [*bones, {"bone": "hips", "node": 7}, {}]}}}}
    assert humanoid_nodes(document) == {
        0: "leftThumbMetacarpal", 1: "leftThumbProximal", 2: "leftThumbDistal", 7: "hips",
    }  # fmt: skip


def test_a_real_avatar_keeps_its_humanoid(scene, shared, tmp_path):
    source = shared / "rigs" / "Godette_vrm_v4.vrm"
    character = import_avatar(source)
    gltf, vrm = vrm_of(export_vrm(character, tmp_path / "a.vrm", VrmMeta("G", ("S",))).path)
    stated = json.loads(character.armature[STATED_BONES])
    human = {name: gltf.nodes[bone["node"]].name for name, bone in vrm["humanoid"]["humanBones"].items()}
    assert human == stated
