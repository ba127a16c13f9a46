"""Clip → action → file → import → Clip, through the real bake and Blender's own importer."""

import bpy
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blender_addon.bake.write import bake
from blender_addon.clip import Clip
from blender_addon.export.glb import export_glb
from blender_addon.export.take import read_take
from blender_addon.rig.character import find_character
from blender_addon.rig.import_avatar import import_avatar

SLOW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
FACE = ["browInnerUp", "eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthSmileLeft", "tongueOut"]
GAZE = ["eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeLookDownLeft"]
HEAD = ["headYaw", "headPitch", "headRoll"]


def smooth(channels, seconds: float, fps: float, seed: int) -> Clip:
    """Swells as a face makes them; opposite ways of one eye never at once, as eyes cannot."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * fps) + 1)[:, None] / fps
    values = 0.5 + 0.5 * np.sin(t * rng.uniform(2, 8, len(channels)) + rng.uniform(0, 6, len(channels)))
    for column, name in enumerate(channels):
        if name in HEAD:
            values[:, column] = 0.4 * values[:, column] - 0.2
    for one, other in (("eyeLookInLeft", "eyeLookOutLeft"), ("eyeLookUpLeft", "eyeLookDownLeft")):
        if one in channels and other in channels:
            swing = 2 * values[:, channels.index(one)] - 1
            values[:, channels.index(one)] = np.maximum(swing, 0)
            values[:, channels.index(other)] = np.maximum(-swing, 0)
    return Clip(values.astype(np.float32), fps, tuple(channels), {})


def lost(clip: Clip, back: Clip) -> dict[str, float]:
    """The largest difference of each channel at the clip's own frames."""
    at = np.arange(len(clip.values)) / clip.fps
    seen = np.arange(len(back.values)) / back.fps
    return {n: float(np.abs(np.interp(at, seen, back.column(n)) - clip.column(n)).max()) for n in clip.channels}


@SLOW
@given(
    fps=st.sampled_from([24.0, 30.0, 60.0]),
    scene_fps=st.sampled_from([24, 30, 60]),
    frame=st.sampled_from([1.0, -20.0, 100.0]),
    names=st.lists(st.sampled_from(FACE), min_size=1, unique=True),
    head=st.booleans(),
    eyes=st.booleans(),
    seed=st.integers(0, 99),
)
def test_a_clip_comes_back_from_a_glb(make, tmp_path, fps, scene_fps, frame, names, head, eyes, seed):
    armature = make(FACE).armature
    bind_eye(armature)
    bpy.context.scene.render.fps = scene_fps
    character = find_character(armature)
    assert "leftEye" in {bone.motion for bone in character.bones}
    clip = smooth([*names, *(HEAD if head else ()), *(GAZE if eyes else ())], 1.0, fps, seed)
    bake(character, clip, frame=frame, fps=scene_fps, tolerance=0.002, name="Take")
    path = export_glb(character, tmp_path / "take.glb").path
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = scene_fps
    back = read_take(import_avatar(path), fps=240)
    worst = lost(clip, back)
    assert max(worst.values()) < 0.01, worst


def bind_eye(armature) -> None:
    """Hangs an eyeball on the left eye's bone, so that the bone has something to turn."""
    data = bpy.data.meshes.new("Eyeball")
    data.from_pydata([(0.03, -0.08, 1.58), (0.04, -0.08, 1.58), (0.03, -0.09, 1.59)], [], [(0, 1, 2)])
    eye = bpy.data.objects.new("Eyeball", data)
    bpy.context.collection.objects.link(eye)
    eye.parent = armature
    eye.modifiers.new("Armature", "ARMATURE").object = armature
    eye.vertex_groups.new(name="leftEye").add(range(3), 1.0, "REPLACE")


@pytest.mark.parametrize("fps", [25.0, 60.0])
def test_a_take_on_several_meshes_comes_back_through_a_clip_of_every_channel(make, perform, tmp_path, fps):
    character = find_character(make().armature)
    clip = smooth([*character.matched], 1.5, fps, 3)
    bake(character, clip, frame=1, fps=24, tolerance=0.002, name="Take")
    taken = read_take(character, fps=240)
    assert max(lost(clip, taken).values()) < 0.01


def test_a_fast_blink_comes_back_at_a_slow_rate(make, tmp_path):
    """A closure of a tenth of a second at 60 a second, whose frames lie between those of a scene at 24."""
    character = find_character(make(["eyeBlinkLeft", "jawOpen"]).armature)
    at = np.arange(91) / 60
    blinks = sum(np.clip(1.3 * np.exp(-(((at - when) / 0.045) ** 2)), 0, 1) for when in (0.31, 0.9))
    clip = Clip(np.stack([blinks, 0 * at], 1).astype(np.float32), 60.0, ("eyeBlinkLeft", "jawOpen"), {})
    bake(character, clip, frame=1, fps=24, tolerance=0.002, name="Take")
    path = export_glb(character, tmp_path / "take.glb").path
    bpy.ops.wm.read_factory_settings(use_empty=True)
    back = read_take(import_avatar(path), fps=240)
    assert max(lost(clip, back).values()) < 0.01
