"""FaceMimic in Blender's own File > Import and File > Export menus."""

from typing import Any

import bpy

from ..hints import Context


def draw_import(menu: Any, context: Context) -> None:
    menu.layout.operator("facemimic.import_avatar", text="Avatar for FaceMimic (.vrm/.glb)")


def draw_export(menu: Any, context: Context) -> None:
    menu.layout.operator("facemimic.export_glb", text="FaceMimic glTF Avatar (.glb)")
    menu.layout.operator("facemimic.export_vrm", text="FaceMimic VRM Avatar (.vrm)")
    menu.layout.operator("facemimic.export_vrma", text="FaceMimic VRM Animation (.vrma)")
    menu.layout.operator("facemimic.export_take", text="FaceMimic Performance (.csv/.txt/.json)")


def register() -> None:
    bpy.types.TOPBAR_MT_file_import.append(draw_import)
    bpy.types.TOPBAR_MT_file_export.append(draw_export)


def unregister() -> None:
    bpy.types.TOPBAR_MT_file_import.remove(draw_import)
    bpy.types.TOPBAR_MT_file_export.remove(draw_export)
