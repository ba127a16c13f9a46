"""Bones of the jaw and the eyes: found by name, driven where no shape key makes their motion, never beside one."""

import json
import tomllib
from collections.abc import Callable
from math import radians
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.clip import Clip
from blender_addon.panels.mapping import in_words
from blender_addon.rig import motions
from blender_addon.rig.bones import MOTIONS, NOTED, motion_bone
from blender_addon.rig.character import Character, find_character
from blender_addon.rig.corrections import Correction, correct
from blender_addon.rig.lines import BONE, lines_of
from blender_addon.rig.motions import GAZE

Make = Callable[..., bpy.types.Object]
ROOT = Path(__file__).resolve().parents[3]
LOOKS = [f"eyeLook{way}{side}" for side in ("Left", "Right") for way in ("In", "Out", "Up", "Down")]
JAWS = ["jawOpen", "jawLeft", "jawRight", "jawForward"]

FACE = {
    "hips": (None, (0, 0, 1.0), (0, 0, 1.2)),
    "head": ("hips", (0, 0, 1.5), (0, 0, 1.8)),
    "jaw": ("head", (0, 0, 1.55), (0, -0.1, 1.5)),
    "leftEye": ("head", (0.03, -0.05, 1.65), (0.03, -0.08, 1.65)),
    "rightEye": ("head", (-0.03, -0.05, 1.65), (-0.03, -0.08, 1.65)),
}

RIGS = {
    "VRM": ("head jaw leftEye rightEye lefteyelid", ("head", "jaw", "leftEye", "rightEye")),
    "VRoid": (
        "J_Bip_C_Head J_Adj_L_FaceEye J_Adj_R_FaceEye J_Adj_L_FaceEyeSet J_Sec_Hair1_01",
        ("J_Bip_C_Head", None, "J_Adj_L_FaceEye", "J_Adj_R_FaceEye"),
    ),
    "Rigify, generated": (
        "head ORG-face MCH-eyes_parent eyes eye.L eye.R master_eye.L master_eye.R MCH-eye.L ORG-eye.L MCH-eye.L.001 "
        "lid.T.L ORG-lid.T.L jaw_master jaw ORG-jaw DEF-jaw jaw.L jaw.L.001 DEF-jaw.L MCH-jaw_master",
        ("head", "jaw_master", "master_eye.L", "master_eye.R"),
    ),
    "Rigify, metarig": (
        "spine.005 spine.006 face nose eye.L eye.R lid.T.L brow.T.L jaw jaw.L jaw.R jaw.L.001 chin",
        ("spine.006", "jaw", "eye.L", "eye.R"),
    ),
    "Mixamo": (
        "mixamorig:Neck mixamorig:Head mixamorig:HeadTop_End mixamorig:LeftEye mixamorig:RightEye mixamorig:Jaw",
        ("mixamorig:Head", "mixamorig:Jaw", "mixamorig:LeftEye", "mixamorig:RightEye"),
    ),
    "Character Creator": (
        "CC_Base_Head CC_Base_FacialBone CC_Base_UpperJaw CC_Base_JawRoot CC_Base_Teeth02 CC_Base_L_Eye CC_Base_R_Eye",
        ("CC_Base_Head", "CC_Base_JawRoot", "CC_Base_L_Eye", "CC_Base_R_Eye"),
    ),
    "MetaHuman": (
        "head FACIAL_C_FacialRoot FACIAL_C_Jaw FACIAL_L_Eye FACIAL_R_Eye FACIAL_L_EyelidUpperA FACIAL_L_EyeParallel "
        "FACIAL_C_Chin FACIAL_L_JawBulge",
        ("head", "FACIAL_C_Jaw", "FACIAL_L_Eye", "FACIAL_R_Eye"),
    ),
    "Auto-Rig Pro": (
        "c_head.x head.x c_jawbone.x jawbone.x c_eye.l c_eye.r c_eye_target.x c_eyelid_top.l",
        ("c_head.x", "c_jawbone.x", "c_eye.l", "c_eye.r"),
    ),
    "3ds Max Biped": (
        "Bip01_Head Bip01_Jaw Bip01_L_Eye Bip01_R_Eye",
        ("Bip01_Head", "Bip01_Jaw", "Bip01_L_Eye", "Bip01_R_Eye"),
    ),
    "MMD": ("センター 首 頭 両目 左目 右目 あご", ("頭", "あご", "左目", "右目")),
    "Daz Genesis 8": (
        "neckUpper head upperTeeth lowerJaw lEye rEye lEar upperFaceRig lEyelidUpper lowerFaceRig lJawClench",
        ("head", "lowerJaw", "lEye", "rEye"),
    ),
    "Daz Genesis 9": ("neck2 head lowerjaw l_eye r_eye l_eyelidupper", ("head", "lowerjaw", "l_eye", "r_eye")),
    "Unreal's mannequin": ("root pelvis neck_01 head", ("head", None, None, None)),
    "Valve": ("ValveBiped.Bip01_Neck1 ValveBiped.Bip01_Head1", ("ValveBiped.Bip01_Head1", None, None, None)),
    "Advanced Skeleton": (
        "Neck_M Head_M Jaw_M JawEnd_M Eye_R EyeEnd_R Eye_L HeadEnd_M",
        ("Head_M", "Jaw_M", "Eye_L", "Eye_R"),
    ),
    "HumanIK": (
        "Character1_Head Character1_LeftEye Character1_RightEye Character1_Jaw",
        ("Character1_Head", "Character1_Jaw", "Character1_LeftEye", "Character1_RightEye"),
    ),
    "Spanish": ("cuello cabeza mandíbula ojo_izq ojo_der ojo_hueso", ("cabeza", "mandíbula", "ojo_izq", "ojo_der")),
    "German": ("Hals Kopf Kiefer Auge.L Auge.R", ("Kopf", "Kiefer", "Auge.L", "Auge.R")),
    "Chinese": ("脖子 头 下巴 左眼 右眼", ("头", "下巴", "左眼", "右眼")),
    "things with a part's name": ("Head JawHair EyeRing_L Eyebrow_L", ("Head", None, None, None)),
    "words in another order": (
        "Head_01 LowerJaw_01 Eyeball_Left Eyeball_Right",
        ("Head_01", "LowerJaw_01", "Eyeball_Left", "Eyeball_Right"),
    ),
    "none": ("Root EyeTarget.L EyeLashes_L Eyebrow_L UpperJaw JawLine", (None, None, None, None)),
}


