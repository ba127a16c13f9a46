"""Exports of the character and its take: glTF, VRM animation, and what all exports have in common."""

# pyright: reportInvalidTypeForm=false
from pathlib import Path
from typing import Any

import bpy

from ..export.files import Exported
from ..export.glb import export_glb
from ..export.take import all_takes
from ..export.vrma import export_vrma
from ..hints import Context, Event, ExportHelper, OperatorPart, Returned
from ..messages import AddonError
from ..properties import chosen_object, needed_object
from ..rig.character import Character, find_character
from .named_file import named_file


def provenance_switch() -> Any:
    """The property that all writers of files have."""
    return bpy.props.BoolProperty(
        name="Provenance",
        description="Write into the file where the performance comes from: program, seed and model, or the recording",
        default=True,
    )


def has_character(operator: type[OperatorPart], context: Context) -> bool:
    """For poll: whether there is a character to write; where there is none, says so."""
    if chosen_object(context) is None:
        operator.poll_message_set("Choose a character in the FaceMimic tab of the sidebar, or select it")
        return False
    return True


class Exporting(ExportHelper, OperatorPart):
    """An export of the chosen character to a file that the artist names.

    Every one has the provenance's switch, after its own: Blender would draw a base's property before them.
    """

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_character(cls, context)

    def write(self, character: Character, path: Path) -> Exported:
        """Writes the file. Raises AddonError."""
        raise NotImplementedError

    def invoke(self, context: Context, event: Event) -> Returned:
        obj: Any = chosen_object(context)
        if not self.filepath and not bpy.data.filepath:
            # Without a saved file, Blender would propose "untitled".
            self.filepath = f"{bpy.path.clean_name(obj.name)}{self.filename_ext}"
        return ExportHelper.invoke(self, context, event)

    def execute(self, context: Context) -> Returned:
        try:
            path = named_file(self.filepath, f"{self.filename_ext} file")
            made = self.write(find_character(needed_object(context)), path)
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.tell(made)
        length = f" with {made.seconds:.2f} s of animation" if made.seconds else ""
        self.report({"INFO"}, f"Wrote {made.path.name}{length}.")
        return {"FINISHED"}

    def tell(self, made: Exported) -> None:
        """Reports what is to be known of a file."""
        for note in made.notes:
            self.report({"WARNING"}, note)
        for remark in made.remarks:
            self.report({"INFO"}, remark)


def shape_normals() -> Any:
    """The property that the writers of meshes have."""
    return bpy.props.BoolProperty(
        name="Shape Normals",
        description="Exact shading of the shapes, at several times the file's size",
        default=False,
    )


class FACEMIMIC_OT_export_glb(Exporting, bpy.types.Operator):
    bl_idname = "facemimic.export_glb"
    bl_label = "Export glTF"
    bl_description = "Write the character with its performance, or with all of its takes, to a .glb file"

    filename_ext = ".glb"
    filter_glob: bpy.props.StringProperty(default="*.glb", options={"HIDDEN"})
    takes: bpy.props.EnumProperty(
        name="Takes",
        description="Which performances the file holds, each as one animation",
        items=(
            ("active", "Active Take", "What the viewport shows, the body's own animation included"),
            ("all", "All Takes", "Every action that FaceMimic made for the character, each played alone"),
        ),
        default="active",
    )
    morph_normals: shape_normals()
    with_provenance: provenance_switch()

    def write(self, character: Character, path: Path) -> Exported:
        return export_glb(
            character,
            path,
            every_take=self.takes == "all",
            morph_normals=self.morph_normals,
            with_provenance=self.with_provenance,
        )


class FACEMIMIC_OT_export_vrma(Exporting, bpy.types.Operator):
    bl_idname = "facemimic.export_vrma"
    bl_label = "Export VRM Animation"
    bl_description = "Write the performance alone to a .vrma file, for other VRM avatars"

    filename_ext = ".vrma"
    filter_glob: bpy.props.StringProperty(default="*.vrma", options={"HIDDEN"})
    expressions: bpy.props.EnumProperty(
        name="Expressions",
        description="Which expressions carry the performance",
        items=(
            ("auto", "As the Rig", "ARKit's for a rig that shows them, else its own as baked, else VRM's presets"),
            ("own", "This Avatar's", "Shows what was baked, on this avatar"),
            ("custom", "ARKit", "Finest, for avatars that have ARKit's names as custom expressions"),
            ("preset", "Presets", "Coarser, for every VRM avatar: blink, vowels and emotions"),
            ("both", "Both", "For avatars of either kind; those that have both move twice as far"),
        ),
        default="auto",
    )

    takes: bpy.props.EnumProperty(
        name="Takes",
        description="Which performances are written; a .vrma file holds one",
        items=(
            ("active", "Active Take", "The take that plays"),
            ("all", "All Takes", "Every action that FaceMimic made for the character, a file for each"),
        ),
        default="active",
    )
    with_provenance: provenance_switch()

    def write(self, character: Character, path: Path) -> Exported:
        expressions = None if self.expressions == "auto" else self.expressions
        if self.takes == "active":
            return export_vrma(character, path, expressions=expressions, with_provenance=self.with_provenance)
        path = path.with_suffix("") if path.suffix.lower() == ".vrma" else path
        made = [
            export_vrma(
                character,
                path.with_name(f"{path.name} {bpy.path.clean_name(action.name)}.vrma"),
                action=action,
                expressions=expressions,
                with_provenance=self.with_provenance,
            )
            for action in all_takes(character)
        ]
        for other in made[1:]:
            self.tell(other)
            self.report({"INFO"}, f"Wrote {other.path.name} with {other.seconds:.2f} s of animation.")
        return made[0]


CLASSES = (FACEMIMIC_OT_export_glb, FACEMIMIC_OT_export_vrma)
