"""Preflight: what a target program will make of the character, and the fixes that are safe."""

# pyright: reportInvalidTypeForm=false
import json
from typing import Any

import bpy

from ..export.blender_data import armature_bones
from ..export.humanoid import ASSIGNED, bones, find_bones
from ..hints import Context, Event, OperatorPart, Returned
from ..messages import AddonError
from ..preflight.findings import Finding, preflight, report, targets
from ..preflight.fixes import fixes
from ..properties import needed_object, settings
from ..rig.character import Character, find_character
from .exporting import has_character

_found: dict[tuple[int, str], list[Finding]] = {}
"""The last findings, by object and target."""


def last_findings(obj: bpy.types.Object, target: str) -> list[Finding] | None:
    """What the last check found; None before the first."""
    return _found.get((obj.session_uid, target))


@bpy.app.handlers.persistent
def _forget(*_: object) -> None:
    """What was found may be no more after an undo, and is another file's after a load."""
    _found.clear()


class _Checking(OperatorPart):
    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_character(cls, context)

    def look_again(self, context: Context) -> Character:
        """Looks again and keeps what is found. Raises AddonError."""
        obj, target = needed_object(context), settings(context).preflight_target
        character = find_character(obj)
        _found.clear()
        _found[obj.session_uid, target] = preflight(character, target)
        return character


class FACEMIMIC_OT_preflight(_Checking, bpy.types.Operator):
    bl_idname = "facemimic.preflight"
    bl_label = "Preflight"
    bl_description = "Say what the target program will understand of the character, and what it will ignore"

    target: bpy.props.EnumProperty(
        name="Target",
        description="The program that the character goes to; the panel's when not given",
        items=[("panel", "As in the Panel", ""), *((one.name, one.label, one.about) for one in targets().values())],
        default="panel",
        options={"SKIP_SAVE"},
    )

    def execute(self, context: Context) -> Returned:
        if self.target != "panel":
            settings(context).preflight_target = self.target
        try:
            character = self.look_again(context)
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if bpy.app.background:
            self.report({"INFO"}, report(character, settings(context).preflight_target))
        return {"FINISHED"}


class FACEMIMIC_OT_preflight_fix(_Checking, bpy.types.Operator):
    bl_idname = "facemimic.preflight_fix"
    bl_label = "Fix"
    bl_description = "Change the character so that this finding goes away; Ctrl Z takes it back"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    rule: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: Context) -> Returned:
        fix = fixes().get(self.rule)
        if fix is None or fix.apply is None:
            self.report({"ERROR"}, f"There is no fix called “{self.rule}”.")
            return {"CANCELLED"}
        try:
            done = fix.apply(find_character(needed_object(context)))
            self.look_again(context)
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, done)
        return {"FINISHED"}


class FACEMIMIC_OT_assign_bones(_Checking, bpy.types.Operator):
    bl_idname = "facemimic.assign_bones"
    bl_label = "Assign Bones"
    bl_description = "Choose which bones of the armature are the humanoid's that VRM needs"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    assigned: bpy.props.StringProperty(
        description="JSON of humanoid bone to the armature's bone", options={"HIDDEN", "SKIP_SAVE"}
    )

    def invoke(self, context: Context, event: Event) -> Returned:
        try:
            armature = self._armature(context)
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        lines = context.window_manager.facemimic_bones
        lines.clear()
        found = find_bones(armature)
        for name, about in bones().items():
            if about.required:
                line = lines.add()
                line.name, line.bone = name, found.get(name, "")
        return context.window_manager.invoke_props_dialog(self, width=360)

    def draw(self, context: Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        column = layout.column(align=True)
        armature: Any = self._armature(context)
        for line in context.window_manager.facemimic_bones:
            row = column.row()
            row.alert = not line.bone
            row.prop_search(line, "bone", armature.data, "bones", text=line.name)

    def execute(self, context: Context) -> Returned:
        lines = context.window_manager.facemimic_bones
        try:
            armature = self._armature(context)
            told = json.loads(self.assigned) if self.assigned else {line.name: line.bone for line in lines}
            known = {name: bone for name, bone in dict(told).items() if bone}
            unknown = [str(one) for one in known.values() if one not in armature_bones(armature)]
            unknown += [name for name in known if name not in bones()]
            if unknown:
                raise AddonError(f"{armature.name} and VRM know no {', '.join(unknown)}. Choose other bones.")
            before = armature.get(ASSIGNED)
            armature[ASSIGNED] = json.dumps(known, ensure_ascii=False)
            dropped = [name for name in known if find_bones(armature).get(name) != known[name]]
            if dropped:
                if before is None:
                    del armature[ASSIGNED]
                else:
                    armature[ASSIGNED] = before
                raise AddonError(
                    f"These bones do not hang where VRM needs them: {', '.join(dropped)}. A hand hangs on its lower "
                    "arm, that on the upper arm, and legs on the hips; choose others, or parent them so."
                )
            self.look_again(context)
        except (ValueError, TypeError) as error:
            self.report({"ERROR"}, f'The bones cannot be read: {error}. Give JSON such as {{"hips": "Pelvis"}}.')
            return {"CANCELLED"}
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    @staticmethod
    def _armature(context: Context) -> bpy.types.Object:
        armature = find_character(needed_object(context)).armature
        if armature is None:
            raise AddonError("The character has no armature. Parent its meshes to one.")
        return armature


class FACEMIMIC_PG_humanoid_bone(bpy.types.PropertyGroup):
    bone: bpy.props.StringProperty(name="Bone", description="The armature's bone")


CLASSES = (
    FACEMIMIC_PG_humanoid_bone,
    FACEMIMIC_OT_preflight,
    FACEMIMIC_OT_preflight_fix,
    FACEMIMIC_OT_assign_bones,
)


def register() -> None:
    bpy.types.WindowManager.facemimic_bones = bpy.props.CollectionProperty(  # pyright: ignore[reportAttributeAccessIssue]
        type=FACEMIMIC_PG_humanoid_bone
    )
    for handlers in _handlers():
        handlers.append(_forget)


def unregister() -> None:
    for handlers in _handlers():
        if _forget in handlers:
            handlers.remove(_forget)
    del bpy.types.WindowManager.facemimic_bones  # pyright: ignore[reportAttributeAccessIssue]
    _found.clear()


def _handlers() -> tuple[list[Any], ...]:
    return bpy.app.handlers.undo_post, bpy.app.handlers.redo_post, bpy.app.handlers.load_post
