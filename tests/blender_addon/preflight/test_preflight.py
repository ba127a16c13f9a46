"""What preflight finds on characters that have each fault, and what its fixes leave as it was."""

import json

import bpy
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blender_addon.bake.kept import keep
from blender_addon.bake.write import bake
from blender_addon.export.humanoid import find_bones, required_bones
from blender_addon.export.vrma_gaze import eyes_part
from blender_addon.messages import AddonError
from blender_addon.operators.preflight import last_findings
from blender_addon.preflight import arkit_names, tracker
from blender_addon.preflight.findings import SEVERITIES, preflight, report, targets
from blender_addon.preflight.fixes import fixes
from blender_addon.preflight.rules import rules
from blender_addon.rig.character import Character, find_character
from blender_addon.rig.corrections import Correction, correct
from blender_addon.rig.schemes import HEAD_CHANNELS, all_schemes, channels


def rules_of(character: Character, target: str = "godot") -> dict[str, str]:
    return {one.rule: one.text for one in preflight(character, target) if one.rule}


def fixed(face, rule: str) -> Character:
    fixes()[rule].apply(find_character(face))
    return find_character(face)


def test_every_rule_that_a_target_names_is_there_and_every_fix_mends_a_rule():
    for target in targets().values():
        assert set(target.rules) <= set(rules())
        assert set(target.rules.values()) <= set(SEVERITIES)
    assert set(fixes()) <= set(rules())
    assert set(tracker.names()) == set(channels()) - set(HEAD_CHANNELS)


def test_arkit_names_but_the_inner_brow_are_known_to_godot(make_mesh):
    face = make_mesh("Face", [name for name in channels() if name not in HEAD_CHANNELS])
    assert tracker.wanted(find_character(face)) == ([], [(face, "browInnerUp")], [])


def test_names_that_godot_does_not_know_are_added_beside_and_takes_stay(addon, make_mesh, make_clip):
    face = make_mesh("Face", ["eyeBlink_L", "eyeBlink_R", "jawOpen"])
    curve = np.linspace(0, 1, 10)
    clip = make_clip({"eyeBlinkLeft": curve, "jawOpen": curve})
    take = bake(find_character(face), clip, frame=1, fps=24, name="Take")
    face.active_shape_key_index = 2
    blocks = face.data.shape_keys.key_blocks
    blocks["eyeBlink_L"].vertex_group = "lids"
    targets = [(one.shape_key, one.mix) for one in find_character(face).targets]
    assert "eyeBlink_L → eyeBlinkLeft" in rules_of(find_character(face))["tracker_names"]
    character = fixed(face, "tracker_names")
    assert "tracker_names" not in rules_of(character)
    known = ["eyeBlinkLeft", "eyeBlinkRight"]
    assert blocks.keys() == ["Basis", "eyeBlink_L", "eyeBlink_R", "jawOpen", *known]
    assert [blocks[name].value for name in known] == [0, 0]
    assert [point.co[:] for point in blocks["eyeBlinkLeft"].data] == [p.co[:] for p in blocks["eyeBlink_L"].data]
    assert blocks["eyeBlinkLeft"].vertex_group == "lids"
    assert face.active_shape_key_index == 2
    assert [(one.shape_key, one.mix) for one in character.targets] == targets
    assert not any("eyeBlinkLeft" in one for one in character.unused)
    paths = {curve.data_path for curve in take.layers[0].strips[0].channelbags[0].fcurves}
    assert 'key_blocks["eyeBlink_L"].value' in paths
    assert fixed(face, "tracker_names").targets == character.targets
    assert len(blocks) == 6


def test_names_that_live_link_does_not_find_are_added_beside(addon, make_mesh):
    face = make_mesh("Face", ["eyeBlink_L", "JawOpen", "blink", "browInnerUp_L", "Mouth_Pucker", "mouthPucker"])
    targets = find_character(face).targets
    assert "Face/eyeBlink_L → eyeBlinkLeft" in rules_of(find_character(face), "unreal")["arkit_names"]
    character = fixed(face, "arkit_names")
    assert face.data.shape_keys.key_blocks.keys()[7:] == ["eyeBlinkLeft"]
    assert character.targets == targets
    assert "arkit_names" not in rules_of(character, "unreal")
    assert "eyeBlink_L" not in rules_of(character)["tracker_names"]


