import bpy
import pytest

from blender_addon.export.humanoid import bones, built_in_positions, find_bones, parent_of

NAMES = {
    "mixamorig:": ["Hips", "Spine", "Spine1", "Neck", "Head", "{}Arm", "{}ForeArm", "{}Hand",
                   "{}UpLeg", "{}Leg", "{}Foot"],
    "DEF-": ["spine", "spine.001", "spine.002", "spine.004", "spine.006", "upper_arm.{}", "forearm.{}", "hand.{}",
             "thigh.{}", "shin.{}", "foot.{}"],
    "": ["pelvis", "spine_01", "spine_02", "neck_01", "head", "upperarm_{}", "lowerarm_{}", "hand_{}", "thigh_{}",
         "calf_{}", "foot_{}"],
    "CC_Base_": ["Hip", "Waist", "Spine01", "NeckTwist01", "Head", "{}_Upperarm", "{}_Forearm", "{}_Hand", "{}_Thigh",
                 "{}_Calf", "{}_Foot"],
    "J_Bip_": ["C_Hips", "C_Spine", "C_Chest", "C_Neck", "C_Head", "{}_UpperArm", "{}_LowerArm", "{}_Hand",
               "{}_UpperLeg", "{}_LowerLeg", "{}_Foot"],
}  # fmt: skip
BODY = ["hips", "spine", "chest", "neck", "head"] + [
    side + part
    for side in ("left", "right")
    for part in ("UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot")
]
MEANT = ["hips", "spine", "chest", "neck", "head", "UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot"]
SIDES = {"mixamorig:": ("Left", "Right"), "": ("l", "r")}


@pytest.mark.parametrize("prefix", list(NAMES))
def test_the_common_rigs_are_found_by_name(make, prefix):
    own = {}
    for meant, name in zip(MEANT, NAMES[prefix], strict=True):
        if "{}" not in name:
            own[meant] = prefix + name
        else:
            for side, spelling in zip(("left", "right"), SIDES.get(prefix, ("L", "R")), strict=True):
                own[side + meant] = prefix + name.format(spelling)
    assert find_bones(make(["jawOpen"], bones=own).armature) == own


def test_a_name_in_the_wrong_place_does_not_count(make):
    own = {name: name for name in ("hips", "spine", "head", "leftUpperArm", "leftLowerArm", "leftHand")}
    character = make(["jawOpen"], bones=own)
    bpy.context.view_layer.objects.active = character.armature
    bpy.ops.object.mode_set(mode="EDIT")
    edit = character.armature.data.edit_bones
    edit["leftLowerArm"].parent = edit["hips"]
    bpy.ops.object.mode_set(mode="OBJECT")
    assert set(find_bones(character.armature)) == {"hips", "spine", "head", "leftUpperArm"}


def test_the_data_are_whole():
    required = [name for name, bone in bones().items() if bone.required]
    assert len(required) == 15
    assert set(required) <= set(built_in_positions())
    for name in bones():
        if name != "hips":
            assert parent_of(name, set(bones())) in bones()


def test_a_body_is_known_by_its_shape(make):
    own = {name: f"b{index}_{'head' if name == 'head' else 'x'}" for index, name in enumerate(BODY)}
    assert find_bones(make(["jawOpen"], bones=own).armature) == own


def test_a_real_avatar_with_names_of_its_own(shared, tmp_path):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    avatar = tmp_path / "avatar.glb"
    avatar.write_bytes((shared / "rigs" / "Godette_vrm_v4.vrm").read_bytes())
    bpy.ops.import_scene.gltf(filepath=str(avatar))
    armature = next(obj for obj in bpy.data.objects if obj.type == "ARMATURE")
    found = find_bones(armature)
    assert found["hips"] == "pelvis_Armature"
    assert found["spine"] == "tummy_Armature"
    assert found["leftLowerArm"] == "lowerarm.l_Armature"
    assert found["rightFoot"] == "foot.r_Armature"
    assert all(name in found for name, bone in bones().items() if bone.required)
