"""Rigs as they should not be, and everything of the artist's that must stay as it is."""

import json
from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon.bake.trying import Trial
from blender_addon.bake.write import bake
from blender_addon.clip import Clip
from blender_addon.messages import AddonError
from blender_addon.rig.character import find_character
from blender_addon.rig.corrections import Correction, correct, forget_all
from blender_addon.rig.lines import lines_of
from blender_addon.rig.schemes import channels

Make = Callable[..., bpy.types.Object]
MakeClip = Callable[..., Clip]


def test_thousands_of_shape_keys(addon: None, make_mesh: Make) -> None:
    names = [f"corrective_{number}" for number in range(2_000)]
    face = make_mesh("Face", [*channels()[:52], *names])
    character = find_character(face)
    assert len(character.targets) == 52
    assert len(lines_of(character)) == 2_052 + 3


def test_names_that_blender_had_to_number_and_empty_ones(addon: None, make_mesh: Make) -> None:
    face = make_mesh("Face", ["jawOpen", "jawOpen", "", " ", "eyeBlinkLeft"])
    names = face.data.shape_keys.key_blocks.keys()
    assert len(set(names)) == len(names) == 6
    character = find_character(face)
    assert [target.shape_key for target in character.targets] == ["jawOpen", "eyeBlinkLeft"]
    assert len(lines_of(character)) == 5 + 53


def test_a_basis_alone_has_nothing_that_performs(addon: None, make_mesh: Make) -> None:
    alone = make_mesh("Alone", ["jawOpen"])
    alone.shape_key_remove(alone.data.shape_keys.key_blocks["jawOpen"])  # pyright: ignore
    character = find_character(alone)
    assert not character.targets
    assert not [line for line in lines_of(character) if line.kind == "shape"]


def test_names_in_any_script_are_listed_corrected_and_baked(addon: None, make_mesh: Make, make_clip: MakeClip) -> None:
    names = ["口を開ける", "Открыть_рот", "فم", "입 벌리기", 'quote " and \\', "😀"]
    face = make_mesh("Face", names)
    for name in names:
        correct(face, Correction(name, follows={"jawOpen": 1.0}))
    bake(find_character(face), make_clip({"jawOpen": [0, 1]}), frame=1, fps=24, tolerance=None, name="Take")
    bpy.context.scene.frame_set(2)
    assert [face.data.shape_keys.key_blocks[name].value for name in names] == [1.0] * 6  # pyright: ignore


def test_scales_that_were_not_applied(addon: None, make_mesh: Make, make_armature: Make, make_clip: MakeClip) -> None:
    bones = {
        "head": (None, (0, 0, 1.5), (0, 0, 1.8)),
        "jaw": ("head", (0, 0, 1.55), (0, -0.1, 1.5)),
        "leftEye": ("head", (0.03, -0.05, 1.65), (0.03, -0.08, 1.65)),
        "rightEye": ("head", (-0.03, -0.05, 1.65), (-0.03, -0.08, 1.65)),
    }
    rig = make_armature(bones=bones)
    face = make_mesh("Face", ["mouthPucker"], rig)
    for name in bones:
        face.vertex_groups.new(name=name).add([0], 1.0, "REPLACE")
    rig.scale, face.scale = (0.01, 0.01, 0.01), (-3.0, 2.0, 0.5)
    bpy.context.view_layer.update()
    clip = make_clip({"jawForward": [0, 1], "eyeLookOutLeft": [0, 1]})
    bake(find_character(rig), clip, frame=1, fps=24, tolerance=None, name="Take")
    bpy.context.scene.frame_set(2)
    pose: Any = rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose
    moved = pose.bones["jaw"].head - rig.data.bones["jaw"].head_local  # pyright: ignore
    np.testing.assert_allclose(moved, (0, -0.139 * 0.06, 0), atol=1e-6)
    eye = pose.bones["leftEye"]
    np.testing.assert_allclose((eye.tail - eye.head).normalized(), (np.sin(0.6), -np.cos(0.6), 0), atol=1e-5)


