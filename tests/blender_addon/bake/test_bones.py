"""Eyes and jaw baked as curves of their bones: what Blender shows is what the channels say, on any rig's axes."""

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

from blender_addon.bake.write import bake
from blender_addon.clip import Clip
from blender_addon.rig.bones import facing
from blender_addon.rig.character import find_character

Make = Callable[..., bpy.types.Object]
MakeClip = Callable[..., Clip]

BONES = {
    "hips": (None, (0, 0, 1.0), (0, 0, 1.2)),
    "head": ("hips", (0, 0, 1.5), (0.02, 0.05, 1.8)),
    "jaw": ("head", (0, 0, 1.55), (0, -0.1, 1.5)),
    "leftEye": ("head", (0.03, -0.05, 1.65), (0.03, -0.05, 1.7)),
    "rightEye": ("head", (-0.03, -0.05, 1.65), (-0.05, -0.08, 1.66)),
}


@pytest.fixture
def make_rig(make_mesh: Make, make_armature: Make) -> Callable[..., bpy.types.Object]:
    def make(turn: float = 0.0, mode: str = "QUATERNION") -> bpy.types.Object:
        rig = make_armature(bones=BONES, turn=turn)
        face = make_mesh("Face", ["mouthPucker"], rig)
        for name in BONES:
            face.vertex_groups.new(name=name).add([0], 1.0, "REPLACE")
            rig.pose.bones[name].rotation_mode = mode
        return rig

    return make


def turned(rig: bpy.types.Object, bone: str, frame: float) -> Matrix:
    """How far the bone has turned at a frame, about the character's left, up and forward."""
    bpy.context.scene.frame_set(int(frame))
    evaluated: Any = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    data: Any = rig.data
    own = evaluated.pose.bones[bone].matrix.to_3x3() @ data.bones[bone].matrix_local.to_3x3().inverted()
    axes = facing(rig)
    return axes.transposed() @ own @ axes


FORWARD, UP = Vector((0, 0, 1)), Vector((0, 1, 0))


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "AXIS_ANGLE"])
@pytest.mark.parametrize("turn", [0, np.pi / 2, np.pi])
def test_eyes_look_where_the_channels_say(make_rig: Any, make_clip: MakeClip, turn: float, mode: str) -> None:
    rig = make_rig(turn, mode)
    clip = make_clip(
        {
            "eyeLookOutLeft": [0, 1, 0, 0],
            "eyeLookInRight": [0, 1, 0, 0],
            "eyeLookUpLeft": [0, 0, 1, 0],
            "eyeLookDownLeft": [0, 0, 0, 1],
        }
    )
    bake(find_character(rig), clip, frame=1, fps=24, tolerance=None, name="Take")
    np.testing.assert_allclose(turned(rig, "leftEye", 1) @ FORWARD, FORWARD, atol=1e-5)
    for eye in ("leftEye", "rightEye"):
        np.testing.assert_allclose(turned(rig, eye, 2) @ FORWARD, (np.sin(0.6), 0, np.cos(0.6)), atol=1e-5)
    np.testing.assert_allclose(turned(rig, "leftEye", 3) @ FORWARD, (0, np.sin(0.46), np.cos(0.46)), atol=1e-5)
    np.testing.assert_allclose(turned(rig, "leftEye", 4) @ FORWARD, (0, -np.sin(0.61), np.cos(0.61)), atol=1e-5)
    np.testing.assert_allclose(turned(rig, "rightEye", 4) @ FORWARD, FORWARD, atol=1e-5)


def test_eyes_turn_in_a_head_that_turns(make_rig: Any, make_clip: MakeClip) -> None:
    rig = make_rig()
    clip = make_clip({"headYaw": [0, 0.5], "eyeLookOutLeft": [0, 1]})
    bake(find_character(rig), clip, frame=1, fps=24, tolerance=None, name="Take")
    np.testing.assert_allclose(turned(rig, "leftEye", 2) @ FORWARD, (np.sin(1.1), 0, np.cos(1.1)), atol=1e-5)


