"""Copy: a list of the panel to the clipboard."""

# pyright: reportInvalidTypeForm=false
import bpy

from ..hints import Context, Returned


class FACEMIMIC_OT_copy_text(bpy.types.Operator):
    bl_idname = "facemimic.copy_text"
    bl_label = "Copy List"
    bl_description = "Copy the whole list to the clipboard"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    text: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: Context) -> Returned:
        context.window_manager.clipboard = self.text
        count = len(self.text.splitlines())
        self.report({"INFO"}, f"Copied {count} line{'s' if count != 1 else ''}.")
        return {"FINISHED"}


CLASSES = (FACEMIMIC_OT_copy_text,)
