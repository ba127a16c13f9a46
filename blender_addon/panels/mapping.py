"""The mapping as a list: what each shape key and bone follows, how sure that is, and the fields to correct it."""

import unicodedata
from functools import lru_cache
from typing import Any

import bpy

from ..hints import Context, Layout
from ..properties import chosen_object, settings
from ..rig.character import CONFIRMED
from ..rig.lines import BONE, CHANNEL, MOTION_NAMES, SHAPE, SURE, Line
from ..rig.motions import motion_channels
from ..rig.recognise import EXACT, SPELLING
from ..rig.words import normalised
from .character import Tab, sentence
from .line_fields import CHANNEL_FIELDS, fields, follows, rows, show
from .matching import Matching, matching, short

_ROWS = 8


_drawn: tuple[Line, ...] = ()
"""The lines of the list that is being drawn: Blender asks for each row on its own, and often."""


def _lines(context: Context) -> tuple[Line, ...]:
    obj = chosen_object(context)
    return matching(obj).lines if obj is not None else ()


@lru_cache(maxsize=1 << 15)
def _folded(text: str) -> str:
    """Text to search in: without case, and letters with accents alike however they were typed."""
    return unicodedata.normalize("NFKC", text).casefold()


def icon_of(line: Line) -> str:
    """What tells at a glance how a line stands."""
    if line.kind == CHANNEL:
        return "ERROR"
    if line.driven:
        return "DRIVER"
    if line.reason == "turned off":
        return "HIDE_ON"
    if not line.used:
        return "REMOVE"
    if line.unsure:
        return "QUESTION"
    return "BONE_DATA" if line.kind == BONE else "CHECKMARK"


def in_words(line: Line, sparse: bool = False) -> str:
    """How the line stands, in sentences. sparse: whether missing channels are approximated."""
    if line.kind == CHANNEL:
        return "Nothing on this character shows this channel."
    if line.kind == BONE:
        return _bone_in_words(line)
    if not line.used:
        told = " Where channels are missing, it may help to approximate them." if sparse and line.spare else ""
        return f"Not used: {line.reason}.{told}"
    if line.sure in (EXACT, SPELLING):
        return f"{line.scheme}, {SURE[line.sure]}."
    return f"{SURE[line.sure][0].upper()}{SURE[line.sure][1:]}." if line.sure in SURE else line.scheme


def _bone_in_words(line: Line) -> str:
    if not line.used:
        return f"Not moved: {line.reason}."
    partly = set(motion_channels(line.name)) - set(line.follows)
    reach = f" by up to {line.reach:.0f}°" if line.reach else ""
    where = ", as far as no shape key does" if partly else ""
    return f"This bone moves the {MOTION_NAMES[line.name].lower()}{reach}{where}."


def names_itself(line: Line) -> bool:
    """Whether the shape key's name already says what it follows first of all."""
    return bool(line.follows) and normalised(line.name).endswith(normalised(short(line.follows)))


def wanted(line: Line, which: str) -> bool:
    """Whether a filter lets a line through."""
    if which == "MISSING":
        return line.kind == CHANNEL
    if line.kind == CHANNEL:
        return False
    if which in ("USED", "OPEN"):
        return line.used == (which == "USED")
    if which == "UNSURE":
        return line.unsure
    return which == "ALL" or line.corrected


class FACEMIMIC_UL_lines(bpy.types.UIList):
    """One row for each line; the rows themselves only count, the lines are remembered with the match."""

    def draw_item(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        context: Context,
        layout: Layout,
        data: Any,
        item: Any,
        icon: int,
        active_data: Any,
        active_property: str,
        index: int,
    ) -> None:
        if index >= len(_drawn):
            return
        line = _drawn[index]
        says = "" if names_itself(line) else short(line.follows)
        row = layout.row(align=True)
        parts = row.split(factor=0.52) if says and line.kind == SHAPE else row
        name = parts.row(align=True)
        name.active = line.used or line.kind == CHANNEL
        name.label(text=line.title, icon=icon_of(line))
        if parts is not row:
            parts.label(text=says)
        if line.corrected:
            row.label(text="", icon="GREASEPENCIL")

    def filter_items(self, context: Context, data: Any, property: str) -> tuple[list[int], list[int]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        typed = _folded(self.filter_name)
        lines = _lines(context)
        shown = [
            wanted(line, data.show)
            and (typed in _folded(line.title) or any(typed in one.lower() for one in line.follows))
            for line in lines
        ]
        flags = [self.bitflag_filter_item if one else 0 for one in shown]
        order: list[int] = []
        if self.use_filter_sort_alpha:
            by_name = sorted(range(len(data.rows)), key=lambda place: data.rows[place].name.lower())
            order = [0] * len(by_name)
            for new, old in enumerate(by_name):
                order[old] = new
        return flags + [0] * (len(data.rows) - len(flags)), order


class FACEMIMIC_PT_mapping(Tab, bpy.types.Panel):
    bl_label = "Mapping"
    bl_parent_id = "FACEMIMIC_PT_character"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Context) -> bool:
        return bool(_lines(context))

    def draw_header_preset(self, context: Context) -> None:
        self.layout.label(text=summary(_lines(context)))

    def draw(self, context: Context) -> None:
        layout = self.layout
        obj = chosen_object(context)
        match = matching(obj) if obj is not None else Matching()
        for note in match.notes:
            sentence(layout, context, note, "INFO")
        listed = rows(context)
        _sync(listed, match.lines)
        global _drawn
        _drawn = match.lines
        row = layout.row(align=True)
        row.prop(listed, "show", text="")
        row.menu("FACEMIMIC_MT_mapping", text="", icon="DOWNARROW_HLT")
        layout.template_list("FACEMIMIC_UL_lines", "", listed, "rows", listed, "active", rows=_ROWS)
        active = match.lines[listed.active] if 0 <= listed.active < len(match.lines) else None
        show(active if active and wanted(active, listed.show) else None)
        if active and wanted(active, listed.show):
            draw_line(layout, context, active, match.sparse and settings(context).approximate)


