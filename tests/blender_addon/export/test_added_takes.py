"""A take that the engine adds to an exported avatar shows what the viewport shows of the same take."""

import math

import pytest
from hypothesis import given

from blender_addon.export.humanoid import find_bones, standing
from blender_addon.export.vrm import export_vrm
from tests.blender_addon.export.made_rigs import RIGS, built
from tests.blender_addon.export.test_any_rig import META, SOME, TAKES, baked, watched


@SOME
@given(rig=RIGS, **TAKES)
def test_a_take_added_to_a_file_is_what_the_viewport_shows(tmp_path, rig, fps, frame, tolerance, seed):
    pytest.importorskip("scipy", reason="the engine's library, which a Blender's own Python may lack")
    from engine.avatars.add_take import add_take
    from engine.clip import Clip as EngineClip

    # A file says neither how far a shape key's slider goes, nor how long a jaw is, and a take moves the face alone.
    bones = () if rig.bones == ("jaw",) else rig.bones
    above = "empty" if rig.above == "moving empty" else rig.above
    rig = rig._replace(sliders=(0.0, 1.0), above=above, bones=bones)
    character = built(rig)
    avatar = export_vrm(character, tmp_path / "mim.vrm", META).path
    place = standing(character.armature, find_bones(character.armature))
    _, clip = baked(character, fps, math.floor(frame), None, seed)
    add_take(
        avatar, EngineClip(clip.values, clip.fps, clip.channels, {}), avatar, "手", overwrite=True, approximate=False
    )
    found = watched(rig, avatar, clip, frame, animation="手", place=place)
    assert max(found.values()) < 1, found
