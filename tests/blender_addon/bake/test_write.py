"""Baking in Blender itself: what the depsgraph shows is the Clip, and the artist's own work stays."""

import itertools
from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mathutils import Vector

from blender_addon.bake.write import bake, takes
from blender_addon.clip import Clip
from blender_addon.messages import AddonError
from blender_addon.rig.character import Character, find_character
from blender_addon.rig.schemes import channels

Make = Callable[..., bpy.types.Object]
MakeClip = Callable[..., Clip]


def curves(action: bpy.types.Action, owner: bpy.types.ID) -> dict[str, Any]:
    """The action's curves for a data-block, by shape key or by path and index."""
    slot = next(slot for slot in action.slots if owner in slot.users())
    found = {}
    for curve in action.layers[0].strips[0].channelbag(slot).fcurves:
        name = (
            curve.data_path.split('"')[1] if "key_blocks" in curve.data_path else (curve.data_path, curve.array_index)
        )
        found[name] = curve
    return found


def key_of(obj: bpy.types.Object) -> bpy.types.Key:
    return obj.data.shape_keys


def shown(obj: bpy.types.Object, name: str, frames: np.ndarray) -> np.ndarray:
    """The evaluated value of a shape key at scene frames."""
    values = []
    for frame in frames:
        bpy.context.scene.frame_set(int(frame // 1), subframe=float(frame % 1))
        mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        values.append(mesh.shape_keys.key_blocks[name].value if mesh.shape_keys else key_of(obj).key_blocks[name].value)
    return np.array(values)


def wave(frames: int, phase: float = 0.0) -> np.ndarray:
    return (0.5 + 0.5 * np.sin(np.arange(frames) / 5 + phase)).astype(np.float32)


def snapshot() -> dict[str, Any]:
    """What a failed or refused bake must not change."""
    kinds = ("actions", "objects", "meshes", "armatures", "shape_keys")
    return {
        **{kind: [block.name for block in getattr(bpy.data, kind)] for kind in kinds},
        "animated": [
            (key.name, key.animation_data is None or key.animation_data.action) for key in bpy.data.shape_keys
        ],
        "selected": [obj.name for obj in bpy.context.view_layer.objects if obj.select_get()],
    }


def test_one_action_with_a_slot_for_each_mesh_and_the_head(
    make_mesh: Make, make_armature: Make, make_clip: MakeClip
) -> None:
    rig = make_armature()
    face, teeth = make_mesh("Face", ["jawOpen", "eyeBlinkLeft"], rig), make_mesh("Teeth", ["jawOpen"], rig)
    clip = make_clip({"jawOpen": wave(60), "headYaw": wave(60) * 0.5}, seed=7)
    action = bake(find_character(face), clip, frame=1, fps=24, name="Take")
    assert action.name == "Take"
    assert len(bpy.data.actions) == 1
    assert sorted(slot.target_id_type for slot in action.slots) == ["KEY", "KEY", "OBJECT"]
    for owner in (key_of(face), key_of(teeth), rig):
        assert owner.animation_data.action == action
        assert owner.animation_data.action_slot in list(action.slots)
    assert len(action.layers) == len(action.layers[0].strips) == 1
    assert len(curves(action, key_of(face))["eyeBlinkLeft"].keyframe_points) == 1
    assert takes(action) == [{"name": "Take", "start": 1, "end": 60, "fps": 24, "provenance": {"seed": 7}}]


@pytest.mark.parametrize("tolerance", [0.01, 0.002, None])
@pytest.mark.parametrize("clip_fps", [24.0, 60.0, 23.976])
def test_the_scene_shows_the_clip(
    make_mesh: Make, make_clip: MakeClip, tolerance: float | None, clip_fps: float
) -> None:
    face = make_mesh("Face", ["jawOpen", 'odd "name"\\', "eyeBlinkLeft"])
    blink = np.zeros(80, np.float32)
    blink[30:38] = [0.3, 0.8, 1, 1, 0.7, 0.4, 0.2, 0.1]
    clip = make_clip({"jawOpen": wave(80), "eyeBlinkLeft": blink}, fps=clip_fps)
    bake(find_character(face), clip, frame=11, fps=24, tolerance=tolerance, name="Take")
    frames = 11 + np.arange(80) * 24 / clip_fps
    allowed = (tolerance or 0) + 1e-4
    assert np.abs(shown(face, "jawOpen", frames) - clip.column("jawOpen")).max() <= allowed
    evaluated = shown(face, "eyeBlinkLeft", frames)
    assert np.abs(evaluated - blink).max() <= allowed
    np.testing.assert_allclose(evaluated[[32, 33]], 1.0, atol=1e-4)
    assert shown(face, 'odd "name"\\', frames[:2]).max() == 0


def test_curves_pass_through_odd_names(make_mesh: Make, make_clip: MakeClip) -> None:
    face = make_mesh("Face", ['a"b\\c.jawOpen'])
    bake(find_character(face), make_clip({"jawOpen": wave(20)}), frame=1, fps=24, tolerance=None, name="Take")
    np.testing.assert_allclose(shown(face, 'a"b\\c.jawOpen', np.arange(1, 21)), wave(20), atol=1e-5)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), frames=st.integers(1, 150), step=st.sampled_from([0.4, 1.0, 1.25]))