@pytest.mark.parametrize("rig", RIGS)
def test_bones_of_common_rigs(make_armature: Make, rig: str) -> None:
    listed, wanted = RIGS[rig]
    bones = {name: (None, (k, 0, 0), (k, 0, 1)) for k, name in enumerate(listed.split())}
    armature = make_armature(bones=bones)
    assert tuple(motion_bone(armature, motion) for motion in MOTIONS) == wanted


def test_the_angles_are_those_of_recorded_takes() -> None:
    eyes = tomllib.loads((ROOT / "engine" / "takes" / "eyes.toml").read_text("utf-8"))
    own = tomllib.loads((Path(motions.__file__).parent / "motions.toml").read_text("utf-8"))["eye"]
    assert own == {way: eyes[way] for way in own}


@pytest.fixture
def make_head(make_mesh: Make, make_armature: Make) -> Callable[..., tuple[Character, bpy.types.Object]]:
    """make_head(shapes, moving): a face of 40 vertices whose vertices 20–29 hang on the left eye, 30–39 on the right.

    moving: shape key to the vertices that it moves; the others move the lids, vertices 0–9, and the skin of the jaw
    hangs on the jaw's bone, 10–19.
    """

    def make(shapes: list[str], moving: dict[str, range] | None = None, bones: dict | None = None) -> Character:
        rig = make_armature(bones=bones or FACE)
        mesh = bpy.data.meshes.new("Face")
        mesh.from_pydata([(k, 0, 0) for k in range(40)], [], [])
        face = bpy.data.objects.new("Face", mesh)
        bpy.context.scene.collection.objects.link(face)
        for name, part in (("jaw", range(10, 20)), ("leftEye", range(20, 30)), ("rightEye", range(30, 40))):
            face.vertex_groups.new(name=name).add(list(part), 1.0, "REPLACE")
        face.shape_key_add(name="Basis", from_mix=False)
        for shape in shapes:
            block = face.shape_key_add(name=shape, from_mix=False)
            block.value = 0.0
            for index in (moving or {}).get(shape, range(10)):
                block.data[index].co.z += 0.01
        face.parent = rig
        face.modifiers.new("Armature", "ARMATURE").object = rig
        return find_character(face)

    return make


def driven(character: Character) -> dict[str, set[str]]:
    return {target.motion: set(target.channels) for target in character.bones if target.motion != "head"}


def test_bones_follow_where_no_shape_does(make_head: Callable[..., Character]) -> None:
    character = make_head(["mouthSmileLeft"])
    assert driven(character) == {"jaw": set(JAWS), "leftEye": set(LOOKS[:4]), "rightEye": set(LOOKS[4:])}
    assert set(character.matched) == {"mouthSmileLeft", *JAWS, *LOOKS, "headYaw", "headPitch", "headRoll"}
    assert character.head_bone == "head"


