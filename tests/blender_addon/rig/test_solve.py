"""What the engine is asked about a sparse character, and what its answer makes of it."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.bake.write import bake
from blender_addon.messages import AddonError
from blender_addon.rig import solve
from blender_addon.rig.character import EXPRESSIONS, find_character
from blender_addon.rig.corrections import Correction, correct
from blender_addon.rig.import_avatar import import_avatar
from blender_addon.rig.schemes import HEAD_CHANNELS, channels

SHAPES = [channel for channel in channels() if channel not in HEAD_CHANNELS]
SPARSE = ["aa", "ih", "ou", "ee", "oh", "blink", "happy", "angry", "sad", "surprised", "wart"]
SMILE = {"mouthSmileLeft": [0, 0.7], "mouthSmileRight": [0, 0.7], "eyeBlinkLeft": [0, 0.5], "eyeBlinkRight": [0, 0.5]}


def answered(character, clip):
    """The engine's answer as the worker would send it; its Python has SciPy, a Blender's may have none."""
    pytest.importorskip("scipy")
    from engine.clip import Clip as EngineClip
    from engine.retarget.asked import meshes_from
    from engine.retarget.retarget import retarget

    asked = solve.question(character, clip)
    meshes = meshes_from(asked.fields["meshes"], asked.arrays)
    made = retarget(EngineClip(clip.values, clip.fps, clip.channels), meshes, asked.fields["shown"])
    shapes = [(mesh, key) for mesh, weights in enumerate(made.weights) for key in weights]
    looks = [dict(zip(SHAPES, made.looks[mesh][key].tolist(), strict=True)) for mesh, key in shapes]
    columns = [made.weights[mesh][key] for mesh, key in shapes]
    return asked, {"shapes": shapes, "looks": looks}, np.stack(columns, 1) if columns else None


def fitted(character, clip):
    return solve.fitted(character, *answered(character, clip))


def curves(character, clip):
    return {key: values for _, key, values in character.key_curves(clip)}


def test_a_face_with_every_shape_is_not_sparse(make_mesh):
    assert not solve.is_sparse(find_character(make_mesh("Face", SHAPES)))
    assert solve.is_sparse(find_character(make_mesh("Other", SHAPES[:-1])))
    assert solve.is_sparse(find_character(make_mesh("Anime", SPARSE)))


def test_vowels_and_emotions_are_no_shapes_of_their_own(make_mesh):
    brows = ["browInnerUp", "browDownLeft", "browDownRight", "browOuterUpLeft", "browOuterUpRight"]
    assert solve.is_sparse(find_character(make_mesh("Face", [*brows, *SPARSE])))


def test_the_answer_becomes_curves(make_mesh, make_clip):
    character = find_character(make_mesh("Face", SPARSE))
    clip = make_clip(SMILE)
    made = curves(fitted(character, clip), clip)
    assert made["happy"][1] > 0.4
    assert made["happy"][0] == 0
    assert made["blink"][1] > 0.4
    assert "wart" not in made
    assert all(values.dtype == np.float32 for values in made.values())


def test_a_full_face_keeps_its_curves_to_the_bit(make_mesh, make_clip):
    character = find_character(make_mesh("Face", SHAPES))
    rng = np.random.default_rng(1)
    clip = make_clip({channel: rng.random(20) for channel in SHAPES})
    same = fitted(character, clip)
    assert same is character
    for mine, others in zip(character.key_curves(clip), same.key_curves(clip), strict=True):
        assert mine[2].tobytes() == others[2].tobytes()


def test_gain_offset_and_limits_apply_to_the_answer(addon, make_mesh, make_clip):
    mesh = make_mesh("Face", SPARSE)
    clip = make_clip(SMILE)
    before = curves(fitted(find_character(mesh), clip), clip)["happy"]
    correct(mesh, Correction("happy", gain=0.5, offset=0.1, low=0.0, high=0.3))
    after = curves(fitted(find_character(mesh), clip), clip)["happy"]
    np.testing.assert_allclose(after, np.clip(0.1 + 0.5 * before, 0, 0.3), atol=1e-6)


def test_what_the_artist_chose_stays_and_what_is_off_is_left_alone(addon, make_mesh, make_clip):
    mesh = make_mesh("Face", SPARSE)
    clip = make_clip(SMILE)
    correct(mesh, Correction("wart", follows={"mouthSmileLeft": 1.0}))
    correct(mesh, Correction("happy", off=True))
    made = curves(fitted(find_character(mesh), clip), clip)
    np.testing.assert_allclose(made["wart"], [0, 0.7])
    assert "happy" not in made


def test_a_driven_shape_key_is_not_asked_for(make_mesh, make_clip):
    mesh = make_mesh("Face", SPARSE)
    mesh.data.shape_keys.key_blocks["happy"].driver_add("value")
    character = find_character(mesh)
    asked = solve.question(character, make_clip(SMILE))
    assert asked.fields["meshes"][0]["locked"] == ["happy"]
    assert "happy" not in curves(fitted(character, make_clip(SMILE)), make_clip(SMILE))


def test_several_meshes_are_told_apart(make_mesh, make_armature, make_clip):
    rig = make_armature()
    make_mesh("Face", ["happy", "blink", "aa", "ih", "ou"], rig)
    make_mesh("Lashes", ["blink"], rig)
    character = find_character(rig)
    clip = make_clip(SMILE)
    made = fitted(character, clip)
    blinks = [values for mesh, key, values in made.key_curves(clip) if key == "blink"]
    assert len(blinks) == 2
    assert blinks[0].tolist() == blinks[1].tolist()


def test_a_take_of_the_fit_is_baked(make_mesh, make_clip):
    mesh = make_mesh("Face", SPARSE)
    clip = make_clip(SMILE)
    action = bake(fitted(find_character(mesh), clip), clip, frame=1, fps=24, tolerance=None, name="Smile")
    paths = {curve.data_path for curve in action.layers[0].strips[0].channelbags[0].fcurves}
    assert 'key_blocks["happy"].value' in paths
    assert 'key_blocks["wart"].value' not in paths
    bpy.context.scene.frame_set(2)
    assert mesh.data.shape_keys.key_blocks["happy"].value > 0.4


def test_shape_keys_that_are_not_needed_rest(make_mesh, make_clip):
    """A vowel that an earlier take moved must not stay open in this one."""
    made = curves(fitted(find_character(make_mesh("Face", SPARSE)), make_clip(SMILE)), make_clip(SMILE))
    assert made.keys() == set(SPARSE) - {"wart"}
    assert made["ou"].max() < 0.05


def test_a_character_that_changed_meanwhile_is_refused(make_mesh, make_clip):
    mesh = make_mesh("Face", SPARSE)
    clip = make_clip(SMILE)
    asked, header, weights = answered(find_character(mesh), clip)
    mesh.data.shape_keys.key_blocks["happy"].name = "glad"
    with pytest.raises(AddonError, match="were changed while FaceMimic was working"):
        solve.fitted(find_character(mesh), asked, header, weights)


@pytest.mark.parametrize(
    "header",
    [{}, {"shapes": [[0, "happy"]], "looks": []}, {"shapes": 3, "looks": []}, {"shapes": [[0]], "looks": [{}]}],
)
def test_an_answer_that_is_none_is_refused(make_mesh, make_clip, header):
    character = find_character(make_mesh("Face", SPARSE))
    with pytest.raises(AddonError, match="cannot be read"):
        solve.fitted(character, solve.question(character, make_clip(SMILE)), header, np.zeros((2, 1), np.float32))


def test_override_rules_come_from_the_file(make_mesh, make_clip):
    mesh = make_mesh("Face", SPARSE)
    mesh[EXPRESSIONS] = '[{"name": "happy", "binds": {"happy": 1.0}, "overrides": {"overrideBlink": "block"}}]'
    asked = solve.question(find_character(mesh), make_clip(SMILE))
    (stated,) = asked.fields["meshes"][0]["expressions"]
    assert stated == {"name": "happy", "binds": {"happy": 1.0}, "overrides": {"blink": "block"}}


def test_a_damaged_note_of_expressions_says_nothing(make_mesh, make_clip):
    mesh = make_mesh("Face", SPARSE)
    mesh[EXPRESSIONS] = '[{"name": 3, "binds": {}, "overrides": 7}, 5]'
    assert solve.question(find_character(mesh), make_clip(SMILE)).fields["meshes"][0]["expressions"] == []


def test_displacements_are_of_the_vertices_that_move(make_mesh, make_clip):
    asked = solve.question(find_character(make_mesh("Face", ["happy", "blink"])), make_clip(SMILE))
    assert asked.arrays["points 0"].shape == (1, 3)
    np.testing.assert_allclose(asked.arrays["moved 0"][:, 0, 2], [1, 2])


def test_a_real_avatar_reads_in_blender_as_in_its_file(shared: Path, scene, make_clip):
    character = import_avatar(shared / "rigs" / "Godette_vrm_v4.vrm")
    clip = make_clip({"browDownLeft": [0, 0.9], "browDownRight": [0, 0.9]})
    made = curves(fitted(character, clip), clip)
    assert made["angled_eyebrows"][1] > 0.7
    clip = make_clip({"mouthSmileLeft": [0, 0.7], "mouthSmileRight": [0, 0.7]})
    made = curves(fitted(character, clip), clip)
    assert made["ih"][1] + made["uu"][1] > 0.9
    assert made["angled_eyebrows"][1] < 0.01


def test_the_head_tells_what_the_face_cannot(make_clip):
    clip = make_clip({"jawOpen": [0, 0.5], "headPitch": [0, 0.1]})
    posed = solve.posed(clip, np.array([[0, 0, 0], [0, -0.3, 0.1]], np.float32))
    np.testing.assert_allclose(posed.column("headPitch"), [0, -0.2], atol=1e-6)
    np.testing.assert_array_equal(posed.column("jawOpen"), clip.column("jawOpen"))
    assert solve.posed(clip, None) is clip
    with pytest.raises(AddonError):
        solve.posed(clip, np.zeros((1, 3), np.float32))
