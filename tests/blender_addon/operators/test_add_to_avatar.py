"""The active take goes into an avatar's file through the real engine."""

import json
import struct

import bpy
import numpy as np
import pytest

from blender_addon import client, places
from blender_addon.clip import save_npz
from blender_addon.operators.add_to_avatar import free_path
from blender_addon.rig.corrections import Correction, correct
from tests.engine.avatars.made import track, unpacked


@pytest.fixture
def performing(addon, make_mesh, make_clip, tmp_path):
    if places.default_python() is None:
        pytest.skip("needs the engine's Python in .venv")
    face = make_mesh("Face", ["jawOpen", "eyeBlinkLeft"])
    bpy.context.view_layer.objects.active = face
    save_npz(make_clip({"jawOpen": np.linspace(0, 1, 25)}, seed=5), tmp_path / "Hello.npz")
    bpy.ops.facemimic.load_take(filepath=str(tmp_path / "Hello.npz"))
    yield face
    client.stop()


@pytest.fixture
def avatar(performing, tmp_path):
    path = tmp_path / "avatar.glb"
    bpy.ops.facemimic.export_glb(filepath=str(path))
    return path


def animations(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    return json.loads(data[20 : 20 + length]).get("animations", [])


def test_a_script_says_where_the_new_file_goes(avatar, tmp_path):
    new = tmp_path / "elsewhere.glb"
    assert bpy.ops.facemimic.add_to_avatar(filepath=str(avatar), target=str(new)) == {"FINISHED"}
    assert len(animations(new)) == 2
    before = new.read_bytes()
    with pytest.raises(RuntimeError, match="exists"):
        bpy.ops.facemimic.add_to_avatar(filepath=str(avatar), target=str(new))
    assert new.read_bytes() == before


def test_the_take_is_written_beside_the_avatar(avatar, capfd):
    before = avatar.read_bytes()
    assert bpy.ops.facemimic.add_to_avatar(filepath=str(avatar)) == {"FINISHED"}
    assert f"Wrote {avatar.with_name('avatar Hello.glb')} with “Hello 2”" in capfd.readouterr().out
    assert avatar.read_bytes() == before
    new = avatar.with_name("avatar Hello.glb")
    assert [one["name"] for one in animations(new)] == ["Hello", "Hello 2"]
    assert animations(new)[1]["extras"]["FaceMimic"]["seed"] == 5
    assert bpy.ops.facemimic.add_to_avatar(filepath=str(avatar), with_provenance=False) == {"FINISHED"}
    assert "extras" not in animations(avatar.with_name("avatar Hello 2.glb"))[1]


def test_the_avatar_itself_is_written_when_asked(avatar):
    assert bpy.ops.facemimic.add_to_avatar(filepath=str(avatar), overwrite=True) == {"FINISHED"}
    assert [one["name"] for one in animations(avatar)] == ["Hello", "Hello 2"]
    assert not free_path(avatar, "Hello").exists()
    for _ in range(2):
        assert bpy.ops.facemimic.add_to_avatar(filepath=str(avatar), overwrite=True, replace=True) == {"FINISHED"}
    assert [one["name"] for one in animations(avatar)] == ["Hello", "Hello 2"]


def test_all_takes_go_in_at_once(avatar, performing, make_clip, tmp_path, capfd):
    save_npz(make_clip({"eyeBlinkLeft": np.linspace(0, 1, 49)}), tmp_path / "Wink.npz")
    bpy.context.scene.facemimic.new_take = True
    bpy.ops.facemimic.load_take(filepath=str(tmp_path / "Wink.npz"))
    assert bpy.ops.facemimic.add_to_avatar(filepath=str(avatar), takes="all") == {"FINISHED"}
    assert "with “Wink”, 2.00 s, “Hello 2”, 1.00 s." in capfd.readouterr().out
    new = avatar.with_name("avatar takes.glb")
    assert [one["name"] for one in animations(new)] == ["Hello", "Wink", "Hello 2"]
    document, binary, _ = unpacked(new.read_bytes())
    (node,) = [place for place, one in enumerate(document["nodes"]) if "mesh" in one]
    ends = [track(document, binary, node, "weights", place)[1][-1].tolist() for place in range(3)]
    assert ends == [pytest.approx(end, abs=0.01) for end in ([1, 0], [0, 1], [1, 0])]


def test_a_file_that_is_no_avatar_is_a_sentence(performing, tmp_path):
    (tmp_path / "noise.vrm").write_bytes(b"noise" * 9)
    for name, sentence in (("noise.vrm", "not a binary glTF"), ("none.vrm", "no .vrm"), ("Hello.npz", "no .vrm")):
        with pytest.raises(RuntimeError, match=sentence):
            bpy.ops.facemimic.add_to_avatar(filepath=str(tmp_path / name))
    with pytest.raises(RuntimeError, match="No file was named"):
        bpy.ops.facemimic.add_to_avatar()
    with pytest.raises(RuntimeError, match="No file was named"):
        bpy.ops.facemimic.load_take()
    assert sorted(path.name for path in tmp_path.glob("*.vrm")) == ["noise.vrm"]


def test_without_a_take_nothing_is_asked(addon, make_mesh, tmp_path):
    bpy.context.view_layer.objects.active = make_mesh("Face", ["jawOpen"])
    (tmp_path / "avatar.vrm").write_bytes(b"glTF")
    with pytest.raises(RuntimeError, match="no performance yet"):
        bpy.ops.facemimic.add_to_avatar(filepath=str(tmp_path / "avatar.vrm"))


def test_the_avatar_follows_as_the_mapping_is_corrected(performing, avatar):
    correct(performing, Correction("jawOpen", gain=0.5))
    bpy.ops.facemimic.add_to_avatar(filepath=str(avatar))
    bpy.ops.facemimic.add_to_avatar(filepath=str(avatar), with_mapping=False)
    for name, most in (("avatar Hello.glb", 0.5), ("avatar Hello 2.glb", 1.0)):
        document, binary, _ = unpacked(avatar.with_name(name).read_bytes())
        (node,) = [place for place, one in enumerate(document["nodes"]) if "mesh" in one]
        assert track(document, binary, node, "weights")[1].max() == pytest.approx(most, abs=0.01)