def artists_own(face: Any, rig: Any) -> dict[str, object]:
    """All that reading, correcting and trying must leave as it is."""
    key = face.data.shape_keys
    return {
        "order": [(one.name, one.value, one.slider_min, one.slider_max, one.mute) for one in key.key_blocks],
        "points": [tuple(point.co) for block in key.key_blocks for point in block.data],
        "active": face.active_shape_key_index,
        "drivers": [(one.data_path, one.driver.expression) for one in key.animation_data.drivers],
        "tracks": [(track.name, [strip.name for strip in track.strips]) for track in key.animation_data.nla_tracks],
        "actions": [
            (action.name, action.use_fake_user, [tuple(point.co) for bag in action.layers[0].strips[0].channelbags
             for curve in bag.fcurves for point in curve.keyframe_points])
            for action in bpy.data.actions
        ],
        "properties": [face["note"], rig["note"], list(face.data["note"]), rig.pose.bones["head"]["note"]],
        "modifiers": [(one.name, one.type, one.show_viewport) for one in face.modifiers],
        "constraints": [(one.name, one.influence) for one in rig.pose.bones["neck"].constraints],
        "poses": [tuple(one.rotation_quaternion) + tuple(one.location) for one in rig.pose.bones],
        "groups": [group.name for group in face.vertex_groups],
        "selected": [obj.name for obj in bpy.context.selected_objects],
        "frame": bpy.context.scene.frame_current,
    }  # fmt: skip


def test_nothing_of_the_artists_changes_by_looking_correcting_and_trying(
    addon: None, make_mesh: Make, make_armature: Make
) -> None:
    rig, face = prepared(make_mesh, make_armature)
    before = artists_own(face, rig)
    character = find_character(face)
    correct(face, Correction("jawOpen", gain=1.5, high=2.0))
    correct(rig, Correction("head", gain=0.5))
    for line in lines_of(find_character(face)):
        if line.objects and not line.driven:
            trial = Trial(line)
            trial.show(frozenset(line.follows), 1.0)
            trial.stop()
    forget_all(face)
    forget_all(rig)
    assert artists_own(face, rig) == before
    assert lines_of(find_character(face)) == lines_of(character)


def test_baking_leaves_what_it_does_not_perform(
    addon: None, make_mesh: Make, make_armature: Make, make_clip: MakeClip
) -> None:
    rig, face = prepared(make_mesh, make_armature)
    before = artists_own(face, rig)
    clip = make_clip({"jawOpen": np.linspace(0, 1, 20), "headYaw": np.linspace(0, 0.5, 20)})
    taken = bake(find_character(face), clip, frame=1, fps=24, name="Take")
    bpy.context.scene.frame_set(1)
    after = artists_own(face, rig)
    for what in ("drivers", "properties", "modifiers", "constraints", "groups", "points", "selected", "active"):
        assert after[what] == before[what], what
    order: Any = [before["order"], after["order"]]
    assert [name for name, *_ in order[0]] == [name for name, *_ in order[1]]
    assert next(one for one in order[1] if one[0] == "freckles") == ("freckles", 0.25, 0.0, 1.0, False)
    kept = [one for one in after["actions"] if one[0] != taken.name]  # pyright: ignore
    assert [(name, points) for name, _, points in kept] == [(name, points) for name, _, points in before["actions"]]  # pyright: ignore
    assert [track for track in after["tracks"] if track in before["tracks"]] == before["tracks"]  # pyright: ignore


