"""A stand-in for the VRM Add-on for Blender, which cannot be installed here: property groups and an operator under the
names that its published source has (version 3). It shows that we read those names, not that the add-on behaves so."""

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

PRESETS = (
    "happy", "angry", "sad", "relaxed", "surprised", "neutral", "aa", "ih", "ou", "ee", "oh", "blink", "blink_left",
    "blink_right", "look_up", "look_down", "look_left", "look_right",
)  # fmt: skip
_RULES = [(name, name, "") for name in ("none", "block", "blend")]


class MeshObject(bpy.types.PropertyGroup):
    mesh_object_name: bpy.props.StringProperty()


class Bind1(bpy.types.PropertyGroup):
    node: bpy.props.PointerProperty(type=MeshObject)
    index: bpy.props.StringProperty()
    weight: bpy.props.FloatProperty(default=1, min=0, max=1)


class Expression1(bpy.types.PropertyGroup):
    custom_name: bpy.props.StringProperty()
    morph_target_binds: bpy.props.CollectionProperty(type=Bind1)
    override_blink: bpy.props.EnumProperty(items=_RULES)
    override_look_at: bpy.props.EnumProperty(items=_RULES)
    override_mouth: bpy.props.EnumProperty(items=_RULES)
    preview: bpy.props.FloatProperty(min=0, max=1)


class Preset1(bpy.types.PropertyGroup):
    __annotations__ = {name: bpy.props.PointerProperty(type=Expression1) for name in PRESETS}


class Expressions1(bpy.types.PropertyGroup):
    preset: bpy.props.PointerProperty(type=Preset1)
    custom: bpy.props.CollectionProperty(type=Expression1)


class Vrm1(bpy.types.PropertyGroup):
    expressions: bpy.props.PointerProperty(type=Expressions1)


class Bind0(bpy.types.PropertyGroup):
    mesh: bpy.props.PointerProperty(type=MeshObject)
    index: bpy.props.StringProperty()
    weight: bpy.props.FloatProperty(default=1, min=0, max=1)


class Group0(bpy.types.PropertyGroup):
    name: bpy.props.StringProperty()
    preset_name: bpy.props.StringProperty(default="unknown")
    binds: bpy.props.CollectionProperty(type=Bind0)


class Master0(bpy.types.PropertyGroup):
    blend_shape_groups: bpy.props.CollectionProperty(type=Group0)


class Vrm0(bpy.types.PropertyGroup):
    blend_shape_master: bpy.props.PointerProperty(type=Master0)


class Extension(bpy.types.PropertyGroup):
    spec_version: bpy.props.EnumProperty(items=[("0.0", "0", ""), ("1.0", "1", "")])
    vrm0: bpy.props.PointerProperty(type=Vrm0)
    vrm1: bpy.props.PointerProperty(type=Vrm1)


class EXPORT_SCENE_OT_vrm(bpy.types.Operator):
    bl_idname = "export_scene.vrm"
    bl_label = "Export VRM"

    filepath: bpy.props.StringProperty()
    armature_object_name: bpy.props.StringProperty()
    ignore_warning: bpy.props.BoolProperty()
    manner = "good"
    seen: dict = {}  # noqa: RUF012

    def execute(self, context):
        cls = EXPORT_SCENE_OT_vrm
        cls.seen = {
            "armature": self.armature_object_name,
            "ignore_warning": self.ignore_warning,
            "values": [block.value for key in bpy.data.shape_keys for block in key.key_blocks],
        }
        if cls.manner == "cancels":
            return {"CANCELLED"}
        text = json.dumps({"asset": {"version": "2.0"}, "extensions": {"VRMC_vrm": {"odd": 1}}}).encode()
        text += b" " * (-len(text) % 4)
        if cls.manner == "half":
            text = text[:-4]
        head = struct.pack("<IIIII", 0x46546C67, 2, 20 + len(text) + 4 * (cls.manner == "half"), len(text), 0x4E4F534A)
        Path(self.filepath).write_bytes(head + text)
        return {"FINISHED"}


_CLASSES = (
    MeshObject, Bind1, Expression1, Preset1, Expressions1, Vrm1, Bind0, Group0, Master0, Vrm0, Extension,
    EXPORT_SCENE_OT_vrm,
)  # fmt: skip


@contextmanager
def enabled() -> Iterator[type[EXPORT_SCENE_OT_vrm]]:
    """The stand-in, registered; gives its operator, whose `manner` tells how it behaves."""
    for one in _CLASSES:
        bpy.utils.register_class(one)
    bpy.types.Armature.vrm_addon_extension = bpy.props.PointerProperty(type=Extension)
    EXPORT_SCENE_OT_vrm.manner = "good"
    try:
        yield EXPORT_SCENE_OT_vrm
    finally:
        del bpy.types.Armature.vrm_addon_extension
        for one in reversed(_CLASSES):
            bpy.utils.unregister_class(one)