NAMES = sorted({meaning.name for scheme in all_schemes() for meaning in scheme.meanings.values()})


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=14, unique=True))
def test_added_names_change_no_performance_whatever_a_rig_is_called(addon, make_mesh, names):
    face = make_mesh("Face", names)
    blocks = face.data.shape_keys.key_blocks
    before, targets = blocks.keys(), find_character(face).targets
    for rule in ("tracker_names", "arkit_names", "tracker_names"):
        fixed(face, rule)
        assert find_character(face).targets == targets
    assert blocks.keys()[: len(before)] == before
    assert all(block.value == 0 for block in blocks[1:])
    added = blocks.keys()[len(before) :]
    assert len({tracker.plain(name) for name in added}) == len(added)
    assert not any("." in name for name in added)
    aliases, halves, _ = tracker.wanted(find_character(face))
    assert (aliases, halves) == ([], [])
    assert arkit_names.wanted(find_character(face)) == []
    bpy.data.objects.remove(face)


def test_a_copy_whose_original_is_gone_performs_again(addon, make_mesh):
    face = make_mesh("Face", ["eyeBlink_L"])
    fixed(face, "tracker_names")
    face.shape_key_remove(face.data.shape_keys.key_blocks["eyeBlink_L"])
    assert [target.shape_key for target in find_character(face).targets] == ["eyeBlinkLeft"]


UNIFIED = [
    *(f"{part}{side}" for part in ("MouthCornerPull", "BrowLowerer", "BrowPinch", "CheekPuff", "LipSuckUpper")
      for side in ("Left", "Right")),
    "EyeClosedLeft", "LipFunnelUpper", "MouthUpperUp", "Jaw_Open", "BrowInnerUpLeft", "BrowInnerUpRight", "cheekPuff_L",
]  # fmt: skip


def test_names_that_godot_knows_are_left_alone(make_mesh):
    face = make_mesh("Face", UNIFIED)
    assert tracker.wanted(find_character(face)) == ([], [], [])


def test_one_side_of_what_arkit_has_whole_gets_the_name_of_that_side(addon, make_mesh):
    face = make_mesh("Face", ["browInnerUp_L", "browInnerUp_R", "lip left"])
    correct(face, Correction("lip left", follows={"mouthShrugUpper": 1.0}))
    aliases, halves, unknown = tracker.wanted(find_character(face))
    assert [alias for _, _, alias in aliases] == list(tracker.HALVES)
    assert (halves, unknown) == ([], [(face, "lip left")])


def test_a_shape_of_both_eyes_blinks_by_the_name_of_both(addon, make_mesh):
    face = make_mesh("Face", ["まばたき", "happy"])
    aliases, _, unknown = tracker.wanted(find_character(face))
    assert [alias for _, _, alias in aliases] == ["eyeClosed"]
    assert unknown == [(face, "happy")], "a whole expression is no smile"
    fixed(face, "tracker_names")
    assert face.data.shape_keys.key_blocks["eyeClosed"].value == 0


def test_no_shape_is_added_while_the_mesh_is_edited(addon, make_mesh):
    face = make_mesh("Face", ["eyeBlink_L", "browInnerUp"])
    bpy.context.view_layer.objects.active = face
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="Face is in Edit Mode"):
        bpy.ops.facemimic.preflight_fix(rule="tracker_names")
    bpy.ops.object.mode_set(mode="OBJECT")
    assert face.data.shape_keys.key_blocks.keys() == ["Basis", "eyeBlink_L", "browInnerUp"]


def test_the_inner_brow_is_halved_beside_the_whole(addon, make_mesh):
    face = make_mesh("Face", ["browInnerUp"])
    shape = face.data.shape_keys.key_blocks["browInnerUp"]
    for point in shape.data:
        point.co.z += 0.1
    before = np.array([point.co[:] for point in shape.data])
    character = fixed(face, "tracker_names")
    blocks = face.data.shape_keys.key_blocks
    rest = np.array([point.co[:] for point in blocks[0].data])
    left, right = (np.array([point.co[:] for point in blocks[name].data]) - rest for name in tracker.HALVES)
    assert np.abs(left + right - (before - rest)).max() < 1e-5
    assert np.abs(left[rest[:, 0].argmax()]).max() > np.abs(left[rest[:, 0].argmin()]).max()
    assert [blocks[name].value for name in tracker.HALVES] == [0, 0]
    assert [target.shape_key for target in character.targets] == ["browInnerUp"]
    assert "tracker_names" not in rules_of(character)


def test_what_godots_tracker_cannot_do_is_no_warning_for_takes_move_it(make_mesh):
    face = make_mesh("Face", ["jawOpen", "Fcl_ALL_Joy"])
    told = [one for one in preflight(find_character(face), "godot") if "Fcl_ALL_Joy" in one.text]
    assert [(one.rule, one.severity) for one in told] == [("tracker_unknown", "note")]


