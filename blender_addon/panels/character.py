"""Who performs, and what of the performance the rig can show."""

import textwrap

import bpy

from ..hints import Context, Layout, PanelPart
from ..properties import chosen_object, settings
from .matching import Matching, matching, paired

CATEGORY = "FaceMimic"
_LINES = 24
"""Lines of a list that are drawn; the rest is counted, and all of it can be copied."""


class Tab(PanelPart):
    """Where all the panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY


def sentence(layout: Layout, context: Context, text: str, icon: str = "NONE") -> None:
    """A sentence over as many lines as the sidebar's width needs."""
    scale = context.preferences.system.ui_scale or 1.0
    width = context.region.width if context.region is not None else 300
    column = layout.column(align=True)
    column.scale_y = 0.8
    letters = max(16, int((width / scale - 60) / 6.2))
    for place, line in enumerate(textwrap.wrap(text, letters)):
        column.label(text=line, icon=("BLANK1" if icon != "NONE" else "NONE") if place else icon)


def performs(context: Context) -> bool:
    """Whether a character is chosen that can perform; the Character panel says why when not."""
    obj = chosen_object(context)
    return obj is not None and matching(obj).performs


class FACEMIMIC_PT_character(Tab, bpy.types.Panel):
    bl_label = "Character"
    bl_order = 0

    def draw(self, context: Context) -> None:
        layout = self.layout
        obj = chosen_object(context)
        chosen = settings(context)
        layout.prop(chosen, "character", text="", icon="OUTLINER_OB_ARMATURE", placeholder="Active Object")
        if obj is None:
            gone = chosen.character
            text = f"“{gone.name}” is not in this scene" if gone else "Choose or select a character"
            sentence(layout, context, text, "ERROR" if gone else "INFO")
        else:
            self._draw_match(context, matching(obj), named=chosen.character is None)

    def _draw_match(self, context: Context, match: Matching, named: bool) -> None:
        if match.problem:
            sentence(self.layout, context, match.problem, "ERROR")
            return
        row = self.layout.row()
        shown = f"{match.matched} of {match.channels} channels"
        icon = "CHECKMARK" if match.performs else "ERROR"
        if not named:
            row.label(text=shown, icon=icon)
            return
        row.label(text=match.name, icon=icon)
        right = row.row()
        right.alignment = "RIGHT"
        right.label(text=shown)


class _ListPanel(Tab):
    bl_parent_id = "FACEMIMIC_PT_character"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012
    what = ""

    @classmethod
    def parts(cls, match: Matching) -> tuple[str, ...]:
        """What is counted."""
        raise NotImplementedError

    @classmethod
    def lines(cls, match: Matching) -> list[str]:
        """The same as lines to read."""
        return list(cls.parts(match))

    @classmethod
    def match(cls, context: Context) -> Matching:
        obj = chosen_object(context)
        return matching(obj) if obj is not None else Matching()

    @classmethod
    def poll(cls, context: Context) -> bool:
        return bool(cls.parts(cls.match(context)))

    def draw_header_preset(self, context: Context) -> None:
        self.layout.label(text=str(len(self.parts(self.match(context)))))

    def draw(self, context: Context) -> None:
        layout = self.layout
        lines = self.lines(self.match(context))
        column = layout.column(align=True)
        column.scale_y = 0.8
        for line in lines[:_LINES]:
            column.label(text=line)
        if len(lines) > _LINES:
            column.label(text=f"and {len(lines) - _LINES} more")
        layout.operator("facemimic.copy_text", icon="COPYDOWN").text = "\n".join(lines)


class FACEMIMIC_PT_missing(_ListPanel, bpy.types.Panel):
    bl_label = "Channels Not Shown"

    @classmethod
    def parts(cls, match: Matching) -> tuple[str, ...]:
        return match.missing

    @classmethod
    def lines(cls, match: Matching) -> list[str]:
        return paired(match.missing)


class FACEMIMIC_PT_unused(_ListPanel, bpy.types.Panel):
    bl_label = "Shape Keys Not Used"

    @classmethod
    def parts(cls, match: Matching) -> tuple[str, ...]:
        return (*match.unused, *match.notes)


CLASSES = (FACEMIMIC_PT_character, FACEMIMIC_PT_missing, FACEMIMIC_PT_unused)
