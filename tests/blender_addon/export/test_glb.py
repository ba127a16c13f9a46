import json

import bpy
import numpy as np
import pygltflib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blender_addon.export.glb import export_glb
from blender_addon.messages import AddonError

SLOW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
FEW = ["browInnerUp", "eyeBlinkLeft", "jawOpen", "mouthSmileLeft", "tongueOut"]


def same_scene(before, after):
    for name in vars(before):
        assert vars(before)[name] == vars(after)[name], name


def test_one_animation_holds_every_mesh_and_the_head(make, perform, assign, tracks, tmp_path):
    character = make()
    clip = perform(50, 24.0)
    assign(character, clip)
    exported = export_glb(character, tmp_path / "take.glb")
    assert exported.seconds == pytest.approx(49 / 24)
    found = tracks(exported.path)
    for mesh, key, values in character.key_curves(clip):
        times, shown = found[mesh.name, key]
        assert times[-1] == pytest.approx(49 / 24)
        assert np.abs(np.interp(np.arange(50) / 24, times, shown) - values).max() < 0.003
    assert np.ptp(found["head", "rotation"][1], axis=0).max() > 0.1
    gltf = pygltflib.GLTF2().load_binary(str(exported.path))
    assert gltf.animations[0].name == "Take"
    assert {node.name for node in gltf.nodes if node.mesh is not None} == {"Face", "Teeth", "Cap"}
    assert len(gltf.skins) == 1


@SLOW
@given(
    fps=st.sampled_from([12.0, 25.0, 60.0]),
    frame=st.sampled_from([0.0, 1.0, 57.25, -30.0, -7.5]),
    names=st.lists(st.sampled_from(FEW), min_size=1, unique=True),
    frames=st.integers(2, 24),
)
def test_the_file_shows_what_the_curves_show(make, perform, assign, tracks, tmp_path, fps, frame, names, frames):
    character = make(names)
    clip = perform(frames, fps, tuple(names))
    assign(character, clip, frame=frame)
    found = tracks(export_glb(character, tmp_path / "take.glb").path)
    keyed = frame + np.arange(frames) * 24 / fps
    at = np.linspace(np.floor(keyed[0]), keyed[-1], 200)
    for mesh, key, values in character.key_curves(clip):
        times, shown = found[mesh.name, key]
        file = np.interp((at - np.floor(frame)) / 24, times, shown)
        assert np.abs(file - np.interp(at, keyed, values)).max() < 0.003, key


def test_several_takes_are_animations_of_the_same_nodes(make, perform, assign, all_tracks, scene_state, tmp_path):
    character = make(FEW)
    still = perform(12, 24.0, tuple(FEW), seed=4)
    assign(character, still, frame=40.0, name="B still head")
    moving = perform(20, 24.0, (*FEW, "headYaw", "headPitch", "headRoll"), seed=5)
    assign(character, moving, name="A moving head")
    bpy.context.scene.frame_set(1)
    before = scene_state()
    exported = export_glb(character, tmp_path / "takes.glb", every_take=True)
    same_scene(before, scene_state())
    assert exported.seconds == pytest.approx(19 / 24)
    found = all_tracks(exported.path)
    assert list(found) == ["A moving head", "B still head"]
    assert set(found["A moving head"]) == set(found["B still head"])
    for name, clip in (("A moving head", moving), ("B still head", still)):
        for mesh, key, values in character.key_curves(clip):
            times, shown = found[name][mesh.name, key]
            assert times[-1] == pytest.approx((len(values) - 1) / 24)
            assert np.abs(np.interp(np.arange(len(values)) / 24, times, shown) - values).max() < 0.003
    turned, rest = (found[name]["head", "rotation"][1] for name in found)
    assert np.ptp(turned, axis=0).max() > 0.05
    assert np.ptp(rest, axis=0).max() < 1e-6
    node = next(n for n in pygltflib.GLTF2().load_binary(str(exported.path)).nodes if n.name == "head")
    assert rest[0] == pytest.approx(node.rotation, abs=1e-5)


