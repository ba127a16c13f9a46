"""What the artist corrects: it reaches the targets, it lasts, and it finds its shape key again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blender_addon.bake.write import bake
from blender_addon.clip import Clip
from blender_addon.rig.character import CHOSEN, Target, find_character
from blender_addon.rig.corrections import Correction, correct, corrections, forget, forget_all, lines
from blender_addon.rig.recognise import EXACT, SPELLING
from blender_addon.rig.schemes import channels

Make = Callable[..., bpy.types.Object]
MakeClip = Callable[..., Clip]


@pytest.fixture
def face(addon: None, make_mesh: Make) -> bpy.types.Object:
    return make_mesh("Face", ["jawOpen", "Eye_Blink_Left", "Fangs"])


def target(obj: bpy.types.Object, name: str) -> Target:
    return next(one for one in find_character(obj).targets if one.shape_key == name)


def test_nothing_is_corrected_at_first(face: bpy.types.Object) -> None:
    assert corrections(face) == {}
    jaw = target(face, "jawOpen")
    assert (jaw.sure, jaw.corrected, jaw.offset, jaw.low, jaw.high) == (EXACT, False, 0, 0, 1)
    assert target(face, "Eye_Blink_Left").sure == SPELLING


def test_gain_offset_and_limits_reach_the_curves(face: bpy.types.Object, make_clip: MakeClip) -> None:
    correct(face, Correction("jawOpen", gain=1.5, offset=0.1, low=0.2, high=1.3))
    jaw = target(face, "jawOpen")
    assert jaw.corrected
    assert jaw.mix == {"jawOpen": 1.5}
    clip = make_clip({"jawOpen": [0, 0.4, 1]})
    np.testing.assert_allclose(jaw.value(clip), [0.2, 0.7, 1.3], atol=1e-6)
    face.data.shape_keys.key_blocks["jawOpen"].slider_max = 2.0
    bake(find_character(face), clip, frame=1, fps=24, tolerance=None, name="Take")
    bpy.context.scene.frame_set(3)
    assert face.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(1.3)


def test_a_range_that_is_too_narrow_is_noted(face: bpy.types.Object) -> None:
    correct(face, Correction("jawOpen", high=1.4))
    assert any("held within 0.00 to 1.00" in note for note in find_character(face).notes)


def test_an_unknown_shape_follows_what_was_chosen(face: bpy.types.Object, make_clip: MakeClip) -> None:
    correct(face, Correction("Fangs", follows={"noseSneerLeft": 0.5, "noseSneerRight": 0.5, "jawOpen": -0.25}))
    fangs = target(face, "Fangs")
    assert fangs.sure == CHOSEN
    clip = make_clip({"noseSneerLeft": [1, 1], "noseSneerRight": [1, 0], "jawOpen": [0, 1]})
    np.testing.assert_allclose(fangs.value(clip), [1.0, 0.25])
    character = find_character(face)
    assert {"noseSneerLeft", "noseSneerRight"} <= set(character.matched)
    assert "Face/Fangs" not in character.unused


def test_what_is_turned_off_is_listed_and_no_longer_counted(face: bpy.types.Object) -> None:
    correct(face, Correction("jawOpen", off=True))
    character = find_character(face)
    assert "Face/jawOpen (turned off)" in character.unused
    assert "jawOpen" in character.missing


def test_choosing_no_channel_yet_moves_nothing(face: bpy.types.Object) -> None:
    correct(face, Correction("jawOpen", follows={}))
    assert "Face/jawOpen (no channel is chosen)" in find_character(face).unused


def test_several_parts_are_scaled_together(face: bpy.types.Object, make_mesh: Make, make_clip: MakeClip) -> None:
    coarse = make_mesh("Coarse", ["blink"])
    correct(coarse, Correction("blink", gain=2.0, high=2.0))
    clip = make_clip({"eyeBlinkLeft": [0.5, 1], "eyeBlinkRight": [0.5, 1]})
    np.testing.assert_allclose(target(coarse, "blink").value(clip), [1.0, 2.0])


def test_a_correction_that_changes_nothing_is_none(face: bpy.types.Object) -> None:
    correct(face, Correction("jawOpen", gain=1.5))
    correct(face, Correction("jawOpen"))
    assert len(lines(face)) == 0
    correct(face, Correction("jawOpen", off=True))
    assert forget(face, "jawOpen")
    assert not forget(face, "jawOpen")
    correct(face, Correction("jawOpen", off=True))
    correct(face, Correction("Fangs", off=True))
    assert forget_all(face) == 2
    assert corrections(face) == {}


def test_a_renamed_shape_key_keeps_its_correction(face: bpy.types.Object) -> None:
    correct(face, Correction("Fangs", gain=1.2, follows={"jawOpen": 1.0}))
    face.data.shape_keys.key_blocks["Fangs"].name = "Zähne"
    assert target(face, "Zähne").mix == {"jawOpen": 1.2}
    face.data.shape_keys.key_blocks["jawOpen"].name = "Fangs"
    assert corrections(face)["Fangs"].follows == {"jawOpen": 1.0}, "a name goes before a place"


def test_a_shape_key_that_was_made_again_is_found_by_its_spelling(face: bpy.types.Object) -> None:
    correct(face, Correction("Fangs", off=True))
    face.shape_key_remove(face.data.shape_keys.key_blocks["Fangs"])
    assert corrections(face) == {}
    face.shape_key_add(name="More", from_mix=False)
    face.shape_key_add(name="fangs", from_mix=False)
    assert corrections(face)["fangs"].off


def test_corrections_are_saved_and_appended(face: bpy.types.Object, tmp_path: Path) -> None:
    wanted = Correction("Fangs", follows={"jawOpen": 0.5}, gain=1.25, offset=-0.1, low=-0.5, high=1.5)
    correct(face, wanted)
    file = tmp_path / "face.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    bpy.ops.wm.open_mainfile(filepath=str(file))
    assert corrections(bpy.data.objects["Face"]) == {"Fangs": wanted}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(file)) as (_, brought):
        brought.objects = ["Face"]
    bpy.context.scene.collection.objects.link(brought.objects[0])
    assert corrections(brought.objects[0]) == {"Fangs": wanted}
    copy = brought.objects[0].copy()
    assert corrections(copy) == {"Fangs": wanted}


def test_objects_that_share_a_mesh_share_its_corrections(face: bpy.types.Object) -> None:
    twin = bpy.data.objects.new("Twin", face.data)
    bpy.context.scene.collection.objects.link(twin)
    correct(face, Correction("Fangs", off=True))
    assert corrections(twin)["Fangs"].off
    correct(twin, Correction("jawOpen", gain=0.5))
    assert set(corrections(face)) == {"Fangs", "jawOpen"}
    assert len(lines(twin)) == 0


def test_corrections_are_undone_with_one_step(face: bpy.types.Object) -> None:
    bpy.ops.ed.undo_push(message="before")
    correct(face, Correction("Fangs", off=True))
    bpy.ops.ed.undo_push(message="corrected")
    bpy.ops.ed.undo()
    assert corrections(bpy.data.objects["Face"]) == {}
    bpy.ops.ed.redo()
    assert corrections(bpy.data.objects["Face"])["Fangs"].off


def test_bones_are_turned_off_scaled_and_chosen(addon: None, make_mesh: Make, make_armature: Make) -> None:
    rig = make_armature()
    face = make_mesh("Face", ["mouthPucker"], rig)
    face.vertex_groups.new(name="neck").add([0], 1.0, "REPLACE")
    head = lambda: next((bone for bone in find_character(rig).bones if bone.motion == "head"), None)  # noqa: E731
    correct(rig, Correction("head", gain=0.5))
    found: Any = head()
    assert found.turns["yaw"] == {"headYaw": 0.5}
    assert found.corrected
    correct(rig, Correction("head", bone="neck"))
    assert head().bone == "neck"  # pyright: ignore
    assert find_character(rig).head_bone == "neck"
    correct(rig, Correction("head", bone="gone"))
    assert head().bone == "head"  # pyright: ignore
    correct(rig, Correction("head", off=True))
    character = find_character(rig)
    assert character.head_bone is None
    assert "headYaw" in character.missing
    assert character.idle_bones[0].reason == "turned off"


def test_a_bone_that_the_artist_chose_turns_whatever_shapes_do(
    addon: None, make_mesh: Make, make_armature: Make
) -> None:
    rig = make_armature()
    make_mesh("Face", ["eyeLookUpLeft"], rig)
    correct(rig, Correction("leftEye", bone="neck"))
    assert {bone.motion for bone in find_character(rig).bones} == {"head", "leftEye"}


NUMBER = st.floats(-5, 5).map(lambda value: round(value, 3))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.builds(
        lambda off, follows, gain, offset, limits: Correction(
            "Fangs", off, None if off else follows, gain, offset, min(limits), max(limits)
        ),
        st.booleans(),
        st.none() | st.dictionaries(st.sampled_from(channels()), NUMBER, max_size=5),
        NUMBER,
        NUMBER,
        st.tuples(NUMBER, NUMBER),
    )
)
def test_what_is_kept_is_what_was_meant(face: bpy.types.Object, wanted: Correction) -> None:
    correct(face, wanted)
    kept = corrections(face).get("Fangs", Correction("Fangs"))
    assert kept.off == wanted.off
    assert kept.follows == pytest.approx(wanted.follows) if wanted.follows is not None else kept.follows is None
    for name in ("gain", "offset", "low", "high"):
        assert getattr(kept, name) == pytest.approx(getattr(wanted, name), abs=1e-5)