def summary(lines: tuple[Line, ...]) -> str:
    """The counts of the panel's header."""
    unsure, corrected = sum(line.unsure for line in lines), sum(line.corrected for line in lines)
    parts = [f"{unsure} unsure"] if unsure else []
    parts += [f"{corrected} corrected"] if corrected else []
    return ", ".join(parts)


def _sync(listed: Any, lines: tuple[Line, ...]) -> None:
    if lines is _drawn and len(listed.rows) == len(lines):
        return
    while len(listed.rows) > len(lines):
        listed.rows.remove(len(listed.rows) - 1)
    while len(listed.rows) < len(lines):
        listed.rows.add()
    for row, line in zip(listed.rows, lines, strict=True):
        if row.name != line.title:
            row.name = line.title


def draw_line(layout: Layout, context: Context, line: Line, sparse: bool = False) -> None:
    """The fields of one line. sparse: whether missing channels are approximated."""
    box = layout.box()
    box.label(text=line.title, icon=icon_of(line))
    on = f" On {', '.join(line.objects)}." if len(line.objects) > 1 else ""
    sentence(box, context, in_words(line, sparse) + on)
    if line.kind != CHANNEL and not line.driven:
        buttons = box.row(align=True)
        buttons.operator("facemimic.try_line", text="Try", icon="PLAY")
        if line.unsure:
            buttons.operator("facemimic.confirm_line", text="Confirm", icon="CHECKMARK")
        reset = buttons.row(align=True)
        reset.enabled = line.corrected or line.sure == CONFIRMED
        reset.operator("facemimic.reset_line", text="" if line.unsure else "Reset", icon="LOOP_BACK")
        buttons.operator("facemimic.mirror_line", text="", icon="MOD_MIRROR")
    if line.driven:
        box.operator("facemimic.mute_driver", text="Mute Its Driver", icon="DRIVER")
    owner = bpy.data.objects.get(line.objects[0]) if line.objects else chosen_object(context)
    if owner is None or line.driven:
        return
    own = fields(owner)
    if line.kind == CHANNEL:
        box.prop(own, "shape_key", text="", icon="SHAPEKEY_DATA", placeholder="Choose a Shape Key")
        return
    column = box.column()
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(own, "on")
    body = column.column()
    body.active = own.on
    if line.kind == BONE:
        body.prop_search(own, "bone", owner.data, "bones", text="Bone", icon="BONE_DATA")
        body.prop(own, "gain")
        return
    _draw_channels(body, own)
    if not follows():
        return
    body.prop(own, "gain")
    body.prop(own, "offset")
    limits = body.column(align=True)
    limits.prop(own, "low", text="Limits")
    limits.prop(own, "high", text=" ")
    _draw_range(box, context, owner, line, own.high)


def _draw_channels(layout: Layout, own: Any) -> None:
    column = layout.column(align=True)
    column.use_property_split = False
    told = follows()
    for place in range(min(len(told), CHANNEL_FIELDS)):
        row = column.split(factor=0.68, align=True)
        row.prop(own, f"channel_{place}", text="")
        row.prop(own, f"share_{place}", text="")
    if len(told) < CHANNEL_FIELDS:
        hint = "Add a Channel" if told else "Choose a Channel"
        column.prop(own, f"channel_{len(told)}", text="", icon="ADD", placeholder=hint)


def _draw_range(layout: Layout, context: Context, owner: Any, line: Line, high: float) -> None:
    """Blender holds a shape key within its own range, whatever its curve says."""
    keys = owner.data.shape_keys
    block = keys.key_blocks.get(line.name) if keys else None
    if block is not None and line.used and block.slider_max < high - 1e-4:
        sentence(layout, context, f"The shape key's own range ends at {block.slider_max:.2f}.", "ERROR")
        layout.operator("facemimic.widen_range", text="Widen Its Range")


class FACEMIMIC_MT_mapping(bpy.types.Menu):
    bl_label = "Mapping"

    def draw(self, context: Context) -> None:
        layout: Any = self.layout
        layout.operator("facemimic.load_mapping", text="Load Mapping…", icon="FILE_FOLDER")
        layout.operator("facemimic.save_mapping", text="Save Mapping…", icon="FILE_TICK")
        layout.separator()
        layout.operator("facemimic.confirm_guesses", text="Confirm All Guesses", icon="CHECKMARK")
        layout.operator("facemimic.reset_mapping", text="Reset All Lines", icon="LOOP_BACK")
        layout.separator()
        layout.operator("facemimic.mute_drivers", text="Mute Drivers of Known Shapes", icon="DRIVER").mute = True
        layout.operator("facemimic.mute_drivers", text="Unmute Them").mute = False
        layout.separator()
        layout.operator("facemimic.copy_text", text="Copy as Text", icon="COPYDOWN").text = as_text(_lines(context))


def as_text(lines: tuple[Line, ...]) -> str:
    """The whole mapping for the clipboard, a line each."""
    return "\n".join(f"{line.title}\t{short(line.follows) if line.used else '-'}\t{in_words(line)}" for line in lines)


CLASSES = (FACEMIMIC_UL_lines, FACEMIMIC_MT_mapping, FACEMIMIC_PT_mapping)