def test_blender_evaluates_within_the_tolerance(
    make_mesh: Make, make_clip: MakeClip, seed: int, frames: int, step: float
) -> None:
    rng = np.random.default_rng(seed)
    noisy = np.clip(np.cumsum(rng.normal(0, 0.1, (frames, 2)), 0) + 0.5, 0, 1)
    face = bpy.data.objects.get("Face") or make_mesh("Face", ["jawOpen", "mouthSmileLeft"])
    clip = make_clip({"jawOpen": noisy[:, 0], "mouthSmileLeft": noisy[:, 1]}, fps=24 / step)
    action = bake(find_character(face), clip, frame=-20, fps=24, name="Take", new_take=True)
    for name, curve in curves(action, key_of(face)).items():
        evaluated = [curve.evaluate(-20 + k * step) for k in range(frames)]
        assert np.abs(evaluated - clip.column(name)).max() <= 0.01 + 1e-6
        between = [curve.evaluate(-20 + k * step / 8) for k in range(8 * frames)]
        assert min(between) >= -1e-5
        assert max(between) <= 1 + 1e-5


def test_handles_are_smooth_or_corners_and_lie_a_third_of_the_way(make_mesh: Make, make_clip: MakeClip) -> None:
    face = make_mesh("Face", ["jawOpen"])
    action = bake(find_character(face), make_clip({"jawOpen": wave(100)}), frame=1, fps=24, name="Take")
    points = curves(action, key_of(face))["jawOpen"].keyframe_points
    assert {point.handle_left_type for point in points} == {"ALIGNED"}
    assert {point.interpolation for point in points} == {"BEZIER"}
    for a, b in itertools.pairwise(points):
        assert a.handle_right.x == pytest.approx(a.co.x + (b.co.x - a.co.x) / 3, abs=1e-3)
        assert b.handle_left.x == pytest.approx(b.co.x - (b.co.x - a.co.x) / 3, abs=1e-3)


def test_a_second_take_replaces_only_its_own_range(make_mesh: Make, make_clip: MakeClip) -> None:
    face = make_mesh("Face", ["jawOpen", "mouthPucker"])
    character = find_character(face)
    first = bake(character, make_clip({"jawOpen": wave(100), "mouthPucker": wave(100)}), frame=1, fps=24, name="One")
    kept_before = {
        tuple(point.co)
        for point in curves(first, key_of(face))["jawOpen"].keyframe_points
        if not 40 <= point.co.x <= 69
    }
    second = bake(character, make_clip({"jawOpen": wave(30, 2.0)}), frame=40, fps=24, name="Two")
    assert second == first
    assert len(bpy.data.actions) == 1
    jaw = curves(second, key_of(face))["jawOpen"]
    assert kept_before <= {tuple(point.co) for point in jaw.keyframe_points}
    middle = [jaw.evaluate(40 + k) for k in range(30)]
    assert np.abs(middle - wave(30, 2.0)).max() <= 0.01
    before = [jaw.evaluate(1 + k) for k in range(30)]
    assert np.abs(before - wave(100)[:30]).max() <= 0.02
    pucker = curves(second, key_of(face))["mouthPucker"]
    assert max(abs(pucker.evaluate(frame)) for frame in range(40, 70)) <= 1e-5
    everywhere = [curve.evaluate(x / 4) for curve in (jaw, pucker) for x in range(420)]
    assert min(everywhere) >= -1e-5
    assert max(everywhere) <= 1 + 1e-5
    assert [take["name"] for take in takes(second)] == ["One", "Two"]
    again = bake(character, make_clip({"jawOpen": wave(120)}), frame=1, fps=24, name="Three")
    assert [take["name"] for take in takes(again)] == ["Three"]


