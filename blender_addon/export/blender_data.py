"""The parts of Blender's data that exports read, each behind one typed function."""

from typing import Any

import bpy


def context() -> Any:
    """bpy.context; its members depend on where Blender is, so no type describes them."""
    return bpy.context


def scene_fps() -> float:
    """The scene's frames per second."""
    render = context().scene.render
    return render.fps / render.fps_base


def shape_keys(obj: bpy.types.Object) -> bpy.types.Key | None:
    """The shape keys of a mesh object, if any."""
    return obj.data.shape_keys if isinstance(obj.data, bpy.types.Mesh) else None


def key_blocks(obj: bpy.types.Object) -> list[bpy.types.ShapeKey]:
    """The shape keys of an object, its basis first."""
    keys = shape_keys(obj)
    return list(keys.key_blocks) if keys else []


def armature_bones(obj: bpy.types.Object) -> dict[str, bpy.types.Bone]:
    """The rest bones of an armature object, by name."""
    return {bone.name: bone for bone in obj.data.bones} if isinstance(obj.data, bpy.types.Armature) else {}


def pose_bones(obj: bpy.types.Object) -> dict[str, bpy.types.PoseBone]:
    """The pose bones of an armature object, by name."""
    return {bone.name: bone for bone in obj.pose.bones} if obj.pose else {}