def test_channels_that_a_take_keeps_beside_its_curves_are_not_lost(make_mesh, make_clip):
    face = make_mesh("Face", ["jawOpen"])
    found = [one for one in preflight(find_character(face), "unreal") if one.rule == "missing_channels"]
    assert [one.severity for one in found] == ["note"]
    action = bake(find_character(face), make_clip({"jawOpen": [0, 1]}), frame=1, fps=24, name="Take")
    keep(action, make_clip({"tongueOut": [0, 1]}), np.array([1.0, 2.0]), ['key_blocks["jawOpen"].value'], None)
    assert "missing_channels" not in rules_of(find_character(face), "unreal")


def test_muted_and_narrow_shapes_are_mended(make_mesh):
    face = make_mesh("Face", ["jawOpen", "tongueOut"])
    blocks = face.data.shape_keys.key_blocks
    blocks["jawOpen"].mute, blocks["tongueOut"].slider_max = True, 0.5
    found = rules_of(find_character(face))
    assert "jawOpen" in found["muted"]
    assert "tongueOut" in found["ranges"]
    fixed(face, "muted")
    fixed(face, "ranges")
    assert not {"muted", "ranges"} & set(rules_of(find_character(face)))


def test_muted_shapes_that_only_expressions_move_are_mended(make_mesh):
    face = make_mesh("Face", [*(name for name in channels() if name not in HEAD_CHANNELS), "happy", "wart"])
    blocks = face.data.shape_keys.key_blocks
    assert "happy" not in {target.shape_key for target in find_character(face).targets}
    blocks["happy"].mute = blocks["wart"].mute = True
    assert rules_of(find_character(face), "vrm")["muted"].endswith(": Face/happy.")
    fixed(face, "muted")
    assert (blocks["happy"].mute, blocks["wart"].mute) == (False, True)


def test_what_is_lost_in_files_is_said(make_mesh, make_clip):
    face = make_mesh("Face", ["jawOpen"])
    face.modifiers.new("Smooth", "SUBSURF")
    face.scale = (1, 1, -2)
    bake(find_character(face), make_clip({"jawOpen": [0, 1]}), frame=-20, fps=24, name="Take")
    found = rules_of(find_character(face))
    assert "Smooth" in found["modifiers"]
    assert "mirrored" in found["scale"]
    assert "-20" in found["take_start"]
    assert "no armature" in rules_of(find_character(face), "vrm")["humanoid"]
    assert "happy" in rules_of(find_character(face), "vrm")["presets"]
    text = report(find_character(face), "vrm")
    assert text.startswith("Face for VRM Applications: 1 error")


def test_a_take_that_starts_later_than_the_scene_is_said(make_mesh, make_clip):
    face = make_mesh("Face", ["jawOpen"])
    bake(find_character(face), make_clip({"jawOpen": [0, 1]}), frame=50, fps=24, name="Take")
    for target in targets():
        assert "frame 50 and the scene at 1" in rules_of(find_character(face), target)["take_start"]
    bpy.context.scene.frame_start = 50
    assert "take_start" not in rules_of(find_character(face))


def test_what_v_sekai_stumbles_over_is_said(make_mesh, make_armature):
    rig = make_armature()
    face, teeth, hat = (
        make_mesh(name, keys, rig) for name, keys in (("Face", ["jawOpen"]), ("Teeth", ["jawOpen"]), ("Hat", []))
    )
    for obj in (face, teeth):
        obj.data.materials.append(bpy.data.materials.new("Skin"))
    teeth.data.materials.append(None)
    face.data.materials.append(None)
    teeth.data.polygons[0].material_index = 1
    hat.hide_set(True)
    found = rules_of(find_character(face))
    assert "give Face, Teeth an XRFaceModifier3D each" in found["tracker_meshes"]
    assert found["without_material"].endswith("Give these one: Teeth.")
    assert "left out of files: Hat." in found["hidden"]
    hat.hide_set(False)
    teeth.data.materials[1] = teeth.data.materials[0]
    found = rules_of(find_character(face))
    assert "hidden" not in found
    assert "Give these one: Hat." in found["without_material"]


def test_two_shapes_that_are_one_to_godot_are_said(make_mesh):
    face = make_mesh("Face", ["eyeBlinkLeft", "EyeClosed_Left", "jawOpen", "browDownLeft", "BrowLowererLeft"])
    assert tracker.repeated(find_character(face)) == [(face, ["eyeBlinkLeft", "EyeClosed_Left"])]
    assert "Face/eyeBlinkLeft = EyeClosed_Left" in rules_of(find_character(face))["tracker_twice"]


