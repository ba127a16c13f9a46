"""Exports of the character and its take: glTF, VRM, VRM animation."""

# pyright: reportInvalidTypeForm=false
from pathlib import Path
from typing import Any

import bpy

from ..export.files import Exported
from ..export.glb import export_glb
from ..export.take import active_take, all_takes
from ..export.vrm import export_vrm
from ..export.vrm_addon import export_vrm_by_addon
from ..export.vrm_meta import AVATAR_PERMISSIONS, COMMERCIAL_USAGES, CREDIT_NOTATIONS, MODIFICATIONS, VrmMeta
from ..export.vrma import export_vrma
from ..hints import Context, Event, ExportHelper, OperatorPart, Returned
from ..messages import AddonError
from ..properties import chosen_object, needed_object
from ..rig.character import Character, find_character
from ..rig.vrm_addon import extension_of


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
            made = self.write(find_character(needed_object(context)), Path(bpy.path.abspath(self.filepath)))
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


def _shape_normals() -> Any:
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
    morph_normals: _shape_normals()
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


def _choice(name: str, description: str, values: tuple[str, ...], labels: tuple[str, ...]) -> Any:
    items = [(value, label, "") for value, label in zip(values, labels, strict=True)]
    return bpy.props.EnumProperty(name=name, description=description, items=items, default=values[0])


class FACEMIMIC_OT_export_vrm(Exporting, bpy.types.Operator):
    bl_idname = "facemimic.export_vrm"
    bl_label = "Export VRM"
    bl_description = "Write the character to a VRM 1.0 file, with VRM's expressions and ARKit's as custom ones"

    filename_ext = ".vrm"
    filter_glob: bpy.props.StringProperty(default="*.vrm", options={"HIDDEN"})
    writer: bpy.props.EnumProperty(
        name="Written by",
        description="Who writes the avatar",
        items=(
            ("facemimic", "FaceMimic", "With the fields below and the expressions that FaceMimic knows"),
            ("addon", "VRM Add-on", "As set up in the VRM Add-on for Blender: its meta, MToon and spring bones"),
        ),
        default="facemimic",
    )
    with_animation: bpy.props.BoolProperty(
        name="glTF Animation",
        description="Add the performance to the file itself. Godot and engines play it; VRM applications, which move"
        " faces by expressions, do not",
        default=False,
    )
    with_vrma: bpy.props.BoolProperty(
        name=".vrma Beside It",
        description="Write the performance also as a .vrma file of the same name, for VRM applications",
        default=False,
    )
    morph_normals: _shape_normals()
    with_provenance: provenance_switch()
    title: bpy.props.StringProperty(name="Avatar", description="The avatar's name, which VRM asks for")
    authors: bpy.props.StringProperty(name="Authors", description="Who made the avatar; several with commas between")
    copyright_information: bpy.props.StringProperty(name="Copyright", description="Such as “© 2026 Your Name”")
    contact_information: bpy.props.StringProperty(name="Contact", description="How the authors can be reached")
    avatar_permission: _choice(
        "Who May Use It", "Who may perform with the avatar", AVATAR_PERMISSIONS,
        ("Only the Author", "Whom the Author Licenses", "Everyone"),
    )  # fmt: skip
    commercial_usage: _choice(
        "Commercial", "Who may earn money with the avatar", COMMERCIAL_USAGES,
        ("Not for Profit", "Persons", "Persons and Companies"),
    )  # fmt: skip
    credit_notation: _choice(
        "Credit", "Whether the authors must be named", CREDIT_NOTATIONS, ("Required", "Not Necessary")
    )
    modification: _choice(
        "Changes", "Whether the avatar may be changed", MODIFICATIONS,
        ("Not Allowed", "Allowed", "Allowed and Passed On"),
    )  # fmt: skip
    allow_redistribution: bpy.props.BoolProperty(name="Redistribution", description="Others may pass the file on")
    allow_excessively_violent_usage: bpy.props.BoolProperty(
        name="Violence", description="The avatar may perform excessive violence"
    )
    allow_excessively_sexual_usage: bpy.props.BoolProperty(
        name="Sexual Content", description="The avatar may perform excessively sexual content"
    )
    allow_political_or_religious_usage: bpy.props.BoolProperty(
        name="Politics, Religion", description="The avatar may stand for political or religious purposes"
    )
    allow_antisocial_or_hate_usage: bpy.props.BoolProperty(
        name="Antisocial, Hate", description="The avatar may perform antisocial or hateful content"
    )

    _ABOUT = ("copyright_information", "contact_information")
    _RULES = ("avatar_permission", "commercial_usage", "credit_notation", "modification")
    _ALLOWED = (
        "allow_redistribution",
        "allow_excessively_violent_usage",
        "allow_excessively_sexual_usage",
        "allow_political_or_religious_usage",
        "allow_antisocial_or_hate_usage",
    )

    def invoke(self, context: Context, event: Event) -> Returned:
        obj: Any = chosen_object(context)
        self.title = self.title or obj.name
        return super().invoke(context, event)

    def draw(self, context: Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        if self._addon_offers(context):
            layout.prop(self, "writer", expand=True)
        if self.writer == "addon" and self._addon_offers(context):
            layout.label(text="Set up in its VRM panel", icon="INFO")
            contents = layout.column(heading="File")
            for name in ("with_vrma", "with_provenance"):
                contents.prop(self, name)
            return
        about = layout.column(heading="")
        for name in ("title", "authors", *self._ABOUT):
            about.prop(self, name)
        rules = layout.column()
        for name in self._RULES:
            rules.prop(self, name)
        allowed = layout.column(heading="Allow")
        for name in self._ALLOWED:
            allowed.prop(self, name)
        contents = layout.column(heading="File")
        for name in ("with_animation", "with_vrma", "morph_normals", "with_provenance"):
            contents.prop(self, name)

    @staticmethod
    def _addon_offers(context: Context) -> bool:
        obj = chosen_object(context)
        armature = obj if obj is None or obj.type == "ARMATURE" else obj.find_armature()
        return extension_of(armature) is not None

    def write(self, character: Character, path: Path) -> Exported:
        if self.with_vrma:
            # Said before anything is written.
            active_take(character)
        if self.writer == "addon":
            made = export_vrm_by_addon(character, path, with_provenance=self.with_provenance)
        else:
            made = self._write_ourselves(character, path)
        if self.with_vrma:
            beside = export_vrma(character, made.path.with_suffix(".vrma"), with_provenance=self.with_provenance)
            self.tell(beside)
            self.report({"INFO"}, f"Wrote {beside.path.name} beside it, with {beside.seconds:.2f} s.")
        elif made.seconds:
            self.report({"INFO"}, "VRM applications play a .vrma, not the animation inside a .vrm; Godot plays that.")
        return made

    def _write_ourselves(self, character: Character, path: Path) -> Exported:
        names = (*self._ABOUT, *self._RULES, *self._ALLOWED)
        authors = tuple(author.strip() for author in self.authors.split(","))
        meta = VrmMeta(name=self.title, authors=authors, **{name: getattr(self, name) for name in names})
        return export_vrm(
            character,
            path,
            meta,
            with_animation=self.with_animation,
            morph_normals=self.morph_normals,
            with_provenance=self.with_provenance,
        )


CLASSES = (FACEMIMIC_OT_export_glb, FACEMIMIC_OT_export_vrm, FACEMIMIC_OT_export_vrma)
