import json
import math
from dataclasses import fields, replace

import bpy
import numpy as np
import pygltflib
import pytest
from mathutils import Matrix, Vector

from blender_addon.export.expressions import presets
from blender_addon.export.gltf_file import GltfFile
from blender_addon.export.gltf_nodes import world_matrices
from blender_addon.export.vrm import export_vrm
from blender_addon.export.vrm_meta import VrmMeta
from blender_addon.messages import AddonError
from blender_addon.rig.first_person import first_person
from blender_addon.rig.import_avatar import import_avatar
from blender_addon.rig.motions import BoneTarget

META = VrmMeta(name="Mim", authors=("A. Nimator",))
OVERRIDES = ("overrideBlink", "overrideLookAt", "overrideMouth")
REQUIRED = {
    "hips", "spine", "head", *(
        side + bone
        for side in ("left", "right")
        for bone in ("UpperLeg", "LowerLeg", "Foot", "UpperArm", "LowerArm", "Hand")
    ),
}  # fmt: skip


def vrm_of(path) -> tuple[pygltflib.GLTF2, dict]:
    gltf = pygltflib.GLTF2().load_binary(str(path))
    assert "VRMC_vrm" in gltf.extensionsUsed
    return gltf, gltf.extensions["VRMC_vrm"]


def shown(gltf, expression) -> dict[tuple[str, str], float]:
    found = {}
    for bind in expression.get("morphTargetBinds", []):
        node = gltf.nodes[bind["node"]]
        found[node.name, gltf.meshes[node.mesh].extras["targetNames"][bind["index"]]] = bind["weight"]
    return found


def test_presets_and_all_52_channels(make, tmp_path):
    character = make()
    gltf, vrm = vrm_of(export_vrm(character, tmp_path / "mim.vrm", META).path)
    assert vrm["specVersion"] == "1.0"
    assert set(vrm["expressions"]["preset"]) == set(presets())
    custom = vrm["expressions"]["custom"]
    assert len(custom) == 52
    assert not set(custom) & set(presets())
    for channel, expression in custom.items():
        meshes = {"Face", "Teeth"} if channel in ("jawOpen", "tongueOut") else {"Face"}
        assert shown(gltf, expression) == {(mesh, channel): 1.0 for mesh in meshes}
    happy = shown(gltf, vrm["expressions"]["preset"]["happy"])
    assert happy["Face", "mouthSmileLeft"] == happy["Face", "mouthSmileRight"] > 0.5
    assert shown(gltf, vrm["expressions"]["preset"]["lookLeft"]) == {
        ("Face", "eyeLookOutLeft"): 1.0,
        ("Face", "eyeLookInRight"): 1.0,
    }
    assert vrm["expressions"]["preset"]["surprised"]["overrideMouth"] == "blend"
    for expression in [*vrm["expressions"]["preset"].values(), *custom.values()]:
        assert all(0 < bind["weight"] <= 1 for bind in expression.get("morphTargetBinds", []))


def test_humanoid_gaze_and_first_person(make, tmp_path):
    gltf, vrm = vrm_of(export_vrm(make(), tmp_path / "mim.vrm", META).path)
    human = {name: gltf.nodes[bone["node"]].name for name, bone in vrm["humanoid"]["humanBones"].items()}
    assert set(human) >= REQUIRED
    assert all(name == bone for name, bone in human.items())
    assert vrm["lookAt"]["type"] == "expression"
    annotated = {gltf.nodes[entry["node"]].name for entry in vrm["firstPerson"]["meshAnnotations"]}
    assert annotated == {"Face", "Teeth", "Cap"}
    head = world_matrices(GltfFile.read(tmp_path / "mim.vrm"))[vrm["humanoid"]["humanBones"]["head"]["node"]]
    eyes = head @ Vector(vrm["lookAt"]["offsetFromHeadBone"])
    assert (eyes - Vector((0.0, 1.58, 0.08))).length < 1e-4


