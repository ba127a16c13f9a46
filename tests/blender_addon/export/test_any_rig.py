"""Whatever a rig is like, a file shows what the viewport shows: played with a glTF library beside Blender."""

import math

import bpy
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mathutils import Matrix

from blender_addon.bake.write import bake
from blender_addon.clip import Clip
from blender_addon.export.curves import curves
from blender_addon.export.glb import export_glb
from blender_addon.export.humanoid import find_bones, standing
from blender_addon.export.take import read_take
from blender_addon.export.vrm import export_vrm
from blender_addon.export.vrm_meta import VrmMeta
from blender_addon.export.vrma import export_vrma
from blender_addon.rig.bones import facing
from blender_addon.rig.character import find_character
from engine.clip import Clip as EngineClip
from engine.takes import formats
from tests.blender_addon.export.conftest import SHAPES
from tests.blender_addon.export.made_rigs import RIGS, built
from tests.blender_addon.export.player import Player, apart, viewport_points
from tests.blender_addon.export.test_own_expressions import shown as shown_together
from tests.blender_addon.export.test_round_trip import lost, smooth

SOME = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    # Making a failing rig simpler takes minutes.
    phases=[Phase.explicit, Phase.generate],
)
META = VrmMeta(name="Mim", authors=("A. Nimator",))
TAKES = {
    "fps": st.sampled_from([23.976, 29.97, 60.0, 120.0]),
    "frame": st.sampled_from([1.0, 0.0, -20.0, 57.25]),
    "tolerance": st.sampled_from([None, 0.01]),
    "seed": st.integers(0, 99),
}
NEAR = 0.004
"""Metres, at a body of 1.7 m whose shapes move 2 cm: what morph weights within 0.002 and turns within 0.002 do."""
PLACE = 0.0002
"""The same, however small the body is: nodes that move are within 0.1 mm on each axis."""


def baked(character, fps, frame, tolerance, seed, name="Take 笑い😀"):
    clip = smooth([*character.matched], 0.5, fps, seed)
    scene = bpy.context.scene.render
    return bake(
        character, clip, frame=frame, fps=scene.fps / scene.fps_base, tolerance=tolerance, name=name, new_take=True
    ), clip


def watched(rig, path, clip, frame, animation=None, place=None):
    """How far any vertex is from where the viewport shows it, as a part of what is near."""
    player, first = Player(path, animation), math.floor(frame)
    size = rig.scale * (1.0 if rig.above == "nothing" else 2.0)
    around = np.array(place or Matrix())
    found = {}
    for obj in [one for one in bpy.context.scene.objects if one.type == "MESH" and one.name != "Above"]:
        node = player.node(obj.name, shown=True)
        for seconds in np.linspace(0.0, (len(clip.values) - 1) / clip.fps, 4):
            shown = viewport_points(obj, first + seconds * rig.fps) @ around[:3, :3].T + around[:3, 3]
            far = apart(player.points(node, seconds), shown) / (NEAR * size + PLACE)
            found[obj.name] = max(found.get(obj.name, 0.0), far)
    return found


@SOME
@given(rig=RIGS, **TAKES)
def test_a_glb_shows_what_the_viewport_shows(tmp_path, rig, fps, frame, tolerance, seed):
    character = built(rig)
    _, clip = baked(character, fps, frame, tolerance, seed)
    found = watched(rig, export_glb(character, tmp_path / "take.glb").path, clip, frame)
    assert max(found.values()) < 1, found


@SOME
@given(rig=RIGS, **TAKES)
def test_a_vrm_with_its_take_shows_the_same_and_looks_ahead(tmp_path, rig, fps, frame, tolerance, seed):
    character = built(rig)
    _, clip = baked(character, fps, frame, tolerance, seed)
    path = export_vrm(character, tmp_path / "mim.vrm", META, with_animation=True).path
    found = watched(rig, path, clip, frame, place=standing(character.armature, find_bones(character.armature)))
    assert max(found.values()) < 1, found


