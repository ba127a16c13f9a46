"""What the VRM Add-on for Blender (saturday06) keeps about an avatar: expressions, their previews, and how eyes turn.

It holds them on the armature's data as `vrm_addon_extension`, only while it is enabled. Names of properties as in its
published source up to version 3.19.1. There, a preview that changes, as a curve makes it, writes the shape keys of
*all* expressions, those at rest as well, and a handler writes them again after the frame has changed.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

_PRESETS = (
    "happy", "angry", "sad", "relaxed", "surprised", "neutral", "aa", "ih", "ou", "ee", "oh", "blink", "blink_left",
    "blink_right", "look_up", "look_down", "look_left", "look_right",
)  # fmt: skip
_VRM_1 = "1.0"
_EXTENSION = "vrm_addon_extension"


def extension_of(armature: bpy.types.Object | None) -> Any:
    """The add-on's data of an armature object; None where the add-on is not enabled."""
    return getattr(armature.data, _EXTENSION, None) if armature is not None else None


def stated_expressions(mesh: bpy.types.Object) -> list[tuple[str, dict[str, float]]]:
    """The expressions that move a mesh: name, and shape key to weight 0..1; empty without the add-on.

    VRM 1.0's presets have the specification's names, VRM 0.x's groups their preset's, or their own where it is unknown.
    """
    return [(name, binds[mesh.name]) for name, binds in _expressions(_armature_of(mesh)) if mesh.name in binds]


def override_rules(armature: bpy.types.Object | None) -> dict[str, dict[str, str]]:
    """Expression to overrideBlink, overrideLookAt and overrideMouth, as the artist set them; empty without VRM 1.0."""
    return {
        name: {
            "overrideBlink": expression.override_blink,
            "overrideLookAt": expression.override_look_at,
            "overrideMouth": expression.override_mouth,
        }
        for name, expression in _vrm1(extension_of(armature))
    }


@contextmanager
def without_previews(armature: bpy.types.Object | None) -> Iterator[None]:
    """Mutes the curves of the add-on's expression previews, which overwrite shape keys on every frame."""
    curves = [curve for curve in preview_curves(armature) if not curve.mute]
    for curve in curves:
        curve.mute = True
    try:
        yield
    finally:
        for curve in curves:
            curve.mute = False


def preview_curves(armature: bpy.types.Object | None) -> list[bpy.types.FCurve]:
    """The curves that animate the previews of an armature's expressions: in its action, its NLA strips, its drivers."""
    data: Any = getattr(armature.data, "animation_data", None) if armature is not None else None
    if data is None:
        return []
    playing = [(data.action, data.action_slot)]
    playing += [(strip.action, strip.action_slot) for track in data.nla_tracks for strip in _strips(track.strips)]
    found = [curve for action, slot in dict.fromkeys(playing) for curve in _curves(action, slot)]
    return [
        curve
        for curve in (*found, *data.drivers)
        if curve.data_path.startswith(f"{_EXTENSION}.") and curve.data_path.endswith(".preview")
    ]


def _strips(strips: Any) -> Iterator[Any]:
    """The strips with an action, those inside of meta strips too."""
    for strip in strips:
        yield from _strips(strip.strips)
        if strip.action is not None:
            yield strip


def _curves(action: Any, slot: Any) -> Iterator[bpy.types.FCurve]:
    if action is None or slot is None:
        return
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot)
            yield from bag.fcurves if bag else ()


def stated_gaze(armature: bpy.types.Object) -> dict[str, float]:
    """Degrees that the eye bones turn Out, In, Up and Down; empty without the add-on or where eyes look by shapes.

    Every armature has the add-on's defaults, so that those count that have an expression: these are avatars.
    """
    extension = extension_of(armature)
    if extension is None or not any(binds for _, binds in _expressions(armature)):
        return {}
    try:
        if str(extension.spec_version) == _VRM_1:
            look, by_bones = extension.vrm1.look_at, extension.vrm1.look_at.type == "bone"
            start, reach = "range_map_", "output_scale"
        else:
            look, by_bones = extension.vrm0.first_person, extension.vrm0.first_person.look_at_type_name == "Bone"
            start, reach = "look_at_", "y_range"
        ways = {"Out": "horizontal_outer", "In": "horizontal_inner", "Up": "vertical_up", "Down": "vertical_down"}
        return {way: float(getattr(getattr(look, start + name), reach)) for way, name in ways.items() if by_bones}
    except AttributeError:
        return {}


def _armature_of(mesh: bpy.types.Object) -> bpy.types.Object | None:
    return mesh.find_armature() or (mesh.parent if mesh.parent and mesh.parent.type == "ARMATURE" else None)


def _expressions(armature: bpy.types.Object | None) -> Iterator[tuple[str, dict[str, dict[str, float]]]]:
    """Every expression's name, and mesh object's name to shape key to weight."""
    extension = extension_of(armature)
    if extension is None:
        return
    if str(getattr(extension, "spec_version", "")) == _VRM_1:
        for name, expression in _vrm1(extension):
            yield name, _binds(expression.morph_target_binds, "node")
        return
    for group in getattr(getattr(extension.vrm0, "blend_shape_master", None), "blend_shape_groups", ()):
        preset = str(group.preset_name)
        yield (group.name if preset == "unknown" else preset), _binds(group.binds, "mesh")


def _vrm1(extension: Any) -> Iterator[tuple[str, Any]]:
    if extension is not None and str(getattr(extension, "spec_version", "")) == _VRM_1:
        yield from _all_vrm1(extension)


def _all_vrm1(extension: Any) -> Iterator[tuple[str, Any]]:
    expressions = extension.vrm1.expressions
    for name in _PRESETS:
        first, *rest = name.split("_")
        yield first + "".join(part.capitalize() for part in rest), getattr(expressions.preset, name)
    for expression in expressions.custom:
        yield expression.custom_name, expression


def _binds(binds: Any, where: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for bind in binds:
        mesh = getattr(bind, where).mesh_object_name
        if mesh and bind.index and bind.weight > 0:
            found[mesh][bind.index] = float(bind.weight)
    return found