@pytest.mark.parametrize(
    "place",
    [
        *(Matrix.Rotation(math.radians(turn), 4, "Z") for turn in (0, 90, 180, 270, 37)),
        Matrix.Translation((4, -2, 1.5)) @ Matrix.Rotation(2.5, 4, "Z") @ Matrix.Rotation(0.4, 4, "X"),
        Matrix.Translation((0.0, 0.0, -3.0)),
    ],
)
def test_it_stands_at_the_origin_and_looks_along_z_whatever_the_scene_shows(make, perform, assign, tmp_path, place):
    character = make()
    assign(character, perform(30))
    character.armature.matrix_world = place
    character.armature.pose.bones["leftUpperArm"].rotation_quaternion = (0.7, 0, 0.7, 0)
    bpy.context.scene.frame_set(11)
    exported = export_vrm(character, tmp_path / "mim.vrm", META)
    gltf, vrm = vrm_of(exported.path)
    assert not gltf.animations
    assert all(weight == 0 for mesh in gltf.meshes for weight in mesh.weights or [])
    places = world_matrices(GltfFile.read(exported.path))
    at = {name: places[bone["node"]].translation for name, bone in vrm["humanoid"]["humanBones"].items()}
    assert (at["leftHand"] - Vector((0.65, 1.35, 0.0))).length < 1e-4
    assert (at["rightFoot"] - Vector((-0.1, 0.08, 0.0))).length < 1e-4
    assert at["leftEye"].z > 0.05
    skin = gltf.skins[0]
    inverse = GltfFile.read(exported.path).array(skin.inverseBindMatrices).reshape(-1, 4, 4)
    bound = [np.array(places[joint]) @ matrix.T for joint, matrix in zip(skin.joints, inverse, strict=True)]
    # At rest every joint moves its vertices alike: the skin is not bent.
    assert np.abs(np.array(bound) - bound[0]).max() < 1e-4


def test_the_take_can_come_along(make, perform, assign, tracks, tmp_path):
    character = make()
    assign(character, perform(24, 24.0))
    exported = export_vrm(character, tmp_path / "mim.vrm", META, with_animation=True)
    assert exported.seconds == pytest.approx(23 / 24)
    assert ("Face", "jawOpen") in tracks(exported.path)


def test_a_sparse_rig_gets_what_it_can_show(make, tmp_path):
    mix = {"Fcl_ALL_Joy": {"mouthSmileLeft": 1.0}, "close": {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}}
    character = make(list(mix), teeth=(), mix=mix)
    gltf, vrm = vrm_of(export_vrm(character, tmp_path / "mim.vrm", META).path)
    preset = vrm["expressions"]["preset"]
    assert shown(gltf, preset["happy"]) == {("Face", "Fcl_ALL_Joy"): 1.0}
    assert shown(gltf, preset["blink"]) == {("Face", "close"): 1.0}
    assert set(preset) == {"neutral", "happy", "blink", "blinkLeft", "blinkRight"}
    assert vrm["lookAt"]["type"] == "bone"


def test_meta_is_what_was_said_and_restrictive_by_default(make, tmp_path):
    _, vrm = vrm_of(export_vrm(make(["jawOpen"]), tmp_path / "a.vrm", META).path)
    assert vrm["meta"] == {
        "name": "Mim",
        "authors": ["A. Nimator"],
        "licenseUrl": "https://vrm.dev/licenses/1.0/",
        "avatarPermission": "onlyAuthor",
        "allowExcessivelyViolentUsage": False,
        "allowExcessivelySexualUsage": False,
        "commercialUsage": "personalNonProfit",
        "allowPoliticalOrReligiousUsage": False,
        "allowAntisocialOrHateUsage": False,
        "creditNotation": "required",
        "allowRedistribution": False,
        "modification": "prohibited",
    }
    said = VrmMeta(
        "Mim", ("A", " "), version="2", references=("x", ""), avatar_permission="everyone", allow_redistribution=True
    )
    about = said.to_dict()
    assert about["authors"] == ["A"]
    assert about["references"] == ["x"]
    assert about["version"] == "2"
    assert about["allowRedistribution"] is True
    assert len(fields(VrmMeta)) == 18


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        (VrmMeta("", ("A",)), "name"),
        (VrmMeta("Mim", ()), "author"),
        (VrmMeta("Mim", ("  ",)), "author"),
        (VrmMeta("Mim", ("A",), avatar_permission="nobody"), "nobody"),
        (VrmMeta("Mim", ("A",), commercial_usage="yes"), "commercial usage"),
        (VrmMeta("Mim", ("A",), license_url="https://example.org"), "license"),
    ],
)
def test_meta_that_is_not_complete_is_refused(make, tmp_path, meta, message):
    with pytest.raises(AddonError, match=message):
        export_vrm(make(["jawOpen"]), tmp_path / "mim.vrm", meta)
    assert not list(tmp_path.iterdir())