def test_a_later_take_leaves_the_earlier_one_exactly(make_mesh: Make, make_clip: MakeClip) -> None:
    face = make_mesh("Face", ["jawOpen"])
    character = find_character(face)
    action = bake(character, make_clip({"jawOpen": wave(50)}), frame=1, fps=24, name="One")
    jaw = curves(action, key_of(face))["jawOpen"]
    before = [jaw.evaluate(1 + k / 2) for k in range(99)]
    bake(character, make_clip({"jawOpen": wave(50)}), frame=101, fps=24, name="Two")
    jaw = curves(action, key_of(face))["jawOpen"]
    np.testing.assert_allclose([jaw.evaluate(1 + k / 2) for k in range(99)], before, atol=1e-5)


def test_every_frame_then_reduced_in_the_middle(make_mesh: Make, make_clip: MakeClip) -> None:
    face = make_mesh("Face", ["jawOpen"])
    character = find_character(face)
    bake(character, make_clip({"jawOpen": wave(90)}), frame=1, fps=24, tolerance=None, name="One")
    action = bake(character, make_clip({"jawOpen": wave(20, 1.0)}), frame=30, fps=24, name="Two")
    jaw = curves(action, key_of(face))["jawOpen"]
    wanted = wave(90)
    wanted[29:49] = wave(20, 1.0)
    assert np.abs([jaw.evaluate(1 + k) - wanted[k] for k in range(90)]).max() <= 0.01


def test_a_joined_action_is_named_after_its_takes_until_the_artist_names_it(
    make_mesh: Make, make_clip: MakeClip
) -> None:
    character = find_character(make_mesh("Face", ["jawOpen"]))

    def add(name: str, frame: float) -> bpy.types.Action:
        return bake(character, make_clip({"jawOpen": wave(10)}), frame=frame, fps=24, name=name)

    assert add("Happy 1", 101).name == "Happy 1"
    assert add("Sad 2", 1).name == "Sad 2, Happy 1"
    assert add("Angry 3", 1).name == "Angry 3, Happy 1"
    for number in range(3):
        action = add(f"Late {number}", 201 + 100 * number)
    assert action.name == "Angry 3, Happy 1, Late 0 and 2 more"
    action.name = "My shot"
    assert add("Sad 4", 901).name == "My shot"
    other = find_character(make_mesh("Other", ["jawOpen"]))
    for frame in (1, 101):
        long = bake(other, make_clip({"jawOpen": wave(10)}), frame=frame, fps=24, name="喜" * 21)
    assert long.name.startswith("喜喜")


def test_a_new_take_keeps_the_old_one(make_mesh: Make, make_clip: MakeClip) -> None:
    face = make_mesh("Face", ["jawOpen"])
    character = find_character(face)
    first = bake(character, make_clip({"jawOpen": wave(20)}), frame=1, fps=24, name="Take")
    second = bake(character, make_clip({"jawOpen": wave(20, 1)}), frame=1, fps=24, name="Take", new_take=True)
    assert first != second
    assert first.use_fake_user
    assert key_of(face).animation_data.action == second
    assert not key_of(face).animation_data.nla_tracks


