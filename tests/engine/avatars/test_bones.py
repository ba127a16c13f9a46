"""Jaw and eyes of an avatar's file that are bones: found as in Blender, moved where no shape does, never twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from blender_addon.rig.bones import motion_bone
from engine.avatars.add_take import add_take
from engine.avatars.bone_names import named, stated
from engine.avatars.glb import Glb
from engine.avatars.mapping import MOTIONS, mapping_of
from engine.avatars.rig_data import rig_data
from engine.errors import FaceMimicError
from tests.engine.avatars.made import clip_of, packed, track, unpacked
from tests.engine.avatars.test_mapping import HEAD

RISE = np.linspace(0, 1, 31)
NAMES = ["head", "jaw", "eye.L", "eye.R"]
PLACES = [(0.0, 1.5, 0.0), (0.0, 0.05, 0.02), (0.03, 0.15, 0.05), (-0.03, 0.15, 0.05)]
SKIN, NECK = 4, 5
"""The face's node, and that of the neck that the head hangs on."""


def skull(
    targets: dict[str, int] | None = None,
    names: list[str] = NAMES,
    carrying: tuple[int, ...] = (0, 1, 2, 3),
    extensions: dict[str, Any] | None = None,
    scale: float = 1.0,
    at: np.ndarray | None = None,
) -> bytes:
    """A head with a jaw and two eyes, nodes 0 to 3, and a mesh with a vertex on each of the `carrying` ones.

    targets: morph target to the number of the vertex that it moves. at: (vertices, 3), where they are if not at their
    bones.
    """
    targets = targets or {}
    count = len(carrying)
    parts = [
        np.array([PLACES[one] for one in carrying] if at is None else at, "<f4"),
        np.array([[place, 0, 0, 0] for place in carrying], "u1"),
        np.array([[1, 0, 0, 0]] * count, "<f4"),
        *(0.01 * np.eye(count, dtype="<f4")[vertex][:, None].repeat(3, 1) for vertex in targets.values()),
    ]
    views, accessors, binary = [], [], b""
    for number, part in enumerate(parts):
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": part.nbytes})
        kind, component = ("VEC4" if number in (1, 2) else "VEC3"), (5121 if number == 1 else 5126)
        accessors.append({"bufferView": number, "componentType": component, "count": count, "type": kind})
        binary += part.tobytes()
    mesh: dict[str, Any] = {"primitives": [{"attributes": {"POSITION": 0, "JOINTS_0": 1, "WEIGHTS_0": 2}}]}
    if targets:
        mesh["primitives"][0]["targets"] = [{"POSITION": 3 + number} for number in range(len(targets))]
        mesh["extras"] = {"targetNames": list(targets)}
    bones = [{"name": name, "translation": list(place)} for name, place in zip(names, PLACES, strict=True)]
    bones[0]["children"] = [1, 2, 3]
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [NECK, SKIN]}],
        "nodes": [*bones, {"name": "face", "mesh": 0, "skin": 0}, {"children": [0], "scale": [scale] * 3}],
        "skins": [{"joints": [0, 1, 2, 3]}],
        "meshes": [mesh],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
        "extensions": extensions or {},
    }
    return packed(document, binary)


@pytest.fixture
def performed(tmp_path: Path) -> Callable[..., tuple[dict[str, Any], bytes, tuple[str, ...]]]:
    """performed(data, curves, mapping): the avatar with that take, and what was told."""

    def perform(
        data: bytes, curves: dict[str, Any], mapping: str = ""
    ) -> tuple[dict[str, Any], bytes, tuple[str, ...]]:
        (tmp_path / "avatar.glb").write_bytes(data)
        corrections = mapping_of(HEAD + mapping, "m") if mapping else None
        target = tmp_path / "new.glb"
        made = add_take(tmp_path / "avatar.glb", clip_of(curves), target, "Take", corrections=corrections)
        document, binary, _ = unpacked(target.read_bytes())
        return document, binary, made.notes

    return perform


def moved(document: dict[str, Any]) -> set[tuple[int, str]]:
    return {(one["target"]["node"], one["target"]["path"]) for one in document["animations"][-1]["channels"]}


