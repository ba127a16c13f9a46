"""Avatars whose data are quantised, compressed, interleaved or elsewhere take a performance and stay as they are."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pygltflib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.avatars.add_take import add_take, append
from engine.avatars.glb import Glb
from engine.channels import SHAPES
from tests.engine.avatars.made import VRM_0, VRM_1, avatar, clip_of, packed, track, unpacked
from tests.engine.avatars.test_add_take import assert_nothing_else_changed

RISE = np.linspace(0, 1, 31)
NAMES = ["jawOpen", "mouthSmileLeft"]
Change = Callable[[dict[str, Any], bytes], bytes]


def view(document: dict[str, Any], binary: bytes, data: bytes, **about: Any) -> tuple[int, bytes]:
    """One more buffer view at the binary part's end, its index, and the binary part."""
    start = -(-len(binary) // 4) * 4
    document["bufferViews"].append({"buffer": 0, "byteOffset": start, "byteLength": len(data), **about})
    return len(document["bufferViews"]) - 1, binary + bytes(start - len(binary)) + data


def quantised(document: dict[str, Any], binary: bytes) -> bytes:
    """Positions as shorts and shapes as bytes, each padded to four bytes."""
    document["extensionsUsed"] += ["KHR_mesh_quantization"]
    document.setdefault("extensionsRequired", []).append("KHR_mesh_quantization")
    rows = np.zeros((3, 4), "<i2")
    rows[:, :3] = np.arange(9).reshape(3, 3) * 1000
    rest, binary = view(document, binary, rows.tobytes(), byteStride=8)
    moved = np.zeros((3, 4), "i1")
    moved[2, 1] = 127
    shape, binary = view(document, binary, moved.tobytes(), byteStride=4)
    document["accessors"][0] |= {"bufferView": rest, "byteOffset": 0, "componentType": 5122, "normalized": True}
    document["accessors"][1] = {
        "bufferView": shape, "componentType": 5120, "normalized": True, "count": 3, "type": "VEC3"
    }  # fmt: skip
    return binary


def meshopt(document: dict[str, Any], binary: bytes) -> bytes:
    """The arrays in a second buffer that is nowhere, and their compressed form in the first."""
    document["extensionsUsed"] += ["EXT_meshopt_compression"]
    document.setdefault("extensionsRequired", []).append("EXT_meshopt_compression")
    document["buffers"].append({"byteLength": 36, "extensions": {"EXT_meshopt_compression": {"fallback": True}}})
    _, binary = view(document, binary, b"compressed!!")
    packed_at = document["bufferViews"].pop()["byteOffset"]
    how = {"buffer": 0, "byteOffset": packed_at, "byteLength": 12, "byteStride": 12, "count": 3, "mode": "ATTRIBUTES"}
    document["bufferViews"][0] = {
        "buffer": 1, "byteOffset": 0, "byteLength": 36, "byteStride": 12, "extensions": {"EXT_meshopt_compression": how}
    }  # fmt: skip
    return binary


def draco(document: dict[str, Any], binary: bytes) -> bytes:
    """A mesh whose rest is a compressed stream; shapes are not compressed by Draco."""
    document["extensionsUsed"] += ["KHR_draco_mesh_compression"]
    document.setdefault("extensionsRequired", []).append("KHR_draco_mesh_compression")
    stream, binary = view(document, binary, b"DRACO\2\2")
    for key in ("bufferView", "byteOffset", "min", "max"):
        document["accessors"][0].pop(key, None)
    for mesh in document["meshes"]:
        mesh["primitives"][0]["extensions"] = {
            "KHR_draco_mesh_compression": {"bufferView": stream, "attributes": {"POSITION": 0}}
        }
    return binary


def interleaved(document: dict[str, Any], binary: bytes) -> bytes:
    """Positions and normals turn by turn, at an offset within their view."""
    rows = np.arange(21, dtype="<f4")
    both, binary = view(document, binary, rows.tobytes(), byteStride=24, target=34962)
    document["accessors"][0] |= {"bufferView": both, "byteOffset": 12, "componentType": 5126, "normalized": False}
    return binary


def elsewhere(document: dict[str, Any], binary: bytes) -> bytes:
    """A second buffer within the text, and an image."""
    data = base64.b64encode(bytes(range(64))).decode()
    document["buffers"].append({"byteLength": 64, "uri": f"data:application/octet-stream;base64,{data}"})
    document["bufferViews"].append({"buffer": 1, "byteLength": 64})
    document["images"] = [{"uri": "data:image/png;base64,iVBORw0KGgo="}, {"bufferView": 3, "mimeType": "image/png"}]
    return binary


def nameless(document: dict[str, Any], binary: bytes) -> bytes:
    """Targets' names only on a primitive, as VRM 0 exporters write them."""
    for mesh in document["meshes"]:
        mesh["primitives"][0]["extras"] = mesh.pop("extras")
    return binary


ENCODINGS: dict[str, Change] = {
    one.__name__: one for one in (quantised, meshopt, draco, interleaved, elsewhere, nameless)
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("approximate", [False, True])
def test_a_take_is_added_and_read_back_by_others(tmp_path: Path, encoding: str, approximate: bool) -> None:
    document, binary = avatar(NAMES, extensions=VRM_1)
    document["extras"] = {"kept": [1, 2]}
    document["asset"]["extras"] = {"left": "alone"}
    binary = ENCODINGS[encoding](document, binary)
    document["buffers"][0]["byteLength"] = len(binary)
    before = packed(document, binary)
    path = tmp_path / "avatar.vrm"
    path.write_bytes(before)
    made = add_take(path, clip_of({"jawOpen": RISE}), tmp_path / "new.vrm", "Take", approximate=approximate)
    after = made.path.read_bytes()
    assert path.read_bytes() == before
    assert_nothing_else_changed(before, after)
    new, data, _ = unpacked(after)
    assert track(new, data, 2, "weights")[1][-1].tolist() == pytest.approx([1, 0], abs=0.05)
    assert pygltflib.GLTF2().load_binary(str(made.path)).animations[0].name == "Take"


@given(
    st.lists(st.sampled_from(sorted(ENCODINGS)), max_size=4, unique=True),
    st.lists(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=6, unique=True), min_size=1, max_size=3),
    st.sampled_from([{}, VRM_0, VRM_1]),
    st.binary(max_size=9),
    st.integers(1, 3),
)
def test_whatever_an_avatar_is_made_of_stays(
    encodings: list[str], meshes: list[list[str]], extensions: dict[str, Any], tail: bytes, takes: int
) -> None:
    document, binary = avatar(*meshes, extensions=extensions)
    for one in encodings:
        binary = ENCODINGS[one](document, binary)
    binary += tail
    document["buffers"][0]["byteLength"] = len(binary)
    before = packed(document, binary, (0x31415926, b"else"))
    for number in range(takes):
        glb = Glb.from_bytes(before, "avatar.vrm")
        append(glb, clip_of({meshes[0][0]: RISE * (number + 1) / takes}), "Take")
        stream = io.BytesIO()
        glb.write(stream)
        assert_nothing_else_changed(before, stream.getvalue())
        before = stream.getvalue()
    names = [one["name"] for one in unpacked(before)[0]["animations"]]
    assert names == ["Take", "Take 2", "Take 3"][:takes]
