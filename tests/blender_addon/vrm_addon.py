"""A stand-in for the VRM Add-on for Blender, which cannot be installed here: property groups, the handler of its
previews and its operator, under the names and with the manners of its published source (3.19.1 and before). It shows
that we get along with these, not that a later version has them."""

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
GROUPS = (
    "unknown", "neutral", "a", "i", "u", "e", "o", "blink", "joy", "angry", "sorrow", "fun", "lookup", "lookdown",
    "lookleft", "lookright", "blink_l", "blink_r",
)  # fmt: skip
_RULES = [(name, name, "") for name in ("none", "block", "blend")]


class BoneName(bpy.types.PropertyGroup):
    bone_name: bpy.props.StringProperty()


class MeshObject(bpy.types.PropertyGroup):
    """The name is read from a pointer to the object, and is empty where it is no mesh."""

    bpy_object: bpy.props.PointerProperty(type=bpy.types.Object)

    def _name(self):
        return self.bpy_object.name if self.bpy_object and self.bpy_object.type == "MESH" else ""

    def _choose(self, name):
        obj = bpy.data.objects.get(name)
        self.bpy_object = obj if obj and obj.type == "MESH" else None

    mesh_object_name: bpy.props.StringProperty(get=_name, set=_choose)


class Bind1(bpy.types.PropertyGroup):
    node: bpy.props.PointerProperty(type=MeshObject)
    index: bpy.props.StringProperty()
    weight: bpy.props.FloatProperty(default=1, min=0, max=1)


after_the_frame: dict[tuple[str, str], float] = {}
"""What a preview wants of shape keys once the frame has changed, by the Key's and the block's name."""


def _wanted(expression, binds, where):
    return [
        (bpy.data.objects[getattr(bind, where).mesh_object_name].data.shape_keys, bind.index, bind.weight)
        for bind in binds
        if getattr(bind, where).mesh_object_name and expression is not None
    ]


class Expression1(bpy.types.PropertyGroup):
    custom_name: bpy.props.StringProperty()
    morph_target_binds: bpy.props.CollectionProperty(type=Bind1)
    override_blink: bpy.props.EnumProperty(items=_RULES)
    override_look_at: bpy.props.EnumProperty(items=_RULES)
    override_mouth: bpy.props.EnumProperty(items=_RULES)

    def _shown(self):
        value = self.get("preview")
        return float(value) if isinstance(value, float | int) else 0.0

    def _show(self, value):
        if abs(self._shown() - value) < 1e-9:
            return
        self["preview"] = float(value)
        # All of the avatar's expressions are mixed anew, those at rest too.
        expressions = self.id_data.vrm_addon_extension.vrm1.expressions
        sums: dict = {}
        for other in (*(getattr(expressions.preset, name) for name in PRESETS), *expressions.custom):
            for key, index, weight in _wanted(other, other.morph_target_binds, "node"):
                sums[key, index] = sums.get((key, index), 0.0) + weight * other.preview
        for (key, index), mixed in sums.items():
            key.key_blocks[index].value = mixed
            after_the_frame[key.name, index] = mixed

    preview: bpy.props.FloatProperty(min=0, max=1, get=_shown, set=_show)


class Preset1(bpy.types.PropertyGroup):
    __annotations__ = {name: bpy.props.PointerProperty(type=Expression1) for name in PRESETS}


class Expressions1(bpy.types.PropertyGroup):
    preset: bpy.props.PointerProperty(type=Preset1)
    custom: bpy.props.CollectionProperty(type=Expression1)


class RangeMap1(bpy.types.PropertyGroup):
    input_max_value: bpy.props.FloatProperty(default=90)
    output_scale: bpy.props.FloatProperty(default=10)


class LookAt1(bpy.types.PropertyGroup):
    type: bpy.props.EnumProperty(items=[("bone", "Bone", ""), ("expression", "Expression", "")])
    range_map_horizontal_inner: bpy.props.PointerProperty(type=RangeMap1)
    range_map_horizontal_outer: bpy.props.PointerProperty(type=RangeMap1)
    range_map_vertical_down: bpy.props.PointerProperty(type=RangeMap1)
    range_map_vertical_up: bpy.props.PointerProperty(type=RangeMap1)


class HumanBone1(bpy.types.PropertyGroup):
    node: bpy.props.PointerProperty(type=BoneName)


class HumanBones1(bpy.types.PropertyGroup):
    __annotations__ = {
        name: bpy.props.PointerProperty(type=HumanBone1) for name in ("head", "jaw", "left_eye", "right_eye")
    }


class Humanoid1(bpy.types.PropertyGroup):
    human_bones: bpy.props.PointerProperty(type=HumanBones1)


class Vrm1(bpy.types.PropertyGroup):
    expressions: bpy.props.PointerProperty(type=Expressions1)
    humanoid: bpy.props.PointerProperty(type=Humanoid1)
    look_at: bpy.props.PointerProperty(type=LookAt1)


class Bind0(bpy.types.PropertyGroup):
    mesh: bpy.props.PointerProperty(type=MeshObject)
    index: bpy.props.StringProperty()
    weight: bpy.props.FloatProperty(default=1, min=0, max=1)