def test_missing_bones_are_listed(make, tmp_path):
    bones = {"hips": "hips", "spine": "spine", "head": "head", "leftUpperArm": "leftUpperArm"}
    with pytest.raises(AddonError, match="leftLowerArm, rightLowerArm, leftHand") as caught:
        export_vrm(make(["jawOpen"], bones=bones), tmp_path / "mim.vrm", META)
    assert "leftUpperArm" not in str(caught.value)
    with pytest.raises(AddonError, match="no armature"):
        export_vrm(make(["jawOpen"], without_armature=True), tmp_path / "mim.vrm", META)
    assert not list(tmp_path.iterdir())


def test_arms_that_hang_are_told(make, tmp_path):
    character = make(["jawOpen"])
    assert not export_vrm(character, tmp_path / "mim.vrm", META).notes
    bpy.context.view_layer.objects.active = character.armature
    bpy.ops.object.mode_set(mode="EDIT")
    for name in ("leftLowerArm", "leftHand"):
        bone = character.armature.data.edit_bones[name]
        bone.head.z -= 0.2
        bone.tail.z -= 0.2
    bpy.ops.object.mode_set(mode="OBJECT")
    assert any("T-pose" in note for note in export_vrm(character, tmp_path / "mim.vrm", META).notes)


def test_the_scene_stays_as_it_was(make, perform, assign, scene_state, tmp_path):
    character = make()
    assign(character, perform(20))
    bpy.context.scene.frame_set(4)
    before = scene_state()
    export_vrm(character, tmp_path / "mim.vrm", META, with_animation=True)
    after = scene_state()
    for name in vars(before):
        assert vars(before)[name] == vars(after)[name], name


def test_an_imported_avatars_own_expressions_go_first(make, tmp_path):
    character = make()
    stated = [{"name": "Joy", "binds": {"mouthSmileLeft": 0.4, "jawOpen": 1.5, "tongueOut": 0.0}}]
    character.meshes[0]["facemimic_expressions"] = json.dumps(stated)
    gltf, vrm = vrm_of(export_vrm(character, tmp_path / "mim.vrm", META).path)
    assert shown(gltf, vrm["expressions"]["preset"]["happy"]) == {
        ("Face", "mouthSmileLeft"): 0.4,
        ("Face", "jawOpen"): 1.0,
    }


@pytest.mark.parametrize("turn", [0, 90, 180])
def test_a_take_turns_the_head_and_not_the_turned_body(make, perform, assign, tracks, tmp_path, turn):
    character = make(["jawOpen"])
    clip = perform(24, 24.0)
    clip.values[:, clip.channels.index("headPitch")] = clip.values[:, clip.channels.index("headRoll")] = 0
    assign(character, clip)
    character.armature.matrix_world = Matrix.Rotation(math.radians(turn), 4, "Z")
    path = export_vrm(character, tmp_path / "mim.vrm", META, with_animation=True).path
    found = tracks(path)
    assert {key for key in found if key[1] != "jawOpen"} == {("head", "rotation")}
    times, turns = found["head", "rotation"]
    file = GltfFile.read(path)
    head = next(i for i, node in enumerate(file.document["nodes"]) if node["name"] == "head")
    rest = world_matrices(file)[head].to_quaternion()
    for time, (x, y, z, w) in zip(times, turns, strict=True):
        file.document["nodes"][head]["rotation"] = [float(x), float(y), float(z), float(w)]
        turned = world_matrices(file)[head].to_quaternion() @ rest.inverted()
        wanted = np.interp(time, np.arange(24) / 24, clip.column("headYaw"))
        assert turned.to_euler("YXZ").y == pytest.approx(wanted, abs=5e-3)
        assert abs(turned.x) + abs(turned.z) < 5e-3


