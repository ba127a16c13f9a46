"""Shape keys with a vertex group, or relative to another, are written as they look; the artist's stay as they are."""

import bpy
import numpy as np
import pytest

from blender_addon.export.plain_shapes import plain_shapes


@pytest.fixture
def face(scene, make_mesh):
    obj = make_mesh("Face", ["smile", "wide", "plain"])
    obj.vertex_groups.new(name="half").add([2], 0.5, "REPLACE")
    blocks = obj.data.shape_keys.key_blocks
    blocks["smile"].vertex_group = "half"
    blocks["wide"].relative_key = blocks["plain"]
    return obj


def heights(obj):
    return [block.data[2].co.z for block in obj.data.shape_keys.key_blocks]


def test_they_become_whole_displacements_and_come_back(face):
    twin = bpy.data.objects.new("Twin", face.data)
    blocks = face.data.shape_keys.key_blocks
    assert heights(face) == [1, 2, 3, 4]
    with plain_shapes([face, twin]):
        assert heights(face) == pytest.approx([1, 1.5, 0, 4])
        assert not any(block.vertex_group for block in blocks)
        assert all(block.relative_key == blocks[0] for block in blocks)
    assert heights(face) == [1, 2, 3, 4]
    assert (blocks["smile"].vertex_group, blocks["wide"].relative_key) == ("half", blocks["plain"])


def test_they_come_back_when_the_export_fails(face):
    before = np.array(heights(face))
    with pytest.raises(ZeroDivisionError), plain_shapes([face]):
        1 / 0  # noqa: B018
    assert (np.array(heights(face)) == before).all()
    assert face.data.shape_keys.key_blocks["smile"].vertex_group == "half"


def test_a_group_that_is_gone_limits_nothing(face):
    face.vertex_groups.clear()
    face.data.shape_keys.key_blocks["wide"].relative_key = face.data.shape_keys.key_blocks[0]
    with plain_shapes([face]):
        assert heights(face) == [1, 2, 3, 4]


def test_shapes_of_another_file_stay_as_they_are(face, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.meshes = ["Face"]
    linked = bpy.data.objects.new("Face", bpy.data.meshes["Face"])
    with plain_shapes([linked]):
        assert heights(linked) == [1, 2, 3, 4]