class Group0(bpy.types.PropertyGroup):
    name: bpy.props.StringProperty()
    preset_name: bpy.props.EnumProperty(items=[(name, name, "") for name in GROUPS])
    binds: bpy.props.CollectionProperty(type=Bind0)

    def _shown(self):
        value = self.get("preview")
        return float(value) if isinstance(value, float | int) else 0.0

    def _show(self, value):
        if abs(self._shown() - value) < 1e-9:
            return
        self["preview"] = float(value)
        for key, index, weight in _wanted(self, self.binds, "mesh"):
            key.key_blocks[index].value = weight * value
            after_the_frame[key.name, index] = weight * value

    preview: bpy.props.FloatProperty(min=0, max=1, get=_shown, set=_show)


class Master0(bpy.types.PropertyGroup):
    blend_shape_groups: bpy.props.CollectionProperty(type=Group0)


class DegreeMap0(bpy.types.PropertyGroup):
    x_range: bpy.props.FloatProperty(default=90)
    y_range: bpy.props.FloatProperty(default=10)


class FirstPerson0(bpy.types.PropertyGroup):
    look_at_type_name: bpy.props.EnumProperty(items=[("Bone", "Bone", ""), ("BlendShape", "Blend Shape", "")])
    look_at_horizontal_inner: bpy.props.PointerProperty(type=DegreeMap0)
    look_at_horizontal_outer: bpy.props.PointerProperty(type=DegreeMap0)
    look_at_vertical_down: bpy.props.PointerProperty(type=DegreeMap0)
    look_at_vertical_up: bpy.props.PointerProperty(type=DegreeMap0)


class HumanBone0(bpy.types.PropertyGroup):
    bone: bpy.props.StringProperty()
    node: bpy.props.PointerProperty(type=BoneName)


class Humanoid0(bpy.types.PropertyGroup):
    human_bones: bpy.props.CollectionProperty(type=HumanBone0)


class Vrm0(bpy.types.PropertyGroup):
    blend_shape_master: bpy.props.PointerProperty(type=Master0)
    first_person: bpy.props.PointerProperty(type=FirstPerson0)
    humanoid: bpy.props.PointerProperty(type=Humanoid0)


class Extension(bpy.types.PropertyGroup):
    spec_version: bpy.props.EnumProperty(items=[("0.0", "0", ""), ("1.0", "1", "")])
    vrm0: bpy.props.PointerProperty(type=Vrm0)
    vrm1: bpy.props.PointerProperty(type=Vrm1)


class EXPORT_SCENE_OT_vrm(bpy.types.Operator):
    bl_idname = "export_scene.vrm"
    bl_label = "Export VRM"

    filepath: bpy.props.StringProperty()
    use_addon_preferences: bpy.props.BoolProperty()
    export_invisibles: bpy.props.BoolProperty()
    export_only_selections: bpy.props.BoolProperty()
    enable_advanced_preferences: bpy.props.BoolProperty()
    export_all_influences: bpy.props.BoolProperty()
    export_lights: bpy.props.BoolProperty()
    export_gltf_animations: bpy.props.BoolProperty()
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
        self._clear_previews()
        if cls.manner == "cancels":
            return {"CANCELLED"}
        text = json.dumps({"asset": {"version": "2.0"}, "extensions": {"VRMC_vrm": {"odd": 1}}}).encode()
        text += b" " * (-len(text) % 4)
        if cls.manner == "half":
            text = text[:-4]
        head = struct.pack("<IIIII", 0x46546C67, 2, 20 + len(text) + 4 * (cls.manner == "half"), len(text), 0x4E4F534A)
        Path(self.filepath).write_bytes(head + text)
        return {"FINISHED"}

    def _clear_previews(self):
        """While it writes it takes the previews to rest and back, which writes the shape keys they are bound to."""
        extension = bpy.data.objects[self.armature_object_name].data.vrm_addon_extension
        expressions = extension.vrm1.expressions
        for one in (
            *extension.vrm0.blend_shape_master.blend_shape_groups,
            *(getattr(expressions.preset, name) for name in PRESETS),
            *expressions.custom,
        ):
            before = one.preview
            one.preview = 0
            one.preview = before


def _before_the_frame(*_):
    after_the_frame.clear()


def _after_the_frame(*_):
    for (key, index), value in after_the_frame.items():
        bpy.data.shape_keys[key].key_blocks[index].value = value
    after_the_frame.clear()


_CLASSES = (
    BoneName, MeshObject, Bind1, Expression1, Preset1, Expressions1, RangeMap1, LookAt1, HumanBone1, HumanBones1,
    Humanoid1, Vrm1, Bind0, Group0, Master0, DegreeMap0, FirstPerson0, HumanBone0, Humanoid0, Vrm0, Extension,
    EXPORT_SCENE_OT_vrm,
)  # fmt: skip


@contextmanager
def enabled() -> Iterator[type[EXPORT_SCENE_OT_vrm]]:
    """The stand-in, registered; gives its operator, whose `manner` tells how it behaves."""
    for one in _CLASSES:
        bpy.utils.register_class(one)
    bpy.types.Armature.vrm_addon_extension = bpy.props.PointerProperty(type=Extension)
    EXPORT_SCENE_OT_vrm.manner = "good"
    handlers = bpy.app.handlers
    handlers.frame_change_pre.append(_before_the_frame)
    handlers.frame_change_post.append(_after_the_frame)
    try:
        yield EXPORT_SCENE_OT_vrm
    finally:
        for listed, one in (
            (handlers.frame_change_pre, _before_the_frame), (handlers.frame_change_post, _after_the_frame),
        ):  # fmt: skip
            if one in listed:
                listed.remove(one)
        del bpy.types.Armature.vrm_addon_extension
        for one in reversed(_CLASSES):
            bpy.utils.unregister_class(one)