def test_shapes_that_move_the_eyeballs_and_the_chin_keep_the_bones_still(make_head: Callable[..., Character]) -> None:
    moving = {name: range(20, 30) if name.endswith("Left") else range(30, 40) for name in LOOKS}
    character = make_head(JAWS + LOOKS, moving | {name: range(10, 20) for name in JAWS})
    assert driven(character) == {}
    assert {(bone.motion, bone.reason) for bone in character.idle_bones} == {
        (motion, "shape keys show this motion") for motion in ("jaw", "leftEye", "rightEye")
    }
    assert set(character.matched) >= {*JAWS, *LOOKS}


def test_vertex_groups_without_a_bone_do_not_hide_what_hangs_on_one(make_head: Callable[..., Character]) -> None:
    moving = {name: range(20, 30) if name.endswith("Left") else range(30, 40) for name in LOOKS}
    character = make_head(LOOKS, moving)
    character.meshes[0].vertex_groups.new(name="Iris").add(list(range(20, 40)), 1.0, "REPLACE")
    assert "leftEye" not in driven(find_character(character.meshes[0]))


def test_shapes_that_move_only_the_lids_leave_the_eyeballs_to_the_bones(make_head: Callable[..., Character]) -> None:
    character = make_head(LOOKS)
    assert driven(character)["leftEye"] == set(LOOKS[:4])
    assert {target.shape_key for target in character.targets} == set(LOOKS), "the lids follow as well"


def test_a_bone_makes_only_the_part_of_a_motion_that_shapes_leave_open(make_head: Callable[..., Character]) -> None:
    both = range(20, 40)
    moving = {"eyeLookUp": both, "eyeLookDown": both, "jawOpen": range(12, 18)}
    character = make_head(list(moving), moving)
    assert driven(character) == {
        "jaw": {"jawLeft", "jawRight", "jawForward"},
        "leftEye": {"eyeLookInLeft", "eyeLookOutLeft"},
        "rightEye": {"eyeLookInRight", "eyeLookOutRight"},
    }


def test_a_bone_on_which_nothing_hangs_is_left_alone(make_mesh: Make, make_armature: Make) -> None:
    face = make_mesh("Face", ["mouthPucker"], make_armature(bones=FACE))
    character = find_character(face)
    assert driven(character) == {}
    assert {bone.reason for bone in character.idle_bones} == {"nothing hangs on it"}


def test_eyes_that_are_objects_of_their_own_hang_on_their_bone(make_mesh: Make, make_armature: Make) -> None:
    rig = make_armature(bones=FACE)
    face, eye = make_mesh("Face", ["mouthPucker"], rig), make_mesh("Eyeball")
    eye.parent, eye.parent_type, eye.parent_bone = rig, "BONE", "leftEye"
    assert set(driven(find_character(face))) == {"leftEye"}


def test_a_bone_that_a_constraint_or_a_driver_turns_is_left_alone(make_head: Callable[..., Character]) -> None:
    rig = make_head(["mouthPucker"]).armature
    assert rig
    rig.pose.bones["jaw"].constraints.new("COPY_ROTATION").name = "Follow the mask"
    rig.pose.bones["leftEye"].driver_add("rotation_quaternion", 0)
    character = find_character(rig)
    assert set(driven(character)) == {"rightEye"}
    reasons = {bone.motion: bone.reason for bone in character.idle_bones}
    assert reasons == {"jaw": "its constraint Follow the mask turns it", "leftEye": "has a driver"}
    rig.pose.bones["jaw"].constraints[0].mute = True
    assert "jaw" in driven(find_character(rig))


def test_eyes_that_look_at_a_bone_are_led_by_it(
    make_head: Callable[..., Character], make_clip: Callable[..., Clip]
) -> None:
    aims = {
        "aim.L": ("head", (0.03, -1.05, 1.65), (0.03, -1.1, 1.65)),
        "aim.R": ("head", (-0.03, -1.05, 1.65), (-0.03, -1.1, 1.65)),
    }
    rig = make_head(["mouthPucker"], bones=FACE | aims).armature
    assert rig
    for eye, aim in (("leftEye", "aim.L"), ("rightEye", "aim.R")):
        constraint = rig.pose.bones[eye].constraints.new("DAMPED_TRACK")
        constraint.target, constraint.subtarget = rig, aim
    character = find_character(rig)
    assert {target.bone for target in character.bones} == {"head", "jaw", "aim.L", "aim.R"}
    led = next(target for target in character.bones if target.bone == "aim.L")
    shift = led.shifts(make_clip({"eyeLookOutLeft": [0, 1]}))[1]
    np.testing.assert_allclose(shift, [np.tan(0.6), 0, 0], atol=1e-6)
    rig.pose.bones["rightEye"].constraints[0].subtarget = "aim.L"
    both = next(target for target in find_character(rig).bones if target.bone == "aim.L")
    assert both.channels == set(LOOKS)
    looking = both.shifts(make_clip({"eyeLookOutLeft": [1.0], "eyeLookInRight": [1.0]}))[0]
    np.testing.assert_allclose(looking, [np.tan(0.6), 0, 0], atol=1e-3)


