"""What the panels edit. It is stored in the scene, so that it is saved with the file and undone like anything else."""

# pyright: reportInvalidTypeForm=false
import bpy

from . import emotions
from .hints import Context
from .messages import AddonError
from .preflight.findings import targets

SHORTEST, LONGEST = 0.3, 600.0
"""Seconds; the engine's limits for a request."""


def _may_be_character(settings: bpy.types.bpy_struct, obj: bpy.types.Object) -> bool:
    if obj.type == "MESH":
        return obj.data is not None and getattr(obj.data, "shape_keys", None) is not None
    return obj.type == "ARMATURE"


class FACEMIMIC_PG_settings(bpy.types.PropertyGroup):
    character: bpy.props.PointerProperty(
        name="Character",
        description="The mesh or armature of the character that performs. Leave empty to follow the active object",
        type=bpy.types.Object,
        poll=_may_be_character,
    )
    emotion: bpy.props.EnumProperty(
        name="Emotion", description="What the character feels", items=emotions.enum_items(), default="happy"
    )
    intensity: bpy.props.FloatProperty(
        name="Intensity",
        description="How strongly it shows: 1 is the strongest in everyday life, more is acted",
        default=0.8,
        min=0.0,
        max=1.2,
        step=5,
        precision=2,
        subtype="FACTOR",
    )
    duration: bpy.props.FloatProperty(
        name="Duration",
        description="How long the performance lasts, from a resting face to a resting face",
        default=2.0,
        min=SHORTEST,
        max=LONGEST,
        soft_max=20.0,
        step=10,
        precision=2,
        subtype="TIME_ABSOLUTE",
        unit="TIME_ABSOLUTE",
    )
    seed: bpy.props.IntProperty(
        name="Seed",
        description="Another number gives another performance of the same; the same number gives the same again",
        default=0,
        min=0,
    )
    approximate: bpy.props.BoolProperty(
        name="Approximate Missing Shapes",
        description="Show channels that the character has no shape key for by the nearest that it has, so that "
        "a feeling still reads. Otherwise they are left out",
        default=True,
    )
    reduce_keys: bpy.props.BoolProperty(
        name="Reduce Keys",
        description="Key only where the curves need it, so that they can be edited. Otherwise every frame is keyed",
        default=True,
    )
    tolerance: bpy.props.FloatProperty(
        name="Tolerance",
        description="How far a reduced curve may lie from the performance, as a share of a shape's full strength",
        default=0.01,
        min=0.0001,
        max=0.2,
        soft_min=0.001,
        soft_max=0.05,
        precision=3,
    )
    preflight_target: bpy.props.EnumProperty(
        name="Target",
        description="The program that the character and its takes go to",
        items=[(one.name, one.label, one.about) for one in targets().values()],
        default="godot",
    )
    new_take: bpy.props.BoolProperty(
        name="New Action",
        description="Start a new action each time. Otherwise a performance is added to the one that FaceMimic made",
        default=False,
    )


def settings(context: Context) -> FACEMIMIC_PG_settings:
    """The scene's settings."""
    return context.scene.facemimic  # pyright: ignore[reportAttributeAccessIssue]


def chosen_object(context: Context) -> bpy.types.Object | None:
    """The object named as the character, else the active one; None when there is neither in the scene."""
    chosen = settings(context).character
    if chosen is not None:
        # The setting keeps a deleted object alive in the file, though it is in no scene any more.
        return chosen if context.scene.objects.get(chosen.name) == chosen else None
    return context.active_object


def needed_object(context: Context) -> bpy.types.Object:
    """The same, for operators. Raises AddonError when there is none."""
    obj = chosen_object(context)
    if obj is not None:
        return obj
    chosen = settings(context).character
    if chosen is not None:
        raise AddonError(f"“{chosen.name}” is not in this scene any more. Choose another character in the panel.")
    raise AddonError("Choose a character in the panel, or select its mesh or armature.")


def register() -> None:
    bpy.utils.register_class(FACEMIMIC_PG_settings)
    bpy.types.Scene.facemimic = bpy.props.PointerProperty(  # pyright: ignore[reportAttributeAccessIssue]
        type=FACEMIMIC_PG_settings
    )


def unregister() -> None:
    del bpy.types.Scene.facemimic  # pyright: ignore[reportAttributeAccessIssue]
    bpy.utils.unregister_class(FACEMIMIC_PG_settings)
