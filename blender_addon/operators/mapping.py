"""The mapping's lines: tried, reset, saved to a file and loaded from one."""

# pyright: reportInvalidTypeForm=false
from typing import Any

import bpy

from ..bake.trying import Trial
from ..hints import Context, Event, ExportHelper, ImportHelper, OperatorPart, Returned
from ..messages import AddonError
from ..panels.line_fields import shown
from ..panels.matching import matching
from ..properties import chosen_object, needed_object
from ..rig.character import Character, find_character
from ..rig.corrections import forget_all
from ..rig.drivers import mute_drivers
from ..rig.lines import CHANNEL, SHAPE, Line, confirm_line, lines_of, mirror_line, other_side, reset_line
from ..rig.mapping_file import entries_of, load_mapping, read_mapping, save_mapping
from .exporting import has_character
from .named_file import named_file

_PACE = 1 / 30


def _line() -> Line:
    line = shown()
    if line is None or line.kind == CHANNEL:
        raise AddonError("Choose a line of the mapping first.")
    return line


class _OfCharacter(OperatorPart):
    """An operator about the character."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_character(cls, context)


class _OfLine:
    """An operator about the line that is chosen in the panel."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        line = shown()
        return line is not None and line.kind != CHANNEL and chosen_object(context) is not None


class FACEMIMIC_OT_try_line(_OfLine, bpy.types.Operator):
    bl_idname = "facemimic.try_line"
    bl_label = "Try"
    bl_description = "Show what this line moves, from rest to its full strength and back. Nothing stays changed"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    _trial: Trial | None = None
    _timer: Any = None

    def invoke(self, context: Context, event: Event) -> Returned:
        try:
            self._trial = Trial(_line())
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._timer = context.window_manager.event_timer_add(_PACE, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: Context, event: Event) -> Returned:
        trial = self._trial
        assert trial is not None
        if event.type == "TIMER":
            if trial.step():
                return {"RUNNING_MODAL"}
        elif event.type in {"MOUSEMOVE", "INBETWEEN_MOUSEMOVE"} or event.value != "PRESS":
            return {"PASS_THROUGH"}
        # Whatever the artist does next finds the character as it was.
        self.cancel(context)
        return {"FINISHED"} if event.type in {"TIMER", "ESC"} else {"FINISHED", "PASS_THROUGH"}

    def cancel(self, context: Context) -> None:
        if self._trial is not None:
            self._trial.stop()
            self._trial = None
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None


class FACEMIMIC_OT_reset_line(_OfLine, bpy.types.Operator):
    bl_idname = "facemimic.reset_line"
    bl_label = "Reset Line"
    bl_description = "Forget what you corrected in this line"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        try:
            reset_line(_line())
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class FACEMIMIC_OT_confirm_line(_OfLine, bpy.types.Operator):
    bl_idname = "facemimic.confirm_line"
    bl_label = "Confirm"
    bl_description = "What was guessed is right; the line no longer counts as unsure"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        line = shown()
        if line is None or not line.unsure:
            self.report({"ERROR"}, "Choose a line that is a guess.")
            return {"CANCELLED"}
        confirm_line(line)
        return {"FINISHED"}


class FACEMIMIC_OT_confirm_guesses(_OfCharacter, bpy.types.Operator):
    bl_idname = "facemimic.confirm_guesses"
    bl_label = "Confirm All Guesses"
    bl_description = "Everything that was guessed of this character is right"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        try:
            guesses = [line for line in lines_of(find_character(needed_object(context))) if line.unsure]
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for line in guesses:
            confirm_line(line)
        self.report({"INFO"}, f"{len(guesses)} guess{'es' if len(guesses) != 1 else ''} confirmed.")
        return {"FINISHED"}


class FACEMIMIC_OT_mute_driver(_OfLine, bpy.types.Operator):
    bl_idname = "facemimic.mute_driver"
    bl_label = "Mute Its Driver"
    bl_description = "Let a performance move this shape key. Its driver stays, and can be unmuted in the Drivers editor"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        line = shown()
        if line is None or not line.driven:
            return {"CANCELLED"}
        mute_drivers([obj for name in line.objects if (obj := bpy.data.objects.get(name))], True, line.name)
        return {"FINISHED"}


class FACEMIMIC_OT_mute_drivers(_OfCharacter, bpy.types.Operator):
    bl_idname = "facemimic.mute_drivers"
    bl_label = "Mute Drivers"
    bl_description = "Whether drivers hold the shape keys that FaceMimic knows by name, or a performance moves them"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    mute: bpy.props.BoolProperty(default=True)

    def execute(self, context: Context) -> Returned:
        try:
            count = mute_drivers(find_character(needed_object(context)).meshes, self.mute)
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"{count} driver{'s' if count != 1 else ''} {'' if self.mute else 'un'}muted.")
        return {"FINISHED"}


