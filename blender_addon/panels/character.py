"""Who performs, and what of the performance the rig can show."""

import textwrap

import bpy

from ..hints import Context, Layout, PanelPart
from ..properties import chosen_object, settings
from ..rig.lines import SHAPE
from .matching import Matching, matching

CATEGORY = "FaceMimic"


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
    letters = max(16, int((width / scale - (60 if icon == "NONE" else 85)) / 6.2))
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
        still = not match.shaped and any(line.kind == SHAPE for line in match.lines)
        row.label(text=match.name if named else shown, icon="ERROR" if still or not match.performs else "CHECKMARK")
        if named:
            right = row.row()
            right.alignment = "RIGHT"
            right.label(text=shown)
        if still:
            held = any(line.driven for line in match.lines)
            why = "Drivers hold its shape keys" if held else "FaceMimic knows none of its shape keys by name"
            sentence(self.layout, context, f"{why}: see the Mapping below.")


CLASSES = (FACEMIMIC_PT_character,)