def test_takes_in_the_nla_do_not_play_into_one_another(make, perform, assign, all_tracks, scene_state, tmp_path):
    character = make(FEW)
    clips = {name: perform(10, 24.0, tuple(FEW), seed=seed) for seed, name in enumerate("XYZ")}
    for name, clip in clips.items():
        action = assign(character, clip, name=name)
        for mesh in character.meshes:
            data = mesh.data.shape_keys.animation_data
            strip = data.nla_tracks.new().strips.new(name, 1, action)
            strip.action_slot = action.slots["KE" + mesh.data.shape_keys.name]
            strip.blend_type = "ADD"
            data.action = None
    bpy.context.scene.frame_set(1)
    before = scene_state()
    found = all_tracks(export_glb(character, tmp_path / "takes.glb", every_take=True).path)
    same_scene(before, scene_state())
    assert sorted(found) == ["X", "Y", "Z"]
    for name, clip in clips.items():
        times, shown = found[name]["Face", "jawOpen"]
        assert np.abs(np.interp(np.arange(10) / 24, times, shown) - clip.column("jawOpen")).max() < 0.003


def test_still_curves_take_two_keys_and_bones_of_the_take_are_always_keyed(make, perform, assign, tracks, tmp_path):
    character = make(FEW)
    clip = perform(50, 24.0, (*FEW, "headYaw"))
    clip.values[:] = 0.25
    assign(character, clip)
    found = tracks(export_glb(character, tmp_path / "still.glb").path)
    assert all(len(times) == 2 for times, _ in found.values())
    assert ("head", "rotation") in found
    assert ("leftHand", "rotation") not in found


def test_a_range_starts_at_time_zero(make, perform, assign, tracks, tmp_path):
    character = make(FEW)
    clip = perform(50, 24.0)
    assign(character, clip)
    exported = export_glb(character, tmp_path / "part.glb", frame_range=(11, 21))
    times, shown = tracks(exported.path)["Face", "jawOpen"]
    assert times[-1] == pytest.approx(10 / 24)
    assert np.abs(np.interp(np.arange(11) / 24, times, shown) - clip.column("jawOpen")[10:21]).max() < 0.003


@pytest.mark.parametrize(("fps", "base"), [(24, 1.001), (30, 1.001), (25, 2.0)])
def test_a_scene_of_a_broken_rate_keeps_its_seconds(make, perform, assign, tracks, tmp_path, fps, base):
    """Blender's exporter multiplies by the base where it should divide: 10 seconds of 25 / 2 frames take 2.5."""
    character = make(FEW)
    render = bpy.context.scene.render
    render.fps, render.fps_base = fps, base
    rate = render.fps / render.fps_base
    clip = perform(50, rate)
    assign(character, clip)
    exported = export_glb(character, tmp_path / "take.glb")
    assert exported.seconds == pytest.approx(49 / rate)
    found = tracks(exported.path)
    for key in ("jawOpen", "tongueOut"):
        times, shown = found["Face", key]
        assert times[-1] == pytest.approx(49 / rate, rel=1e-5)
        assert np.abs(np.interp(np.arange(50) / rate, times, shown) - clip.column(key)).max() < 0.003
    assert found["head", "rotation"][0][-1] == pytest.approx(49 / rate, rel=1e-5)
    assert (render.fps, render.fps_base) == (fps, pytest.approx(base))
    document = pygltflib.GLTF2().load_binary(str(exported.path))
    for sampler in document.animations[0].samplers:
        assert document.accessors[sampler.input].max[0] == pytest.approx(49 / rate, rel=1e-5)


