"""Beside the VRM Add-on for Blender; see the stand-in's own words about what this shows."""

import bpy
import numpy as np
import pygltflib
import pytest

from blender_addon.export.glb import export_glb
from blender_addon.export.gltf_file import GltfFile
from blender_addon.export.vrm import export_vrm
from blender_addon.export.vrm_addon import available, export_vrm_by_addon
from blender_addon.export.vrm_meta import VrmMeta
from blender_addon.messages import AddonError
from blender_addon.rig.bones import motion_bone
from blender_addon.rig.character import expressions_of, find_character
from blender_addon.rig.vrm_addon import preview_curves, stated_gaze
from tests.blender_addon import vrm_addon

META = VrmMeta(name="Mim", authors=("A. Nimator",))


@pytest.fixture
def addon_of_vrm():
    with vrm_addon.enabled() as operator:
        yield operator


@pytest.fixture
def character(addon_of_vrm, make):
    return make(["Smile", "Lid", "Odd"], teeth=())


def bind(expression, index, weight=1.0, where="node", binds="morph_target_binds"):
    made = getattr(expression, binds).add()
    getattr(made, where).mesh_object_name = "Face"
    made.index, made.weight = index, weight


def test_its_vrm_1_expressions_are_ours(character):
    extension = character.armature.data.vrm_addon_extension
    extension.spec_version = "1.0"
    bind(extension.vrm1.expressions.preset.blink_left, "Lid", 0.8)
    bind(extension.vrm1.expressions.preset.happy, "Smile", 0.5)
    smug = extension.vrm1.expressions.custom.add()
    smug.custom_name = "smug"
    bind(smug, "Odd")
    found = {one.name: one.binds for one in expressions_of(character.meshes[0])}
    assert found == {
        "blinkLeft": {"Lid": pytest.approx(0.8)},
        "happy": {"Smile": pytest.approx(0.5)},
        "smug": {"Odd": 1.0},
    }
    assert "eyeBlinkLeft" in find_character(character.armature).matched


def test_its_vrm_0_groups_are_ours(character):
    groups = character.armature.data.vrm_addon_extension.vrm0.blend_shape_master.blend_shape_groups
    blink, own = groups.add(), groups.add()
    blink.name, blink.preset_name = "Blink", "blink"
    own.name = "jawOpen"
    for group, index in ((blink, "Lid"), (own, "Odd")):
        bind(group, index, where="mesh", binds="binds")
    found = find_character(character.armature)
    assert {"eyeBlinkLeft", "eyeBlinkRight", "jawOpen"} <= set(found.matched)


def test_our_file_keeps_its_expressions_and_rules(character, tmp_path):
    extension = character.armature.data.vrm_addon_extension
    extension.spec_version = "1.0"
    happy = extension.vrm1.expressions.preset.happy
    happy.override_blink = "block"
    bind(happy, "Smile", 0.5)
    smug = extension.vrm1.expressions.custom.add()
    smug.custom_name = "smug"
    bind(smug, "Odd", 0.25)
    path = export_vrm(find_character(character.armature), tmp_path / "mim.vrm", META).path
    told = pygltflib.GLTF2().load_binary(str(path)).extensions["VRMC_vrm"]["expressions"]
    assert told["preset"]["happy"]["overrideBlink"] == "block"
    assert told["preset"]["happy"]["morphTargetBinds"][0]["weight"] == 0.5
    assert told["custom"]["smug"]["morphTargetBinds"][0]["weight"] == 0.25


def keyed(owner, *frames):
    for frame, value in frames:
        owner.preview = value
        owner.keyframe_insert("preview", frame=frame)


def pushed_down(data):
    track = data.nla_tracks.new()
    strip = track.strips.new("Previews", 1, data.action)
    strip.action_slot = data.action_slot
    data.action = None