def test_eyes_that_follow_by_bones_look_by_bones_as_far_as_they_turn(make, tmp_path):
    usual = (*REQUIRED, "chest", "neck", "leftEye", "rightEye")
    odd = {name: name for name in usual} | {"leftEye": "glubsch.L", "rightEye": "glubsch.R"}
    character = make(["jawOpen", "eyeLookUpLeft"], bones=odd)
    reach = {"Out": 0.5, "In": 0.5, "Up": 0.3, "Down": 0.4}
    eyes = tuple(
        BoneTarget(
            character.armature,
            f"glubsch.{side[0]}",
            f"{side.lower()}Eye",
            {
                "yaw": {f"eyeLookOut{side}": sign * reach["Out"], f"eyeLookIn{side}": -sign * reach["In"]},
                "pitch": {f"eyeLookUp{side}": reach["Up"], f"eyeLookDown{side}": -reach["Down"]},
            },
            {},
        )
        for side, sign in (("Left", 1), ("Right", -1))
    )
    character = replace(character, bones=(*character.bones, *eyes))
    gltf, vrm = vrm_of(export_vrm(character, tmp_path / "mim.vrm", META).path)
    human = {name: gltf.nodes[bone["node"]].name for name, bone in vrm["humanoid"]["humanBones"].items()}
    assert (human["leftEye"], human["rightEye"]) == ("glubsch.L", "glubsch.R")
    look = vrm["lookAt"]
    assert look["type"] == "bone"
    for name, angle in (("HorizontalOuter", 0.5), ("HorizontalInner", 0.5), ("VerticalUp", 0.3), ("VerticalDown", 0.4)):
        told = look[f"rangeMap{name}"]
        assert told["inputMaxValue"] == pytest.approx(math.degrees(angle))
        assert told["outputScale"] == pytest.approx(math.degrees(angle))


def test_an_avatar_that_is_imported_and_written_again_keeps_its_expressions(make, tmp_path):
    names = ["jawOpen", "Joy", "Lid", "blinkLeft", *(name for name in presets()["angry"].mix if "jaw" not in name)]
    path = export_vrm(make(names, teeth=()), tmp_path / "a.vrm", META).path
    file = GltfFile.read(path)
    stated = file.document["extensions"]["VRMC_vrm"]["expressions"]
    face = next(index for index, node in enumerate(file.document["nodes"]) if "mesh" in node and node["name"] == "Face")

    def says(*binds, binary=False, **rules):
        told = [{"node": face, "index": names.index(name), "weight": weight} for name, weight in binds]
        return {"isBinary": binary, "morphTargetBinds": told, **rules}

    stated["preset"]["surprised"] = says(("Joy", 0.5), ("jawOpen", 0.25))
    stated["preset"]["happy"] = says(("Joy", 1.0), binary=True, overrideBlink="block", overrideMouth="blend")
    stated["custom"] = {"smug": says(("Lid", 0.5), overrideLookAt="block"), "EyeBlinkLeft": says(("Lid", 1.0))}
    path.write_bytes(file.to_bytes())
    bpy.ops.wm.read_factory_settings(use_empty=True)
    again = export_vrm(import_avatar(path), tmp_path / "b.vrm", META).path

    def told(path):
        gltf, vrm = vrm_of(path)
        return {
            (kind, name): (shown(gltf, one), one["isBinary"], [one.get(rule, "none") for rule in OVERRIDES])
            for kind, group in vrm["expressions"].items()
            for name, one in group.items()
        }

    after = told(again)
    assert {key: after.get(key) for key in told(path)} == told(path)


