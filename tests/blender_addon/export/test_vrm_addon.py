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
from blender_addon.rig.character import expressions_of, find_character
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


def test_its_previews_do_not_play_into_our_takes(make, perform, assign, tracks, addon_of_vrm, tmp_path):
    character = make(["jawOpen"], teeth=())
    clip = perform(20, 24.0, ("jawOpen",))
    assign(character, clip)
    extension = character.armature.data.vrm_addon_extension
    extension.spec_version = "1.0"
    aa = extension.vrm1.expressions.preset.aa
    bind(aa, "jawOpen")
    for frame, value in ((1, 0.0), (20, 1.0)):
        aa.preview = value
        aa.keyframe_insert("preview", frame=frame)
    block = character.meshes[0].data.shape_keys.key_blocks["jawOpen"]
    before = [0.0]

    def preview(scene, *_):
        # As the add-on does it: where a preview moved, its shape keys are overwritten after the frame's change.
        if abs(aa.preview - before[0]) > 1e-6:
            before[0] = aa.preview
            block.value = aa.preview

    bpy.context.scene.frame_set(1)
    bpy.app.handlers.frame_change_post.append(preview)
    try:
        times, shown = tracks(export_glb(character, tmp_path / "take.glb").path)["Face", "jawOpen"]
    finally:
        bpy.app.handlers.frame_change_post.remove(preview)
    assert np.abs(np.interp(np.arange(20) / 24, times, shown) - clip.column("jawOpen")).max() < 0.003
    data = character.armature.data.animation_data
    assert not any(curve.mute for curve in data.action.layers[0].strips[0].channelbags[0].fcurves)


def test_it_writes_when_asked(character, addon_of_vrm, tmp_path):
    assert available(character)
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
