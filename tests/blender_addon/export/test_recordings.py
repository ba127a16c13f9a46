"""A baked action as a Live Link Face recording and back, through the engine's writer and reader."""

import tempfile
from pathlib import Path

import bpy
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from blender_addon.bake.write import bake
from blender_addon.clip import Clip
from blender_addon.export.take import read_take
from blender_addon.rig.character import find_character
from engine.clip import Clip as EngineClip
from engine.takes import formats
from tests.blender_addon.export.conftest import HEAD, SHAPES
from tests.blender_addon.export.test_round_trip import lost, smooth

FACE = [name for name in SHAPES if not name.startswith("eyeLook")]


@example(fps=24.0, scene_fps=24, frame=1.0, seconds=0.21875, names=["browDownLeft"], teeth=(), head=False, seed=5)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fps=st.sampled_from([24.0, 25.0, 29.97, 30.0, 60.0]),
    scene_fps=st.sampled_from([24, 25, 30, 60]),
    frame=st.sampled_from([1.0, -20.0, 100.0]),
    seconds=st.floats(0.2, 1.5),
    names=st.lists(st.sampled_from(FACE), min_size=1, unique=True),
    teeth=st.sampled_from([(), ("jawOpen", "tongueOut")]),
    head=st.booleans(),
    seed=st.integers(0, 99),
)
def test_a_baked_action_comes_back_from_a_live_link_face_recording(
    make, fps, scene_fps, frame, seconds, names, teeth, head, seed
):
    armature = make(teeth=teeth).armature
    bpy.context.scene.render.fps = scene_fps
    clip = smooth([*names, *(HEAD if head else ())], seconds, fps, seed)
    bake(find_character(armature), clip, frame=frame, fps=scene_fps, tolerance=0.002, name="Take")
    taken = read_take(find_character(armature), fps=60)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "take.csv"
        formats.write_take(EngineClip(taken.values, taken.fps, taken.channels, {}), path)
        read = formats.read_take(path).clip
    again = Clip(read.values, read.fps, read.channels, {})
    bake(find_character(armature), again, frame=1, fps=scene_fps, tolerance=0.002, name="Back", new_take=True)
    back = read_take(find_character(armature), fps=240)
    # A recording has 60 samples a second: where the take ends in full motion between two, its very end is held.
    whole = int(int((len(clip.values) - 1) / fps * 60 + 1e-6) / 60 * fps + 1e-6) + 1
    assert max(lost(clip._replace(values=clip.values[:whole]), back).values()) < 0.01
