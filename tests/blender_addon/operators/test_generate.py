"""Generate, run to its end as it is without a window, with real processes behind it."""

import json
from types import SimpleNamespace

import bpy
import pygltflib
import pytest

from blender_addon import client, places, preferences
from blender_addon.export.take import read_take
from blender_addon.operators import asking
from blender_addon.rig.character import find_character
from blender_addon.rig.schemes import HEAD_CHANNELS, channels


@pytest.fixture
def face(fake_engine, make_mesh):
    """A face at the playhead's frame 11, and the engine that performs two channels."""
    fake_engine("good")
    obj = make_mesh("Face", ["jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "wart"])
    bpy.context.view_layer.objects.active = obj
    bpy.context.scene.frame_set(11)
    return obj


def curves(obj):
    action = obj.data.shape_keys.animation_data.action
    return action, {curve.data_path: curve for curve in action.layers[0].strips[0].channelbags[0].fcurves}


def state():
    """What must be as before after anything that goes wrong."""
    return (
        sorted(action.name for action in bpy.data.actions),
        [(keys.name, keys.animation_data is None or keys.animation_data.action) for keys in bpy.data.shape_keys],
        bpy.context.scene.frame_current,
    )


def test_the_take_begins_at_the_playhead_and_has_the_asked_length(face):
    settings = bpy.context.scene.facemimic
    settings.emotion, settings.intensity, settings.duration, settings.seed = "happily_surprised", 0.5, 1.5, 3
    assert bpy.ops.facemimic.generate() == {"FINISHED"}
    action, found = curves(face)
    jaw = found['key_blocks["jawOpen"].value']
    assert tuple(jaw.range()) == (11, 11 + 36 - 1)
    assert jaw.evaluate(11) == pytest.approx(0, abs=0.01)
    assert jaw.evaluate(46) == pytest.approx(1, abs=0.01)
    assert action.name == "Happily surprised 3"
    assert 'key_blocks["wart"].value' not in found
    provenance = json.dumps(json.loads(action["facemimic"]))
    assert '"happily_surprised"' in provenance
    assert bpy.context.scene.frame_current == 11


def test_the_ends_of_the_sliders_are_asked_as_they_read(face):
    """Blender keeps 1.2 in single precision, which lies above 1.2."""
    settings = bpy.context.scene.facemimic
    settings.intensity, settings.duration = 1.2, 0.3
    bpy.ops.facemimic.generate()
    (take,) = json.loads(curves(face)[0]["facemimic"])["takes"]
    assert take["provenance"]["request"]["duration"] == 0.3
    (beat,) = take["provenance"]["request"]["beats"]
    assert (beat["intensity"], beat["duration"]) == (1.2, 0.3)


def test_after_the_last_seed_comes_the_first(face):
    bpy.context.scene.facemimic.seed = 2**31 - 1
    assert bpy.ops.facemimic.new_seed() == {"FINISHED"}
    assert bpy.context.scene.facemimic.seed == 0


def test_a_scene_of_another_rate_gets_its_own_frames(face):
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 30, 1.001
    bpy.context.scene.facemimic.duration = 1.0
    bpy.ops.facemimic.generate()
    _, found = curves(face)
    assert tuple(found['key_blocks["jawOpen"].value'].range()) == (11, 40)


def test_every_frame_is_keyed_when_reduction_is_off(face):
    bpy.context.scene.facemimic.reduce_keys = False
    bpy.ops.facemimic.generate()
    _, found = curves(face)
    assert len(found['key_blocks["jawOpen"].value'].keyframe_points) == 48


def test_a_second_take_joins_the_first_unless_a_new_action_is_asked(face):
    bpy.ops.facemimic.generate()
    bpy.context.scene.frame_set(101)
    bpy.ops.facemimic.generate()
    first, found = curves(face)
    assert tuple(found['key_blocks["jawOpen"].value'].range()) == (11, 148)
    bpy.context.scene.facemimic.new_take = True
    bpy.ops.facemimic.generate()
    second, found = curves(face)
    assert second != first
    assert tuple(found['key_blocks["jawOpen"].value'].range()) == (101, 148)
    assert first.use_fake_user


def test_a_named_character_is_taken_whatever_is_active(face, make_mesh):
    other = make_mesh("Other", ["jawOpen"])
    bpy.context.view_layer.objects.active = other
    bpy.context.scene.facemimic.character = face
    bpy.ops.facemimic.generate()
    assert face.data.shape_keys.animation_data.action is not None
    assert other.data.shape_keys.animation_data is None


def refused(sentence):
    before = state()
    with pytest.raises(RuntimeError, match=sentence):
        bpy.ops.facemimic.generate()
    assert state() == before
    assert client.running_job() is None


@pytest.mark.parametrize(
    ("manner", "sentence"),
    [
        ("dying", "stopped while it was working"),
        ("garbage", "does not answer as FaceMimic's engine"),
        ("refusing", "There is no emotion"),
        ("odd", "holds no performance"),
        ("newer", "Install Engine"),
    ],
)
def test_an_engine_that_fails_leaves_the_scene_as_it_was(face, fake_engine, manner, sentence):
    fake_engine(manner)
    refused(sentence)


def test_an_engine_that_is_not_installed_says_where_to_install_it(addon, make_mesh, monkeypatch):
    monkeypatch.setattr(places, "default_python", lambda: None)
    bpy.context.view_layer.objects.active = make_mesh("Face", ["jawOpen"])
    refused("not installed.*Install Engine")


def test_objects_that_are_no_character_are_named(face, make_mesh):
    bpy.context.view_layer.objects.active = make_mesh("Stone")
    refused("Stone has no shape keys")
    bpy.context.view_layer.objects.active = None
    refused("Choose a character")


def test_shape_keys_with_unknown_names_are_refused_before_anything_is_asked(face, make_mesh):
    bpy.context.view_layer.objects.active = make_mesh("Stranger", ["abc", "def"])
    refused("FaceMimic knows none of the names of Stranger's shape keys")


def test_a_character_that_was_deleted_is_named(face):
    bpy.context.scene.facemimic.character = face
    bpy.context.scene.collection.objects.unlink(face)
    refused("“Face” is not in this scene")


def test_a_hidden_face_is_refused(face):
    face.hide_set(True)
    face.hide_viewport = True
    bpy.context.scene.facemimic.character = face
    refused("Face")


def test_the_artist_may_look_at_another_scene_meanwhile(face, make_armature, monkeypatch):
    def switch(job):
        bpy.context.window.scene = bpy.data.scenes.new("Other")
        return client._worker.wait(job)

    monkeypatch.setattr(client, "wait", switch)
    assert bpy.ops.facemimic.generate() == {"FINISHED"}
    _, found = curves(face)
    assert tuple(found['key_blocks["jawOpen"].value'].range()) == (11, 58)


def test_a_character_that_goes_while_the_engine_works_is_named(face, monkeypatch):
    def leave(job):
        bpy.data.objects.remove(face)
        return client._worker.wait(job)

    monkeypatch.setattr(client, "wait", leave)
    with pytest.raises(RuntimeError, match="“Face” was removed while FaceMimic was working"):
        bpy.ops.facemimic.generate()
    assert not bpy.data.actions


def test_a_new_seed_is_another_one(addon, scene):
    bpy.ops.facemimic.new_seed()
    assert bpy.context.scene.facemimic.seed == 1


def test_the_real_engine_performs(addon, make_mesh):
    if places.default_python() is None:
        pytest.skip("needs the engine's Python in .venv")
    obj = make_mesh("Face", ["mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft", "eyeBlinkRight", "jawOpen"])
    bpy.context.view_layer.objects.active = obj
    try:
        assert bpy.ops.facemimic.generate() == {"FINISHED"}
    finally:
        client.stop()
    action, found = curves(obj)
    smile = found['key_blocks["mouthSmileLeft"].value']
    assert tuple(smile.range()) == (1, 48)
    assert max(smile.evaluate(frame) for frame in range(1, 49)) > 0.2
    assert "model" in action["facemimic"] or "weights" in action["facemimic"]
    assert preferences.settings().device == "auto"


def test_an_action_that_gives_way_and_a_driver_that_holds_a_key_are_named(face, capfd):
    keys = face.data.shape_keys
    keys.key_blocks["jawOpen"].value = 0.8
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=10)
    mine = keys.animation_data.action
    keys.key_blocks["eyeBlinkLeft"].driver_add("value").driver.expression = "0.25"
    assert bpy.ops.facemimic.generate() == {"FINISHED"}
    said = capfd.readouterr().out
    assert f"Your action “{mine.name}” is kept" in said
    assert "Drivers hold Face/eyeBlinkLeft" in said
    assert mine.use_fake_user
    capfd.readouterr()
    bpy.ops.facemimic.generate()
    assert "is kept" not in capfd.readouterr().out


def test_channels_that_are_missing_are_named_where_no_panel_lists_them(fake_engine, make_mesh, capfd, monkeypatch):
    fake_engine("good")
    every = [name for name in channels() if name not in HEAD_CHANNELS]
    bpy.context.view_layer.objects.active = make_mesh("Whole", every)
    bpy.ops.facemimic.generate()
    assert "The rig cannot show 3 of the 55 channels: headYaw, headPitch, headRoll." in capfd.readouterr().out
    face = make_mesh("Face", [name for name in every if not name.startswith(("cheek", "nose"))])
    bpy.context.scene.facemimic.approximate = False
    bpy.context.scene.facemimic.character = face
    bpy.ops.facemimic.generate()
    listed = "8 of the 55 channels: cheekPuff, cheekSquint L R, noseSneer L R, headYaw, headPitch, headRoll."
    assert f"The rig cannot show {listed}" in capfd.readouterr().out
    monkeypatch.setattr(asking, "bpy", SimpleNamespace(app=SimpleNamespace(background=False)))
    assert asking._missing(find_character(face)) == "8 of the 55 channels; the panel lists them"


def test_a_face_whose_names_are_unknown_is_refused_even_with_a_head_to_turn(fake_engine, make_mesh, make_armature):
    fake_engine("good")
    rig = make_armature()
    odd = make_mesh("Odd", ["one", "two"], parent=rig)
    bpy.context.view_layer.objects.active = odd
    before = state()
    with pytest.raises(RuntimeError, match="knows none of the names"):
        bpy.ops.facemimic.generate()
    assert state() == before


def bones_only(make_armature, make_mesh, keys=()):
    """A jaw with a mesh on it, whose shape keys, if any, nobody knows."""
    bones = {"head": (None, (0, 0, 1.5), (0, 0, 1.8)), "jaw": ("head", (0, 0, 1.55), (0, -0.1, 1.5))}
    rig = make_armature(bones=bones)
    chin = make_mesh("Chin", keys, rig)
    chin.vertex_groups.new(name="jaw").add([0, 1, 2], 1.0, "REPLACE")
    bpy.context.view_layer.objects.active = chin
    return rig


@pytest.mark.parametrize("keys", [(), ("abc",)])
def test_a_character_that_has_only_bones_performs_with_them(fake_engine, make_armature, make_mesh, keys, tmp_path):
    fake_engine("good")
    rig = bones_only(make_armature, make_mesh, keys)
    assert bpy.ops.facemimic.generate() == {"FINISHED"}
    action = rig.animation_data.action
    paths = {curve.data_path for curve in action.layers[0].strips[0].channelbags[0].fcurves}
    assert any(path.startswith('pose.bones["jaw"].rotation') for path in paths)
    clip = read_take(find_character(rig))
    assert clip.column("jawOpen").max() > 0.9
    assert bpy.ops.facemimic.export_glb(filepath=str(tmp_path / "bones.glb")) == {"FINISHED"}
    file = pygltflib.GLTF2().load(str(tmp_path / "bones.glb"))
    assert [channel.target.path for channel in file.animations[0].channels].count("rotation") >= 1


def test_a_body_without_a_face_is_refused(fake_engine, make_armature, make_mesh):
    fake_engine("good")
    bpy.context.view_layer.objects.active = make_mesh("Body", (), make_armature())
    refused("carries no mesh with shape keys")
    bpy.context.view_layer.objects.active = make_mesh("Strange", ["abc"], make_armature("Other"))
    refused("knows none of the names")
