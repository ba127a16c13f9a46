import copy
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pygltflib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from engine.avatars.add_take import TOLERANCE, add_take, append
from engine.avatars.bones import head_of
from engine.avatars.glb import Glb
from engine.channels import CHANNELS, INDEX, SHAPES
from engine.clip import Clip
from engine.errors import FaceMimicError
from tests.engine.avatars.made import VRM_0, VRM_1, accessor, avatar, clip_of, packed, shown, track, unpacked

ARKIT = ["eyeBlink_L", "eyeBlink_R", "jawOpen", "hat", "mouthSmileLeft"]
RISE = np.linspace(0, 1, 31)


def take() -> Clip:
    return clip_of({"jawOpen": RISE, "eyeBlinkLeft": 0.5 + 0.5 * np.sin(9 * RISE), "headYaw": 0.6 * RISE})


def with_take(path: Path, clip: Clip, name: str = "Take", **options: Any) -> tuple[dict[str, Any], bytes]:
    """The avatar at `path` with the take in it."""
    target = path.with_name(f"with_take{path.suffix}")
    add_take(path, clip, target, name, **options)
    document, binary, _ = unpacked(target.read_bytes())
    return document, binary


def assert_nothing_else_changed(before: bytes, after: bytes) -> None:
    """All that was in the file is there as it was: only ends of lists, the buffer's end and our own extras are new."""
    (old, old_binary, old_others), (new, new_binary, new_others) = unpacked(before), unpacked(after)
    assert new_binary.startswith(old_binary)
    assert new_others == old_others
    rest = copy.deepcopy(new)
    for name in ("accessors", "bufferViews", "animations"):
        kept = old.get(name, [])
        assert rest[name][: len(kept)] == kept
        rest[name] = kept
        if name not in old:
            del rest[name]
    if "buffers" in old:
        rest["buffers"][0]["byteLength"] = old["buffers"][0]["byteLength"]
    extras = rest["asset"].get("extras", {})
    ours = extras.get("FaceMimic", {}) if isinstance(extras, dict) else {}
    for name in set(ours) - set(old["asset"].get("extras", {}).get("FaceMimic", {})):
        del ours[name]
    if isinstance(extras, dict) and "FaceMimic" not in old["asset"].get("extras", {}):
        extras.pop("FaceMimic", None)
    if "extras" not in old["asset"]:
        rest["asset"].pop("extras", None)
    assert rest == old
    assert list(new) == [*old, *(name for name in new if name not in old)]


