"""Takes, videos and avatars from files, and into files."""

import bpy
import numpy as np
import pytest

from blender_addon import client, places
from blender_addon.bake.write import takes
from blender_addon.clip import save_npz
from blender_addon.operators import asking
from blender_addon.operators.import_avatar import _looks_away
from blender_addon.rig import solve


@pytest.fixture
def face(addon, make_mesh):
    obj = make_mesh("Face", ["jawOpen", "eyeBlinkLeft", "eyeBlinkRight"])
    bpy.context.view_layer.objects.active = obj
    return obj


@pytest.fixture
def real_engine():
    if places.default_python() is None:
        pytest.skip("needs the engine's Python in .venv")
    yield
    client.stop()


def jaw(obj):
    return obj.data.shape_keys.animation_data.action.layers[0].strips[0].channelbags[0].fcurves[0]


def test_a_take_of_ours_needs_no_engine(face, make_clip, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "default_python", lambda: None)
    save_npz(make_clip({"jawOpen": np.linspace(0, 1, 30)}, fps=60), tmp_path / "open wide.npz")
    assert bpy.ops.facemimic.load_take(filepath=str(tmp_path / "open wide.npz")) == {"FINISHED"}
    assert face.data.shape_keys.animation_data.action.name == "open wide"
    assert tuple(jaw(face).range()) == pytest.approx((1, 1 + 29 * 24 / 60))


@pytest.mark.parametrize("name", ["missing.npz", "missing.csv", "noise.npz"])
def test_a_take_that_is_none_changes_nothing(face, tmp_path, name):
    (tmp_path / "noise.npz").write_bytes(b"noise")
    with pytest.raises(RuntimeError, match=name.partition(".")[0]):
        bpy.ops.facemimic.load_take(filepath=str(tmp_path / name))
    assert not bpy.data.actions


def test_a_real_recording_is_read_by_the_engine(face, real_engine, shared):
    assert bpy.ops.facemimic.load_take(filepath=str(shared / "captures" / "arkit_rom.csv")) == {"FINISHED"}
    assert jaw(face).range()[1] > 24 * 130


def test_a_csv_that_is_no_recording_is_a_sentence(face, real_engine, tmp_path):
    (tmp_path / "shopping.csv").write_text("apples,pears\n3,4\n")
    with pytest.raises(RuntimeError, match=r"shopping\.csv"):
        bpy.ops.facemimic.load_take(filepath=str(tmp_path / "shopping.csv"))
    assert not bpy.data.actions


def test_a_video_becomes_a_take(face, fake_engine, tmp_path):
    fake_engine("good")
    (tmp_path / "actor.mp4").write_bytes(b"")
    assert bpy.ops.facemimic.from_video(filepath=str(tmp_path / "actor.mp4")) == {"FINISHED"}
    assert face.data.shape_keys.animation_data.action.name == "actor"


def test_what_is_wrong_with_a_video_reaches_the_artist(face, fake_engine, tmp_path, capfd):
    fake_engine("good")
    (tmp_path / "actor.mp4").write_bytes(b"")
    bpy.ops.facemimic.from_video(filepath=str(tmp_path / "actor.mp4"))
    assert "Warning: The video is cut short: 9 frames are missing." in capfd.readouterr().out


def test_a_missing_video_and_an_impossible_part_of_one_are_refused(face, tmp_path):
    with pytest.raises(RuntimeError, match="There is no video at"):
        bpy.ops.facemimic.from_video(filepath=str(tmp_path / "none.mp4"))
    (tmp_path / "actor.mp4").write_bytes(b"")
    with pytest.raises(RuntimeError, match="must come after its start"):
        bpy.ops.facemimic.from_video(filepath=str(tmp_path / "actor.mp4"), start=3, end=2)


