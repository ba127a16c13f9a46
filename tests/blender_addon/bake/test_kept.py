"""What a sparse rig's curves were fitted to is kept with them, for as long as they are as baked."""

from dataclasses import replace
from typing import Any

import bpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_addon.bake.kept import KEPT, Kept, keep, kept
from blender_addon.bake.write import bake
from blender_addon.clip import Clip
from blender_addon.export.take import lost, read_take
from blender_addon.rig.character import Character, find_character
from blender_addon.rig.schemes import channels
from blender_addon.rig.solve import Fitted

RISE = np.linspace(0, 1, 24)


@pytest.fixture
def sparse(make_mesh) -> Character:
    """A face with two shapes, which show a smile and a frown by opening the mouth."""
    return find_character(make_mesh("Face", ["jawOpen", "eyeBlinkLeft"]))


def fitted(character: Character, clip: Clip) -> Character:
    told = [
        Fitted(one.mesh, one.shape_key, one.mix, one.scheme, curve=clip.column("mouthSmileLeft"))
        for one in character.targets
    ]
    return replace(character, targets=tuple(told))


def baked(character: Character, clip: Clip, frame: float = 1.0) -> bpy.types.Action:
    return bake(fitted(character, clip), clip, frame=frame, fps=24.0, name="Take")


def test_a_fitted_take_is_read_back_whole(sparse, make_clip):
    rng = np.random.default_rng(0)
    clip = Clip(rng.random((40, len(channels())), np.float32), 30.0, channels())
    action = baked(sparse, clip, 10.5)
    back = read_take(sparse, fps=30.0)
    assert back.channels == channels()
    assert np.abs(back.values - clip.values).max() < 0.001
    assert not lost(sparse, action)


def test_an_edited_curve_is_the_artists_word(sparse, make_clip):
    action = baked(sparse, make_clip({"mouthSmileLeft": RISE}))
    strip: Any = action.layers[0].strips[0]
    curve = strip.channelbags[0].fcurves[0]
    curve.update()
    assert kept(action) is not None, "nothing has changed yet"
    curve.keyframe_points[-1].co[1] = 0.25
    assert kept(action) is None
    assert read_take(sparse).column("mouthSmileLeft").max() == 0
    assert "read from its curves" in lost(sparse, action)[0]


def test_keys_beside_ours_leave_it(sparse, make_clip):
    action = baked(sparse, make_clip({"mouthSmileLeft": RISE}))
    strip: Any = action.layers[0].strips[0]
    for path in ('pose.bones["hand"].location', 'key_blocks["wart"].value'):
        strip.channelbags[0].fcurves.new(path, index=0).keyframe_points.insert(1, 2)
    assert kept(action) is not None


def test_a_take_that_is_added_replaces_its_own_stretch(sparse, make_clip):
    baked(sparse, make_clip({"mouthSmileLeft": np.full(24, 0.75)}))
    action = baked(sparse, make_clip({"mouthSmileLeft": np.full(12, 0.25)}), 7.0)
    smile = read_take(sparse, action).column("mouthSmileLeft")
    assert smile[:6] == pytest.approx(0.75, abs=1e-3)
    assert smile[6:18] == pytest.approx(0.25, abs=1e-3)
    assert smile[18:] == pytest.approx(0.75, abs=1e-3)


def test_beside_curves_of_which_nothing_is_known_nothing_is_kept(sparse, make_clip):
    clip = make_clip({"jawOpen": RISE})
    del baked(sparse, clip)[KEPT]
    assert KEPT not in baked(sparse, clip, 60.0)
    fresh = bake(fitted(sparse, clip), clip, frame=1.0, fps=24.0, name="New", new_take=True)
    assert kept(fresh) is not None


def test_a_take_that_is_not_fitted_is_kept_too(sparse, make_clip):
    action = bake(sparse, make_clip({"mouthSmileLeft": RISE, "jawOpen": RISE}), frame=1.0, fps=24.0, name="Take")
    assert not lost(sparse, action)
    assert np.abs(read_take(sparse).column("mouthSmileLeft") - RISE).max() < 0.001


def test_curves_that_show_everything_are_enough(make_mesh, make_clip):
    everything = find_character(make_mesh("Face", channels()[:52]))
    action = bake(everything, make_clip({"jawOpen": RISE}), frame=1.0, fps=24.0, name="Take")
    assert KEPT not in action
    assert not lost(everything, action)


def test_it_survives_the_file(sparse, make_clip, tmp_path):
    baked(sparse, make_clip({"mouthSmileLeft": RISE}))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    back = read_take(find_character(bpy.data.objects["Face"]))
    assert np.abs(back.column("mouthSmileLeft") - RISE).max() < 0.001


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": 3, "curves": "", "paths": [], "channels": ["jawOpen"]}'])
def test_a_damaged_note_counts_for_nothing(sparse, make_clip, text):
    action = baked(sparse, make_clip({"mouthSmileLeft": RISE}))
    action[KEPT] = text
    assert kept(action) is None
    assert len(read_take(sparse).values) == 24


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(1, 50),
    names=st.lists(st.sampled_from(channels()), min_size=1, unique=True),
    seed=st.integers(0, 99),
)
def test_any_table_comes_back(rows, names, seed):
    values = np.random.default_rng(seed).uniform(-3, 3, (rows, len(names))).astype(np.float32)
    action = bpy.data.actions.new("Any")
    frames = 1.5 + np.arange(rows) * 0.8
    keep(action, Clip(values, 30.0, tuple(names)), frames, [], None)
    back = kept(action)
    assert isinstance(back, Kept)
    np.testing.assert_array_equal(back.frames, frames)
    assert np.abs(back.values - values).max() < 1e-4
    bpy.data.actions.remove(action)


def test_a_curve_that_is_removed_is_an_edit(sparse, make_clip):
    action = baked(sparse, make_clip({"mouthSmileLeft": RISE}))
    strip: Any = action.layers[0].strips[0]
    bag = strip.channelbags[0]
    bag.fcurves.remove(bag.fcurves[0])
    assert kept(action) is None
