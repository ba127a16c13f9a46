"""The drawn characters through the add-on: recognised, and written as VRM 1.0 with the expressions they have."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.export.vrm import export_vrm  # noqa: E402
from blender_addon.export.vrm_meta import VrmMeta  # noqa: E402
from blender_addon.rig.character import Character, find_character  # noqa: E402
from sample_rigs.head.shapes.arkit import NAMES as ARKIT  # noqa: E402
from tests.sample_rigs.drawn import Drawn  # noqa: E402
from tests.sample_rigs.test_drawn import PRESETS  # noqa: E402


def character(name: str) -> Character:
    drawn = Drawn(name)
    return find_character(drawn.objects[drawn.title])


def vrm(found: Character, path: Path) -> dict:
    """The VRMC_vrm extension of the character's export."""
    export_vrm(found, path, VrmMeta("Sample", ("Tests",)))
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    assert len(data) < 3_000_000
    return json.loads(data[20 : 20 + length])["extensions"]["VRMC_vrm"]


def test_aki_performs_every_channel_and_exports_all_presets(tmp_path: Path) -> None:
    found = character("aki")
    assert set(ARKIT) <= set(found.matched)
    content = vrm(found, tmp_path / "aki.vrm")
    expressions = content["expressions"]
    assert set(PRESETS) <= set(expressions["preset"])
    assert set(expressions["custom"]) == set(ARKIT)
    assert content["lookAt"]["type"] == "expression"
    assert {"leftEye", "rightEye", "upperChest", "leftToes"} <= set(content["humanoid"]["humanBones"])


def test_pip_exports_the_presets_of_the_few_shapes(tmp_path: Path) -> None:
    found = character("pip")
    assert {"eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthPucker"} <= set(found.matched)
    content = vrm(found, tmp_path / "pip.vrm")
    expressions = content["expressions"]
    wanted = set(PRESETS) - {"lookUp", "lookDown", "lookLeft", "lookRight"}
    assert wanted <= set(expressions["preset"])
    assert not expressions.get("custom")
    assert all(len(expressions["preset"][name]["morphTargetBinds"]) >= 1 for name in wanted)
    assert content["lookAt"]["type"] == "bone"
