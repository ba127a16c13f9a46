"""Meshes taken apart for the engine, and face shapes put on them, kept and discarded."""

import bpy
import numpy as np
import pytest

from blender_addon.messages import AddonError
from blender_addon.rig.colours import vertex_colours
from blender_addon.rig.face_mesh import PREVIEW, face_mesh, obstacle, previewed, read
from blender_addon.rig.face_shapes import add_shapes, discard_shapes, keep_shapes

NAMES = ("jawOpen", "eyeBlinkLeft")


def world(whole, part):
    return whole.points[part.vertices]


def everything(obj):
    """What the artist would miss if it changed."""
    keys = obj.data.shape_keys
    return (
        [tuple(vertex.co) for vertex in obj.data.vertices],
        [(k.name, k.value, k.slider_max, k.mute, [tuple(p.co) for p in k.data]) for k in keys.key_blocks]
        if keys
        else 0,
        [(modifier.name, modifier.type) for modifier in obj.modifiers],
        [(group.name, group.index) for group in obj.vertex_groups],
        [[tuple(loop.uv) for loop in layer.data] for layer in obj.data.uv_layers],
        (dict(obj.items()), dict(obj.data.items())),
        (obj.active_shape_key_index, tuple(obj.scale)),
    )


@pytest.fixture
def rich(make_mesh):
    """A mesh with everything an artist may have put on it."""
    obj = make_mesh("Head", ["wart", "jawOpen"])
    obj.data.shape_keys.key_blocks["wart"].value = 0.4
    obj.data.shape_keys.key_blocks["wart"].slider_max = 2.0
    obj.active_shape_key_index = 1
    obj.modifiers.new("Smooth", "SUBSURF")
    obj.vertex_groups.new(name="head").add([0, 1], 0.5, "ADD")
    obj.data.uv_layers.new(name="UV")
    obj["studio"], obj.data["mesh note"] = "ours", 7
    obj.scale = (2.0, 2.0, 0.5)
    bpy.context.view_layer.update()
    return obj


def test_an_unapplied_scale_is_undone_in_the_shapes(make_mesh):
    obj = make_mesh("Head")
    obj.scale, obj.rotation_euler, obj.location = (2.0, 3.0, 0.5), (0.3, 0.2, 1.0), (1, 2, 3)
    bpy.context.view_layer.update()
    whole = face_mesh(obj)
    moved = np.zeros((2, 1, 3))
    moved[0, 0], moved[1, 0] = (0.1, -0.2, 0.3), (0.0, 0.0, 0.5)
    assert add_shapes(whole, NAMES, np.array([2]), moved) == {"Head": 2}
    block = obj.data.shape_keys.key_blocks["jawOpen"]
    assert block.value == 0.0
    matrix = np.array(obj.matrix_world)
    at = read(block.data) @ matrix[:3, :3].T + matrix[:3, 3]
    assert at - whole.points == pytest.approx(np.array([[0, 0, 0], [0, 0, 0], [0.1, -0.2, 0.3]]), abs=1e-5)


def test_shapes_go_to_the_object_that_moves_and_mirrored_objects_face_outwards(make_mesh, make_armature):
    rig = make_armature()
    face, eye = make_mesh("Face", parent=rig), make_mesh("Eye", parent=rig)
    eye.scale.x = -1
    bpy.context.view_layer.update()
    whole = face_mesh(rig)
    parts = {part.obj.name: part for part in whole.parts}
    assert set(parts) == {"Face", "Eye"}
    corner = {name: world(whole, part) for name, part in parts.items()}
    turned = [np.cross(*np.diff(whole.points[face], axis=0))[1] for face in whole.triangles]
    assert len({np.sign(one) for one in turned}) == 1, "both look the same way once the mirrored one is turned round"
    assert corner["Eye"][:, 0] == pytest.approx(-corner["Face"][:, 0])
    moves = np.zeros((2, 1, 3))
    moves[1] = 0.2
    assert add_shapes(whole, NAMES, np.array([parts["Eye"].vertices.start]), moves) == {"Eye": 1}
    assert face.data.shape_keys is None
    assert eye.data.shape_keys.key_blocks.keys() == ["Basis", "eyeBlinkLeft"]


def test_discard_leaves_everything_as_it_was(rich):
    before = everything(rich)
    whole = face_mesh(rich)
    assert add_shapes(whole, NAMES, np.arange(3), np.full((2, 3, 3), 0.1)) == {"Head": 1}
    keys = rich.data.shape_keys
    assert keys.key_blocks.keys() == ["Basis", "wart", "jawOpen", "eyeBlinkLeft"]
    assert previewed([rich]) == [rich]
    with pytest.raises(AddonError, match="Keep or Discard"):
        face_mesh(rich)
    discard_shapes(rich)
    assert everything(rich) == before
    assert not previewed([rich])