@pytest.mark.parametrize("mode", ["OBJECT", "EDIT", "POSE"])
def test_the_scene_stays_as_it_was(make, perform, assign, scene_state, tmp_path, mode):
    character = make(FEW)
    assign(character, perform(30))
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 5, 9
    scene.frame_set(7, subframe=0.25)
    bpy.ops.object.select_all(action="DESELECT")
    active = {"OBJECT": bpy.data.objects["Cap"], "EDIT": character.meshes[0], "POSE": character.armature}[mode]
    active.select_set(True)
    bpy.context.view_layer.objects.active = active
    bpy.ops.object.mode_set(mode=mode)
    # What the artist set by hand and did not key survives too, although playing the frames overwrites it.
    character.meshes[1].data.shape_keys.key_blocks["jawOpen"].value = 0.123
    character.armature.pose.bones["chest"].location = (0.1, 0.2, 0.3)
    before = scene_state()
    assert export_glb(character, tmp_path / "take.glb").path.is_file()
    same_scene(before, scene_state())
    assert bpy.context.mode.startswith(mode)
    bpy.ops.object.mode_set(mode="OBJECT")


def test_other_objects_stay_out_and_hidden_ones_too(make, perform, assign, tmp_path):
    character = make(FEW)
    assign(character, perform(5))
    other = bpy.data.objects.new("Chair", bpy.data.meshes.new("Chair"))
    bpy.context.collection.objects.link(other)
    bpy.data.objects["Cap"].hide_set(True)
    gltf = pygltflib.GLTF2().load_binary(str(export_glb(character, tmp_path / "take.glb").path))
    assert {node.name for node in gltf.nodes if node.mesh is not None} == {"Face", "Teeth"}


def test_a_character_without_an_armature(make, perform, assign, tracks, tmp_path):
    character = make(FEW, without_armature=True)
    clip = perform(20, 24.0, tuple(FEW))
    assign(character, clip)
    found = tracks(export_glb(character, tmp_path / "take.glb").path)
    times, shown = found["Face", "jawOpen"]
    assert np.abs(np.interp(np.arange(20) / 24, times, shown) - clip.column("jawOpen")).max() < 0.003


def test_bodies_and_drivers_come_along(make, perform, assign, tracks, tmp_path):
    character = make(FEW)
    assign(character, perform(20, 24.0, tuple(FEW)))
    keys = character.meshes[0].data.shape_keys
    keys.key_blocks["tongueOut"].driver_remove("value")
    bag = bpy.data.actions["Take"].layers[0].strips[0].channelbag(keys.animation_data.action_slot)
    bag.fcurves.remove(bag.fcurves.find('key_blocks["tongueOut"].value'))
    driver = keys.key_blocks["tongueOut"].driver_add("value").driver
    driver.type = "SUM"
    variable = driver.variables.new()
    variable.targets[0].id_type = "KEY"
    variable.targets[0].id = keys
    variable.targets[0].data_path = 'key_blocks["jawOpen"].value'
    hand = character.armature.pose.bones["leftHand"]
    hand.rotation_mode = "XYZ"
    for frame, angle in ((1, 0.0), (20, 1.0)):
        hand.rotation_euler[0] = angle
        hand.keyframe_insert("rotation_euler", frame=frame)
    found = tracks(export_glb(character, tmp_path / "take.glb").path)
    assert np.abs(found["Face", "tongueOut"][1] - found["Face", "jawOpen"][1]).max() < 0.003
    assert ("leftHand", "rotation") in found
    assert ("rightHand", "rotation") not in found


def test_a_file_rests_with_all_shapes_at_zero(make, perform, assign, tmp_path):
    character = make(FEW)
    assign(character, perform(20))
    bpy.context.scene.frame_set(9)
    gltf = pygltflib.GLTF2().load_binary(str(export_glb(character, tmp_path / "take.glb").path))
    assert all(weight == 0 for mesh in gltf.meshes for weight in mesh.weights or [])