@settings(max_examples=40)
@given(st.data())
def test_a_take_is_read_back_as_it_was(data: st.DataObject) -> None:
    channels = data.draw(st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=8, unique=True))
    frames, fps = data.draw(st.integers(1, 90)), data.draw(st.sampled_from([12.0, 23.976, 30.0, 60.0, 120.0]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    curves = np.cumsum(rng.normal(0, 0.08, (frames, len(channels))), axis=0) % 1
    clip = Clip(curves, fps, tuple(channels), {})
    meshes = data.draw(st.lists(st.lists(st.sampled_from(SHAPES), min_size=1, unique=True), min_size=1, max_size=3))
    original = packed(*avatar(*meshes), (0x12345678, b"else"))
    glb = Glb.from_bytes(original, "avatar.glb")
    append(glb, clip, "Take", approximate=False)
    stream = Written()
    glb.write(stream)
    assert_nothing_else_changed(original, bytes(stream.data))
    document, binary, _ = unpacked(bytes(stream.data))
    at = np.arange(frames) / fps
    whole = clip.limited().values
    for number, names in enumerate(meshes):
        times, values = track(document, binary, 2 + number, "weights")
        assert times[0] == 0
        assert times[-1] == pytest.approx(at[-1])
        wanted = whole[:, [INDEX[name] for name in names]]
        assert np.abs(shown(times, values, at) - wanted).max() <= TOLERANCE + 1e-5
        assert values.shape[1] == len(names)


class Written:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: Any) -> int:
        self.data += data
        return len(data)


def test_every_weight_of_every_face_mesh_is_keyed(make_avatar: Callable[..., Path]) -> None:
    document, binary = with_take(make_avatar(ARKIT, ["jawOpen"], ["hat"]), take())
    targets = [channel["target"] for channel in document["animations"][0]["channels"]]
    assert targets == [
        {"node": 2, "path": "weights"},
        {"node": 3, "path": "weights"},
        {"node": 1, "path": "rotation"},
    ]
    _, values = track(document, binary, 2, "weights")
    assert values[:, 2].tolist()[-1] == 1
    assert not values[:, [1, 3, 4]].any()


def test_targets_without_a_meaning_stay_as_the_file_has_them(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(ARKIT)
    document, binary, _ = unpacked(path.read_bytes())
    document["meshes"][0]["weights"] = [0.1, 0.2, 0.3, 0.4, 0.5]
    path.write_bytes(packed(document, binary))
    _, values = track(*with_take(path, take()), 2, "weights")
    assert np.allclose(values[:, 3], 0.4)
    assert not values[:, 1].any()


def test_nodes_of_one_mesh_share_its_keys(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(ARKIT)
    document, binary, _ = unpacked(path.read_bytes())
    document["nodes"].append({"mesh": 0})
    path.write_bytes(packed(document, binary))
    document, _ = with_take(path, take())
    assert [channel["sampler"] for channel in document["animations"][0]["channels"]] == [0, 0, 1]


def test_takes_go_beside_one_another_and_names_get_numbers(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(ARKIT)
    for number, name in enumerate(["Hello", "Hello", "Bye", "Hello"]):
        before = path.read_bytes()
        add_take(path, clip_of({"jawOpen": RISE * number / 3}), path, name, overwrite=True)
        assert_nothing_else_changed(before, path.read_bytes())
    document, binary, _ = unpacked(path.read_bytes())
    assert [one["name"] for one in document["animations"]] == ["Hello", "Hello 2", "Bye", "Hello 3"]
    for number in range(4):
        _, values = track(document, binary, 2, "weights", number)
        assert values[-1, 2] == pytest.approx(number / 3)


def test_one_mesh_does_not_play_an_expression_that_another_shows_better(make_avatar: Callable[..., Path]) -> None:
    extensions: Any = copy.deepcopy(VRM_1)
    binds = [{"node": 2, "index": 0, "weight": 0.6}, {"node": 3, "index": 0, "weight": 0.5}]
    extensions["VRMC_vrm"]["expressions"]["preset"]["oh"] = {"morphTargetBinds": binds}
    path = make_avatar(["jawOpen", "mouthFunnel"], ["jawOpen"], extensions=extensions)
    document, binary = with_take(path, clip_of({"mouthFunnel": RISE}))
    assert track(document, binary, 2, "weights")[1][-1].tolist() == [0, 1]
    assert not track(document, binary, 3, "weights")[1].any()


@pytest.mark.parametrize("extensions", [VRM_1, VRM_0], ids=["VRM 1.0", "VRM 0.x"])
def test_what_the_avatar_says_itself_names_its_targets(make_avatar: Callable[..., Path], extensions: dict) -> None:
    path = make_avatar(["closed", "mouth", "wide"], extensions=extensions)
    clip = clip_of({"jawOpen": RISE, "eyeBlinkLeft": RISE, "eyeBlinkRight": RISE})
    _, values = track(*with_take(path, clip), 2, "weights")
    assert values[-1].tolist() == pytest.approx([1, 1, 0])


@pytest.mark.parametrize(
    ("extensions", "left", "forward"),
    [(VRM_1, (1, 0, 0), (0, 0, 1)), (VRM_0, (-1, 0, 0), (0, 0, -1)), ({}, (1, 0, 0), (0, 0, 1))],
    ids=["VRM 1.0", "VRM 0.x", "by name"],
)
@pytest.mark.parametrize("channel", ["headYaw", "headPitch", "headRoll"])
def test_the_head_turns_about_the_body_on_top_of_its_rest(
    make_avatar: Callable[..., Path], extensions: dict, left: tuple, forward: tuple, channel: str
) -> None:
    document, binary = with_take(make_avatar(["jawOpen"], extensions=extensions), clip_of({channel: 0.5 * RISE}))
    _, values = track(document, binary, 1, "rotation")
    neck, rest = Rotation.from_quat([0, 0.6, 0, 0.8]), Rotation.from_quat([0.28, 0, 0, 0.96])
    assert np.allclose((Rotation.from_quat(values[0]).inv() * rest).magnitude(), 0, atol=1e-6)
    turn = neck * Rotation.from_quat(values[-1]) * (neck * rest).inv()
    up = np.array([0, 1, 0])
    moved, towards = {
        "headYaw": (forward, left),
        "headPitch": (forward, up),
        "headRoll": (up, left),
    }[channel]
    wanted = np.cos(0.5) * np.array(moved) + np.sin(0.5) * np.array(towards)
    assert turn.apply(moved) == pytest.approx(wanted, abs=1e-6)


EYES_1 = {
    "VRMC_vrm": {
        "humanoid": {"humanBones": {"head": {"node": 1}, "leftEye": {"node": 3}, "rightEye": {"node": 4}}},
        "lookAt": {
            "type": "bone",
            "rangeMapHorizontalOuter": {"inputMaxValue": 90, "outputScale": 12},
            "rangeMapHorizontalInner": {"inputMaxValue": 90, "outputScale": 9},
            "rangeMapVerticalUp": {"inputMaxValue": 90, "outputScale": 8},
        },
    }
}
EYES_0 = {
    "VRM": {
        "humanoid": {"humanBones": [{"bone": "leftEye", "node": 3}, {"bone": "rightEye", "node": 4}]},
        "firstPerson": {
            "lookAtTypeName": "Bone",
            "lookAtHorizontalOuter": {"xRange": 90, "yRange": 12},
            "lookAtHorizontalInner": {"xRange": 90, "yRange": 9},
            "lookAtVerticalUp": {"xRange": 90, "yRange": 8},
        },
    }
}


@pytest.mark.parametrize(("extensions", "facing"), [(EYES_1, 1), (EYES_0, -1)], ids=["VRM 1.0", "VRM 0.x"])
def test_eyes_that_look_by_bones_turn_as_far_as_the_avatar_says(
    make_avatar: Callable[..., Path], extensions: dict, facing: int
) -> None:
    path = make_avatar(["jawOpen"], extensions=extensions)
    document, binary, _ = unpacked(path.read_bytes())
    document["nodes"] += [{"name": "eye L"}, {"name": "eye R"}]
    path.write_bytes(packed(document, binary))
    looks = {"eyeLookOutLeft": RISE, "eyeLookInRight": RISE, "eyeLookUpRight": RISE[::-1]}
    document, binary = with_take(path, clip_of(looks))
    ends = [
        [Rotation.from_quat(row).apply([0, 0, facing]) for row in track(document, binary, node, "rotation")[1][[0, -1]]]
        for node in (3, 4)
    ]
    assert ends[0][1] == pytest.approx(facing * np.array([np.sin(np.radians(12)), 0, np.cos(np.radians(12))]))
    assert ends[1][1] == pytest.approx(facing * np.array([np.sin(np.radians(9)), 0, np.cos(np.radians(9))]))
    assert ends[1][0] == pytest.approx([0, np.sin(np.radians(8)), facing * np.cos(np.radians(8))])


LEFT_LOOKS = [f"eyeLook{way}Left" for way in ("In", "Out", "Up", "Down")]


def test_eyes_with_shapes_do_not_turn_twice(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(["jawOpen", *LEFT_LOOKS], extensions=EYES_1)
    document, binary, _ = unpacked(path.read_bytes())
    document["nodes"] += [{"name": "eye L"}, {"name": "eye R"}]
    path.write_bytes(packed(document, binary))
    document, _ = with_take(path, take())
    assert [one["target"]["node"] for one in document["animations"][0]["channels"]] == [2, 1, 4]


def skinned(names: list[str], moved: int, *, rigid: bool = False) -> bytes:
    """A mesh of four vertices, of which the last hangs on the left eye; its targets move one vertex.

    rigid: the eye is a mesh of its own below its bone, and the vertex hangs on the head.
    """
    document, _ = avatar(names, extensions=EYES_1)
    document["nodes"] += [{"name": "eye L"}, {"name": "eye R"}]
    parts = [
        np.arange(12, dtype="<f4"),
        np.eye(4, dtype="<f4")[moved][:, None].repeat(3, 1),
        np.array([[0, 0, 0, 0]] * 3 + [[0 if rigid else 1, 0, 0, 0]], "u1"),
        np.array([[1, 0, 0, 0]] * 4, "<f4"),
    ]
    if rigid:
        document["meshes"].append({"primitives": [{"attributes": {"POSITION": 0}}]})
        document["nodes"].append({"name": "ball", "mesh": 1})
        document["nodes"][3]["children"] = [5]
    document["skins"] = [{"joints": [1, 3]}]
    document["nodes"][2]["skin"] = 0
    document["bufferViews"], document["accessors"], binary = [], [], b""
    for number, part in enumerate(parts):
        kind, component = ("VEC4" if number > 1 else "VEC3"), (5121 if number == 2 else 5126)
        document["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": part.nbytes})
        document["accessors"].append({"bufferView": number, "componentType": component, "count": 4, "type": kind})
        binary += part.tobytes()
    document["buffers"] = [{"byteLength": len(binary)}]
    document["meshes"][0]["primitives"][0]["attributes"] |= {"JOINTS_0": 2, "WEIGHTS_0": 3}
    return packed(document, binary)


@pytest.mark.parametrize("rigid", [False, True])
@pytest.mark.parametrize("approximate", [False, True])
def test_eyes_turn_where_the_shapes_of_a_gaze_move_only_the_lids(
    tmp_path: Path, rigid: bool, approximate: bool
) -> None:
    path = tmp_path / "avatar.vrm"
    path.write_bytes(skinned(LEFT_LOOKS, 0, rigid=rigid))
    document, binary = with_take(path, clip_of({"eyeLookOutLeft": RISE}), approximate=approximate)
    end = Rotation.from_quat(track(document, binary, 3, "rotation")[1][-1]).apply([0, 0, 1])
    assert end == pytest.approx([np.sin(np.radians(12)), 0, np.cos(np.radians(12))])
    assert track(document, binary, 2, "weights")[1][-1] == pytest.approx([0, 1, 0, 0], abs=0.05), "the lids too"


def test_eyes_rest_where_the_shapes_move_them(tmp_path: Path) -> None:
    path = tmp_path / "avatar.vrm"
    path.write_bytes(skinned(LEFT_LOOKS, 3))
    document, _ = with_take(path, clip_of({"eyeLookOutLeft": RISE}))
    assert [one["target"]["node"] for one in document["animations"][0]["channels"]] == [2, 1, 4]


def test_an_eye_turns_for_what_its_shapes_do_not_show(tmp_path: Path) -> None:
    path = tmp_path / "avatar.vrm"
    path.write_bytes(skinned(["eyeLookOutLeft"], 3))
    document, binary = with_take(path, clip_of({"eyeLookOutLeft": RISE, "eyeLookUpLeft": RISE}), approximate=False)
    end = Rotation.from_quat(track(document, binary, 3, "rotation")[1][-1]).apply([0, 0, 1])
    assert end == pytest.approx([0, np.sin(np.radians(8)), np.cos(np.radians(8))])


def test_a_turning_head_keeps_within_the_tolerance(make_avatar: Callable[..., Path]) -> None:
    yaw, pitch, roll = np.sin(np.outer([9, 7, 5], np.linspace(0, 1, 121))) * [[0.9], [0.5], [0.4]]
    clip = clip_of({"headYaw": yaw, "headPitch": pitch, "headRoll": roll})
    path = make_avatar(["jawOpen"])
    times, values = track(*with_take(path, clip), 1, "rotation")
    assert len(times) < 60
    head, _ = head_of(Glb.read(path))
    assert head is not None
    seen = Slerp(times, Rotation.from_quat(values))(np.clip(np.arange(121) / 30, 0, times[-1]))
    assert (seen * Rotation.from_quat(head.rotations(clip)).inv()).magnitude().max() <= TOLERANCE


def test_sides_of_bones_tell_where_a_nameless_body_looks(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(["jawOpen"])
    document, binary, _ = unpacked(path.read_bytes())
    for side, z in (("Left", 1), ("Right", -1)):
        document["nodes"].append({"name": f"{side}Hand", "translation": [0, 0, z]})
        document["skins"][0]["joints"].append(len(document["nodes"]) - 1)
    path.write_bytes(packed(document, binary))
    _, values = track(*with_take(path, clip_of({"headPitch": 0.5 * RISE})), 1, "rotation")
    neck = Rotation.from_quat([0, 0.6, 0, 0.8])
    turn = neck * Rotation.from_quat(values[-1]) * Rotation.from_quat(values[0]).inv() * neck.inv()
    assert turn.apply([-1, 0, 0]) == pytest.approx([-np.cos(0.5), np.sin(0.5), 0], abs=1e-6)


def test_without_a_head_the_face_performs_and_a_note_says_so(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(ARKIT)
    document, binary, _ = unpacked(path.read_bytes())
    document["nodes"][1] |= {"matrix": np.eye(4).ravel().tolist()}
    del document["nodes"][1]["rotation"]
    path.write_bytes(packed(document, binary))
    assert "matrix" in add_take(path, take(), path.with_name("new.vrm"), "Take").notes[0]
    del document["skins"]
    path.write_bytes(packed(document, binary))
    made = add_take(path, take(), path.with_name("new.vrm"), "Take")
    assert "head does not turn" in made.notes[0]
    assert len(made.notes) == 1
    assert made.seconds == pytest.approx(1)
    assert made.targets == 4


def test_where_a_take_comes_from_is_said_or_left_out(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(ARKIT)
    clip = clip_of({"jawOpen": RISE}, seed=7, machine_made=True, file="/home/somebody/take.csv", recorded=[0.5] * 3000)
    document, _ = with_take(path, clip)
    about = document["animations"][0]["extras"]["FaceMimic"]
    assert about["seed"] == 7
    assert about["machine-made performance"] is True
    assert about["file"] == "take.csv"
    assert "recorded" not in about
    assert document["asset"]["extras"]["left"] == "alone"
    assert document["asset"]["extras"]["FaceMimic"]["generator"].startswith("FaceMimic ")
    document, _ = with_take(path, clip, with_provenance=False)
    assert "extras" not in document["animations"][0]
    assert document["asset"]["extras"] == {"left": "alone"}


@pytest.mark.parametrize(
    ("facts", "made"),
    [
        ({}, False),
        ({"source": "live_link_face"}, False),
        ({"machine_made": True}, True),
        ({"takes": [{"source": "video"}, {"machine_made": True}]}, True),
    ],
)
def test_only_what_a_machine_made_is_called_so(make_avatar: Callable[..., Path], facts: dict, made: bool) -> None:
    document, _ = with_take(make_avatar(ARKIT), clip_of({"jawOpen": RISE}, **facts))
    for extras in (document["asset"]["extras"], document["animations"][0]["extras"]):
        assert extras["FaceMimic"].get("machine-made performance", False) is made


@pytest.mark.parametrize("extras", ["a word", ["list"], {"FaceMimic": "a word"}, {"FaceMimic": {"generator": "old"}}])
def test_the_assets_own_extras_stay(make_avatar: Callable[..., Path], extras: Any) -> None:
    path = make_avatar(ARKIT)
    document, binary, _ = unpacked(path.read_bytes())
    document["asset"]["extras"] = extras
    path.write_bytes(packed(document, binary))
    after = with_take(path, take())[0]["asset"]["extras"]
    if isinstance(extras, dict) and isinstance(extras["FaceMimic"], dict):
        assert after["FaceMimic"]["generator"] == "old"
    else:
        assert after == extras


def test_a_gltf_library_reads_the_result(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(ARKIT)
    path.write_bytes(altered(lambda d: d.pop("extras")))
    add_take(path, take(), path.with_name("new.glb"), "Take")
    file = pygltflib.GLTF2().load(path.with_name("new.glb"))
    assert file is not None
    assert [one.name for one in file.animations] == ["Take"]
    assert len(file.animations[0].channels) == 2


@pytest.mark.parametrize("binary", [None, b""])
def test_an_avatar_whose_targets_are_all_zero_needs_no_data_of_its_own(tmp_path: Path, binary: bytes | None) -> None:
    document, _ = avatar(ARKIT)
    document["accessors"] = [{"componentType": 5126, "count": 3, "type": "VEC3"} for _ in range(2)]
    del document["buffers"], document["bufferViews"]
    path = tmp_path / "bare.glb"
    path.write_bytes(packed(document, binary))
    new, data = with_take(path, take())
    assert new["buffers"] == [{"byteLength": len(data)}]
    assert len(accessor(new, data, 2)) > 1


def altered(change: Callable[[dict[str, Any]], Any]) -> bytes:
    document, binary = avatar(ARKIT)
    change(document)
    return packed(document, binary)


def cut(data: bytes, at: int, value: int) -> bytes:
    """The data with another number at a place."""
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


WHOLE = packed(*avatar(ARKIT))
BAD = {
    "empty": (b"", "not a binary glTF"),
    "text": (b"Dear diary,\nnothing happened.", "not a binary glTF"),
    "gltf": (b'\xef\xbb\xbf {"asset": {}}', r"\(\.gltf\)"),
    "truncated": (WHOLE[:-40], "not whole"),
    "header only": (WHOLE[:12], "not whole"),
    "trailing": (WHOLE + b"more", "not whole"),
    "glTF 1": (cut(WHOLE, 4, 1), "version 1"),
    "long chunk": (cut(WHOLE, 12, 2**32 - 8), "beyond its end"),
    "short chunk": (cut(WHOLE, 12, 40), "beyond its end|damaged"),
    "no document": (struct.pack("<IIIII", 0x46546C67, 2, 20, 0, 0x004E4942), "does not begin"),
    "no chunk": (struct.pack("<III", 0x46546C67, 2, 12), "does not begin"),
    "not UTF-8": (WHOLE.replace("顔".encode(), b"\xff\xfe\xfd"), "not UTF-8"),
    "not JSON": (WHOLE.replace(b'"asset":', b'"asset"!'), "not JSON"),
    "list": (packed([], b""), "not glTF 2.0"),  # type: ignore[arg-type]
    "no asset": (altered(lambda d: d.pop("asset")), "not glTF 2.0"),
    "asset": (altered(lambda d: d.update(asset={"version": "1.0"})), "not glTF 2.0"),
    "meshes": (altered(lambda d: d.update(meshes={"a": 1})), "list of meshes"),
    "no targets": (altered(lambda d: d["meshes"][0]["primitives"][0].pop("targets")), "no morph targets"),
    "no mesh": (altered(lambda d: d.pop("meshes")), "no morph targets"),
    "unknown": (altered(lambda d: d["meshes"][0].update(extras={"targetNames": ["hat"]})), "knows none.*hat"),
    "unnamed": (altered(lambda d: d["meshes"][0].pop("extras")), "knows none.*target_0"),
    "external": (altered(lambda d: d["buffers"][0].update(uri="face.bin")), "outside.*face.bin"),
    "second": (altered(lambda d: d["buffers"].append({"uri": "b.bin", "byteLength": 4})), r"outside.*b\.bin"),
    "buffer": (altered(lambda d: d["buffers"][0].update(byteLength=10**6)), "promises 1000000 bytes"),
    "no length": (altered(lambda d: d["buffers"][0].pop("byteLength")), "promises None"),
    "view": (altered(lambda d: d["bufferViews"][2].update(byteLength=999)), "data view 2"),
    "rotation": (altered(lambda d: d["nodes"][1].update(rotation=[1, 2])), "rotation of a bone"),
    "infinite": (altered(lambda d: d["nodes"][0].update(extras=float("inf"))), "number that is none"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_avatar_is_a_sentence_and_leaves_no_file(tmp_path: Path, kind: str) -> None:
    data, sentence = BAD[kind]
    path = tmp_path / "avatar.vrm"
    path.write_bytes(data)
    with pytest.raises(FaceMimicError, match=sentence) as error:
        add_take(path, take(), tmp_path / "new.vrm", "Take")
    assert error.value.kind == "file"
    assert [one.name for one in tmp_path.iterdir()] == ["avatar.vrm"]
    assert path.read_bytes() == data


@settings(max_examples=150)
@given(st.data())
def test_damage_anywhere_is_a_sentence_or_harmless(data: st.DataObject) -> None:
    document, binary = avatar(ARKIT, extensions=data.draw(st.sampled_from([{}, VRM_1, VRM_0, EYES_1, EYES_0])))
    # What the examples share must not carry one example's damage into the next.
    document = copy.deepcopy(document)
    holder: Any = document
    for _ in range(data.draw(st.integers(0, 7))):
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        inner = [key for key in keys if isinstance(holder[key], dict | list) and holder[key]]
        if not inner:
            break
        holder = holder[data.draw(st.sampled_from(inner))]
    key = data.draw(st.sampled_from(list(holder) if isinstance(holder, dict) else list(range(len(holder)))))
    holder[key] = data.draw(st.sampled_from([None, True, -1, 10**9, 0.5, "x", [], {}, [[]], [{}], {"a": []}]))
    try:
        glb = Glb.from_bytes(packed(document, binary), "avatar.vrm")
        append(glb, take(), "Take")
        glb.write(Written())
    except FaceMimicError as error:
        assert "avatar" in str(error)


def test_bytes_that_changed_on_the_way_never_end_in_a_traceback() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        data = bytearray(WHOLE)
        for place in rng.integers(0, len(data), 3):
            data[place] = rng.integers(256)
        try:
            glb = Glb.from_bytes(bytes(data), "avatar.vrm")
            append(glb, take(), "Take")
            glb.write(Written())
        except FaceMimicError:
            pass


def test_the_avatar_itself_is_written_only_when_asked(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(ARKIT)
    before = path.read_bytes()
    link = path.with_name("link.vrm")
    link.symlink_to(path)
    for target in (path, link):
        with pytest.raises(FaceMimicError, match="the avatar itself"):
            add_take(path, take(), target, "Take")
    assert path.read_bytes() == before
    add_take(path, take(), path, "Take", overwrite=True)
    assert_nothing_else_changed(before, path.read_bytes())


@pytest.mark.parametrize("target", ["new.vrma", "new", "missing/new.vrm", "folder.vrm"])
def test_a_target_that_cannot_be_is_refused(make_avatar: Callable[..., Path], target: str) -> None:
    path = make_avatar(ARKIT)
    path.with_name("folder.vrm").mkdir()
    with pytest.raises(FaceMimicError):
        add_take(path, take(), path.parent / target, "Take")
    assert sorted(one.name for one in path.parent.iterdir()) == ["avatar.vrm", "folder.vrm"]


def test_a_missing_avatar_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FaceMimicError, match="There is no avatar at"):
        add_take(tmp_path / "none.vrm", take(), tmp_path / "new.vrm", "Take")
    assert not list(tmp_path.iterdir())


def test_a_real_avatar_of_the_community_smiles_and_blinks(shared: Path, tmp_path: Path) -> None:
    original = shared / "rigs" / "Godette_vrm_v4.vrm"
    clip = clip_of({"eyeBlinkLeft": RISE, "mouthSmileLeft": RISE, "mouthSmileRight": RISE, "headYaw": 0.3 * RISE})
    add_take(original, clip, tmp_path / "new.vrm", "Smile")
    assert_nothing_else_changed(original.read_bytes(), (tmp_path / "new.vrm").read_bytes())
    document, binary, _ = unpacked((tmp_path / "new.vrm").read_bytes())
    names = document["meshes"][0]["primitives"][0]["extras"]["targetNames"]
    end = dict(zip(names, track(document, binary, 68, "weights")[1][-1].tolist(), strict=True))
    assert end["blink_left"] == pytest.approx(1, abs=1e-5)
    assert end["blink_right"] == pytest.approx(0, abs=1e-5)
    assert end["ih"] + end["uu"] > 1.2
    assert track(document, binary, 5, "rotation")[1][-1, 1] == pytest.approx(np.sin(0.15), abs=1e-6)


def test_what_an_avatar_has_no_shape_for_is_shown_by_the_nearest(
    make_avatar: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_avatar(["jawOpen", "mouthSmileLeft", "mouthSmileRight"])
    clip = clip_of({"jawOpen": 0.5 * RISE, "mouthDimpleLeft": RISE, "mouthDimpleRight": RISE})
    made = add_take(path, clip, tmp_path / "new.vrm", "Take")
    document, binary, _ = unpacked(made.path.read_bytes())
    end = track(document, binary, 2, "weights")[1][-1]
    assert end[0] == pytest.approx(0.5, abs=1e-5)
    assert 0.1 < end[1] == pytest.approx(end[2], abs=1e-5)
    assert made.remarks[0] == "Shown by the nearest shapes: mouthDimple by mouthSmileLeft and mouthSmileRight."
    assert made.notes == ()
    add_take(path, clip, tmp_path / "exact.vrm", "Take", approximate=False)
    document, binary, _ = unpacked((tmp_path / "exact.vrm").read_bytes())
    assert track(document, binary, 2, "weights")[1][-1].tolist() == [0.5, 0, 0]


def test_an_avatar_with_every_shape_is_not_fitted(make_avatar: Callable[..., Path], tmp_path: Path) -> None:
    path = make_avatar(list(SHAPES))
    rng = np.random.default_rng(2)
    clip = Clip(rng.random((20, len(CHANNELS))), 30.0)
    for name, approximate in (("a.vrm", True), ("b.vrm", False)):
        add_take(path, clip, tmp_path / name, "Take", approximate=approximate)
    assert (tmp_path / "a.vrm").read_bytes() == (tmp_path / "b.vrm").read_bytes()


def test_a_vrm_animation_is_no_avatar(tmp_path: Path) -> None:
    path = tmp_path / "head.vrma"
    path.write_bytes(packed(*avatar(ARKIT, extensions={"VRMC_vrm_animation": {"specVersion": "1.0"}})))
    for name in ("new.vrm", "new.glb"):
        with pytest.raises(FaceMimicError, match=r"head\.vrma is a VRM animation and no avatar"):
            add_take(path, take(), tmp_path / name, "Take")
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_without_vrm_data_is_not_called_an_avatar(tmp_path: Path) -> None:
    document, binary = avatar(ARKIT)
    document["extensions"] = {}
    path = tmp_path / "head.glb"
    path.write_bytes(packed(document, binary))
    with pytest.raises(FaceMimicError, match=r"no VRM avatar.*\.glb"):
        add_take(path, take(), tmp_path / "new.vrm", "Take")
    assert not (tmp_path / "new.vrm").exists()


def test_notes_tell_what_is_lost_and_remarks_what_is_good_to_know(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar([name for name in SHAPES if name != "tongueOut"], extensions=VRM_1)
    resting = add_take(path, clip_of({"jawOpen": RISE, "tongueOut": 0 * RISE}), path.with_name("a.vrm"), "Take")
    assert resting.notes == ()
    (remark,) = resting.remarks
    assert ".vrma" in remark
    assert "Export glTF" in remark
    moving = add_take(path, clip_of({"jawOpen": RISE, "tongueOut": RISE}), path.with_name("b.vrm"), "Take")
    assert moving.notes == ("Not shown, for no shape comes near: tongueOut.",)
    exact = add_take(path, clip_of({"tongueOut": RISE}), path.with_name("c.vrm"), "Take", approximate=False)
    assert exact.notes == (f"{path.name} cannot show 1 of the take's 1 channels: tongueOut.",)


def test_a_head_that_cannot_turn_is_told_where_the_take_turns_it(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(["jawOpen"])
    document, binary, _ = unpacked(path.read_bytes())
    del document["skins"]
    document["extensions"] = {}
    path.write_bytes(packed(document, binary))
    path = path.rename(path.with_suffix(".glb"))
    for turn, told in ((0.0, False), (0.3, True)):
        clip = clip_of({"jawOpen": RISE, "headYaw": turn * RISE})
        made = add_take(path, clip, path.with_name("new.glb"), "Take", overwrite=True)
        assert any("the head does not turn" in note for note in made.notes) == told