def prepared(make_mesh: Make, make_armature: Make) -> tuple[Any, Any]:
    """A character with drivers, an action, a track, values, properties, modifiers and constraints of the artist's."""
    rig: Any = make_armature()
    face: Any = make_mesh("Face", ["jawOpen", "wart", "freckles", "held"], rig)
    key = face.data.shape_keys
    key.key_blocks["held"].driver_add("value").driver.expression = "0.5"
    key.key_blocks["freckles"].value = 0.25
    face.active_shape_key_index = 2
    action = bpy.data.actions.new("Mine")
    slot = action.slots.new("KEY", key.name)
    bag = action.layers.new("Layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
    curve = bag.fcurves.new('key_blocks["wart"].value')
    curve.keyframe_points.insert(1, 0.1)
    curve.keyframe_points.insert(9, 0.7)
    strip = key.animation_data.nla_tracks.new().strips.new("Mine", 1, action)
    strip.action_slot = slot
    face["note"], rig["note"], face.data["note"] = "keep", json.dumps({"keep": 1}), [1, 2]
    rig.pose.bones["head"]["note"] = 3.0
    face.modifiers.new("Subdivision", "SUBSURF").show_viewport = False
    rig.pose.bones["neck"].constraints.new("LIMIT_ROTATION").influence = 0.3
    face.vertex_groups.new(name="head").add([0], 1.0, "REPLACE")
    bpy.context.view_layer.update()
    return rig, face


def test_a_linked_armature_leaves_the_face_and_says_so(
    addon: None, make_mesh: Make, make_armature: Make, tmp_path: Any
) -> None:
    rig = make_armature()
    make_mesh("Face", ["jawOpen"], rig)
    library = tmp_path / "library.blend"
    bpy.data.libraries.write(str(library), {rig})
    bpy.data.batch_remove(list(bpy.data.objects))
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.objects = ["Rig"]
    linked = wanted.objects[0]
    bpy.context.scene.collection.objects.link(linked)
    face = make_mesh("Local", ["jawOpen"])
    face.modifiers.new("Armature", "ARMATURE").object = linked
    character = find_character(face)
    assert character.armature is None
    assert character.bones == ()
    assert "Make Local" in character.notes[0]
    with pytest.raises(AddonError, match="shape keys"):
        find_character(make_armature("Other"))


def test_an_overridden_character_is_refused_and_the_way_out_works(
    addon: None, make_mesh: Make, make_armature: Make, make_clip: MakeClip, tmp_path: Any
) -> None:
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen"], rig)
    together = bpy.data.collections.new("Character")
    for obj in (rig, face):
        together.objects.link(obj)
    library = tmp_path / "library.blend"
    bpy.data.libraries.write(str(library), {together})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene: Any = bpy.context.scene
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.collections = ["Character"]
    scene.collection.children.link(wanted.collections[0])
    own = wanted.collections[0].override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    objects = {obj.type: obj for obj in own.objects}
    assert all(obj.override_library for obj in objects.values())
    before = [len(bpy.data.actions), objects["MESH"].data.shape_keys.key_blocks["jawOpen"].value]
    for obj in objects.values():
        with pytest.raises(AddonError, match=r"Make Local > Selected Objects, Data & Materials") as said:
            find_character(obj)
        assert "library override" in str(said.value)
    assert [len(bpy.data.actions), objects["MESH"].data.shape_keys.key_blocks["jawOpen"].value] == before
    for obj in objects.values():
        obj.select_set(True)
    bpy.context.view_layer.objects.active = objects["MESH"]
    bpy.ops.object.make_local(type="SELECT_OBDATA_MATERIAL")
    local: Any = bpy.context.view_layer.objects.active
    bake(find_character(local), make_clip({"jawOpen": [0, 1], "headYaw": [0, 0.3]}), frame=1, fps=24, name="Take")
    scene.frame_set(2)
    assert local.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(1, abs=0.01)


def test_a_local_face_on_an_overridden_armature_is_told_why_the_head_rests(
    addon: None, make_mesh: Make, make_armature: Make, tmp_path: Any
) -> None:
    make_armature()
    library = tmp_path / "library.blend"
    bpy.data.libraries.write(str(library), {bpy.data.objects["Rig"]})
    bpy.data.batch_remove(list(bpy.data.objects))
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.objects = ["Rig"]
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    overridden = wanted.objects[0].override_create(remap_local_usages=True)
    face = make_mesh("Local", ["jawOpen"])
    face.modifiers.new("Armature", "ARMATURE").object = overridden
    (note,) = find_character(face).notes
    assert "library override" in note
    assert "Make Local" in note
    assert "shape keys" not in note


def test_ten_thousand_shape_keys_in_a_tall_list(addon: None, scene: bpy.types.Scene) -> None:
    mesh = bpy.data.meshes.new("Many")
    mesh.from_pydata([(0, 0, 0)], [], [])
    face = bpy.data.objects.new("Many", mesh)
    scene.collection.objects.link(face)
    names = [*channels()[:52], *(f"corrective {number}" for number in range(9_948))]
    block = face.shape_key_add(name="Basis", from_mix=False)
    for name in names:
        face.shape_key_add(name="x", from_mix=False).name = name
    assert len(block.id_data.key_blocks) == 10_001
    character = find_character(face)
    assert len(character.targets) == 52
    assert len(character.unused) == 9_948


def test_shape_keys_of_another_number_of_vertices_are_refused(addon: None, make_mesh: Make) -> None:
    face = make_mesh("Face", ["jawOpen"])
    face.data.clear_geometry()
    face.data.from_pydata([(0, 0, 0)] * 7, [], [(0, 1, 2)])
    with pytest.raises(AddonError, match="Face has 7 vertices and its shape key Basis 3"):
        find_character(face)


def test_a_mesh_without_vertices_is_refused(addon: None, scene: bpy.types.Scene) -> None:
    face = bpy.data.objects.new("Face", bpy.data.meshes.new("Face"))
    scene.collection.objects.link(face)
    for name in ("Basis", "jawOpen"):
        face.shape_key_add(name=name, from_mix=False)
    with pytest.raises(AddonError, match="Face has no vertices"):
        find_character(face)
