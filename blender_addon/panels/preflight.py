"""What the last preflight found, with a button where something can be done about it."""

import bpy

from ..hints import Context
from ..operators.preflight import last_findings
from ..preflight.findings import targets
from ..properties import chosen_object, settings
from .character import Tab, sentence

_ICONS = {"error": "CANCEL", "warning": "ERROR", "note": "DOT"}


class FACEMIMIC_PT_preflight(Tab, bpy.types.Panel):
    bl_label = "Preflight"
    bl_parent_id = "FACEMIMIC_PT_avatar"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: Context) -> None:
        layout = self.layout
        chosen = settings(context)
        column = layout.column(align=True)
        column.prop(chosen, "preflight_target", text="")
        column.operator("facemimic.preflight", text="Check", icon="VIEWZOOM")
        obj = chosen_object(context)
        found = last_findings(obj, chosen.preflight_target) if obj is not None else None
        if found is None:
            sentence(layout, context, targets()[chosen.preflight_target].about)
            return
        if all(one.severity == "note" for one in found):
            layout.label(text="Ready", icon="CHECKMARK")
        fixed: set[str] = set()
        for one in found:
            box = layout.column(align=True)
            sentence(box, context, one.text, _ICONS[one.severity])
            if one.fix and one.rule not in fixed:
                fixed.add(one.rule)
                if one.rule == "humanoid":
                    box.operator("facemimic.assign_bones", text=one.fix)
                else:
                    box.operator("facemimic.preflight_fix", text=one.fix).rule = one.rule


CLASSES = (FACEMIMIC_PT_preflight,)
