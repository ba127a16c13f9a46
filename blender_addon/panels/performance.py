"""What is performed: the emotion and its numbers, Generate, and how the curves are written."""

import bpy

from .. import client
from ..hints import Context, Layout
from ..messages import AddonError
from ..preferences import engine_python
from ..properties import settings
from .character import Tab, performs, sentence

ADDON = __package__.rpartition(".")[0] if __package__ else ""


class FACEMIMIC_PT_performance(Tab, bpy.types.Panel):
    bl_label = "Performance"
    bl_order = 1

    def draw(self, context: Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        chosen = settings(context)
        column = layout.column()
        column.prop(chosen, "emotion")
        column.prop(chosen, "intensity", slider=True)
        column.prop(chosen, "duration")
        row = column.row(align=True)
        row.prop(chosen, "seed")
        row.operator("facemimic.new_seed", text="", icon="FILE_REFRESH")
        _draw_start(layout, context)


def _draw_start(layout: Layout, context: Context) -> None:
    job = client.running_job()
    if job is not None:
        row = layout.row(align=True)
        row.scale_y = 1.5
        row.progress(factor=job.fraction, text=job.stage)
        row.operator("facemimic.cancel", text="", icon="X")
        return
    try:
        engine_python()
    except AddonError as error:
        sentence(layout, context, str(error), "INFO")
        layout.operator("preferences.addon_show", text="Open Preferences", icon="PREFERENCES").module = ADDON
        return
    row = layout.row()
    row.scale_y = 1.5
    row.enabled = performs(context)
    row.operator("facemimic.generate", icon="PLAY")


class FACEMIMIC_PT_curves(Tab, bpy.types.Panel):
    bl_label = "Curves"
    bl_parent_id = "FACEMIMIC_PT_performance"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        chosen = settings(context)
        layout.prop(chosen, "reduce_keys")
        column = layout.column()
        column.active = chosen.reduce_keys
        column.prop(chosen, "tolerance")
        layout.prop(chosen, "new_take")


CLASSES = (FACEMIMIC_PT_performance, FACEMIMIC_PT_curves)