class FACEMIMIC_OT_mirror_line(_OfLine, bpy.types.Operator):
    bl_idname = "facemimic.mirror_line"
    bl_label = "Copy to the Other Side"
    bl_description = "Correct the shape key or eye of the other side in the same way, with that side's channels"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        line, obj = shown(), chosen_object(context)
        if line is None or obj is None:
            return {"CANCELLED"}
        other = other_side(line, matching(obj).lines)
        if other is None:
            self.report({"ERROR"}, f"There is nothing on the other side for “{line.title}”.")
            return {"CANCELLED"}
        mirror_line(line, other)
        self.report({"INFO"}, f"“{other.title}” follows as “{line.title}” does.")
        return {"FINISHED"}


class FACEMIMIC_OT_reset_mapping(_OfCharacter, bpy.types.Operator):
    bl_idname = "facemimic.reset_mapping"
    bl_label = "Reset All Lines"
    bl_description = "Forget everything that you corrected in this character's mapping"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        try:
            character = find_character(needed_object(context))
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        count = len(entries_of(character))
        for obj in _owners(character):
            forget_all(obj)
        self.report({"INFO"}, f"Reset {_lines(count)} of “{character.name}”.")
        return {"FINISHED"}


def _lines(count: int) -> str:
    """How many lines, in words; meshes that treat a shape key alike share one."""
    return f"{count} line{'s' if count != 1 else ''}"


def _owners(character: Character) -> list[bpy.types.Object]:
    return [*character.meshes, *([character.armature] if character.armature else [])]


class FACEMIMIC_OT_widen_range(_OfLine, bpy.types.Operator):
    bl_idname = "facemimic.widen_range"
    bl_label = "Widen Range"
    bl_description = "Let the shape key's own range reach as far as this line's limits"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        line = shown()
        if line is None or line.kind != SHAPE or line.target is None:
            return {"CANCELLED"}
        target: Any = line.target
        for name in line.objects:
            obj: Any = bpy.data.objects.get(name)
            block = obj.data.shape_keys.key_blocks.get(line.name) if obj else None
            if block is not None:
                block.slider_max = max(block.slider_max, target.high)
                block.slider_min = min(block.slider_min, target.low)
        return {"FINISHED"}


class FACEMIMIC_OT_save_mapping(_OfCharacter, ExportHelper, bpy.types.Operator):
    bl_idname = "facemimic.save_mapping"
    bl_label = "Save Mapping"
    bl_description = "Write what you corrected to a small text file, for other characters with such shape keys"

    filename_ext = ".toml"
    filter_glob: bpy.props.StringProperty(default="*.toml", options={"HIDDEN"})

    def invoke(self, context: Context, event: Event) -> Returned:
        obj: Any = chosen_object(context)
        if not self.filepath:
            self.filepath = f"{bpy.path.clean_name(obj.name)}_mapping{self.filename_ext}"
        return ExportHelper.invoke(self, context, event)

    def execute(self, context: Context) -> Returned:
        try:
            path = named_file(self.filepath, ".toml file")
            count = save_mapping(find_character(needed_object(context)), path)
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Wrote {_lines(count)} to {path.name}.")
        return {"FINISHED"}


class FACEMIMIC_OT_load_mapping(_OfCharacter, ImportHelper, bpy.types.Operator):
    bl_idname = "facemimic.load_mapping"
    bl_label = "Load Mapping"
    bl_description = "Correct this character's mapping as a file says. Lines that the file does not name stay"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filter_glob: bpy.props.StringProperty(default="*.toml", options={"HIDDEN"})

    def execute(self, context: Context) -> Returned:
        try:
            path = named_file(self.filepath, ".toml file that FaceMimic saved")
            loaded = load_mapping(read_mapping(path), find_character(needed_object(context)))
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for sentence in loaded.unknown:
            self.report({"WARNING"}, f"{path.name}: {sentence}.")
        self.report({"INFO"}, f"Corrected {_lines(loaded.count)} after {path.name}.")
        return {"FINISHED"}


CLASSES = (
    FACEMIMIC_OT_try_line,
    FACEMIMIC_OT_reset_line,
    FACEMIMIC_OT_confirm_line,
    FACEMIMIC_OT_confirm_guesses,
    FACEMIMIC_OT_mirror_line,
    FACEMIMIC_OT_mute_driver,
    FACEMIMIC_OT_mute_drivers,
    FACEMIMIC_OT_reset_mapping,
    FACEMIMIC_OT_widen_range,
    FACEMIMIC_OT_save_mapping,
    FACEMIMIC_OT_load_mapping,
)
