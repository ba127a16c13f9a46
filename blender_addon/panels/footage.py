"""Video & Photo: the footage, who is seen in it, and what the last capture told."""

import bpy

from .. import portraits
from ..footage import FACEMIMIC_PG_footage, footage, is_photo, remembered
from ..hints import Context, Layout
from .character import Tab, performs

_IN_A_ROW = 4


class FACEMIMIC_PT_footage(Tab, bpy.types.Panel):
    bl_label = "Video & Photo"
    bl_order = 2

    def draw(self, context: Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        chosen = footage(context)
        layout.prop(chosen, "path", text="", icon="FILE_MOVIE", placeholder="Video, Photo or Folder")
        photo = is_photo(chosen.path)
        if chosen.path:
            self._draw_settings(layout, chosen, photo)
        row = layout.row()
        row.scale_y = 1.5
        row.enabled = performs(context)
        # Without a file the operator asks for one.
        text = "From Photo" if photo else "From Video" if chosen.path else "From Video or Photo…"
        start = row.operator("facemimic.from_video", text=text, icon="IMAGE_DATA" if photo else "FILE_MOVIE")
        start.filepath, start.face, start.mirrored, start.actor = (
            chosen.path,
            chosen.face,
            chosen.mirrored,
            chosen.actor,
        )
        start.start, start.end = (0.0, 0.0) if photo else (chosen.start, chosen.end)
        start.neutral = chosen.neutral if chosen.pick_neutral and not photo else -1.0
        start.hold, start.onset, start.held, start.offset = chosen.hold, chosen.onset, chosen.held, chosen.offset
        self._draw_told(context)

    def _draw_settings(self, layout: Layout, chosen: FACEMIMIC_PG_footage, photo: bool) -> None:
        row = layout.row(align=True)
        row.prop(chosen, "face", text="Face" if chosen.face >= 0 else "Face (largest)")
        look = row.operator("facemimic.find_faces", text="", icon="VIEWZOOM")
        look.filepath, look.start, look.mirrored = chosen.path, chosen.start, chosen.mirrored
        self._draw_faces(layout, chosen)
        layout.prop(chosen, "actor", placeholder="Optional")
        if not photo:
            column = layout.column(align=True)
            column.prop(chosen, "start")
            column.prop(chosen, "end", text="End" if chosen.end else "End (whole)")
            row = layout.row(heading="Neutral")
            row.prop(chosen, "pick_neutral", text="")
            part = row.row()
            part.active = chosen.pick_neutral
            part.prop(chosen, "neutral", text="")
        layout.prop(chosen, "mirrored")
        if photo:
            layout.prop(chosen, "hold")
            if chosen.hold:
                column = layout.column(align=True)
                for name in ("onset", "held", "offset"):
                    column.prop(chosen, name)

    def _draw_faces(self, layout: Layout, chosen: FACEMIMIC_PG_footage) -> None:
        icons = portraits.icons(chosen.path)
        grid = layout.grid_flow(row_major=True, columns=min(_IN_A_ROW, max(1, len(icons))), even_columns=True)
        for number, icon in enumerate(icons):
            column = grid.column(align=True)
            column.template_icon(icon_value=icon, scale=3.5)
            choose = column.operator("facemimic.choose_face", text=str(number), depress=chosen.face == number)
            choose.number = number

    def _draw_told(self, context: Context) -> None:
        told = remembered(context)
        if not told.lines:
            return
        box = self.layout.box()
        column = box.column(align=True)
        column.scale_y = 0.85
        column.label(text=told.name)
        for icon, text in told.lines:
            column.label(text=text, icon=icon)
        column = box.column(align=True)
        for text, frame in told.places:
            row = column.row()
            row.alignment = "LEFT"
            row.operator("facemimic.look_at_frame", text=text, icon="TRIA_RIGHT", emboss=False).frame = frame


CLASSES = (FACEMIMIC_PT_footage,)