def test_arkit_expressions_that_an_avatar_lacks_are_said(make_mesh):
    shapes = [name for name in channels() if name not in HEAD_CHANNELS]
    told = rules_of(find_character(make_mesh("Few", shapes[:10])), "vrm")["perfect_sync"]
    assert told.startswith("10 of ARKit's 52 shapes")
    told = rules_of(find_character(make_mesh("Most", shapes[1:])), "vrm")["perfect_sync"]
    assert told.endswith(f"are missing: {shapes[0]}.")
    assert "perfect_sync" not in rules_of(find_character(make_mesh("All", shapes)), "vrm")


def test_eyes_that_a_vrma_cannot_part_are_said(make_mesh):
    shapes = [name for name in channels() if name not in HEAD_CHANNELS]
    few = find_character(make_mesh("Few", ["jawOpen", "eyeBlinkLeft"]))
    assert "one_gaze" in rules_of(few, "vrm")
    every = find_character(make_mesh("All", shapes))
    assert ("one_gaze" in rules_of(every, "vrm")) != eyes_part(every)
    assert eyes_part(every)


def test_bones_that_no_scheme_knows_can_be_assigned(addon, make_mesh, make_armature):
    names = {
        "hips": None, "spine": "hips", "head": "spine",
        **{f"{s}{part}": f"{s}{above}" if above else root for s in ("left", "right") for part, above, root in (
            ("UpperLeg", "", "hips"), ("LowerLeg", "UpperLeg", ""), ("Foot", "LowerLeg", ""),
            ("UpperArm", "", "spine"), ("LowerArm", "UpperArm", ""), ("Hand", "LowerArm", ""))},
    }  # fmt: skip
    odd = {name: f"q{number:02}" for number, name in enumerate(names)}
    armature = odd_armature(names, odd)
    face = make_mesh("Face", ["jawOpen"], parent=armature)
    bpy.context.view_layer.objects.active = face
    with pytest.raises(AddonError, match="Assign Bones"):
        required_bones(armature, "Rig")
    assert bpy.ops.facemimic.assign_bones(assigned=json.dumps(odd)) == {"FINISHED"}
    assert find_bones(armature) == odd
    assert required_bones(armature, "Rig") == odd
    swapped = {**odd, "leftHand": odd["leftUpperArm"], "leftUpperArm": odd["leftHand"]}
    for wrong in (json.dumps(swapped), json.dumps({"hips": "none"}), json.dumps({"tail": odd["hips"]}), "{"):
        with pytest.raises(RuntimeError):
            bpy.ops.facemimic.assign_bones(assigned=wrong)
        assert find_bones(armature) == odd


def odd_armature(names: dict, odd: dict) -> bpy.types.Object:
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for name, parent in names.items():
        bone = armature.data.edit_bones.new(odd[name])
        bone.head, bone.tail = (0, 0, 1), (0, 0, 1.1)
        if parent:
            bone.parent = armature.data.edit_bones[odd[parent]]
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def test_the_operators_report_and_mend(addon, make_mesh, capfd):
    face = make_mesh("Face", ["eyeBlink_L"])
    bpy.context.view_layer.objects.active = face
    for target in targets():
        assert bpy.ops.facemimic.preflight(target=target) == {"FINISHED"}
    assert bpy.ops.facemimic.preflight(target="godot") == {"FINISHED"}
    assert "Face for V-Sekai and Godot: 0 errors, 2 warnings" in capfd.readouterr().out
    assert bpy.ops.facemimic.preflight_fix(rule="tracker_names") == {"FINISHED"}
    assert face.data.shape_keys.key_blocks.keys() == ["Basis", "eyeBlink_L", "eyeBlinkLeft"]
    with pytest.raises(RuntimeError, match="no fix"):
        bpy.ops.facemimic.preflight_fix(rule="scale")


def test_a_fix_can_be_undone_and_what_was_found_is_looked_for_again(addon, make_mesh):
    face = make_mesh("Face", ["eyeBlink_L", "jawOpen"])
    face.data.shape_keys.key_blocks["jawOpen"].mute = True
    bpy.context.view_layer.objects.active = face
    bpy.ops.ed.undo_push(message="Start")
    for rule in ("tracker_names", "muted"):
        assert bpy.ops.facemimic.preflight_fix(rule=rule) == {"FINISHED"}
        bpy.ops.ed.undo_push(message=rule)
    assert last_findings(bpy.data.objects["Face"], "godot") is not None
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    face = bpy.data.objects["Face"]
    assert face.data.shape_keys.key_blocks.keys() == ["Basis", "eyeBlink_L", "jawOpen"]
    assert face.data.shape_keys.key_blocks["jawOpen"].mute
    assert last_findings(face, "godot") is None
    assert {"tracker_names", "muted"} <= set(rules_of(find_character(face)))
