"""Load Take: a recorded or generated performance from a file, baked at the playhead."""

# pyright: reportInvalidTypeForm=false
from pathlib import Path

import bpy

from .. import client, preferences
from ..clip import Clip, load_npz
from ..hints import Context, Returned
from ..messages import AddonError
from .asking import AskingAboutFile, answered_clip, place
from .named_file import named_file
from .performing import Performing

SUFFIXES = (".npz", ".csv", ".txt", ".json")


class FACEMIMIC_OT_load_take(Performing, AskingAboutFile, bpy.types.Operator):
    bl_idname = "facemimic.load_take"
    bl_label = "Load Take"
    bl_description = (
        "Put a FaceMimic take (.npz) or a recording by Live Link Face or OpenFace (.csv), Face Cap (.txt), Audio2Face"
        " or MediaPipe (.json) on the character at the playhead"
    )
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filter_glob: bpy.props.StringProperty(default=";".join(f"*{suffix}" for suffix in SUFFIXES), options={"HIDDEN"})

    def ask(self, context: Context) -> client.Job:
        path = named_file(self.filepath, "take or a recording")
        if not path.is_file():
            raise AddonError(f"There is no take at {path}.")
        self._place = place(context)
        return preferences.engine().ask("convert", {"path": str(path)})

    def take(self, answer: client.Answer) -> tuple[Clip, str]:
        for note in answer.header.get("notes") or ():
            self.report({"WARNING"}, str(note))
        return answered_clip(answer), Path(self.filepath).stem

    def execute(self, context: Context) -> Returned:
        path = Path(bpy.path.abspath(self.filepath))
        if path.suffix.lower() != ".npz":
            return super().execute(context)
        # Our own takes can be read here, also where no engine is installed.
        try:
            clip, self._place = load_npz(path), place(context)
            self._take, self._asked = (clip, path.stem), None
            answer = self._fitted(context, clip)
            self.report({"INFO"}, self.accept(context, answer))
        except AddonError as error:
            return self.refuse(error)
        return {"FINISHED"}

    def _fitted(self, context: Context, clip: Clip) -> client.Answer:
        """The engine's answer, or an empty one where it need not or cannot be asked."""
        try:
            job = self.fit(context, clip)
            return client.wait(job) if job is not None else client.Answer({}, {})
        except AddonError as error:
            self._asked = None
            self.report({"WARNING"}, f"Channels without a shape key are left out: {error}")
            return client.Answer({}, {})


CLASSES = (FACEMIMIC_OT_load_take,)