def test_a_real_video_is_watched(face, real_engine, shared, monkeypatch):
    monkeypatch.setenv("FACEMIMIC_MODELS", str(shared / "models"))
    video = str(shared / "video" / "face_a.mp4")
    assert bpy.ops.facemimic.from_video(filepath=video, end=0.5) == {"FINISHED"}
    (take,) = takes(face.data.shape_keys.animation_data.action)
    assert take["end"] == pytest.approx(1 + 0.5 * 24, abs=1.5)


def test_without_the_face_tracker_the_button_that_gets_it_is_named(face, real_engine, shared, monkeypatch, tmp_path):
    monkeypatch.setenv("FACEMIMIC_MODELS", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(RuntimeError, match="Download Face Tracker"):
        bpy.ops.facemimic.from_video(filepath=str(shared / "video" / "face_a.mp4"))


def test_a_file_that_is_no_video_changes_nothing(face, real_engine, shared, monkeypatch, tmp_path):
    monkeypatch.setenv("FACEMIMIC_MODELS", str(shared / "models"))
    (tmp_path / "noise.mp4").write_bytes(b"noise" * 100)
    with pytest.raises(RuntimeError, match=r"noise\.mp4"):
        bpy.ops.facemimic.from_video(filepath=str(tmp_path / "noise.mp4"))
    assert not bpy.data.actions


def test_an_avatar_is_imported_and_chosen(addon, scene, shared, capfd):
    assert bpy.ops.facemimic.import_avatar(filepath=str(shared / "rigs" / "Godette_vrm_v4.vrm")) == {"FINISHED"}
    chosen = scene.facemimic.character
    assert chosen is not None
    assert chosen.type == "ARMATURE"
    assert "looks away from the Front view" in capfd.readouterr().out


def test_a_rig_looks_away_once_it_is_turned(make_armature):
    rig = make_armature()
    assert not _looks_away(rig)
    assert _looks_away(make_armature("Other", turn=np.pi))
    assert not _looks_away(None)
    rig.rotation_euler.z = np.pi
    bpy.context.view_layer.update()
    assert _looks_away(rig)


def test_a_file_that_is_no_avatar_is_refused(addon, scene, tmp_path):
    (tmp_path / "noise.vrm").write_bytes(b"noise")
    with pytest.raises(RuntimeError, match=r"noise\.vrm"):
        bpy.ops.facemimic.import_avatar(filepath=str(tmp_path / "noise.vrm"))
    assert not bpy.data.objects


def test_the_character_and_its_take_are_exported(face, make_clip, tmp_path):
    save_npz(make_clip({"jawOpen": np.linspace(0, 1, 24)}), tmp_path / "take.npz")
    bpy.ops.facemimic.load_take(filepath=str(tmp_path / "take.npz"))
    assert bpy.ops.facemimic.export_glb(filepath=str(tmp_path / "face.glb")) == {"FINISHED"}
    assert (tmp_path / "face.glb").read_bytes()[:4] == b"glTF"
    assert bpy.ops.facemimic.export_vrma(filepath=str(tmp_path / "face.vrma")) == {"FINISHED"}
    bpy.context.scene.facemimic.new_take = True
    bpy.ops.facemimic.load_take(filepath=str(tmp_path / "take.npz"))
    assert bpy.ops.facemimic.export_glb(filepath=str(tmp_path / "both.glb"), takes="all") == {"FINISHED"}
    assert bpy.ops.facemimic.export_vrma(filepath=str(tmp_path / "each.vrma"), takes="all") == {"FINISHED"}
    assert sorted(one.name for one in tmp_path.glob("each*")) == ["each take.vrma", "each take_001.vrma"]


def test_an_export_that_cannot_be_made_leaves_no_file(face, tmp_path):
    with pytest.raises(RuntimeError):
        bpy.ops.facemimic.export_glb(filepath=str(tmp_path / "face.glb"))
    with pytest.raises(RuntimeError, match="author"):
        bpy.ops.facemimic.export_vrm(filepath=str(tmp_path / "face.vrm"), title="Face")
    with pytest.raises(RuntimeError):
        bpy.ops.facemimic.export_vrm(filepath=str(tmp_path / "face.vrm"), title="Face", authors="Somebody")
    assert not list(tmp_path.glob("*face*"))


def test_the_redo_panel_waits_for_the_end_and_does_not_go_modal_again(monkeypatch):
    class Question(asking.AskingAboutFile):
        filepath = "actor.mp4"
        begin = lambda self, context: {"RUNNING_MODAL"}  # noqa: E731

    monkeypatch.setattr(asking.Asking, "execute", lambda self, context: {"FINISHED"})
    question = Question()
    assert question.invoke(None, None) == {"RUNNING_MODAL"}
    assert question.execute(None) == {"FINISHED"}


def test_a_list_is_copied(addon, scene):
    assert bpy.ops.facemimic.copy_text(text="one\ntwo") == {"FINISHED"}


def test_a_sparse_character_is_fitted_unless_switched_off(addon, make_mesh, real_engine, make_clip, tmp_path):
    obj = make_mesh("Face", ["aa", "ih", "ou", "ee", "oh", "blink", "happy", "angry"])
    bpy.context.view_layer.objects.active = obj
    rise = np.linspace(0, 0.8, 10)
    curves = {"mouthSmileLeft": rise, "mouthSmileRight": rise, "cheekSquintLeft": rise, "cheekSquintRight": rise}
    save_npz(make_clip({**curves, "browDownLeft": rise, "browDownRight": rise}), tmp_path / "mixed.npz")
    last = {}
    for approximate in (True, False):
        bpy.context.scene.facemimic.approximate = approximate
        assert bpy.ops.facemimic.load_take(filepath=str(tmp_path / "mixed.npz")) == {"FINISHED"}
        bpy.context.scene.frame_set(10)
        last[approximate] = {block.name: block.value for block in obj.data.shape_keys.key_blocks[1:]}
    assert last[True]["happy"] > 0.4
    assert last[True]["angry"] > 0.4
    assert last[True] != last[False]
    (told, *_) = solve.told(obj)
    assert "cheekSquint by happy" in told


@pytest.mark.parametrize("name", ["export_glb", "export_vrm", "export_vrma", "export_take", "add_to_avatar"])
def test_every_file_s_provenance_can_be_left_out(addon, name):
    listed = [one.identifier for one in getattr(bpy.ops.facemimic, name).get_rna_type().properties if not one.is_hidden]
    assert "with_provenance" in listed
    if name in ("export_glb", "export_vrma"):
        assert listed[-1] == "with_provenance", "a dialog that Blender draws ends with it"


EXPORTS = ("export_glb", "export_vrma", "export_take", "add_to_avatar", "save_mapping")


@pytest.mark.parametrize("name", ["import_avatar", "load_take", "load_mapping", *EXPORTS])
def test_a_file_that_was_not_named_is_asked_for(face, name):
    with pytest.raises(RuntimeError, match=r"No file was named\. Give the name of a "):
        getattr(bpy.ops.facemimic, name)(filepath="")


def test_exports_of_all_takes_ask_for_a_name_too(face, make_clip, tmp_path):
    save_npz(make_clip({"jawOpen": [0, 1]}), tmp_path / "take.npz")
    bpy.ops.facemimic.load_take(filepath=str(tmp_path / "take.npz"))
    with pytest.raises(RuntimeError, match="No file was named"):
        bpy.ops.facemimic.export_vrma(filepath="", takes="all")
    with pytest.raises(RuntimeError, match="No file was named"):
        bpy.ops.facemimic.export_vrm(filepath="", title="Face", authors="Me")


def test_a_recording_is_no_avatar_and_is_sent_to_load_take(addon, scene, tmp_path):
    (tmp_path / "face.csv").write_text("Timecode,BlendshapeCount\n")
    with pytest.raises(RuntimeError, match=r"face\.csv ends as a recording.* Load Take"):
        bpy.ops.facemimic.import_avatar(filepath=str(tmp_path / "face.csv"))