def own_action(owner: Any, path: str, name: str = "Mine") -> bpy.types.Action:
    """An artist's action with two keys on one property."""
    action = bpy.data.actions.new(name)
    slot = action.slots.new("KEY" if isinstance(owner, bpy.types.Key) else "OBJECT", owner.name)
    data = owner.animation_data_create()
    data.action, data.action_slot = action, slot
    bag = action.layers.new("Layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
    curve = bag.fcurves.new(path)
    curve.keyframe_points.add(2)
    curve.keyframe_points.foreach_set("co", [1, 0, 25, 1])
    curve.update()
    return action


def test_the_artists_action_is_kept_as_it_was(make_mesh: Make, make_clip: MakeClip) -> None:
    face = make_mesh("Face", ["jawOpen"])
    mine = own_action(key_of(face), 'key_blocks["jawOpen"].value')
    taken = bake(find_character(face), make_clip({"jawOpen": wave(20)}), frame=1, fps=24, name="Take")
    assert taken != mine
    assert mine.use_fake_user
    curve = mine.layers[0].strips[0].channelbags[0].fcurves[0]
    assert [tuple(point.co) for point in curve.keyframe_points] == [(1, 0), (25, 1)]
    assert not key_of(face).animation_data.nla_tracks


def test_what_else_the_artists_action_moves_goes_on_moving(
    make_mesh: Make, make_armature: Make, make_clip: MakeClip
) -> None:
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen", "Costume"], rig)
    own_action(key_of(face), 'key_blocks["Costume"].value', "Costume change")
    own_action(rig, "location", "Walk")
    clip = make_clip({"jawOpen": wave(30), "headYaw": wave(30)})
    bake(find_character(face), clip, frame=1, fps=24, name="Take")
    frames = np.array([1.0, 13.0, 25.0])
    np.testing.assert_allclose(shown(face, "Costume", frames), [0, 0.5, 1], atol=1e-3)
    np.testing.assert_allclose(shown(face, "jawOpen", frames), wave(30)[[0, 12, 24]], atol=0.011)
    bpy.context.scene.frame_set(25)
    assert rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).location.x == pytest.approx(1, abs=1e-3)
    assert [track.name for track in rig.animation_data.nla_tracks] == ["Walk"]


def test_an_action_that_begins_between_frames_keeps_its_timing(
    make_mesh: Make, make_armature: Make, make_clip: MakeClip
) -> None:
    face = make_mesh("Face", ["jawOpen", "Costume"])
    costume = own_action(key_of(face), 'key_blocks["Costume"].value', "Costume change")
    for curve in costume.layers[0].strips[0].channelbags[0].fcurves:
        for point in curve.keyframe_points:
            point.co_ui.x += 0.5
    frames = np.array([1.0, 1.5, 7.0, 13.25, 25.0, 25.5, 30.0])
    before = shown(face, "Costume", frames)
    bake(find_character(face), make_clip({"jawOpen": wave(30)}), frame=1, fps=24, name="Take")
    np.testing.assert_allclose(shown(face, "Costume", frames), before, atol=1e-3)


def test_a_walk_cycle_goes_on_cycling(make_mesh: Make, make_armature: Make, make_clip: MakeClip) -> None:
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen"], rig)
    walk = own_action(rig, "location", "Walk")
    walk.layers[0].strips[0].channelbags[0].fcurves[0].modifiers.new("CYCLES")
    bpy.context.scene.frame_end = 100
    frames = [1, 13, 25, 37, 61, 97]

    def walked() -> list[float]:
        places = []
        for frame in frames:
            bpy.context.scene.frame_set(frame)
            places.append(rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).location.x)
        return places

    before = walked()
    bake(find_character(face), make_clip({"headYaw": wave(30)}), frame=1, fps=24, name="Take")
    np.testing.assert_allclose(walked(), before, atol=1e-3)


def test_tracks_of_the_artist_stay_and_play(make_mesh: Make, make_clip: MakeClip) -> None:
    face = make_mesh("Face", ["jawOpen", "Costume"])
    key = key_of(face)
    mine = own_action(key, 'key_blocks["Costume"].value')
    track = key.animation_data.nla_tracks.new()
    strip = track.strips.new("Costume", 1, mine)
    strip.action_slot = mine.slots[0]
    key.animation_data.action = None
    bake(find_character(face), make_clip({"jawOpen": wave(30)}), frame=1, fps=24, name="Take")
    np.testing.assert_allclose(shown(face, "Costume", np.array([13.0])), [0.5], atol=1e-3)
    np.testing.assert_allclose(shown(face, "jawOpen", np.array([13.0])), wave(30)[12], atol=0.011)
    assert len(key.animation_data.nla_tracks) == 1


