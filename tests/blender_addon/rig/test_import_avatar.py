"""Avatars from files: real ones are matched, broken ones leave a sentence and an unchanged scene."""

import json
import os
import struct
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.export.blender_data import key_blocks
from blender_addon.messages import AddonError
from blender_addon.rig.character import EXPRESSIONS
from blender_addon.rig.import_avatar import _name_targets, import_avatar, read_gltf

TRIANGLE = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)
LIFT = struct.pack("<9f", 0, 0, 0, 0, 0, 0, 0, 0, 1)


def document(targets: int, extensions: dict | None = None, names: list[str] | None = None) -> dict:
    """A triangle on node 0 with `targets` morph targets, as a glTF document."""
    position = {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]}
    lift = {"bufferView": 1, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [0, 0, 1]}
    primitive: dict = {"attributes": {"POSITION": 0}}
    if targets:
        primitive["targets"] = [{"POSITION": 1}] * targets
    if names:
        primitive["extras"] = {"targetNames": names}
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "Face", "mesh": 0}],
        "meshes": [{"name": "FaceMesh", "primitives": [primitive]}],
        "accessors": [position, lift],
        "bufferViews": [{"buffer": 0, "byteLength": 36}, {"buffer": 0, "byteOffset": 36, "byteLength": 36}],
        "buffers": [{"byteLength": 72}],
        **({"extensions": extensions, "extensionsUsed": list(extensions)} if extensions else {}),
    }


def glb(content: dict, binary: bytes = TRIANGLE + LIFT) -> bytes:
    text = json.dumps(content).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks


def test_names_on_the_primitive_are_kept(scene: bpy.types.Scene, tmp_path: Path) -> None:
    file = tmp_path / "head.glb"
    file.write_bytes(glb(document(3, names=["jawOpen", "jawOpen", ""])))
    character = import_avatar(file)
    keys = character.meshes[0].data.shape_keys.key_blocks.keys()
    assert keys == ["Basis", "jawOpen", "jawOpen.001", "target_2"]
    assert [target.shape_key for target in character.targets] == ["jawOpen"]
    assert not character.meshes[0].keys()
    assert not character.meshes[0].data.keys()


def test_vrm_1_expressions(scene: bpy.types.Scene, tmp_path: Path) -> None:
    bind = [{"node": 0, "index": 1, "weight": 0.5}]
    vrm = {
        "specVersion": "1.0",
        "expressions": {
            "preset": {"happy": {"morphTargetBinds": bind}, "aa": {"morphTargetBinds": [{"node": 0, "index": 0}]}},
            "custom": {"BrowDownLeft": {"morphTargetBinds": [{"node": 0, "index": 2, "weight": 1.0}]}},
        },
    }
    file = tmp_path / "avatar.vrm"
    file.write_bytes(glb(document(3, {"VRMC_vrm": vrm})))
    targets = {target.shape_key: target.mix for target in import_avatar(file).targets}
    assert targets["happy"]["mouthSmileLeft"] == 0.25
    assert targets["BrowDownLeft"] == {"browDownLeft": 1.0}


