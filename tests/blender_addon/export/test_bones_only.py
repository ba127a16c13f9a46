"""A character whose face is bones alone goes out like any other."""

import bpy
import numpy as np
import pygltflib
import pytest

from blender_addon.bake.write import bake
from blender_addon.export.glb import export_glb
from blender_addon.export.take import active_take, all_takes, lost, read_take
from blender_addon.export.vrma import export_vrma
from blender_addon.rig.character import Character, find_character
from blender_addon.rig.mapping_file import entries_of
from tests.blender_addon.export.conftest import BONES

RISE = np.linspace(0, 1, 24)


@pytest.fixture
def character(make_mesh, make_armature) -> Character:
    """A humanoid with a chin and two eyeballs on bones, and no shape key anywhere."""
    bones = {name: (parent, place, (*place[:2], place[2] + 0.05)) for name, (parent, place) in BONES.items()}
    bones["jaw"] = ("head", (0, 0, 1.5), (0, -0.06, 1.48))
    rig = make_armature(bones=bones)
    for bone in ("jaw", "leftEye", "rightEye"):
        make_mesh(bone, (), rig).vertex_groups.new(name=bone).add([0, 1, 2], 1.0, "REPLACE")
    return find_character(rig)


def test_its_take_is_read_back_and_written(character, make_clip, tmp_path):
    assert character.meshes == ()
    assert {bone.motion for bone in character.bones} == {"head", "jaw", "leftEye", "rightEye"}
    assert not entries_of(character)
    clip = make_clip(
        {"jawOpen": RISE, "eyeLookOutLeft": RISE, "eyeLookInRight": RISE, "mouthSmileLeft": RISE, "headYaw": 0.3 * RISE}
    )
    action = bake(character, clip, frame=1.0, fps=24.0, name="Take")
    assert active_take(character) == action
    assert all_takes(character) == (action,)
    assert not lost(character, action)
    assert np.abs(read_take(character).values - clip.values).max() < 0.001
    export_vrma(character, tmp_path / "take.vrma")
    export_glb(character, tmp_path / "all.glb", every_take=True)
    file = pygltflib.GLTF2().load(str(tmp_path / "all.glb"))
    assert file is not None
    names = {file.nodes[channel.target.node].name for channel in file.animations[0].channels}
    assert names >= {"jaw", "leftEye", "rightEye", "head"}


@pytest.mark.parametrize("target", ["godot", "vrm", "unreal", "web"])
def test_it_is_checked_before_it_goes(addon, character, target):
    bpy.context.view_layer.objects.active = character.armature
    assert bpy.ops.facemimic.preflight(target=target) == {"FINISHED"}