def test_a_line_says_how_far_a_bone_turns(addon: None, make_head: Callable[..., Character]) -> None:
    character = make_head(["mouthPucker"])
    rig = character.armature
    assert rig
    reach = {line.name: line.reach for line in lines_of(character) if line.kind == BONE}
    assert reach == pytest.approx({"head": 0, "jaw": 25.3, "leftEye": 35, "rightEye": 35}, abs=0.1)
    correct(rig, Correction("leftEye", gain=0.3))
    (line,) = [line for line in lines_of(find_character(rig)) if line.name == "leftEye"]
    assert in_words(line) == "This bone moves the left eye by up to 10°."


def test_an_avatars_own_reach_goes_before_ours(make_head: Callable[..., Character]) -> None:
    rig = make_head(["mouthPucker"]).armature
    assert rig
    rig[GAZE] = json.dumps({"Out": 10, "Up": 5, "Down": "broken"})
    turns = next(target for target in find_character(rig).bones if target.motion == "leftEye").turns
    assert turns["yaw"] == pytest.approx({"eyeLookOutLeft": radians(10), "eyeLookInLeft": -0.6})
    assert turns["pitch"] == pytest.approx({"eyeLookUpLeft": radians(5), "eyeLookDownLeft": -0.61})
    rig[GAZE] = "[1"
    assert "leftEye" in driven(find_character(rig))


def test_hair_that_an_avatar_states_as_its_jaw_is_none(make_armature: Make) -> None:
    rig = make_armature(bones={name: (None, (k, 0, 0), (k, 0, 1)) for k, name in enumerate(("Hair_01", "Chin", "Jaw"))})
    rig[NOTED + "jaw"] = "Chin"
    assert motion_bone(rig, "jaw") == "Chin"
    rig[NOTED + "jaw"] = "Hair_01"
    assert motion_bone(rig, "jaw") == "Jaw"


@pytest.mark.parametrize(("depth", "turn"), [(1.0, 0.6), (0.5, 0.6), (0.1, 0.175)])
def test_eyes_that_are_drawn_flat_turn_less(make_armature: Make, depth: float, turn: float) -> None:
    rng = np.random.default_rng(1)
    ball = rng.normal(size=(200, 3))
    ball *= [0.01, 0.01 * depth, 0.01] / np.linalg.norm(ball, axis=1, keepdims=True)
    rig = make_armature(bones=FACE)
    mesh = bpy.data.meshes.new("Eyes")
    mesh.from_pydata([(x + place, y, z + 1.65) for place in (0.03, -0.03) for x, y, z in ball.tolist()], [], [])
    eyes = bpy.data.objects.new("Eyes", mesh)
    bpy.context.scene.collection.objects.link(eyes)
    for name, part in (("leftEye", range(200)), ("rightEye", range(200, 400))):
        eyes.vertex_groups.new(name=name).add(list(part), 1.0, "REPLACE")
    eyes.modifiers.new("Armature", "ARMATURE").object = rig
    turns = {bone.motion: bone.turns for bone in find_character(rig).bones}
    assert turns["leftEye"]["yaw"]["eyeLookOutLeft"] == pytest.approx(turn, abs=1e-3)
    assert turns["rightEye"]["yaw"]["eyeLookInRight"] == pytest.approx(turn, abs=1e-3)


def test_a_connected_jaw_cannot_slide(make_head: Callable[..., Character]) -> None:
    character = make_head(["mouthPucker"])
    rig = character.armature
    assert rig
    slide = next(target for target in character.bones if target.motion == "jaw").slides
    assert slide["forward"]["jawForward"] == pytest.approx(0.139 * 0.06)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    rig.data.edit_bones["jaw"].use_connect = True
    bpy.ops.object.mode_set(mode="OBJECT")
    assert driven(find_character(rig))["jaw"] == {"jawOpen", "jawLeft", "jawRight"}


def test_the_sample_heads_eyes_turn_once(scene: bpy.types.Scene) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(ROOT / "sample_rigs" / "head.blend"))
    character = find_character(bpy.data.objects["Nova"])
    assert driven(character) == {}
    assert {bone.motion for bone in character.idle_bones} == {"jaw", "leftEye", "rightEye"}
    assert not character.missing