def test_modifiers_and_muted_shapes_are_told(make, perform, assign, tmp_path):
    character = make(FEW)
    assign(character, perform(5))
    character.meshes[0].modifiers.new("Smooth", "SUBSURF")
    body = bpy.data.objects.new("Body of It", bpy.data.meshes.new("Body"))
    body.parent = character.armature
    bpy.context.scene.collection.objects.link(body)
    body.modifiers.new("Outline", "SOLIDIFY")
    character.meshes[0].data.shape_keys.key_blocks["tongueOut"].mute = True
    notes = export_glb(character, tmp_path / "take.glb").notes
    assert any("Smooth: applying them would lose its shapes" in note for note in notes)
    assert "Body of It is written without its modifiers Outline." in notes
    assert any("tongueOut" in note for note in notes)


def test_provenance_is_written_or_left_out(make, perform, assign, tmp_path):
    character = make(FEW)
    assign(
        character,
        perform(5)._replace(
            provenance={"seed": 4, "intensity": 0.1 + 0.2, "machine_made": True, "source": "/home/someone/take.mp4"}
        ),
    )
    path = export_glb(character, tmp_path / "take.glb").path
    about = pygltflib.GLTF2().load_binary(str(path)).asset.extras["FaceMimic"]
    assert about["seed"] == 4
    assert about["intensity"] == 0.3
    assert about["machine-made performance"] is True
    assert about["generator"].startswith("FaceMimic ")
    assert "/home" not in json.dumps(about)
    path = export_glb(character, tmp_path / "plain.glb", with_provenance=False).path
    assert "FaceMimic" not in (pygltflib.GLTF2().load_binary(str(path)).asset.extras or {})


def test_a_recording_is_not_called_machine_made(make, perform, assign, tmp_path):
    character = make(FEW)
    assign(character, perform(5)._replace(provenance={"source": "video", "file": "actor.mp4"}))
    path = export_glb(character, tmp_path / "take.glb").path
    about = pygltflib.GLTF2().load_binary(str(path)).asset.extras["FaceMimic"]
    assert about["source"] == "video"
    assert "machine-made performance" not in about


def test_morph_normals_are_there_when_asked_for(make, perform, assign, tmp_path):
    character = make(FEW)
    assign(character, perform(5))
    for wanted in (False, True):
        path = export_glb(character, tmp_path / "take.glb", morph_normals=wanted).path
        meshes = pygltflib.GLTF2().load_binary(str(path)).meshes
        targets = [target for mesh in meshes for target in mesh.primitives[0].targets]
        assert targets
        assert all(("NORMAL" in target) == wanted for target in targets)


def test_the_suffix_is_added(make, perform, assign, tmp_path):
    character = make(FEW)
    assign(character, perform(5))
    assert export_glb(character, tmp_path / "take.v2").path == tmp_path / "take.v2.glb"


@pytest.mark.parametrize("name", ["take.gltf", "take.FBX", "take.vrm"])
def test_the_ending_of_another_format_is_refused(make, perform, assign, tmp_path, name):
    character = make(FEW)
    assign(character, perform(5))
    with pytest.raises(AddonError, match=r"ends as another format\. Name it “take\.glb”"):
        export_glb(character, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["n" * 300 + ".glb", "a\0b.glb"])