def test_a_jaw_that_is_a_bone_opens_goes_aside_and_forward(performed: Callable[..., Any]) -> None:
    reach = rig_data("motions.toml")["jaw"]
    data = skull({"mouthSmileLeft": 0}, scale=2.0)
    document, binary, _ = performed(data, {"jawOpen": RISE, "jawForward": RISE[::-1]})
    turn = Rotation.from_quat(track(document, binary, 1, "rotation")[1][-1])
    assert turn.apply([0, 0, 1]) == pytest.approx([0, -np.sin(reach["open"]), np.cos(reach["open"])], abs=1e-6)
    places = track(document, binary, 1, "translation")[1]
    assert places[-1] == pytest.approx(PLACES[1], abs=1e-6)
    assert places[0] - places[-1] == pytest.approx([0, 0, reach["forward"] * 0.06], abs=1e-6)
    document, binary, _ = performed(data, {"jawLeft": RISE})
    turn = Rotation.from_quat(track(document, binary, 1, "rotation")[1][-1])
    assert turn.apply([0, 0, 1]) == pytest.approx([np.sin(reach["aside"]), 0, np.cos(reach["aside"])], abs=1e-6)


def test_a_jaw_that_a_shape_opens_does_not_open_twice(performed: Callable[..., Any]) -> None:
    document, binary, _ = performed(skull({"jawOpen": 1}), {"jawOpen": RISE, "jawLeft": RISE})
    turn = Rotation.from_quat(track(document, binary, 1, "rotation")[1][-1])
    assert turn.apply([0, 0, 1])[1] == pytest.approx(0, abs=1e-6), "the shape opens it"
    assert turn.apply([0, 0, 1])[0] > 0.05, "the bone takes it aside, for which there is no shape"
    every = dict.fromkeys(("jawOpen", "jawLeft", "jawRight", "jawForward"), 1)
    assert (1, "rotation") not in moved(performed(skull(every), {"jawOpen": RISE})[0])


def test_a_jaw_on_which_nothing_hangs_is_none(performed: Callable[..., Any]) -> None:
    assert (1, "rotation") not in moved(
        performed(skull({"mouthSmileLeft": 0}, carrying=(0, 2, 3)), {"jawOpen": RISE})[0]
    )


def test_hair_that_a_program_took_for_the_jaw_rests(performed: Callable[..., Any]) -> None:
    bones = {"head": {"node": 0}, "jaw": {"node": 1}}
    vrm = {"VRMC_vrm": {"humanoid": {"humanBones": bones}}}
    names = ["head", "J_Sec_Hair1_01", "eye.L", "eye.R"]
    data = skull({"mouthSmileLeft": 0}, names, extensions=vrm)
    assert (1, "rotation") not in moved(performed(data, {"jawOpen": RISE})[0])
    bones["jaw"] = {"node": 2}
    assert (2, "rotation") in moved(performed(skull({"mouthSmileLeft": 0}, extensions=vrm), {"jawOpen": RISE})[0])


def test_the_mapping_corrects_the_jaw(performed: Callable[..., Any]) -> None:
    data = skull({"mouthSmileLeft": 0})
    document, binary, notes = performed(data, {"jawOpen": RISE}, '[[bone]]\nmotion = "jaw"\ngain = 0.5')
    turn = Rotation.from_quat(track(document, binary, 1, "rotation")[1][-1])
    assert turn.magnitude() == pytest.approx(0.5 * rig_data("motions.toml")["jaw"]["open"], abs=1e-5)
    assert not any("jaw" in note for note in notes)
    off = performed(data, {"jawOpen": RISE}, '[[bone]]\nmotion = "jaw"\noff = true')[0]
    assert (1, "rotation") not in moved(off)
    other, _, notes = performed(data, {"jawOpen": RISE}, '[[bone]]\nmotion = "jaw"\nbone = "head"')
    assert (0, "rotation") in moved(other)
    _, _, notes = performed(data, {"jawOpen": RISE}, '[[bone]]\nmotion = "jaw"\nbone = "chin"')
    assert any("bone chin is not in" in note for note in notes)


def test_eyes_of_a_nameless_avatar_turn_as_far_as_in_blender(performed: Callable[..., Any]) -> None:
    document, binary, _ = performed(skull({"mouthSmileLeft": 0}), {"eyeLookOutLeft": RISE, "eyeLookUpRight": RISE})
    reach = rig_data("motions.toml")["eye"]
    ends = [Rotation.from_quat(track(document, binary, node, "rotation")[1][-1]).apply([0, 0, 1]) for node in (2, 3)]
    assert ends[0] == pytest.approx([np.sin(reach["yaw"]), 0, np.cos(reach["yaw"])], abs=1e-6)
    assert ends[1] == pytest.approx([0, np.sin(reach["up"]), np.cos(reach["up"])], abs=1e-6)


