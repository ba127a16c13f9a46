"""Small avatars made in code, written and read without the room that is tested."""

import copy
import json
import struct
from typing import Any

import numpy as np

from engine.channels import CHANNELS, INDEX
from engine.clip import Clip

VRM_1 = {
    "VRMC_vrm": {
        "specVersion": "1.0",
        "humanoid": {"humanBones": {"head": {"node": 1}}},
        "expressions": {
            "preset": {
                "blink": {"morphTargetBinds": [{"node": 2, "index": 0, "weight": 1.0}]},
                "aa": {"morphTargetBinds": [{"node": 2, "index": 1, "weight": 1.0}]},
                "ih": {"morphTargetBinds": [{"node": 2, "index": 2, "weight": 0.5}]},
                "ou": {"morphTargetBinds": [{"node": 2, "index": 2, "weight": 1.0}]},
            }
        },
    }
}
VRM_0 = {
    "VRM": {
        "humanoid": {"humanBones": [{"bone": "head", "node": 1}]},
        "blendShapeMaster": {
            "blendShapeGroups": [
                {"name": "Blink", "presetName": "blink", "binds": [{"mesh": 0, "index": 0, "weight": 100}]},
                {"name": "jawOpen", "presetName": "unknown", "binds": [{"mesh": 0, "index": 1, "weight": 100}]},
            ]
        },
    }
}


def packed(document: dict[str, Any], binary: bytes | None, *others: tuple[int, bytes]) -> bytes:
    """A .glb as the specification has it."""
    text = json.dumps(document, ensure_ascii=False).encode()
    parts = [(0x4E4F534A, text + b" " * (-len(text) % 4))]
    if binary is not None:
        parts.append((0x004E4942, binary + bytes(-len(binary) % 4)))
    body = b"".join(struct.pack("<II", len(data), kind) + data for kind, data in [*parts, *others])
    return struct.pack("<III", 0x46546C67, 2, 12 + len(body)) + body


def unpacked(data: bytes) -> tuple[dict[str, Any], bytes, list[tuple[int, bytes]]]:
    """A .glb's document, binary part and further chunks."""
    magic, version, total = struct.unpack_from("<III", data)
    assert (magic, version, total) == (0x46546C67, 2, len(data))
    chunks, at = [], 12
    while at < total:
        length, kind = struct.unpack_from("<II", data, at)
        assert length % 4 == 0
        chunks.append((kind, data[at + 8 : at + 8 + length]))
        at += 8 + length
    assert chunks[0][0] == 0x4E4F534A
    binary = b"".join(data for kind, data in chunks if kind == 0x004E4942)
    return json.loads(chunks[0][1]), binary, [chunk for chunk in chunks[1:] if chunk[0] != 0x004E4942]


def avatar(*meshes: list[str], extensions: dict[str, Any] | None = None) -> tuple[dict[str, Any], bytes]:
    """A neck, a head on it, and a triangle for each list of morph targets' names; all share one sparse array."""
    binary = np.arange(9, dtype="<f4").tobytes() + np.array([2], "<u2").tobytes() + b"\7\7" + bytes(12) + b"\1"
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "test", "extras": {"left": "alone"}},
        "scene": 0,
        "scenes": [{"nodes": [0, *range(2, 2 + len(meshes))]}],
        "nodes": [
            {"name": "neck", "rotation": [0.0, 0.6, 0.0, 0.8], "children": [1]},
            {"name": "head", "rotation": [0.28, 0.0, 0.0, 0.96]},
        ],
        "skins": [{"joints": [0, 1]}],
        "meshes": [],
        "materials": [
            {"name": "顔", "extensions": {"VRMC_materials_mtoon": {"shade": 0.1, "odd": [1e-7, 12345678901]}}}
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 1, 2], "max": [6, 7, 8]},
            {
                "componentType": 5126,
                "count": 3,
                "type": "VEC3",
                "sparse": {
                    "count": 1,
                    "indices": {"bufferView": 1, "componentType": 5123},
                    "values": {"bufferView": 2},
                },
                "min": [0, 0, 0],
                "max": [0, 0, 0],
            },
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 36},
            {"buffer": 0, "byteOffset": 36, "byteLength": 2},
            {"buffer": 0, "byteOffset": 40, "byteLength": 12},
        ],
        "buffers": [{"byteLength": len(binary), "name": "kept"}],
        "extensionsUsed": ["UNKNOWN_thing"],
        "extensions": {"UNKNOWN_thing": {"deep": [None, True, {"ü": 0.1}]}, **copy.deepcopy(extensions or {})},
        "extras": [1, 2],
    }
    for number, names in enumerate(meshes):
        one = {"attributes": {"POSITION": 0}, "targets": [{"POSITION": 1}] * len(names)}
        document["meshes"].append({"name": f"m{number}", "primitives": [one], "extras": {"targetNames": names}})
        document["nodes"].append({"name": f"n{number}", "mesh": number})
    return document, binary


def clip_of(curves: dict[str, Any], fps: float = 30.0, **provenance: Any) -> Clip:
    """A Clip of all channels, those not given at rest."""
    values = np.zeros((len(next(iter(curves.values()))), len(CHANNELS)), np.float32)
    for name, samples in curves.items():
        values[:, INDEX[name]] = samples
    return Clip(values, fps, CHANNELS, provenance)


def accessor(document: dict[str, Any], binary: bytes, index: int) -> np.ndarray:
    """A float accessor that lies plainly in the binary part."""
    about = document["accessors"][index]
    view = document["bufferViews"][about["bufferView"]]
    assert about["componentType"] == 5126
    assert view["byteOffset"] % 4 == 0
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[about["type"]]
    data = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    assert len(data) == 4 * width * about["count"]
    return np.frombuffer(data, "<f4").reshape(-1, width)


def track(document: dict[str, Any], binary: bytes, node: int, path: str, animation: int = -1) -> tuple[np.ndarray, ...]:
    """Key times and values of one channel."""
    found = document["animations"][animation]
    (channel,) = [one for one in found["channels"] if one["target"] == {"node": node, "path": path}]
    sampler = found["samplers"][channel["sampler"]]
    assert sampler["interpolation"] == "LINEAR"
    times = accessor(document, binary, sampler["input"])[:, 0]
    bounds = document["accessors"][sampler["input"]]
    assert (bounds["min"], bounds["max"]) == ([times.min()], [times.max()])
    return times, accessor(document, binary, sampler["output"]).reshape(len(times), -1)


def shown(times: np.ndarray, values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The values that a player shows at those times."""
    return np.stack([np.interp(at, times, column) for column in values.T], axis=1)