def test_drivers_and_channels_that_the_clip_lacks_are_left_alone(make_mesh: Make, make_clip: MakeClip) -> None:
    face = make_mesh("Face", ["jawOpen", "eyeBlinkLeft", "mouthPucker"])
    character = find_character(face)
    driver = key_of(face).key_blocks["jawOpen"].driver_add("value").driver
    driver.expression = "0.25"
    key_of(face).key_blocks["mouthPucker"].value = 0.4
    clip = Clip(np.stack([wave(20), wave(20)], 1), 24.0, ("jawOpen", "eyeBlinkLeft"), {})
    action = bake(character, clip, frame=1, fps=24, name="Take")
    assert set(curves(action, key_of(face))) == {"eyeBlinkLeft"}
    np.testing.assert_allclose(shown(face, "jawOpen", np.array([5.0])), 0.25)
    np.testing.assert_allclose(shown(face, "mouthPucker", np.array([5.0])), 0.4)


def test_a_copied_character_does_not_change_the_original(make_mesh: Make, make_clip: MakeClip) -> None:
    face = make_mesh("Face", ["jawOpen"])
    first = bake(find_character(face), make_clip({"jawOpen": wave(20)}), frame=1, fps=24, name="Take")
    copy = bpy.data.objects.new("Copy", face.data.copy())
    bpy.context.scene.collection.objects.link(copy)
    second = bake(find_character(copy), make_clip({"jawOpen": wave(20, 1)}), frame=1, fps=24, name="Take")
    assert second != first
    assert key_of(face).animation_data.action == first
    np.testing.assert_allclose(shown(face, "jawOpen", np.arange(1, 21)), wave(20), atol=0.011)


def nose(rig: bpy.types.Object, bone: str = "head") -> tuple[Vector, Vector]:
    """How the head's forward and up directions at rest have turned, in armature space."""
    evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    turned = evaluated.pose.bones[bone].matrix.to_3x3() @ rig.data.bones[bone].matrix_local.to_3x3().inverted()
    return turned @ Vector((0, -1, 0)), turned @ Vector((0, 0, 1))


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "YZX", "AXIS_ANGLE"])
def test_the_head_turns_as_the_channels_say(
    make_mesh: Make, make_armature: Make, make_clip: MakeClip, mode: str
) -> None:
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen"], rig)
    rig.pose.bones["head"].rotation_mode = mode
    zero, turn = np.zeros(4), 0.4
    yaw, pitch, roll = zero.copy(), zero.copy(), zero.copy()
    yaw[1] = pitch[2] = roll[3] = turn
    clip = make_clip({"headYaw": yaw, "headPitch": pitch, "headRoll": roll})
    bake(find_character(face), clip, frame=1, fps=24, tolerance=None, name="Take")
    seen = []
    for frame in (1, 2, 3, 4):
        bpy.context.scene.frame_set(frame)
        seen.append(nose(rig))
    np.testing.assert_allclose(seen[0][0], (0, -1, 0), atol=1e-5)
    assert seen[1][0].x == pytest.approx(np.sin(turn), abs=1e-4), "the nose goes to the character's left, +X"
    assert seen[2][0].z == pytest.approx(np.sin(turn), abs=1e-4), "the nose goes up"
    assert seen[3][1].x == pytest.approx(np.sin(turn), abs=1e-4), "the crown leans to the left shoulder"
    np.testing.assert_allclose(seen[3][0], (0, -1, 0), atol=1e-4)


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "AXIS_ANGLE"])
def test_a_moving_head_stays_within_the_tolerance(
    make_mesh: Make, make_armature: Make, make_clip: MakeClip, mode: str
) -> None:
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen"], rig)
    rig.pose.bones["head"].rotation_mode = mode
    t = np.arange(120) / 24
    motion = {"headYaw": 0.8 * np.sin(2 * t), "headPitch": 0.5 * np.sin(3 * t + 1), "headRoll": 0.4 * np.sin(5 * t + 2)}
    dense, few = find_character(face), None
    bake(dense, make_clip(motion), frame=1, fps=24, tolerance=None, name="Dense")
    wanted = []
    for frame in range(1, 121):
        bpy.context.scene.frame_set(frame)
        wanted.append(rig.pose.bones["head"].matrix.to_quaternion())
    few = bake(dense, make_clip(motion), frame=1, fps=24, tolerance=0.01, name="Few", new_take=True)
    worst = 0.0
    for frame in range(1, 121):
        bpy.context.scene.frame_set(frame)
        worst = max(worst, wanted[frame - 1].rotation_difference(rig.pose.bones["head"].matrix.to_quaternion()).angle)
    assert worst <= 0.0101
    assert max(len(curve.keyframe_points) for curve in curves(few, rig).values()) < 60


