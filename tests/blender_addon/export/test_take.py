import math

import bpy
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mathutils import Quaternion

from blender_addon.export.take import active_take, read_take, take_range
from blender_addon.messages import AddonError

SLOW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
FEW = ["browInnerUp", "eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthSmileLeft", "tongueOut"]
HEAD = ["headYaw", "headPitch", "headRoll"]


@SLOW
@given(
    fps=st.sampled_from([12.0, 24.0, 30.0, 60.0, 29.97]),
    scene_fps=st.sampled_from([24, 30, 60]),
    frame=st.sampled_from([1.0, 0.0, 100.0, 37.5]),
    names=st.lists(st.sampled_from(FEW), min_size=1, unique=True),
    frames=st.integers(2, 30),
    head=st.booleans(),
)
def test_a_take_read_back_is_the_clip(make, perform, assign, fps, scene_fps, frame, names, frames, head):
    character = make(names)
    bpy.context.scene.render.fps = scene_fps
    clip = perform(frames, fps, (*names, *HEAD) if head else tuple(names))
    action = assign(character, clip, frame=frame)
    assert take_range(character, action) == pytest.approx((frame, frame + (frames - 1) * scene_fps / fps), abs=1e-3)
    back = read_take(character, fps=fps)
    assert back.fps == fps
    assert len(back.values) == frames
    assert back.provenance == clip.provenance
    for name in clip.channels:
        assert np.abs(back.column(name) - clip.column(name)).max() < 0.002, name


def test_it_is_sampled_at_the_scenes_rate_to_the_end(make, perform, assign):
    character = make(FEW)
    clip = perform(60, 60.0)
    assign(character, clip)
    back = read_take(character)
    assert back.fps == 24
    assert back.duration >= 59 / 60
    times = np.arange(len(back.values)) / 24
    for name in FEW:
        expected = np.interp(times, np.arange(60) / 60, clip.column(name))
        assert np.abs(back.column(name) - expected).max() < 0.002


def test_one_shape_for_both_eyes_and_two_shapes_for_one_channel(make, perform, assign):
    mix = {
        "jawOpen": {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5},
        "mouthSmileLeft": {"browInnerUp": 1.0},
        "tongueOut": {"browInnerUp": 1.0},
        "cheekPuff": {"jawOpen": 0.8},
    }
    character = make(list(mix), teeth=(), mix=mix)
    clip = perform(20)
    assign(character, clip)
    back = read_take(character, fps=30.0)
    mean = (clip.column("eyeBlinkLeft") + clip.column("eyeBlinkRight")) / 2
    assert np.abs(back.column("eyeBlinkLeft") - mean).max() < 0.002
    assert np.abs(back.column("eyeBlinkRight") - mean).max() < 0.002
    assert np.abs(back.column("browInnerUp") - clip.column("browInnerUp")).max() < 0.002
    assert np.abs(back.column("jawOpen") - clip.column("jawOpen")).max() < 0.002


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZYX", "AXIS_ANGLE"])
def test_the_head_in_every_rotation_mode(make, assign, perform, mode):
    character = make(FEW)
    clip = perform(10)
    action = assign(character, clip)
    bone = character.armature.pose.bones["head"]
    bag = action.layers[0].strips[0].channelbag(character.armature.animation_data.action_slot)
    turns = [[curve.evaluate(frame) for curve in bag.fcurves] for frame in range(1, 10)]
    bone.rotation_mode = mode
    if mode != "QUATERNION":
        bag.fcurves.clear()
        rows = []
        for turn in turns:
            axis, angle = Quaternion(turn).to_axis_angle()
            rows.append([angle, *axis] if mode == "AXIS_ANGLE" else list(Quaternion(turn).to_euler(mode)))
        name = "rotation_axis_angle" if mode == "AXIS_ANGLE" else "rotation_euler"
        for index in range(len(rows[0])):
            curve = bag.fcurves.new(f'pose.bones["head"].{name}', index=index)
            for frame, row in enumerate(rows, 1):
                curve.keyframe_points.insert(frame, row[index])
    back = read_take(character, frame_range=(1, 9))
    times = np.arange(9) / 24
    for name in HEAD:
        expected = np.interp(times, np.arange(10) / 30, clip.column(name))
        assert np.abs(back.column(name) - expected).max() < 0.01


def test_a_take_in_the_nla_is_found(make, perform, assign):
    character = make(FEW)
    action = assign(character, perform(10))
    for owner in [mesh.data.shape_keys for mesh in character.meshes]:
        data = owner.animation_data
        slot = data.action_slot
        strip = data.nla_tracks.new().strips.new("Take", 1, action)
        strip.action_slot = slot
        data.action = None
    assert active_take(character) == action
    assert read_take(character).column("jawOpen").max() > 0


def test_our_take_goes_before_other_actions(make, perform, assign):
    character = make(FEW)
    ours = assign(character, perform(10), name="Ours")
    assign(character, perform(10), name="Other")
    teeth = character.meshes[1].data.shape_keys
    other = teeth.animation_data.action
    del other["facemimic"]
    teeth.animation_data.action = ours
    teeth.animation_data.action_slot = ours.slots["KE" + teeth.name]
    assert active_take(character) == ours


def test_shape_keys_without_curves_keep_their_value(make, perform, assign):
    character = make(FEW)
    assign(character, perform(10, channels=("jawOpen",)))
    curves = bpy.data.actions["Take"].layers[0].strips[0].channelbags[0].fcurves
    curves.remove(curves.find('key_blocks["browInnerUp"].value'))
    character.meshes[0].data.shape_keys.key_blocks["browInnerUp"].value = 0.25
    assert read_take(character).column("browInnerUp") == pytest.approx(0.25)


def test_no_take_is_said(make):
    with pytest.raises(AddonError, match="Someone has no performance"):
        read_take(make(FEW))


def test_a_take_of_somebody_else_is_said(make):
    character = make(FEW)
    with pytest.raises(AddonError, match="Empty has no curves"):
        read_take(character, bpy.data.actions.new("Empty"))


@pytest.mark.parametrize("bad", [(10, 1), (math.nan, 4), (0, math.inf)])
def test_a_bad_range_is_said(make, perform, assign, bad):
    character = make(FEW)
    assign(character, perform(10))
    with pytest.raises(AddonError, match="no range"):
        read_take(character, frame_range=bad)


def test_a_key_beyond_the_timeline_is_said(make, perform, assign):
    character = make()
    action = assign(character, perform())
    curve = action.layers[0].strips[0].channelbags[0].fcurves[0]
    curve.keyframe_points[-1].co = (float("inf"), 0.5)
    with pytest.raises(AddonError, match="lies far out"):
        read_take(character)


@pytest.mark.parametrize("fps", [-1.0, math.nan, math.inf])
def test_a_bad_rate_is_said(make, perform, assign, fps):
    character = make(FEW)
    assign(character, perform(10))
    with pytest.raises(AddonError, match="frame rate"):
        read_take(character, fps=fps)