@pytest.mark.parametrize("version", ["0.0", "1.0"])
@pytest.mark.parametrize("place", ["action", "NLA", "driver"])
def test_its_previews_do_not_play_into_our_takes(make, perform, assign, tracks, addon_of_vrm, tmp_path, version, place):
    character = make(["jawOpen", "Smile"], teeth=())
    clip = perform(20, 24.0, ("jawOpen",))
    assign(character, clip)
    extension = character.armature.data.vrm_addon_extension
    extension.spec_version = version
    if version == "1.0":
        mouth, other = extension.vrm1.expressions.preset.aa, extension.vrm1.expressions.preset.happy
        bind(mouth, "jawOpen")
        bind(other, "Smile")
    else:
        groups = extension.vrm0.blend_shape_master.blend_shape_groups
        mouth, other = groups.add(), groups.add()
        other = groups[0]
        bind(other, "jawOpen", where="mesh", binds="binds")
    data = character.armature.data
    if place == "driver":
        other.driver_add("preview").driver.expression = "frame / 20"
    else:
        # It is enough that another expression's preview moves: the mouth's, at rest, is written with it.
        keyed(other, (1, 0.0), (20, 1.0))
    if place == "NLA":
        pushed_down(data.animation_data)
    bpy.context.scene.frame_set(1)
    times, shown = tracks(export_glb(character, tmp_path / "take.glb").path)["Face", "jawOpen"]
    assert np.abs(np.interp(np.arange(20) / 24, times, shown) - clip.column("jawOpen")).max() < 0.003
    curves = preview_curves(character.armature)
    assert len(curves) == 1
    assert not curves[0].mute
    bpy.context.scene.frame_set(15)
    assert other.preview > 0.5, "they play on in the scene"


def test_its_reach_of_the_eyes_is_ours_where_it_holds_an_avatar(make, addon_of_vrm):
    character = make(["Smile", "Lid"], teeth=())
    extension = character.armature.data.vrm_addon_extension
    assert stated_gaze(character.armature) == {}, "the add-on's defaults on any armature"
    extension.spec_version = "1.0"
    bind(extension.vrm1.expressions.preset.happy, "Smile")
    extension.vrm1.look_at.range_map_vertical_up.output_scale = 4
    assert stated_gaze(character.armature) == {"Out": 10, "In": 10, "Up": 4, "Down": 10}
    extension.vrm1.look_at.type = "expression"
    assert stated_gaze(character.armature) == {}
    extension.spec_version = "0.0"
    group = extension.vrm0.blend_shape_master.blend_shape_groups.add()
    bind(group, "Lid", where="mesh", binds="binds")
    extension.vrm0.first_person.look_at_horizontal_inner.y_range = 7
    assert stated_gaze(character.armature) == {"Out": 10, "In": 7, "Up": 10, "Down": 10}


def test_its_bones_are_ours(make, addon_of_vrm):
    armature = make(["Smile"], teeth=()).armature
    extension = armature.data.vrm_addon_extension
    extension.vrm1.humanoid.human_bones.head.node.bone_name = "spine"
    assert motion_bone(armature, "head") == "spine"
    extension.vrm1.humanoid.human_bones.head.node.bone_name = ""
    stated = extension.vrm0.humanoid.human_bones.add()
    stated.bone, stated.node.bone_name = "head", "neck"
    assert motion_bone(armature, "head") == "neck"


def test_it_writes_when_asked(character, addon_of_vrm, tmp_path):
    assert available(character)
    happy = character.armature.data.vrm_addon_extension.vrm1.expressions.preset.happy
    bind(happy, "Smile")
    happy.preview = 0.3
    character.meshes[0].data.shape_keys.key_blocks["Smile"].value = 0.7
    path = export_vrm_by_addon(character, tmp_path / "mim").path
    assert path == tmp_path / "mim.vrm"
    document = GltfFile.read(path).document
    assert document["extensions"] == {"VRMC_vrm": {"odd": 1}}
    assert "generator" in document["asset"]["extras"]["FaceMimic"]
    assert addon_of_vrm.seen == {"armature": "Body", "ignore_warning": True, "values": [0.0] * 4}
    assert character.meshes[0].data.shape_keys.key_blocks["Smile"].value == pytest.approx(0.7)
    assert (
        "extras"
        not in GltfFile.read(export_vrm_by_addon(character, path, with_provenance=False).path).document["asset"]
    )


@pytest.mark.parametrize("manner", ["cancels", "half"])
def test_its_refusal_is_a_sentence_and_leaves_the_old_file(character, addon_of_vrm, tmp_path, manner):
    addon_of_vrm.manner = manner
    (tmp_path / "mim.vrm").write_bytes(b"precious")
    with pytest.raises(AddonError, match="VRM panel" if manner == "cancels" else "not whole"):
        export_vrm_by_addon(character, tmp_path / "mim.vrm")
    assert [one.name for one in tmp_path.iterdir()] == ["mim.vrm"]
    assert (tmp_path / "mim.vrm").read_bytes() == b"precious"


def test_without_it_our_own_writer_is_named(make, tmp_path):
    character = make(["jawOpen"])
    assert not available(character)
    with pytest.raises(AddonError, match="let FaceMimic write"):
        export_vrm_by_addon(character, tmp_path / "mim.vrm")
