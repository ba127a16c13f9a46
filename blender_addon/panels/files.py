"""Performances and avatars from files, and into files."""

import bpy

from ..hints import Context
from .character import Tab, performs


class FACEMIMIC_PT_recordings(Tab, bpy.types.Panel):
    bl_label = "Recordings"
    bl_order = 2

    def draw(self, context: Context) -> None:
        column = self.layout.column(align=True)
        column.enabled = performs(context)
        column.operator("facemimic.load_take", text="Load Take…", icon="FILE_FOLDER")


class FACEMIMIC_PT_avatar(Tab, bpy.types.Panel):
    bl_label = "Avatar"
    bl_order = 3

    def draw(self, context: Context) -> None:
        layout = self.layout
        layout.operator("facemimic.import_avatar", text="Import Avatar…", icon="IMPORT")
        column = layout.column(align=True)
        column.operator("facemimic.export_glb", text="Export glTF…", icon="EXPORT")
        column.operator("facemimic.export_vrm", text="Export VRM…", icon="EXPORT")
        column.operator("facemimic.export_vrma", text="Export VRM Animation…", icon="EXPORT")
        column.operator("facemimic.add_to_avatar", text="Add Take to Avatar…", icon="FILE_TICK")
        column.operator("facemimic.export_take", text="Export Performance…", icon="FILE_TEXT")


CLASSES = (FACEMIMIC_PT_recordings, FACEMIMIC_PT_avatar)