def test_discard_takes_the_basis_with_it_where_there_was_none(make_mesh):
    obj = make_mesh("Head")
    before = everything(obj)
    add_shapes(face_mesh(obj), NAMES, np.arange(3), np.full((2, 3, 3), 0.1))
    discard_shapes(obj)
    assert everything(obj) == before


def test_discard_spares_what_was_added_since(make_mesh):
    obj = make_mesh("Head")
    add_shapes(face_mesh(obj), NAMES, np.arange(3), np.full((2, 3, 3), 0.1))
    obj.shape_key_add(name="mine", from_mix=False)
    discard_shapes(obj)
    assert obj.data.shape_keys.key_blocks.keys() == ["Basis", "mine"]


def test_keep_leaves_ordinary_shape_keys(rich):
    add_shapes(face_mesh(rich), NAMES, np.arange(3), np.full((2, 3, 3), 0.1))
    keep_shapes(rich)
    assert PREVIEW not in rich.data.shape_keys
    assert "eyeBlinkLeft" in rich.data.shape_keys.key_blocks
    assert obstacle(rich) is None


def test_answers_that_do_not_fit_change_nothing(rich):
    before, whole = everything(rich), face_mesh(rich)
    for vertices, deltas in ((np.arange(3), np.zeros((2, 2, 3))), (np.array([9]), np.zeros((2, 1, 3)))):
        with pytest.raises(AddonError, match="does not fit"):
            add_shapes(whole, NAMES, vertices, deltas)
    assert everything(rich) == before


def test_objects_that_cannot_have_shapes_are_refused_with_the_way_out(make_mesh, make_armature):
    shared = make_mesh("Twin")
    twin = bpy.data.objects.new("Other", shared.data)
    bpy.context.scene.collection.objects.link(twin)
    assert "Make Single User" in (obstacle(shared) or "")
    half = make_mesh("Half")
    half.modifiers.new("Mirror", "MIRROR")
    assert "Mirror modifier" in (obstacle(half) or "")
    flat = make_mesh("Flat")
    flat.scale.z = 0
    bpy.context.view_layer.update()
    assert "scaled to nothing" in (obstacle(flat) or "")
    absolute = make_mesh("Absolute", ["a"])
    absolute.data.shape_keys.use_relative = False
    assert "Relative" in (obstacle(absolute) or "")
    with pytest.raises(AddonError, match="camera"):
        face_mesh(bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera")))
    with pytest.raises(AddonError, match="no visible mesh"):
        face_mesh(make_armature("Bare"))


def test_a_linked_mesh_is_refused(make_mesh, tmp_path):
    path = str(tmp_path / "library.blend")
    bpy.data.libraries.write(path, {make_mesh("Library Head")})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(path, link=True) as (there, here):
        here.objects = there.objects
    obj = bpy.data.objects["Library Head"]
    bpy.context.scene.collection.objects.link(obj)
    with pytest.raises(AddonError, match=r"linked from library\.blend"):
        face_mesh(obj)


def test_colours_come_from_materials_attributes_and_textures(make_mesh):
    obj = make_mesh("Head")
    assert vertex_colours(obj) == pytest.approx(np.full((3, 3), 0.6))
    material = bpy.data.materials.new("Skin")
    material.use_nodes = True
    obj.data.materials.append(material)
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (0.8, 0.5, 0.25, 1)
    assert vertex_colours(obj) == pytest.approx(np.tile([0.8, 0.5, 0.25], (3, 1)), abs=1e-6)
    image = bpy.data.images.new("Paint", 2, 2)
    image.pixels = [1, 0, 0, 1] * 2 + [0, 0, 1, 1] * 2
    texture = material.node_tree.nodes.new("ShaderNodeTexImage")
    texture.image = image
    material.node_tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    layer = obj.data.uv_layers.new(name="UV")
    for loop, uv in zip(layer.data, ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9)), strict=True):
        loop.uv = uv
    assert vertex_colours(obj) == pytest.approx(np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1]]), abs=1e-6)
    mix = material.node_tree.nodes.new("ShaderNodeGamma")
    material.node_tree.links.new(texture.outputs["Color"], mix.inputs["Color"])
    material.node_tree.links.new(mix.outputs["Color"], shader.inputs["Base Color"])
    assert vertex_colours(obj) == pytest.approx(np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1]]), abs=1e-6)
