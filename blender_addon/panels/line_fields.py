"""What the artist edits of the mapping's active line.

A line without a correction has nothing stored to draw fields of, and one line may stand for several meshes. So these
fields read the line as it was found, and keep a correction when they are set. They belong to the line's object, so
that Blender undoes them.
"""

# pyright: reportInvalidTypeForm=false
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import bpy

from ..hints import Context
from ..messages import AddonError
from ..properties import needed_object
from ..rig.character import find_character
from ..rig.corrections import Correction
from ..rig.lines import BONE, CHANNEL, Line, correct_line, correction_of, show_channel
from ..rig.schemes import channels
from ..rig.words import normalised

CHANNEL_FIELDS = 12
"""Channels that one shape key can follow in the panel; a file may name more."""

FILTERS = (
    ("ALL", "All Lines", "Every shape key and bone"),
    ("USED", "Used", "Shape keys and bones that move in a performance"),
    ("OPEN", "Not Used", "Shape keys and bones that do not move in a performance"),
    ("MISSING", "Missing Channels", "Channels that nothing shows"),
    ("UNSURE", "Unsure", "Lines that FaceMimic guessed"),
    ("CORRECTED", "Corrected", "Lines that you corrected"),
)

_shown: Line | None = None


def show(line: Line | None) -> None:
    """Makes `line` the one that the fields are about."""
    global _shown
    _shown = line


def shown() -> Line | None:
    """The line that the fields are about."""
    return _shown


def _own() -> Correction:
    return correction_of(_shown) if _shown else Correction("")


def _keep(own: Correction) -> None:
    if _shown is not None and not _shown.driven:
        correct_line(_shown, own)


def follows() -> dict[str, float]:
    """What the active line follows, before its own gain."""
    own = _own()
    if own.follows is not None:
        return dict(own.follows)
    return dict(_shown.follows) if _shown is not None and _shown.kind != BONE else {}


def _number(name: str, label: str, description: str, default: float, low: float, high: float) -> Any:
    def get(self: Any) -> float:
        return getattr(_own(), name)

    def set_(self: Any, value: float) -> None:
        _keep(_limited(replace(_own(), **{name: round(value, 6)}), name))

    return bpy.props.FloatProperty(
        name=label,
        description=description,
        default=default,
        min=-10.0,
        max=10.0,
        soft_min=low,
        soft_max=high,
        step=5,
        precision=2,
        get=get,
        set=set_,
        options=set(),
    )


def _limited(own: Correction, edited: str) -> Correction:
    """The other limit gives way to the one that is edited."""
    if own.low <= own.high:
        return own
    return replace(own, high=own.low) if edited == "low" else replace(own, low=own.high)


def _get_on(self: Any) -> bool:
    return not _own().off


def _set_on(self: Any, value: bool) -> None:
    _keep(replace(_own(), off=not value))


def _get_bone(self: Any) -> str:
    return _own().bone or (_shown.bone if _shown else "")


def _set_bone(self: Any, value: str) -> None:
    _keep(replace(_own(), bone=value))


def _rename(old: str, new: str) -> dict[str, float]:
    """What the line follows with one channel in place of another; an empty old one adds, an empty new one removes."""
    told = follows()
    if not old:
        return {**told, new: 1.0} if new else told
    return {new if channel == old else channel: gain for channel, gain in told.items() if channel != old or new}


def _offered(self: Any, context: Context, typed: str) -> Iterator[str]:
    plain = normalised(typed)
    taken = follows()
    return (name for name in channels() if plain in name.lower() and name not in taken)


def _channel(place: int) -> Any:
    def get(self: Any) -> str:
        told = list(follows())
        return told[place] if place < len(told) else ""

    def set_(self: Any, value: str) -> None:
        if value == "" or value in channels():
            _keep(replace(_own(), follows=_rename(get(self), value)))

    return bpy.props.StringProperty(
        name="Channel",
        description="A channel of the performance that the shape key follows. Empty it to follow it no more",
        search=_offered,
        get=get,
        set=set_,
        options=set(),
    )


