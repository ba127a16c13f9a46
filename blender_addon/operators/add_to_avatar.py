"""Add Take to Avatar: the active take, or every take, into a .vrm or .glb that exists, without exporting it again."""

# pyright: reportInvalidTypeForm=false
from pathlib import Path

import bpy

from .. import client, preferences
from ..export.take import active_take, all_takes, fine_rate, lost, read_take
from ..hints import Context
from ..messages import AddonError
from ..properties import needed_object, settings
from ..rig.character import find_character
from ..rig.mapping_file import as_text, entries_of
from .asking import AskingAboutFile
from .exporting import has_character, provenance_switch
from .named_file import named_file

SUFFIXES = (".glb", ".vrm")


class FACEMIMIC_OT_add_to_avatar(AskingAboutFile, bpy.types.Operator):
    bl_idname = "facemimic.add_to_avatar"
    bl_label = "Add Take to Avatar"
    bl_description = (
        "Add the character's take, or all of its takes, to a .vrm or .glb file as animations; all else in it stays as"
        " it is. Writes a new file beside the chosen one, named after both, unless Overwrite File is on"
    )

    filter_glob: bpy.props.StringProperty(default="*.vrm;*.glb", options={"HIDDEN"})
    takes: bpy.props.EnumProperty(
        name="Takes",
        description="Which performances are added, each as one animation",
        items=(
            ("active", "Active Take", "The take that plays"),
            ("all", "All Takes", "Every action that FaceMimic made for the character"),
        ),
        default="active",
    )
    overwrite: bpy.props.BoolProperty(
        name="Overwrite File",
        description="Write into the chosen file itself; otherwise a new file is written beside it",
        default=False,
    )
    replace: bpy.props.BoolProperty(
        name="Replace Animation",
        description="Take the place of the file's animation of the same name; otherwise a number is added to the name",
        default=False,
    )
    target: bpy.props.StringProperty(
        name="New File",
        description="The file to write, for scripts; without it, one beside the avatar, named after both",
        options={"HIDDEN", "SKIP_SAVE"},
    )
    with_mapping: bpy.props.BoolProperty(
        name="Corrections",
        description="The avatar follows as the character's mapping is corrected; off for an avatar of another kind",
        default=True,
    )
    with_provenance: provenance_switch()

    _lost: tuple[str, ...] = ()

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_character(cls, context) and super().poll(context)

    def ask(self, context: Context) -> client.Job:
        path = named_file(self.filepath, ".vrm or .glb avatar")
        if not path.is_file() or path.suffix.lower() not in SUFFIXES:
            raise AddonError(f"There is no .vrm or .glb avatar at {path}.")
        character = find_character(needed_object(context))
        actions = (active_take(character),) if self.takes == "active" else all_takes(character)
        clips = [read_take(character, action, fps=fine_rate()) for action in actions]
        self._lost = tuple(dict.fromkeys(note for action in actions for note in lost(character, action)))
        corrected = entries_of(character) if self.with_mapping else []
        fields = {
            "path": str(path),
            "target": str(self._target(path, actions[0].name if self.takes == "active" else "takes")),
            "takes": [
                {"name": action.name, "fps": clip.fps, "channels": list(clip.channels), "provenance": clip.provenance}
                for action, clip in zip(actions, clips, strict=True)
            ],
            "overwrite": self.overwrite,
            "with_provenance": self.with_provenance,
            "approximate": settings(context).approximate,
            "replace": self.replace,
            "mapping": as_text(character.name, corrected) if corrected else None,
        }
        arrays = {f"values {place}": clip.values for place, clip in enumerate(clips)}
        return preferences.engine().ask("add_take", fields, arrays)

    def _target(self, avatar: Path, take: str) -> Path:
        if self.target:
            target = Path(bpy.path.abspath(self.target))
            if target.exists() and not self.overwrite:
                raise AddonError(f"{target} exists. Name another file, or overwrite.")
            return target
        return avatar if self.overwrite else free_path(avatar, take)

    def accept(self, context: Context, answer: client.Answer) -> str:
        for note in (*self._lost, *(answer.header.get("notes") or ())):
            self.report({"WARNING"}, str(note))
        for remark in answer.header.get("remarks") or ():
            self.report({"INFO"}, str(remark))
        told = answer.header
        try:
            takes = ", ".join(f"“{one['name']}”, {float(one['seconds']):.2f} s" for one in told["takes"])
            return f"Wrote {Path(told['path'])} with {takes}."
        except (KeyError, TypeError, ValueError) as error:
            raise AddonError("The engine's answer cannot be read. Install FaceMimic and its engine again.") from error


def free_path(avatar: Path, take: str) -> Path:
    """A file beside the avatar that does not exist yet, named after both."""
    stem, number = f"{avatar.stem} {bpy.path.clean_name(take)}", 1
    path = avatar.with_name(stem + avatar.suffix)
    while path.exists():
        number += 1
        path = avatar.with_name(f"{stem} {number}{avatar.suffix}")
    return path


CLASSES = (FACEMIMIC_OT_add_to_avatar,)
