"""Load Take: a recorded or generated performance from a file, baked at the playhead."""

# pyright: reportInvalidTypeForm=false
from pathlib import Path

import bpy

from .. import client, preferences
from ..clip import load_npz
from ..hints import Context, Returned
from ..messages import AddonError
from .asking import AskingAboutFile, Place, answered_clip, place, put


class FACEMIMIC_OT_load_take(AskingAboutFile, bpy.types.Operator):
    bl_idname = "facemimic.load_take"
    bl_label = "Load Take"
    bl_description = (
        "Put a FaceMimic take (.npz) or a recording by Live Link Face or OpenFace (.csv), Face Cap (.txt), Audio2Face"
        " or MediaPipe (.json) on the character at the playhead"
    )
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filter_glob: bpy.props.StringProperty(default="*.npz;*.csv;*.txt;*.json", options={"HIDDEN"})

    _place: Place

    def ask(self, context: Context) -> client.Job:
        path = Path(bpy.path.abspath(self.filepath))
        if not path.is_file():
            raise AddonError(f"There is no take at {path}.")
        self._place = place(context)
        return preferences.engine().ask("convert", {"path": str(path)})

    def accept(self, context: Context, answer: client.Answer) -> str:
        for note in answer.header.get("notes") or ():
            self.report({"WARNING"}, str(note))
        return put(answered_clip(answer), self._place, Path(self.filepath).stem)

    def execute(self, context: Context) -> Returned:
        path = Path(bpy.path.abspath(self.filepath))
        if path.suffix.lower() != ".npz":
            return super().execute(context)
        try:
            self.report({"INFO"}, put(load_npz(path), place(context), path.stem))
        except AddonError as error:
            return self.refuse(error)
        return {"FINISHED"}


CLASSES = (FACEMIMIC_OT_load_take,)