def _share(place: int) -> Any:
    def get(self: Any) -> float:
        told = list(follows().values())
        return told[place] if place < len(told) else 0.0

    def set_(self: Any, value: float) -> None:
        told = follows()
        if place < len(told):
            told[list(told)[place]] = round(value, 6)
            _keep(replace(_own(), follows=told))

    return bpy.props.FloatProperty(
        name="Share",
        description="How far the shape key goes when this channel is at 1",
        min=-10.0,
        max=10.0,
        soft_min=-1.0,
        soft_max=1.0,
        step=5,
        precision=2,
        get=get,
        set=set_,
        options=set(),
    )


def _shape_keys(self: Any, context: Context, typed: str) -> list[str]:
    try:
        character = find_character(needed_object(context))
    except AddonError:
        return []
    free = [one.shape_key for one in character.idle if not one.reason.startswith("has a driver")]
    names = dict.fromkeys([*free, *(target.shape_key for target in character.targets)])
    return [name for name in names if typed.lower() in name.lower()]


def _set_shape_key(self: Any, value: str) -> None:
    if _shown is not None and _shown.kind == CHANNEL and value:
        show_channel(find_character(needed_object(bpy.context)), _shown.name, value)


def _members() -> dict[str, Any]:
    fields: dict[str, Any] = {
        "on": bpy.props.BoolProperty(
            name="Follow",
            description="Whether it follows the performance at all",
            get=_get_on,
            set=_set_on,
            options=set(),
        ),
        "gain": _number("gain", "Gain", "Stronger or weaker than the performance", 1.0, 0.0, 2.0),
        "offset": _number("offset", "Offset", "Added to what it follows, at all times", 0.0, -1.0, 1.0),
        "low": _number("low", "Lower Limit", "It never goes below", 0.0, -1.0, 1.0),
        "high": _number("high", "Upper Limit", "It never goes above", 1.0, 0.0, 2.0),
        "bone": bpy.props.StringProperty(
            name="Bone", description="The bone that makes this motion", get=_get_bone, set=_set_bone, options=set()
        ),
        "shape_key": bpy.props.StringProperty(
            name="Shape Key",
            description="The shape key that shall show this channel",
            search=_shape_keys,
            get=lambda self: "",
            set=_set_shape_key,
            options=set(),
        ),
    }
    for place in range(CHANNEL_FIELDS):
        fields[f"channel_{place}"] = _channel(place)
        fields[f"share_{place}"] = _share(place)
    return fields


class FACEMIMIC_PG_line_fields(bpy.types.PropertyGroup):
    """The fields; see the file."""

    __annotations__ = _members()


class FACEMIMIC_PG_row(bpy.types.PropertyGroup):
    """A row of the list; its name is the line's, and the rest is remembered with the match."""


class FACEMIMIC_PG_list(bpy.types.PropertyGroup):
    """The list as it is looked at: nothing of the character's, so that it is neither saved nor undone."""

    rows: bpy.props.CollectionProperty(type=FACEMIMIC_PG_row)
    active: bpy.props.IntProperty(name="Line", description="The line that is shown below the list")
    show: bpy.props.EnumProperty(name="Show", description="Which lines are listed", items=FILTERS)


def fields(obj: bpy.types.Object) -> Any:
    """The fields, on the object that shall remember what they are set to."""
    return obj.facemimic_line  # pyright: ignore[reportAttributeAccessIssue]


def rows(context: Context) -> Any:
    """The list of the window manager."""
    return context.window_manager.facemimic_lines


_CLASSES = (FACEMIMIC_PG_line_fields, FACEMIMIC_PG_row, FACEMIMIC_PG_list)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Object.facemimic_line = bpy.props.PointerProperty(  # pyright: ignore[reportAttributeAccessIssue]
        type=FACEMIMIC_PG_line_fields
    )
    bpy.types.WindowManager.facemimic_lines = bpy.props.PointerProperty(  # pyright: ignore[reportAttributeAccessIssue]
        type=FACEMIMIC_PG_list, options={"SKIP_SAVE"}
    )


def unregister() -> None:
    show(None)
    del bpy.types.WindowManager.facemimic_lines  # pyright: ignore[reportAttributeAccessIssue]
    del bpy.types.Object.facemimic_line  # pyright: ignore[reportAttributeAccessIssue]
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
