"""Whether channels without a shape key are approximated, and what showed them last."""

import bpy

from ..hints import Context
from ..properties import chosen_object, settings
from ..rig import solve
from .character import Tab, sentence
from .matching import matching


class FACEMIMIC_PT_approximation(Tab, bpy.types.Panel):
    bl_label = "Approximate Missing Shapes"
    bl_parent_id = "FACEMIMIC_PT_character"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Context) -> bool:
        obj = chosen_object(context)
        return obj is not None and matching(obj).performs and matching(obj).sparse

    def draw_header(self, context: Context) -> None:
        self.layout.prop(settings(context), "approximate", text="")

    def draw(self, context: Context) -> None:
        layout = self.layout
        obj = chosen_object(context)
        column = layout.column()
        column.active = settings(context).approximate
        notes = solve.told(obj) if obj is not None else ()
        if not notes:
            sentence(
                column,
                context,
                "Channels without a shape key of their own are shown by the nearest shapes, so that a feeling still "
                "reads. After a performance this says which.",
            )
        for note in notes:
            sentence(column, context, note)


CLASSES = (FACEMIMIC_PT_approximation,)
