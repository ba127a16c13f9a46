"""Export VRM: the character as an avatar, with what its author says about it and about what others may do with it."""

# pyright: reportInvalidTypeForm=false
from pathlib import Path
from typing import Any, Final

import bpy

from ..export.files import Exported
from ..export.take import active_take
from ..export.vrm import export_vrm
from ..export.vrm_addon import export_vrm_by_addon
from ..export.vrm_fields import remember, starting_values
from ..export.vrm_meta import AVATAR_PERMISSIONS, COMMERCIAL_USAGES, CREDIT_NOTATIONS, MODIFICATIONS, VrmMeta
from ..export.vrma import export_vrma
from ..hints import Context, Event, Layout, Returned
from ..messages import AddonError
from ..properties import chosen_object
from ..rig.avatar_meta import thumbnail
from ..rig.character import Character
from ..rig.vrm_addon import extension_of
from .exporting import Exporting, provenance_switch, shape_normals

UNSAID: Final = "unsaid"
"""A choice that the artist has not made; VRM 1.0 then takes the strictest."""
_FORGOTTEN: Any = {"SKIP_SAVE"}
"""Fields about one avatar, which Blender would otherwise propose for the next one."""


def _text(name: str, description: str) -> Any:
    return bpy.props.StringProperty(name=name, description=description, options=_FORGOTTEN)


def _choice(name: str, description: str, values: tuple[str, ...], labels: tuple[str, ...]) -> Any:
    items = [(UNSAID, "Not Said", f"Left open, which VRM reads as the strictest: {labels[0]}")]
    items += [(value, label, "") for value, label in zip(values, labels, strict=True)]
    return bpy.props.EnumProperty(name=name, description=description, items=items, default=UNSAID, options=_FORGOTTEN)


def _permission(name: str, description: str) -> Any:
    return bpy.props.BoolProperty(name=name, description=description, options=_FORGOTTEN)