def test_a_name_that_no_file_can_have_is_a_sentence(make, perform, assign, tmp_path, name):
    character = make(FEW)
    assign(character, perform(5))
    with pytest.raises(AddonError, match="another name"):
        export_glb(character, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_refusals_leave_no_file_and_no_change(make, perform, assign, scene_state, tmp_path, monkeypatch):
    character = make(FEW)
    with pytest.raises(AddonError, match="no performance"):
        export_glb(character, tmp_path / "take.glb")
    assign(character, perform(5))
    bpy.context.scene.frame_set(1)
    before = scene_state()
    for path, message in ((tmp_path / "none" / "take.glb", "no folder"), (tmp_path, "is a folder")):
        with pytest.raises(AddonError, match=message):
            export_glb(character, path)
    with pytest.raises(AddonError, match="no range"):
        export_glb(character, tmp_path / "take.glb", frame_range=(9, 2))
    old = tmp_path / "old.glb"
    old.write_bytes(b"precious")
    monkeypatch.setattr("blender_addon.export.gltf_file.GltfFile.to_bytes", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export_glb(character, old)
    assert old.read_bytes() == b"precious"
    assert [p.name for p in tmp_path.iterdir()] == ["old.glb"]
    same_scene(before, scene_state())


def test_what_blenders_exporter_says_is_told_without_places_on_the_disk(make, perform, assign, tmp_path):
    character = make()
    assign(character, perform())
    for block in character.meshes[0].data.shape_keys.key_blocks:
        block.data[0].co = (float("nan"),) * 3
    character.meshes[0].data.vertices[0].co = (float("nan"),) * 3
    with pytest.raises(AddonError, match=r"could not write Someone: a point .* \(NaN\)") as error:
        export_glb(character, tmp_path / "a.glb")
    assert "/" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_objects_move_where_they_move_and_nowhere_else(make, perform, assign, tracks, tmp_path):
    """Also under a turned armature and on a bone, whose nodes have other axes than Blender's objects."""
    character = make(FEW)
    assign(character, perform(20, 24.0))
    armature = character.armature
    armature.rotation_euler = (0, 0, 0.7)
    armature.location = (1, 2, 0)
    glasses = bpy.data.objects.new("Glasses", bpy.data.meshes.new("Glasses"))
    glasses.data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    glasses.parent, glasses.parent_type, glasses.parent_bone = armature, "BONE", "head"
    glasses.location = (0.1, 0.2, 0.3)
    hook = bpy.data.objects.new("Hook", None)
    hook.parent = armature
    for obj in (glasses, hook):
        bpy.context.collection.objects.link(obj)
    for frame, up in ((1, 0.0), (20, 2.0)):
        hook.location = (0, 0, up)
        hook.keyframe_insert("location", frame=frame)
    found = tracks(export_glb(character, tmp_path / "take.glb").path)
    assert {(node, path) for node, path in found if path in ("translation", "rotation", "scale")} == {
        ("Hook", "translation"),
        ("head", "rotation"),
    }
    _, places = found["Hook", "translation"]
    assert places[0] == pytest.approx((0, 0, 0), abs=1e-4)
    assert places[-1] == pytest.approx((0, 2, 0), abs=1e-4)


@pytest.mark.parametrize("hidden", [False, True])
def test_a_character_under_an_empty_comes_along(make, perform, assign, tracks, tmp_path, hidden):
    character = make(FEW)
    assign(character, perform(20, 24.0))
    root = bpy.data.objects.new("Root", None)
    bpy.context.collection.objects.link(root)
    root.location, root.rotation_euler, root.scale = (1, 2, 3), (0, 0, 1), (2, 2, 2)
    character.armature.parent = root
    root.hide_set(hidden)
    path = export_glb(character, tmp_path / "take.glb").path
    names = {node.name for node in pygltflib.GLTF2().load_binary(str(path)).nodes}
    assert names >= {"Face", "Teeth", "Cap", "Body", "head"}
    assert ("Root" in names) != hidden
    assert {(node, path) for node, path in tracks(path) if path in ("translation", "rotation", "scale")} == {
        ("head", "rotation")
    }
    assert root.hide_get() == hidden


def test_a_character_that_walks_is_where_it_was_afterwards(make, perform, assign, scene_state, tmp_path):
    character = make(FEW)
    assign(character, perform(20, 24.0, tuple(FEW)))
    root = bpy.data.objects.new("Root", None)
    bpy.context.collection.objects.link(root)
    character.armature.parent = root
    for frame, x in ((1, 0.0), (20, 3.0)):
        root.location.x = x
        root.keyframe_insert("location", frame=frame)
    bpy.context.scene.frame_set(5)
    before = scene_state()
    export_glb(character, tmp_path / "take.glb")
    same_scene(before, scene_state())
