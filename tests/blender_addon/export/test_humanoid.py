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