@SOME
@given(rig=RIGS, **TAKES)
def test_several_takes_are_each_what_the_viewport_shows(tmp_path, rig, fps, frame, tolerance, seed):
    character = built(rig)
    clips = {name: baked(character, fps, frame, tolerance, seed + len(name), name)[1] for name in ("手", "second")}
    path = export_glb(character, tmp_path / "takes.glb", every_take=True).path
    for name, clip in clips.items():
        for mesh in character.meshes:
            assign(mesh.data.shape_keys, name)
        assign(character.armature, name)
        found = watched(rig, path, clip, frame, animation=name)
        assert max(found.values()) < 1, (name, found)


def assign(owner, name):
    """Lets an owner play its part of an action."""
    data = owner.animation_data
    data.action = bpy.data.actions[name]
    data.action_slot = next(slot for slot in data.action.slots if slot.name_display == owner.name)


@SOME
@given(rig=RIGS, gaps=st.sets(st.sampled_from(SHAPES), max_size=20), **TAKES)
def test_a_vrma_moves_the_avatar_as_the_viewport_does(tracks, tmp_path, rig, gaps, fps, frame, tolerance, seed):
    # An expression moves all meshes alike, which shape keys of different ranges do not.
    sliders = (0.0, 1.0) if rig.sliders[1] < 1 else rig.sliders
    character = built(rig := rig._replace(names=tuple(name for name in SHAPES if name not in gaps), sliders=sliders))
    # Of a rig that lacks shapes, the file holds the performance, and the curves come near it.
    action, clip = baked(character, fps, frame, tolerance if not gaps else None, seed)
    vrm = export_vrm(character, tmp_path / "mim.vrm", META).path
    vrma = export_vrma(character, tmp_path / "take.vrma", expressions="custom").path
    at = np.arange(len(clip.values)) / fps
    shown = shown_together(vrm, vrma, tracks, at)
    # Also those that share a mesh with another.
    for mesh in [obj for obj in bpy.context.scene.objects if obj.type == "MESH" and obj.data.shape_keys]:
        of_mesh = curves(action, mesh.data.shape_keys)
        for key in [name for name in rig.names if name in mesh.data.shape_keys.key_blocks and "eyeLook" not in name]:
            curve, block = of_mesh[f'key_blocks["{key}"].value', 0], mesh.data.shape_keys.key_blocks[key]
            wanted = [curve.evaluate(frame + second * rig.fps) for second in at]
            apart = np.abs(shown[mesh.name, key] - np.clip(wanted, block.slider_min, block.slider_max)).max()
            assert apart < 0.01, (mesh.name, key, apart)
    head, player = character.armature.pose.bones["head"], Player(vrma)
    rest = head.bone.matrix_local.to_quaternion()
    frames = Matrix(facing(character.armature)).to_quaternion()
    for second in at[:: max(1, len(at) // 4)]:
        viewport_points(character.meshes[0], frame + second * rig.fps)
        evaluated = character.armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["head"]
        turn = frames.inverted() @ evaluated.matrix.to_quaternion() @ rest.inverted() @ frames
        told = player.place(player.node("head"), second).to_quaternion()
        assert told.rotation_difference(turn).angle < 0.005


@SOME
@given(rig=RIGS, **TAKES)
def test_a_take_comes_back_from_a_live_link_face_recording(tmp_path, rig, fps, frame, tolerance, seed):
    character = built(rig._replace(sliders=(0.0, 1.0)))
    _, clip = baked(character, fps, frame, tolerance and 0.002, seed)
    taken = read_take(character, fps=fps)
    formats.write_take(EngineClip(taken.values, taken.fps, taken.channels, {}), tmp_path / "take.csv")
    read = formats.read_take(tmp_path / "take.csv").clip
    again = Clip(read.values, read.fps, read.channels, {})
    bake(find_character(character.armature), again, frame=1, fps=rig.fps, tolerance=None, name="Back", new_take=True)
    back = read_take(find_character(character.armature), fps=240)
    assert max(lost(clip, back).values()) < 0.01
