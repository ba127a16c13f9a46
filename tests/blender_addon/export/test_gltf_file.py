import json
import struct

import numpy as np
import pygltflib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_addon.export.gltf_file import GltfFile
from blender_addon.messages import AddonError

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


def sample() -> GltfFile:
    file = GltfFile()
    accessor = file.add_array(np.arange(12, dtype=np.float32).reshape(4, 3), "VEC3", bounds=True)
    file.add("nodes", {"name": "Ä", "extras": {"accessor": accessor}})
    file.document["scenes"] = [{"nodes": [0]}]
    return file


@given(st.dictionaries(NAMES, DOCUMENTS, max_size=4), st.binary(max_size=9))
def test_what_is_written_is_read(document, binary):
    document.pop("buffers", None)
    back = GltfFile.from_bytes(GltfFile(document, bytearray(binary)).to_bytes(), "x")
    back.document.pop("buffers", None)
    assert back.document == document
    assert back.binary[: len(binary)] == binary


def test_a_glTF_library_reads_it(tmp_path):
    path = tmp_path / "sample.glb"
    path.write_bytes(sample().to_bytes())
    gltf = pygltflib.GLTF2().load_binary(str(path))
    assert gltf.nodes[0].name == "Ä"
    assert gltf.accessors[0].min == [0, 1, 2]
    assert gltf.accessors[0].max == [9, 10, 11]
    assert np.frombuffer(gltf.binary_blob(), np.float32, 12).tolist() == list(range(12))
    assert GltfFile.read(path).array(0).tolist() == np.arange(12).reshape(4, 3).tolist()


def test_sparse_values_replace_dense_ones():
    file = sample()
    where = file.add_array(np.array([1, 3], np.uint16), "SCALAR")
    what = file.add_array(np.full((2, 3), 7, np.float32), "VEC3")
    views = [file.document["accessors"][i]["bufferView"] for i in (where, what)]
    sparse = {
        "count": 2,
        "indices": {"bufferView": views[0], "componentType": 5123},
        "values": {"bufferView": views[1]},
    }
    file.document["accessors"][0]["sparse"] = sparse
    file.add("accessors", {"componentType": 5126, "type": "VEC3", "count": 4, "sparse": sparse})
    assert file.array(0)[:, 0].tolist() == [0, 7, 6, 7]
    assert file.array(3)[:, 0].tolist() == [0, 7, 0, 7]


@pytest.mark.parametrize("length", range(0, 200, 3))
def test_a_truncated_file_is_refused(length):
    data = sample().to_bytes()
    with pytest.raises(AddonError, match=r"half\.glb"):
        GltfFile.from_bytes(data[: min(length, len(data) - 1)], "half.glb")


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(at, value):
    data = bytearray(sample().to_bytes())
    data[at % len(data)] = value
    try:
        file = GltfFile.from_bytes(bytes(data), "bent.glb")
        file.array(0)
    except AddonError:
        pass


@pytest.mark.parametrize(
    "data", [b"", b"glTF", b"PK\x03\x04" + bytes(60), struct.pack("<III", 0x46546C67, 1, 20) + bytes(8)]
)
def test_other_files_are_refused(data):
    with pytest.raises(AddonError):
        GltfFile.from_bytes(data, "other.vrm")


def test_a_list_is_no_document():
    text = json.dumps([1]).ljust(8).encode()
    data = struct.pack("<IIIII", 0x46546C67, 2, 20 + len(text), len(text), 0x4E4F534A) + text
    with pytest.raises(AddonError, match="not a glTF document"):
        GltfFile.from_bytes(data, "list.glb")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AddonError, match=r"none\.glb"):
        GltfFile.read(tmp_path / "none.glb")


def test_real_avatars_survive(shared):
    for name in ("Godette_vrm_v4.vrm", "ict_facekit.glb"):
        file = GltfFile.read(shared / "rigs" / name)
        again = GltfFile.from_bytes(file.to_bytes(), name)
        assert again.document == file.document
        assert again.binary == file.binary
        for accessor in range(0, len(file.document["accessors"]), 7):
            assert np.isfinite(file.array(accessor)).all()
