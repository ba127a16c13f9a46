"""Avatars that are cut off, lie about their lengths or name things twice; and what survives a take to the letter."""

import copy
import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.avatars.add_take import add_take
from engine.avatars.glb import Glb
from engine.errors import FaceMimicError
from tests.engine.avatars.made import VRM_1, avatar, clip_of, packed, track, unpacked
from tests.engine.avatars.test_add_take import assert_nothing_else_changed, skinned

RISE = np.linspace(0, 1, 31)
NAMES = ["eyeBlinkLeft", "jawOpen", "mouthSmileLeft"]
WHOLE = packed(*avatar(NAMES, ["jawOpen"], extensions=VRM_1), (0x12345678, b"else"))
SKINNED = skinned(NAMES, 0)
FILES = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def refused(folder: Path, data: bytes) -> str:
    """The sentence that refuses an avatar; nothing is written and the avatar stays as it is."""
    path = folder / "avatar.vrm"
    path.write_bytes(data)
    with pytest.raises(FaceMimicError) as error:
        add_take(path, clip_of({"jawOpen": RISE}), folder / "new.vrm", "Take")
    assert error.value.kind == "file"
    untouched(folder, data)
    return str(error.value)


def untouched(folder: Path, data: bytes) -> None:
    assert [one.name for one in folder.iterdir()] == ["avatar.vrm"]
    assert (folder / "avatar.vrm").read_bytes() == data


@FILES
@given(st.integers(0, len(WHOLE) - 1), st.sampled_from(["new.vrm", "avatar.vrm"]))
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, length: int, target: str) -> None:
    path = tmp_path / "avatar.vrm"
    path.write_bytes(WHOLE[:length])
    with pytest.raises(FaceMimicError, match=r"not whole|not a binary glTF") as error:
        add_take(path, clip_of({"jawOpen": RISE}), tmp_path / target, "Take", overwrite=True)
    assert "avatar.vrm" in str(error.value)
    untouched(tmp_path, WHOLE[:length])


@FILES
@given(st.integers(12, len(WHOLE) - 1))
def test_a_file_cut_off_whose_head_was_mended_is_refused(tmp_path: Path, length: int) -> None:
    """Some tools write the length of what arrived; then a part of it is shorter than it says."""
    length -= length % 4
    data = bytearray(WHOLE[:length])
    data[8:12] = struct.pack("<I", length)
    if length == len(WHOLE) - 12:
        return  # Cut between two parts, the file is whole, but for the last.
    assert "avatar.vrm" in refused(tmp_path, bytes(data))


def starts(data: bytes) -> list[int]:
    """Where the chunks' lengths stand."""
    found, at = [], 12
    while at < len(data):
        found.append(at)
        at += 8 + struct.unpack_from("<I", data, at)[0]
    return found


@FILES
@given(st.sampled_from([8, *starts(WHOLE)]), st.integers(0, 2**32 - 1))
def test_a_file_that_lies_about_a_length_is_refused(tmp_path: Path, place: int, length: int) -> None:
    if struct.unpack_from("<I", WHOLE, place)[0] == length:
        return
    data = WHOLE[:place] + struct.pack("<I", length) + WHOLE[place + 4 :]
    path = tmp_path / "avatar.vrm"
    path.write_bytes(data)
    try:
        add_take(path, clip_of({"jawOpen": RISE}), tmp_path / "new.vrm", "Take")
    except FaceMimicError as error:
        assert "avatar.vrm" in str(error)
    else:
        # A shorter last chunk may be read as itself and another one, of a kind that nobody knows, which is kept.
        assert place == starts(WHOLE)[-1]
        assert_nothing_else_changed(data, (tmp_path / "new.vrm").read_bytes())
        (tmp_path / "new.vrm").unlink()
    untouched(tmp_path, data)


LIES = {
    "count": (lambda document: document["accessors"][0].update(count=5), "accessor 0"),
    "huge count": (lambda document: document["accessors"][1].update(count=10**9), "accessor 1"),
    "negative count": (lambda document: document["accessors"][0].update(count=-1), "accessor 0"),
    "no count": (lambda document: document["accessors"][2].pop("count"), "accessor 2"),
    "offset": (lambda document: document["accessors"][3].update(byteOffset=4), "accessor 3"),
    "negative offset": (lambda document: document["accessors"][3].update(byteOffset=-4), "accessor 3"),
    "view": (lambda document: document["accessors"][2].update(bufferView=99), "accessor 2"),
    "stride": (lambda document: document["bufferViews"][0].update(byteStride=16), "accessor 0"),
    "kind": (lambda document: document["accessors"][0].update(type="VEC4"), "accessor 0"),
    "short view": (lambda document: document["bufferViews"][1].update(byteLength=47), "accessor 1"),
    "sparse": (
        lambda document: document["accessors"][1].update(
            sparse={"count": 9, "indices": {"bufferView": 2, "componentType": 5121}, "values": {"bufferView": 1}}
        ),
        "accessor 1",
    ),
    "sparse without places": (lambda document: document["accessors"][1].update(sparse={"count": 1}), "accessor 1"),
}


