"""The objects of a character: which belong together, and what of them is said to stand in the way."""

from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from blender_addon.messages import AddonError
from blender_addon.rig.character import find_character
from blender_addon.rig.face_mesh import face_mesh
from blender_addon.rig.schemes import channels
from tests.blender_addon.rig.test_character import refused

Make = Callable[..., bpy.types.Object]


def test_meshes_of_one_armature_share_the_performance(make_mesh: Make, make_armature: Make) -> None:
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen", "eyeBlinkLeft"], rig)
    teeth = make_mesh("Teeth", ["jawOpen"], rig)
    make_mesh("Body", [], rig)
    other = make_mesh("Someone else", ["jawOpen"])
    for start in (rig, face, teeth, bpy.data.objects["Body"]):
        character = find_character(start)
        assert set(character.meshes) == {face, teeth}
        assert other not in character.meshes
        assert character.head_bone == "head"
        assert {(target.mesh.name, target.shape_key) for target in character.targets} == {
            ("Face", "jawOpen"),
            ("Face", "eyeBlinkLeft"),
            ("Teeth", "jawOpen"),
        }
    assert set(character.matched) == {"jawOpen", "eyeBlinkLeft", "headYaw", "headPitch", "headRoll"}
    assert set(character.matched) | set(character.missing) == set(channels())


def test_meshes_below_one_empty_belong_together(make_mesh: Make, scene: bpy.types.Scene) -> None:
    root = bpy.data.objects.new("Root", None)
    scene.collection.objects.link(root)
    face, brows = make_mesh("Face", ["jawOpen"]), make_mesh("Brows", ["browInnerUp"])
    face.parent = brows.parent = root
    assert find_character(face).meshes == (face, brows)


def test_a_hidden_mesh_is_named_and_a_hidden_sibling_is_noted(make_mesh: Make, make_armature: Make) -> None:
    rig = make_armature()
    face, tongue = make_mesh("Face", ["jawOpen"], rig), make_mesh("Tongue", ["tongueOut"], rig)
    bpy.context.view_layer.update()
    tongue.hide_set(True)
    refused(tongue, "Tongue", "hidden")
    character = find_character(face)
    assert character.meshes == (face,)
    assert "Tongue is hidden" in character.notes[0]
    face.hide_viewport = True
    refused(rig, "hidden")


def test_an_excluded_collection_is_named(make_mesh: Make, scene: bpy.types.Scene) -> None:
    face = make_mesh("Face", ["jawOpen"])
    away = bpy.data.collections.new("Away")
    scene.collection.children.link(away)
    scene.collection.objects.unlink(face)
    away.objects.link(face)
    bpy.context.view_layer.layer_collection.children["Away"].exclude = True
    refused(face, "Face", "Outliner")


def test_absolute_shape_keys(make_mesh: Make) -> None:
    face = make_mesh("Face", ["jawOpen"])
    face.data.shape_keys.use_relative = False
    refused(face, "Face", "Relative")


def test_linked_and_overridden_meshes(make_mesh: Make, tmp_path: Path) -> None:
    make_mesh("Face", ["jawOpen"])
    library = tmp_path / "library.blend"
    bpy.data.libraries.write(str(library), {bpy.data.objects["Face"]})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.objects = ["Face"]
    linked = wanted.objects[0]
    bpy.context.scene.collection.objects.link(linked)
    refused(linked, "Face is linked from library.blend. FaceMimic performs, checks and writes only", "Make Local")
    override = linked.override_create(remap_local_usages=True)
    refused(override, "Face is a library override", "performs, checks and writes only", "Make Local")


def test_an_empty_is_told_in_good_grammar(scene: bpy.types.Scene) -> None:
    empty = bpy.data.objects.new("Aki inst", None)
    scene.collection.objects.link(empty)
    refused(empty, "Aki inst is an empty. Select the character's face mesh or its armature.")
    with pytest.raises(AddonError, match="Aki inst is an empty"):
        face_mesh(empty)


def test_a_collection_instance_is_told_how_it_becomes_real(make_mesh: Make, scene: bpy.types.Scene) -> None:
    empty, kept = bpy.data.objects.new("Aki inst", None), bpy.data.collections.new("Aki")
    scene.collection.objects.link(empty)
    empty.instance_type, empty.instance_collection = "COLLECTION", kept
    refused(empty, "Aki inst is an instance of the collection Aki", "Apply > Make Instances Real", "the collection's")


def test_a_linked_collection_instance_names_its_file(make_mesh: Make, tmp_path: Path) -> None:
    kept = bpy.data.collections.new("Aki")
    kept.objects.link(make_mesh("Face", ["jawOpen"]))
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {kept})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.collections = ["Aki"]
    empty = bpy.data.objects.new("Aki inst", None)
    bpy.context.scene.collection.objects.link(empty)
    empty.instance_type, empty.instance_collection = "COLLECTION", wanted.collections[0]
    refused(empty, "Make Instances Real), then local (Object > Relations > Make Local", "or open library.blend.")
    bpy.context.view_layer.objects.active = empty
    empty.select_set(True)
    bpy.ops.object.duplicates_make_real()
    bpy.ops.object.make_local(type="SELECT_OBDATA_MATERIAL")
    real = next(obj for obj in bpy.context.scene.objects if obj.type == "MESH")
    assert find_character(real).matched == ("jawOpen",)
