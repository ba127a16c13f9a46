"""The progress in the status bar, for those who work with the sidebar closed."""

from typing import Any

import bpy

from .. import client
from ..hints import Context


def draw_progress(header: Any, context: Context) -> None:
    """Drawn after Blender's own parts of the status bar, and only while FaceMimic works."""
    job = client.running_job()
    if job is None:
        return
    row = header.layout.row(align=True)
    row.ui_units_x = 12
    row.progress(factor=job.fraction, text=f"FaceMimic: {job.stage}")
    row.operator("facemimic.cancel", text="", icon="X")


def register() -> None:
    bpy.types.STATUSBAR_HT_header.append(draw_progress)


def unregister() -> None:
    bpy.types.STATUSBAR_HT_header.remove(draw_progress)