@pytest.mark.parametrize("turn", [0, np.pi / 2])
def test_the_jaw_opens_goes_aside_and_forward(make_rig: Any, make_clip: MakeClip, turn: float) -> None:
    rig = make_rig(turn)
    clip = make_clip({"jawOpen": [0, 1, 0, 0], "jawLeft": [0, 0, 1, 0], "jawForward": [0, 0, 0, 1]})
    bake(find_character(rig), clip, frame=1, fps=24, tolerance=None, name="Take")
    np.testing.assert_allclose(turned(rig, "jaw", 2) @ FORWARD, (0, -np.sin(0.441), np.cos(0.441)), atol=1e-5)
    assert (turned(rig, "jaw", 3) @ FORWARD).x == pytest.approx(np.sin(0.075), abs=1e-5), "to the character's left"
    places = []
    for frame in (1, 4):
        bpy.context.scene.frame_set(frame)
        places.append(rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["jaw"].head)
        places[-1] = facing(rig).transposed() @ Vector(places[-1])
    np.testing.assert_allclose(places[1] - places[0], (0, 0, 0.139 * 0.06), atol=1e-5)


def test_bones_share_the_takes_action_and_its_tolerance(make_rig: Any, make_clip: MakeClip) -> None:
    rig = make_rig()
    at = np.arange(100) / 24
    motion = {
        "jawOpen": 0.5 + 0.5 * np.sin(5 * at),
        "eyeLookOutLeft": 0.5 + 0.5 * np.sin(3 * at),
        "mouthPucker": at / 5,
    }
    character = find_character(rig)
    bake(character, make_clip(motion), frame=1, fps=24, tolerance=None, name="Dense")
    dense = [turned(rig, "jaw", frame).to_quaternion() for frame in range(1, 101)]
    action = bake(character, make_clip(motion), frame=1, fps=24, tolerance=0.01, name="Few", new_take=True)
    worst = max(
        turned(rig, "jaw", frame).to_quaternion().rotation_difference(dense[frame - 1]).angle for frame in range(1, 101)
    )
    assert worst <= 0.0101
    assert sorted(slot.target_id_type for slot in action.slots) == ["KEY", "OBJECT"]
    bag = action.layers[0].strips[0].channelbag(rig.animation_data.action_slot)
    assert {group.name for group in bag.groups} == {"jaw", "leftEye"}
    assert max(len(curve.keyframe_points) for curve in bag.fcurves) < 60


def test_still_bones_are_not_keyed_but_come_to_rest_in_a_longer_take(make_rig: Any, make_clip: MakeClip) -> None:
    rig = make_rig()
    character = find_character(rig)
    bake(character, make_clip({"mouthPucker": np.linspace(0, 1, 20)}), frame=1, fps=24, name="Take")
    assert rig.animation_data is None
    bake(character, make_clip({"jawOpen": np.ones(20)}), frame=1, fps=24, name="Take")
    bake(character, make_clip({"mouthPucker": np.ones(20)}), frame=1, fps=24, name="Take")
    np.testing.assert_allclose(turned(rig, "jaw", 10) @ FORWARD, FORWARD, atol=1e-5)


def test_keys_of_the_artist_outside_the_take_stay(make_rig: Any, make_clip: MakeClip) -> None:
    rig = make_rig()
    character = find_character(rig)
    action = bake(character, make_clip({"jawOpen": np.linspace(0, 1, 20)}), frame=1, fps=24, name="Take")
    bag = action.layers[0].strips[0].channelbag(rig.animation_data.action_slot)
    curve = next(one for one in bag.fcurves if one.data_path.endswith("rotation_quaternion") and one.array_index == 1)
    curve.keyframe_points.insert(60, 0.25)
    bake(character, make_clip({"jawOpen": np.linspace(1, 0, 20)}), frame=1, fps=24, name="Take")
    assert curve.evaluate(60) == pytest.approx(0.25)
    assert curve.evaluate(1) != pytest.approx(0.0, abs=1e-3)
