"""The active take as another program's recording, through the real engine, and back."""

import bpy
import numpy as np
import pytest

from blender_addon import client, places
from blender_addon.clip import save_npz
from blender_addon.export.take import read_take
from blender_addon.rig.character import find_character

SHAPES = ["jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft"]


@pytest.fixture
def performing(addon, make_mesh, make_clip, tmp_path):
    if places.default_python() is None:
        pytest.skip("needs the engine's Python in .venv")
    face = make_mesh("Face", SHAPES)
    bpy.context.view_layer.objects.active = face
    at = np.arange(90) / 60
    swells = {name: 0.5 + 0.5 * np.sin(at * (3 + 2 * i) + i) for i, name in enumerate(SHAPES)}
    clip = make_clip(swells, fps=60, machine_made=True, seed=5)
    save_npz(clip, tmp_path / "Hello.npz")
    bpy.context.scene.facemimic.tolerance = 0.002
    bpy.ops.facemimic.load_take(filepath=str(tmp_path / "Hello.npz"))
    yield face, clip
    client.stop()


@pytest.mark.parametrize("form", [".csv", ".txt", ".json", ".npz"])
def test_a_performance_goes_out_and_comes_back(performing, tmp_path, form):
    face, clip = performing
    path = tmp_path / f"out{form}"
    assert bpy.ops.facemimic.export_take(filepath=str(path.with_suffix(".csv")), form=form) == {"FINISHED"}
    assert path.is_file()
    assert path.with_name(path.name + ".provenance.json").is_file() == (form != ".npz")
    bpy.context.scene.facemimic.new_take = True
    assert bpy.ops.facemimic.load_take(filepath=str(path)) == {"FINISHED"}
    back = read_take(find_character(face), fps=60)
    for name in SHAPES:
        assert np.abs(back.column(name)[: len(clip.values)] - clip.column(name)).max() < 0.01, name
    assert back.provenance["machine_made"] is True


def test_a_script_gets_the_file_that_it_names(performing, tmp_path):
    (tmp_path / "keep.csv").write_text("mine")
    for name in ("keep.txt", "keep.JSON", "keep.npz"):
        assert bpy.ops.facemimic.export_take(filepath=str(tmp_path / name)) == {"FINISHED"}
        assert [one.name for one in tmp_path.glob("keep.*") if one.name.lower() == name.lower()]
    assert (tmp_path / "keep.csv").read_text() == "mine"


def test_provenance_can_be_left_out(performing, tmp_path):
    bpy.ops.facemimic.export_take(filepath=str(tmp_path / "out.csv"), with_provenance=False)
    assert not (tmp_path / "out.csv.provenance.json").exists()


def test_refusals_are_sentences_and_leave_no_file(performing, tmp_path):
    with pytest.raises(RuntimeError, match="no folder"):
        bpy.ops.facemimic.export_take(filepath=str(tmp_path / "none" / "out.csv"))
    with pytest.raises(RuntimeError, match="is a folder"):
        (tmp_path / "dir.csv").mkdir()
        bpy.ops.facemimic.export_take(filepath=str(tmp_path / "dir.csv"))
    with pytest.raises(RuntimeError, match=r"ends as another format. Name it “out\.csv”"):
        bpy.ops.facemimic.export_take(filepath=str(tmp_path / "out.glb"))
    face, _ = performing
    face.data.shape_keys.animation_data_clear()
    with pytest.raises(RuntimeError, match="no performance"):
        bpy.ops.facemimic.export_take(filepath=str(tmp_path / "out.csv"))
    assert not list(tmp_path.glob("out*"))