def test_what_readers_of_vrm_stop_at_is_there(make, tmp_path):
    """As of godot-vrm's importer: names of nodes, materials, isBinary, every permission."""
    gltf, vrm = vrm_of(export_vrm(make(), tmp_path / "mim.vrm", META).path)
    assert all(node.name for node in gltf.nodes)
    assert all(part.material is not None for mesh in gltf.meshes for part in mesh.primitives)
    assert all("isBinary" in one for group in vrm["expressions"].values() for one in group.values())
    assert {"avatarPermission", "commercialUsage", "creditNotation", "modification"} <= set(vrm["meta"])
    assert all(part > 0 for node in gltf.nodes for part in node.scale or [])
    assert all(len({len(part.targets or []) for part in mesh.primitives}) == 1 for mesh in gltf.meshes)
    used = {bone["node"] for bone in vrm["humanoid"]["humanBones"].values()}
    assert len(used) == len(vrm["humanoid"]["humanBones"])


def test_pictures_are_in_formats_that_every_reader_knows(make, tmp_path):
    character = make(["jawOpen"])
    picture = bpy.data.images.new("Paint", 4, 4)
    picture.file_format, picture.filepath_raw = "WEBP", str(tmp_path / "paint.webp")
    picture.save()
    material = bpy.data.materials.new("Skin")
    material.use_nodes = True
    texture = material.node_tree.nodes.new("ShaderNodeTexImage")
    texture.image = bpy.data.images.load(str(tmp_path / "paint.webp"))
    base = material.node_tree.nodes["Principled BSDF"].inputs["Base Color"]
    material.node_tree.links.new(texture.outputs["Color"], base)
    face = character.meshes[0].data
    face.materials.append(material)
    face.uv_layers.new(name="UV")
    gltf, _ = vrm_of(export_vrm(character, tmp_path / "mim.vrm", META).path)
    assert {gltf.images[one.source].mimeType for one in gltf.textures} == {"image/png"}


def test_what_blender_does_not_take_over_from_an_avatar_is_told(scene, shared, tmp_path):
    character = import_avatar(shared / "rigs" / "Godette_vrm_v4.vrm")
    (note,) = [one for one in export_vrm(character, tmp_path / "mim.vrm", META).notes if "did not take" in one]
    assert "from Godette_vrm_v4.vrm, so the new file lacks them: MToon materials, spring bones" in note
    assert "Add Take to Avatar keeps them" in note


def test_objects_that_share_a_mesh_are_all_moved(make, tmp_path):
    character = make(["jawOpen", "eyeBlinkLeft"], teeth=())
    twin = bpy.data.objects.new("Twin", character.meshes[0].data)
    twin.parent = character.armature
    bpy.context.collection.objects.link(twin)
    gltf, vrm = vrm_of(export_vrm(character, tmp_path / "mim.vrm", META).path)
    assert shown(gltf, vrm["expressions"]["preset"]["blinkLeft"]) == {
        ("Face", "eyeBlinkLeft"): 1.0,
        ("Twin", "eyeBlinkLeft"): 1.0,
    }


def test_what_the_wearer_sees_comes_along(make, tmp_path):
    path = export_vrm(make(["jawOpen", "eyeBlinkLeft"]), tmp_path / "a.vrm", META).path
    file = GltfFile.read(path)
    kinds = {"Face": "thirdPersonOnly", "Teeth": "both", "Cap": "auto"}
    for one in file.document["extensions"]["VRMC_vrm"]["firstPerson"]["meshAnnotations"]:
        one["type"] = kinds[file.document["nodes"][one["node"]]["name"]]
    path.write_bytes(file.to_bytes())
    bpy.ops.wm.read_factory_settings(use_empty=True)
    gltf, vrm = vrm_of(export_vrm(import_avatar(path), tmp_path / "b.vrm", META).path)
    assert {gltf.nodes[one["node"]].name: one["type"] for one in vrm["firstPerson"]["meshAnnotations"]} == kinds


def test_what_the_wearer_sees_is_told_by_vrm_0_too():
    flags = [{"mesh": 0, "firstPersonFlag": "ThirdPersonOnly"}, {"mesh": 1, "firstPersonFlag": "?"}, {}]
    document = {"extensions": {"VRM": {"firstPerson": {"meshAnnotations": flags}}}}
    assert first_person(document) == ({}, {0: "thirdPersonOnly"})