@pytest.mark.parametrize("kind", LIES)
def test_an_accessor_that_lies_is_refused(tmp_path: Path, kind: str) -> None:
    change, sentence = LIES[kind]
    document, binary, _ = unpacked(SKINNED)
    change(document)
    assert sentence in refused(tmp_path, packed(document, binary))


def test_an_accessor_may_end_with_its_data_and_hold_nothing(tmp_path: Path) -> None:
    document, binary, _ = unpacked(SKINNED)
    document["accessors"].append({"bufferView": 2, "componentType": 5121, "count": 16, "type": "SCALAR"})
    document["accessors"].append({"bufferView": 2, "byteOffset": 16, "componentType": 5121, "count": 0, "type": "VEC4"})
    (tmp_path / "avatar.vrm").write_bytes(packed(document, binary))
    add_take(tmp_path / "avatar.vrm", clip_of({"jawOpen": RISE}), tmp_path / "new.vrm", "Take")


def test_a_target_of_another_number_of_vertices_is_refused(tmp_path: Path) -> None:
    document, binary, _ = unpacked(SKINNED)
    document["accessors"][1]["count"] = 3
    sentence = refused(tmp_path, packed(document, binary))
    assert "morph target 0 of its mesh “m0” moves 3 vertices and the mesh has 4" in sentence


def test_of_targets_of_one_name_the_first_follows(tmp_path: Path) -> None:
    path = tmp_path / "avatar.vrm"
    path.write_bytes(packed(*avatar(["jawOpen", "jawOpen", "eyeBlinkLeft"], ["jawOpen"])))
    add_take(path, clip_of({"jawOpen": RISE}), tmp_path / "new.vrm", "Take", approximate=False)
    document, binary, _ = unpacked((tmp_path / "new.vrm").read_bytes())
    weights = track(document, binary, 2, "weights")[1]
    assert weights.shape[1] == 3
    assert weights[-1].tolist() == [1, 0, 0]
    assert document["meshes"][0]["extras"]["targetNames"] == ["jawOpen", "jawOpen", "eyeBlinkLeft"]
    assert track(document, binary, 3, "weights")[1][-1].tolist() == [1]


def test_nodes_and_animations_of_one_name_are_all_kept(tmp_path: Path) -> None:
    document, binary = avatar(NAMES, NAMES)
    for node in document["nodes"]:
        node["name"] = "head"
    document["animations"] = [{"name": "Take", "channels": [], "samplers": []}] * 2
    path = tmp_path / "avatar.vrm"
    path.write_bytes(packed(document, binary))
    assert add_take(path, clip_of({"jawOpen": RISE}), tmp_path / "new.vrm", "Take").animation == "Take 2"
    assert_nothing_else_changed(path.read_bytes(), (tmp_path / "new.vrm").read_bytes())


SPRINGS = {
    "VRMC_springBone": {
        "specVersion": "1.0",
        "colliders": [{"node": 1, "shape": {"sphere": {"offset": [0.0, 0.1, -0.0], "radius": 0.08}}}],
        "springs": [{"name": "髪", "joints": [{"node": 0, "stiffness": 1.0000000001, "dragForce": 1e-7}]}],
    },
    "VRMC_node_constraint": {"specVersion": "1.0"},
}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@FILES
@given(st.dictionaries(st.text(min_size=1, max_size=12).map(lambda name: f"X_{name}"), values, max_size=3), values)
def test_toon_materials_springs_and_unknown_extensions_survive_to_the_letter(
    tmp_path: Path, unknown: dict[str, Any], odd: Any
) -> None:
    document, binary = avatar(NAMES, extensions={**VRM_1, **SPRINGS, **unknown})
    document["materials"][0]["extensions"]["VRMC_materials_mtoon"] |= {"odd one": odd, "shadeColorFactor": [0.97, 0, 1]}
    document["nodes"][0]["extensions"] = {"VRMC_node_constraint": copy.deepcopy(odd)}
    path, new = tmp_path / "avatar.vrm", tmp_path / "new.vrm"
    path.write_bytes(packed(document, binary, (0x12345678, b"else")))
    before = path.read_bytes()
    add_take(path, clip_of({"jawOpen": RISE}), new, "Take")
    assert path.read_bytes() == before
    assert_nothing_else_changed(before, new.read_bytes())
    told = new.read_bytes()
    for part in (document["materials"], document["extensions"], document["nodes"]):
        # As text too, in which 1 and 1.0, or an order of names, differ.
        assert json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") in told


@pytest.mark.parametrize("name", ["a\0b.vrm", "n" * 300 + ".vrm"])
def test_a_name_that_no_file_can_have_is_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "avatar.vrm").write_bytes(WHOLE)
    with pytest.raises(FaceMimicError, match="another name"):
        add_take(tmp_path / "avatar.vrm", clip_of({"jawOpen": RISE}), tmp_path / name, "Take")
    untouched(tmp_path, WHOLE)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "folder.vrm").mkdir()
    names = ["folder.vrm"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.vrm")
        names.append("pipe.vrm")
    for name in names:
        with pytest.raises(FaceMimicError, match="no file"):
            Glb.read(tmp_path / name)