def test_a_still_head_is_not_keyed(make_mesh: Make, make_armature: Make, make_clip: MakeClip) -> None:
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen"], rig)
    bake(find_character(face), make_clip({"jawOpen": wave(20)}), frame=1, fps=24, name="Take")
    assert rig.animation_data is None
    bake(find_character(face), make_clip({"headYaw": wave(20)}), frame=1, fps=24, name="Take")
    bake(find_character(face), make_clip({"jawOpen": wave(20)}), frame=1, fps=24, name="Take")
    bpy.context.scene.frame_set(10)
    np.testing.assert_allclose(nose(rig)[0], (0, -1, 0), atol=1e-5)


def refused(character: Character, clip: Clip, said: str, **changed: Any) -> None:
    before = snapshot()
    with pytest.raises(AddonError, match=said):
        bake(character, clip, **{"frame": 1, "fps": 24, "name": "Take", **changed})
    assert snapshot() == before


def test_bad_requests_leave_the_scene_as_it_was(make_mesh: Make, make_clip: MakeClip) -> None:
    character = find_character(make_mesh("Face", ["jawOpen"]))
    good = make_clip({"jawOpen": wave(20)})
    broken = good.values.copy()
    broken[3, 5] = np.nan
    refused(character, good._replace(values=broken), "Frame 3 of")
    refused(character, good._replace(values=good.values[:0]), "take")
    refused(character, good._replace(fps=0.0), "frame rate")
    refused(character, good, "tolerance", tolerance=0.0)
    refused(character, good, "tolerance", tolerance=float("nan"))
    refused(character, good, "frame", frame=2_000_000)
    refused(character, good, "frame", frame=float("nan"))
    refused(character, good, "frame rate", fps=0)
    refused(character, Clip(wave(20)[:, None], 24.0, ("tongueOut",), {}), "no channel")


def test_unknown_names_and_vanished_meshes(make_mesh: Make, make_clip: MakeClip) -> None:
    clip = make_clip({"jawOpen": wave(20)})
    refused(find_character(make_mesh("Odd", ["Expression 1"])), clip, "Rename")
    face = make_mesh("Face", ["jawOpen"])
    character = find_character(face)
    face.shape_key_remove(key_of(face).key_blocks["jawOpen"])
    refused(character, clip, "jawOpen any more")
    gone = make_mesh("Gone", ["jawOpen"])
    character = find_character(gone)
    bpy.data.objects.remove(gone)
    refused(character, clip, "gone")


def test_a_failure_half_way_is_taken_back(
    make_mesh: Make, make_armature: Make, make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen"], rig)
    make_mesh("Teeth", ["jawOpen"], rig)
    mine = own_action(key_of(face), 'key_blocks["jawOpen"].value')
    character = find_character(face)
    from blender_addon.bake import write

    real, calls = write.put, []

    def failing(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise RuntimeError("disk on fire")
        real(*given)

    monkeypatch.setattr(write, "put", failing)
    before = snapshot()
    with pytest.raises(RuntimeError):
        bake(character, make_clip({"jawOpen": wave(20)}), frame=1, fps=24, name="Take")
    assert snapshot() == before
    assert key_of(face).animation_data.action == mine


@pytest.mark.parametrize("tolerance", [0.01, None])
def test_baking_a_thousand_frames(
    benchmark: Any, make_mesh: Make, tolerance: float | None, make_clip: MakeClip
) -> None:
    """Figures only; run with --benchmark-only."""
    character = find_character(make_mesh("Face", channels()[:52]))
    rng = np.random.default_rng(1)
    time = np.arange(1000)[:, None] / 24
    speed, phase = rng.uniform(0.5, 9, (4, 52)), rng.uniform(0, 6, (4, 52))
    motion = sum(np.sin(time * speed[k] + phase[k]) for k in range(4)) / 8 + 0.5 + rng.normal(0, 0.0015, (1000, 52))
    clip = make_clip({name: np.clip(motion[:, k], 0, 1) for k, name in enumerate(channels()[:52])})
    benchmark(bake, character, clip, frame=1, fps=24, tolerance=tolerance, name="Take", new_take=True)
