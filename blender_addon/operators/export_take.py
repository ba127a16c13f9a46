"""Export Performance: the active take's channels for other programs, such as Unreal's Live Link Face."""

# pyright: reportInvalidTypeForm=false
from pathlib import Path
from typing import Any

import bpy

from .. import client, preferences
from ..export.files import checked_target
from ..export.take import active_take, lost, read_take
from ..hints import Context, Event, ExportHelper, Returned
from ..messages import AddonError
from ..properties import chosen_object, needed_object
from ..rig.character import find_character
from .asking import Asking
from .exporting import has_character, provenance_switch
from .named_file import named_file

FORMATS = (
    (".csv", "Live Link Face", "ARKit's 52 channels, head and eyes, for Unreal and most other programs"),
    (".txt", "Face Cap", "Weights and the head's rotation as the Face Cap app records them"),
    (".json", "Audio2Face", "ARKit's 52 channels; without the head"),
    (".openface.csv", "OpenFace", "Facial action units, coarser than the channels"),
    (".npz", "FaceMimic", "Every channel and where it comes from, for Load Take and the command line"),
)


class FACEMIMIC_OT_export_take(Asking, ExportHelper, bpy.types.Operator):
    bl_idname = "facemimic.export_take"
    bl_label = "Export Performance"
    bl_description = "Write the active take as a recording that other programs read, such as Live Link Face's"

    filename_ext = ".csv"
    filter_glob: bpy.props.StringProperty(default="*.csv;*.txt;*.json;*.npz", options={"HIDDEN"})
    form: bpy.props.EnumProperty(
        name="Format", description="Which program's recordings the file is like", items=FORMATS, default=".csv"
    )
    fps: bpy.props.FloatProperty(
        name="Sample Rate",
        description="Samples a second; 0 takes the scene's frame rate",
        default=60.0,
        min=0.0,
        max=240.0,
    )
    with_provenance: provenance_switch()

    _in_window = False
    _lost: tuple[str, ...] = ()

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_character(cls, context) and super().poll(context)

    def check(self, context: Context) -> bool:
        """Keeps the name's ending in step with the chosen format."""
        path = Path(self.filepath)
        wanted = path.with_name(_bare(path.name) + self.form)
        changed = path.name != "" and str(wanted) != self.filepath
        if changed:
            self.filepath = str(wanted)
        return changed

    def invoke(self, context: Context, event: Event) -> Returned:
        self._in_window = True
        obj: Any = chosen_object(context)
        if not self.filepath and not bpy.data.filepath:
            self.filepath = f"{bpy.path.clean_name(obj.name)}{self.form}"
        return ExportHelper.invoke(self, context, event)

    def execute(self, context: Context) -> Returned:
        if not self._in_window:
            return super().execute(context)
        self._in_window = False
        return self.begin(context)

    def ask(self, context: Context) -> client.Job:
        path = named_file(self.filepath, "recording to write, such as take.csv")
        # A script that names a file means its ending; the dialog keeps the two in step.
        form = self.form if self.properties.is_property_set("form") else _form_of(path.name) or self.form
        suffix = f".{form.rpartition('.')[2]}"
        if not _form_of(path.name):
            checked_target(path, suffix)
        path = checked_target(path.with_name(_bare(path.name) + form), suffix)
        character = find_character(needed_object(context))
        action = active_take(character)
        clip = read_take(character, action, fps=self.fps or None)
        self._lost = lost(character, action)
        fields = {
            "target": str(path),
            "fps": clip.fps,
            "channels": list(clip.channels),
            "provenance": clip.provenance,
            "with_provenance": self.with_provenance,
        }
        return preferences.engine().ask("write_take", fields, {"values": clip.values})

    def accept(self, context: Context, answer: client.Answer) -> str:
        told = answer.header
        for note in (*self._lost, *(told.get("notes") or ())):
            self.report({"WARNING"}, str(note))
        try:
            return f"Wrote {Path(told['path']).name}, {float(told['seconds']):.2f} s."
        except (KeyError, TypeError, ValueError) as error:
            raise AddonError("The engine's answer cannot be read. Install FaceMimic and its engine again.") from error


def _form_of(name: str) -> str:
    """The format that a file's name ends with; empty for another ending."""
    endings = sorted((form[0] for form in FORMATS), key=len, reverse=True)
    return next((ending for ending in endings if name.lower().endswith(ending)), "")


def _bare(name: str) -> str:
    """A file's name without the ending of any of the formats."""
    return name.removesuffix(name[len(name) - len(_form_of(name)) :])


CLASSES = (FACEMIMIC_OT_export_take,)