def test_godette_shows_what_her_fifteen_shapes_allow(scene: bpy.types.Scene, shared: Path) -> None:
    character = import_avatar(shared / "rigs" / "Godette_vrm_v4.vrm")
    assert character.head_bone == "head_Armature"
    assert character.unused == ("Face/HideHairBalls", "Face/HdieEarRings")
    mixes = {target.shape_key: target.mix for target in character.targets}
    assert len(mixes) == 13
    assert mixes["blink_left"]["eyeBlinkLeft"] == 1
    assert "eyeBlinkRight" not in mixes["blink_left"]
    assert mixes["ah"]["jawOpen"] == 1
    assert mixes["oh"]["mouthSmileLeft"] > 0
    assert mixes["angled_eyebrows"]["browDownLeft"] == 0.5
    assert mixes["look_left"] == {"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5}
    assert {"jawOpen", "mouthSmileLeft", "browInnerUp", "headYaw"} <= set(character.matched)
    assert "cheekPuff" in character.missing


def test_the_ict_head_has_all_but_the_tongue(scene: bpy.types.Scene, shared: Path) -> None:
    character = import_avatar(shared / "rigs" / "ict_facekit.glb")
    assert character.missing == ("tongueOut", "headYaw", "headPitch", "headRoll")
    assert len(character.targets) == 53
    assert {name.partition(" ")[0] for name in character.unused} == {
        f"ICTFace/{name}_{side}" for name in ("PupilDilate", "cheekRaiser") for side in "LR"
    }


def test_an_avatar_is_found_again_after_saving(scene: bpy.types.Scene, shared: Path, tmp_path: Path) -> None:
    before = import_avatar(shared / "rigs" / "Godette_vrm_v4.vrm").matched
    assert EXPRESSIONS in bpy.data.objects["Face"]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    from blender_addon.rig.character import find_character

    assert find_character(bpy.data.objects["Armature"]).matched == before


@pytest.mark.parametrize("vrm", ["1.0", "0.x"])
def test_a_vrm_says_which_bones_its_eyes_are_and_how_far_they_turn(
    scene: bpy.types.Scene, tmp_path: Path, vrm: str
) -> None:
    ways = ("HorizontalOuter", "HorizontalInner", "VerticalUp", "VerticalDown")
    if vrm == "1.0":
        bones: object = {"head": {"node": 1}, "leftEye": {"node": 2}, "rightEye": {"node": 3}}
        look = {"type": "bone", **{f"rangeMap{way}": {"inputMaxValue": 90, "outputScale": 8} for way in ways}}
        about = {"VRMC_vrm": {"specVersion": "1.0", "humanoid": {"humanBones": bones}, "lookAt": look}}
    else:
        bones = [{"bone": name, "node": node} for name, node in (("head", 1), ("leftEye", 2), ("rightEye", 3))]
        look = {"lookAtTypeName": "Bone", **{f"lookAt{way}": {"xRange": 90, "yRange": 8} for way in ways}}
        about = {"VRM": {"humanoid": {"humanBones": bones}, "firstPerson": look}}
    content = document(1, about, ["jawOpen"])
    content["nodes"] = [
        {"name": "Face", "mesh": 0, "skin": 0},
        {"name": "Kopf", "children": [2, 3]},
        {"name": "Auge A", "translation": [0.03, 0, 0]},
        {"name": "Auge B", "translation": [-0.03, 0, 0]},
    ]
    content["scenes"] = [{"nodes": [0, 1]}]
    content["skins"] = [{"joints": [1, 2, 3]}]
    attributes = content["meshes"][0]["primitives"][0]["attributes"]
    attributes |= {"JOINTS_0": 2, "WEIGHTS_0": 3}
    joints = bytes([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0])
    weights = struct.pack("<12f", *([1.0, 0, 0, 0] * 3))
    content["accessors"] += [
        {"bufferView": 2, "componentType": 5121, "count": 3, "type": "VEC4"},
        {"bufferView": 3, "componentType": 5126, "count": 3, "type": "VEC4"},
    ]
    content["bufferViews"] += [
        {"buffer": 0, "byteOffset": 72, "byteLength": 12},
        {"buffer": 0, "byteOffset": 84, "byteLength": 48},
    ]
    content["buffers"] = [{"byteLength": 132}]
    file = tmp_path / "avatar.vrm"
    file.write_bytes(glb(content, TRIANGLE + LIFT + joints + weights))
    character = import_avatar(file)
    eyes = {target.motion: target for target in character.bones if target.motion != "head"}
    assert {motion: target.bone for motion, target in eyes.items()} == {"leftEye": "Auge A", "rightEye": "Auge B"}
    assert eyes["leftEye"].turns["yaw"]["eyeLookOutLeft"] == pytest.approx(np.radians(8))
    assert character.head_bone == "Kopf"


def whole(scene: bpy.types.Scene) -> dict[str, int]:
    kinds = ("objects", "meshes", "armatures", "materials", "images", "collections", "actions")
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"not a glTF file \(\.vrm, \.glb or \.gltf\)"),
        (b"PK\3\4" + b"\0" * 60, r"not a glTF file \(\.vrm, \.glb or \.gltf\)"),
        (glb(document(1))[:-20], "cut off"),
        (glb(document(1))[:4] + struct.pack("<I", 1) + glb(document(1))[8:], "version 1"),
        (glb(document(1)).replace(b'"asset"', b'"asseT"'), "not a glTF 2.0"),
        (glb(document(1)).replace(b'{"asset"', b'{{asset"'), "damaged"),
        (glb({**document(1), "buffers": [{"byteLength": 9999}]}), "damaged"),
        (glb(document(0)), "no shape keys"),
        (glb({**document(1), "extensionsRequired": ["NOT_A_THING"], "extensionsUsed": ["NOT_A_THING"]}), "NOT_A_THING"),
    ],
)
def test_broken_files_are_refused_and_leave_nothing(
    scene: bpy.types.Scene, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "broken.vrm"
    file.write_bytes(content)
    before = whole(scene)
    with pytest.raises(AddonError, match=said) as error:
        import_avatar(file)
    assert "broken" in str(error.value)
    assert whole(scene) == before


def vrm_0(bind: dict) -> dict:
    return {"VRM": {"blendShapeMaster": {"blendShapeGroups": [{"name": "A", "binds": [bind]}]}}}


@pytest.mark.parametrize(
    "change",
    [
        {"meshes": None},
        {"meshes": [{"primitives": 3}]},
        {"asset": ["2.0"]},
        {"buffers": [72]},
        {"extensions": {"VRM": []}},
        {"extensions": vrm_0({"mesh": 0, "index": 0, "weight": None})},
        {"extensions": vrm_0({"mesh": "face", "index": 0, "weight": 100})},
        {"extensions": {"VRMC_vrm": {"expressions": {"preset": {"aa": {"morphTargetBinds": [{"node": None}]}}}}}},
    ],
    ids=lambda change: json.dumps(change)[:40],
)
def test_a_description_that_makes_no_sense_is_refused(scene: bpy.types.Scene, tmp_path: Path, change: dict) -> None:
    file = tmp_path / "broken.vrm"
    file.write_bytes(glb({**document(1), **change}))
    before = whole(scene)
    with pytest.raises(AddonError, match="broken"):
        import_avatar(file)
    assert whole(scene) == before


def test_a_description_nested_without_end_is_refused(scene: bpy.types.Scene, tmp_path: Path) -> None:
    text = b'{"asset":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    text += b" " * (-len(text) % 4)
    file = tmp_path / "deep.vrm"
    head = struct.pack("<IIIII", 0x46546C67, 2, 20 + len(text), len(text), 0x4E4F534A)
    file.write_bytes(head + text)
    with pytest.raises(AddonError, match=r"deep\.vrm is damaged"):
        import_avatar(file)


@pytest.mark.parametrize(
    "nodes",
    [[{"mesh": 0, "children": [7]}], [{"mesh": 0, "children": [1]}, {"children": [0]}], [{"mesh": 0, "skin": 7}]],
    ids=["no such child", "a circle", "no such skin"],
)
def test_nodes_that_contradict_one_another_are_a_sentence(
    scene: bpy.types.Scene, tmp_path: Path, nodes: list[dict]
) -> None:
    (tmp_path / "broken.vrm").write_bytes(glb({**document(1), "nodes": nodes}))
    before = whole(scene)
    with pytest.raises(AddonError, match=r"import broken\.vrm: what it describes does not fit together"):
        import_avatar(tmp_path / "broken.vrm")
    assert whole(scene) == before


def test_names_that_are_long_empty_or_there_already(scene: bpy.types.Scene, tmp_path: Path) -> None:
    names = ["jawOpen", "jawOpen", "", "Basis", "あ" * 100_000, "あ" * 100_001, "jawOpen.001"]
    (tmp_path / "named.vrm").write_bytes(glb(document(len(names), names=names)))
    (mesh,) = import_avatar(tmp_path / "named.vrm").meshes
    assert [block.name for block in key_blocks(mesh)[1:]] == [
        *("jawOpen", "jawOpen.001", "target_2", "Basis.001", "あ" * 21, "あ" * 19 + ".001", "jawOpen.001.001"),
    ]


def test_thousands_of_targets_of_one_name(scene: bpy.types.Scene, tmp_path: Path) -> None:
    (tmp_path / "many.vrm").write_bytes(glb(document(10_000, names=["jawOpen"] * 10_000)))
    document_, _ = read_gltf(tmp_path / "many.vrm")
    _name_targets(document_, "many.vrm")
    assert document_["meshes"][0]["extras"]["targetNames"][-1] == "jawOpen.9999"


LIES = {
    "count": lambda told: told["accessors"][0].update(count=2**31),
    "negative count": lambda told: told["accessors"][1].update(count=-3),
    "count of zeros": lambda told: told["accessors"].append(
        {"componentType": 5126, "count": 2**31, "type": "VEC3"},
    ),
    "offset": lambda told: told["accessors"][1].update(byteOffset=4),
    "view": lambda told: told["bufferViews"][1].update(byteLength=37),
    "stride": lambda told: told["bufferViews"][0].update(byteStride=16),
    "sparse": lambda told: told["accessors"][1].update(
        sparse={
            "count": 2**31,
            "indices": {"bufferView": 0, "componentType": 5125},
            "values": {"bufferView": 1},
        }
    ),
    "vertices": lambda told: told["accessors"][1].update(count=2),
}


@pytest.mark.parametrize("kind", LIES)
def test_lengths_that_lie_are_a_sentence(scene: bpy.types.Scene, tmp_path: Path, kind: str) -> None:
    told = document(1)
    LIES[kind](told)
    (tmp_path / "broken.vrm").write_bytes(glb(told))
    before = whole(scene)
    with pytest.raises(AddonError, match=r"broken\.vrm is damaged: its .* does not fit its data"):
        import_avatar(tmp_path / "broken.vrm")
    assert whole(scene) == before


def test_a_missing_file_and_what_is_none(scene: bpy.types.Scene, tmp_path: Path) -> None:
    with pytest.raises(AddonError, match="nowhere"):
        import_avatar(tmp_path / "nowhere.vrm")
    (tmp_path / "folder.vrm").mkdir()
    with pytest.raises(AddonError, match="no file"):
        import_avatar(tmp_path / "folder.vrm")
    if hasattr(os, "mkfifo"):
        # Reading it would wait for ever.
        os.mkfifo(tmp_path / "pipe.vrm")
        with pytest.raises(AddonError, match="no file"):
            import_avatar(tmp_path / "pipe.vrm")