@pytest.mark.parametrize(("depth", "kind"), [(1.0, "eye"), (0.5, "eye"), (0.1, "flat_eye")])
def test_eyes_that_are_drawn_flat_turn_less(performed: Callable[..., Any], depth: float, kind: str) -> None:
    ball = np.random.default_rng(1).normal(size=(200, 3))
    ball *= [0.01, 0.01, 0.01 * depth] / np.linalg.norm(ball, axis=1, keepdims=True)
    data = skull({"mouthSmileLeft": 0}, carrying=(2,) * 200, at=ball)
    document, binary, _ = performed(data, {"eyeLookOutLeft": RISE})
    turn = Rotation.from_quat(track(document, binary, 2, "rotation")[1][-1])
    assert turn.magnitude() == pytest.approx(rig_data("motions.toml")[kind]["yaw"], abs=1e-5)


def test_an_avatar_of_bones_alone_performs(performed: Callable[..., Any]) -> None:
    document, _, notes = performed(skull(), {"jawOpen": RISE, "mouthPucker": RISE, "tongueOut": 0 * RISE})
    assert moved(document) == {(0, "rotation"), (1, "rotation"), (1, "translation"), (2, "rotation"), (3, "rotation")}
    assert any("cannot show 1 of the take's 2 channels: mouthPucker." in note for note in notes), notes
    assert performed(skull(), {"jawOpen": RISE})[2] == ()
    with pytest.raises(FaceMimicError, match="no morph targets"):
        performed(skull(names=["head", "a", "b", "c"]), {"jawOpen": RISE})


def test_a_control_that_moves_nothing_in_a_file_leaves_it_to_the_deforming_bone(performed: Callable[..., Any]) -> None:
    names = ["DEF-head", "jaw_master", "DEF-jaw", "eye.R"]
    document, _, _ = performed(skull({"mouthSmileLeft": 0}, names, carrying=(0, 2, 3)), {"jawOpen": RISE})
    assert {node for node, _ in moved(document)} >= {0, 2}
    assert 1 not in {node for node, _ in moved(document)}


WORDS = [
    *(
        "head",
        "Head",
        "jaw",
        "Jaw",
        "eye",
        "Eye",
        "Left",
        "L",
        "R",
        "right",
        "DEF",
        "ORG",
        "MCH",
        "master",
        "end",
        "lid",
    ),
    *("lid", "Hair", "頭", "左目", "右目", "あご", "spine", "006", "1", "mixamorig:", "CC_Base", "root", "Bip01"),
]
KNOWN = [name for table in rig_data("bones.toml").values() for name in table["names"]]
bone_names = st.builds(
    lambda parts, gap, known: known or gap.join(parts),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    st.sampled_from(["_", " ", ".", "", "-"]),
    st.none() | st.sampled_from(KNOWN),
)


@settings(max_examples=60)
@given(st.lists(bone_names, min_size=1, max_size=8, unique=True))
def test_names_mean_the_same_bones_as_in_blender(listed: list[str]) -> None:
    data = bpy.data.armatures.new("Names")
    rig = bpy.data.objects.new("Names", data)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name in listed:
        data.edit_bones.new(name).tail.z = 1
    bpy.ops.object.mode_set(mode="OBJECT")
    in_blender = {motion: motion_bone(rig, motion) for motion in MOTIONS}
    order = list(data.bones.keys())
    bpy.data.objects.remove(rig)
    bpy.data.armatures.remove(data)
    document = {
        "asset": {"version": "2.0"},
        "nodes": [{"name": name} for name in order],
        "skins": [{"joints": list(range(len(order)))}],
    }
    avatar = Glb.from_bytes(packed(document, None), "a.glb")
    places = {motion: named(avatar, motion, ()) for motion in MOTIONS}
    assert {motion: place if place is None else order[place] for motion, place in places.items()} == in_blender


def test_both_tell_a_bone_that_is_stated_by_mistake() -> None:
    hair = {"humanoid": {"humanBones": [{"bone": "jaw", "node": 0}, {"bone": "head", "node": 0}]}}
    document = {"asset": {"version": "2.0"}, "nodes": [{"name": "Hair.001"}], "extensions": {"VRM": hair}}
    avatar = Glb.from_bytes(packed(document, None), "a.vrm")
    assert stated(avatar, "jaw") is None
    assert stated(avatar, "head") == 0