class FACEMIMIC_OT_export_vrm(Exporting, bpy.types.Operator):
    bl_idname = "facemimic.export_vrm"
    bl_label = "Export VRM"
    bl_description = "Write the character to a VRM 1.0 file, with VRM's expressions and ARKit's as custom ones"
    bl_options = {"UNDO"}  # noqa: RUF012

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
        description="Add the performance to the file itself, for programs that play glTF's animations. VRM applications"
        " and V-Sekai, which move an avatar's face by expressions, do not",
        default=False,
    )
    with_vrma: bpy.props.BoolProperty(
        name=".vrma Beside It",
        description="Write the performance also as a .vrma file of the same name, for VRM applications",
        default=False,
    )
    morph_normals: shape_normals()
    with_provenance: provenance_switch()
    title: _text("Avatar", "The avatar's name, which VRM asks for")
    authors: _text("Authors", "Who made the avatar; several with commas between")
    version: _text("Version", "The avatar's own version")
    copyright_information: _text("Copyright", "Such as “© 2026 Your Name”")
    contact_information: _text("Contact", "How the authors can be reached")
    references: _text("References", "Works that the avatar is made after; several with commas between")
    third_party_licenses: _text("Third Parties", "Licenses of parts that others made")
    other_license_url: _text("Other License", "Address of a license that holds besides the choices below")
    thumbnail: _text("Thumbnail", "The avatar's picture: a square image of this file, best of 1024 × 1024 pixels")
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
    allow_redistribution: _permission("Redistribution", "Others may pass the file on")
    allow_excessively_violent_usage: _permission("Violence", "The avatar may perform excessive violence")
    allow_excessively_sexual_usage: _permission("Sexual Content", "The avatar may perform excessively sexual content")
    allow_political_or_religious_usage: _permission(
        "Politics, Religion", "The avatar may stand for political or religious purposes"
    )
    allow_antisocial_or_hate_usage: _permission(
        "Antisocial, Hate", "The avatar may perform antisocial or hateful content"
    )

    _LISTS = ("authors", "references")
    _ABOUT = ("version", "copyright_information", "contact_information", "third_party_licenses", "other_license_url")
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
        self._offer(_armature(obj))
        self.title = self.title or obj.name
        if not self.filepath and not bpy.data.filepath:
            self.filepath = f"{bpy.path.clean_name(self.title)}{self.filename_ext}"
        return super().invoke(context, event)

    def draw(self, context: Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        armature = _armature(chosen_object(context))
        by_addon = extension_of(armature) is not None
        if by_addon:
            layout.prop(self, "writer", expand=True)
        if self.writer == "addon" and by_addon:
            layout.label(text="Set up in its VRM panel", icon="INFO")
            self._draw(layout.column(heading="File"), ("with_vrma", "with_provenance"))
            return
        source, _, unsaid = starting_values(armature)
        if source:
            layout.label(text=f"From {source}", icon="INFO")
        self._draw(layout.column(), ("title", "authors", "references", *self._ABOUT), unsaid)
        layout.prop_search(self, "thumbnail", bpy.data, "images")
        self._draw(layout.column(), self._RULES, unsaid)
        self._draw(layout.column(heading="Allow"), self._ALLOWED, unsaid)
        contents = ("with_animation", "with_vrma", "morph_normals", "with_provenance")
        self._draw(layout.column(heading="File"), contents)

    def _draw(self, layout: Layout, names: tuple[str, ...], unsaid: dict[str, str] | None = None) -> None:
        """Fields, and below those that are open what VRM 0 says of them."""
        for name in names:
            layout.prop(self, name)
            if unsaid and name in unsaid and self._open(name):
                layout.label(text=f"VRM 0: {unsaid[name]}", icon="QUESTION")

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
            self.report({"INFO"}, "VRM applications and V-Sekai do not play the animation inside a .vrm.")
        return made

    def _write_ourselves(self, character: Character, path: Path) -> Exported:
        armature = character.armature
        self._offer(armature)
        image = bpy.data.images.get(self.thumbnail)
        if self.thumbnail and image is None:
            raise AddonError(f"There is no image {self.thumbnail} in this file. Choose another thumbnail.")
        fields = self._answers(armature)
        made = export_vrm(
            character,
            path,
            VrmMeta(**{"name": "", "authors": (), **fields}),
            thumbnail=image,
            with_animation=self.with_animation,
            morph_normals=self.morph_normals,
            with_provenance=self.with_provenance,
        )
        if armature is not None:
            remember(armature, fields)
        open_rules = [self._label(name) for name in self._RULES if self._open(name)]
        remarks = made.remarks
        if open_rules:
            remarks = (*remarks, f"Not said, and so as strict as VRM has it: {', '.join(open_rules)}.")
        return made._replace(notes=(*made.notes, *self._untold(armature)), remarks=remarks)

    def _untold(self, armature: bpy.types.Object | None) -> list[str]:
        """Sentences about what VRM 0 said and this file does not."""
        source, _, unsaid = starting_values(armature)
        lost = [f"{self._label(name)} ({said})" for name, said in unsaid.items() if self._open(name)]
        if not lost:
            return []
        return [f"VRM 1.0 has no word for what {source} says: {', '.join(lost)}. Choose, if you may."]

    def _offer(self, armature: bpy.types.Object | None) -> None:
        """Starts the fields that nobody has set with what is known of the avatar."""
        for name, value in self._known(armature).items():
            if not self.properties.is_property_set(name):
                setattr(self, name, value)

    def _known(self, armature: bpy.types.Object | None) -> dict[str, Any]:
        """The operator's own fields, as far as they are known."""
        fields = starting_values(armature).fields
        found = {name: fields[name] for name in (*self._ABOUT, *self._RULES, *self._ALLOWED) if name in fields}
        found |= {name: ", ".join(fields[name]) for name in self._LISTS if name in fields}
        image = thumbnail(armature)
        if image is not None and image.size[0] == image.size[1]:
            found["thumbnail"] = image.name
        return found | ({"title": fields["name"]} if "name" in fields else {})

    def _answers(self, armature: bpy.types.Object | None) -> dict[str, Any]:
        """VrmMeta's fields that are answered. Lists as they were offered keep the commas in their names."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in (*self._ABOUT, *self._RULES)}
        fields = {name: value for name, value in fields.items() if value not in ("", UNSAID)}
        fields |= {name: getattr(self, name) for name in self._ALLOWED if self.properties.is_property_set(name)}
        offered = starting_values(armature).fields
        for name in self._LISTS:
            text, whole = getattr(self, name), tuple(offered.get(name, ()))
            fields[name] = whole if text == ", ".join(whole) else tuple(one.strip() for one in text.split(","))
        return fields | {"name": self.title}

    def _open(self, name: str) -> bool:
        """Whether nobody has answered a field."""
        if name in self._ALLOWED:
            return not self.properties.is_property_set(name)
        return getattr(self, name) in ("", UNSAID)

    def _label(self, name: str) -> str:
        properties: Any = self.properties.bl_rna.properties
        return properties[name].name


def _armature(obj: bpy.types.Object | None) -> bpy.types.Object | None:
    return obj if obj is None or obj.type == "ARMATURE" else obj.find_armature()


CLASSES = (FACEMIMIC_OT_export_vrm,)
