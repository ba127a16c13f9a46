"""Face shapes for a character without any, and the decision about them."""

import bpy

from .. import client
from ..contact_sheet import IMAGE
from ..hints import Context
from ..properties import chosen_object
from ..rig.face_mesh import previewed
from ..rig.family import relatives
from ..rig.landmarks import COLLECTION
from .character import Tab, sentence
from .matching import matching

_FEW = 2
"""Channels that the shape keys of a character without face shapes show at most: one that opens the mouth is none."""


class FACEMIMIC_PT_face_shapes(Tab, bpy.types.Panel):
    bl_label = "Face Shapes"
    bl_parent_id = "FACEMIMIC_PT_character"

    @classmethod
    def poll(cls, context: Context) -> bool:
        obj = chosen_object(context)
        if obj is None or obj.type not in {"MESH", "ARMATURE"}:
            return False
        return matching(obj).shaped <= _FEW or bool(previewed(relatives(obj)))

    def draw(self, context: Context) -> None:
        layout = self.layout
        obj = chosen_object(context)
        if obj is None:
            return
        if previewed(relatives(obj)):
            sentence(layout, context, "Try the new shapes in Object Data > Shape Keys, then decide.", "INFO")
            if IMAGE in bpy.data.images:
                layout.operator("facemimic.show_contact_sheet", text="Contact Sheet…", icon="IMAGE_DATA")
            row = layout.row(align=True)
            row.scale_y = 1.3
            row.operator("facemimic.keep_face_shapes", icon="CHECKMARK")
            row.operator("facemimic.discard_face_shapes", icon="TRASH")
            return
        sentence(layout, context, "No face shapes yet. The sample character's 52 can be carried over.", "INFO")
        column = layout.column(align=True)
        column.enabled = client.running_job() is None
        row = column.row(align=True)
        row.operator("facemimic.place_landmarks", icon="EMPTY_AXIS")
        if COLLECTION in bpy.data.collections:
            row.operator("facemimic.remove_landmarks", text="", icon="X")
        column.operator("facemimic.add_face_shapes", text="Add Face Shapes…", icon="SHAPEKEY_DATA")


CLASSES = (FACEMIMIC_PT_face_shapes,)
