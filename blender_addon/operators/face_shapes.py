"""Face shapes for a character that has none: landmarks, Add, the contact sheet, Keep and Discard."""

# pyright: reportInvalidTypeForm=false
from typing import Any

import bpy

from .. import client, preferences
from ..bake.write import takes
from ..contact_sheet import IMAGE, make_sheet, remove_sheet
from ..hints import Context, Event, OperatorPart, Returned
from ..messages import AddonError
from ..properties import chosen_object, needed_object
from ..rig import landmarks
from ..rig.character import find_character
from ..rig.face_mesh import face_mesh, previewed
from ..rig.face_shapes import add_shapes, discard_shapes, keep_shapes
from ..rig.family import relatives
from ..rig.schemes import HEAD_CHANNELS, channels
from .asking import Asking
from .exporting import has_character

TILE = 256
"""Pixels of one picture on the contact sheet."""


class _AskingAboutMesh(Asking):
    """An operator that sends the character's meshes to the engine."""

    operation = ""

    _character = 0
    _scene = 0
    _sent: tuple[tuple[str, int], ...] = ()

    def fields(self) -> dict[str, Any]:
        """What the engine is told besides the mesh."""
        return {}

    def ask(self, context: Context) -> client.Job:
        obj = needed_object(context)
        whole = face_mesh(obj)
        for note in whole.notes:
            self.report({"WARNING"}, f"Left out: {note}")
        self._character, self._scene = obj.session_uid, context.scene.session_uid
        self._sent = _described(whole)
        return preferences.engine().ask(self.operation, self.fields(), whole.arrays())

    def character(self) -> bpy.types.Object:
        """The object that was asked about. Raises AddonError when it is gone."""
        scene = next((scene for scene in bpy.data.scenes if scene.session_uid == self._scene), None)
        obj = next((obj for obj in scene.objects if obj.session_uid == self._character), None) if scene else None
        if obj is None:
            raise AddonError("The character was removed while FaceMimic was working. Nothing was changed.")
        return obj


def _described(whole: Any) -> tuple[tuple[str, int], ...]:
    return tuple((part.obj.name, part.vertices.stop) for part in whole.parts)


class FACEMIMIC_OT_add_face_shapes(_AskingAboutMesh, bpy.types.Operator):
    bl_idname = "facemimic.add_face_shapes"
    bl_label = "Add Face Shapes"
    bl_description = (
        "Give a face without shape keys ARKit's 52, carried over from FaceMimic's sample head, to look at and keep or "
        "discard. Landmarks that were placed are used; otherwise the face is found automatically"
    )
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    operation = "transfer"
    symmetric: bpy.props.BoolProperty(
        name="Symmetric", description="Both sides of the face move exactly alike", default=True
    )
    contact_sheet: bpy.props.BoolProperty(
        name="Contact Sheet", description="Draw every shape into one picture, to judge them at a glance", default=True
    )
    keep: bpy.props.BoolProperty(
        name="Keep at Once", description="Keep the shapes without asking, as scripts may want", default=False
    )

    _in_window = False

    def invoke(self, context: Context, event: Event) -> Returned:
        try:
            obj = needed_object(context)
            face_mesh(obj)
            _refuse_complete(obj)
        except AddonError as error:
            return self.refuse(error)
        self._in_window = True
        return context.window_manager.invoke_props_dialog(self, title="Add Face Shapes", confirm_text="Add")

    def draw(self, context: Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.prop(self, "symmetric")
        layout.prop(self, "contact_sheet")

    def execute(self, context: Context) -> Returned:
        if not self._in_window:
            return super().execute(context)
        # Blender repeats the operator from its redo panel, where it must not become modal a second time.
        self._in_window = False
        return self.begin(context)

    def ask(self, context: Context) -> client.Job:
        _refuse_complete(needed_object(context))
        return super().ask(context)

    def fields(self) -> dict[str, Any]:
        tile = TILE if self.contact_sheet else 0
        return {"landmarks": landmarks.placed(), "symmetric": self.symmetric, "tile": tile}

    def accept(self, context: Context, answer: client.Answer) -> str:
        obj = self.character()
        whole = face_mesh(obj)
        if _described(whole) != self._sent:
            raise AddonError("The character's meshes were changed while FaceMimic was working. Nothing was changed.")
        header, arrays = answer.header, answer.arrays
        try:
            names, notes = [str(name) for name in header["shapes"]], [str(note) for note in header["notes"]]
            vertices, deltas = arrays["vertices"].astype(int), arrays["deltas"].astype(float)
        except (KeyError, TypeError) as error:
            raise AddonError("The engine's answer holds no shapes. Install FaceMimic and its engine again.") from error
        added = add_shapes(whole, names, vertices, deltas)
        if not added:
            raise AddonError(f"{obj.name} has all of the face shapes already. Nothing was changed.")
        if "tiles" in arrays:
            make_sheet(arrays["tiles"], ["At rest", *names])
        for note in notes:
            self.report({"WARNING"}, note)
        told = ", ".join(f"{count} on “{name}”" for name, count in added.items())
        if self.keep:
            _decide(obj, keep_shapes)
            return f"Added face shapes: {told}."
        return f"Added face shapes to look at: {told}. Keep or discard them in the FaceMimic tab."


def _refuse_complete(obj: bpy.types.Object) -> None:
    """Raises AddonError for a character that shows each channel of a face by a shape key or bone of its own."""
    try:
        character = find_character(obj)
    except AddonError:
        return  # nothing to perform with yet, which is why shapes are added
    single = {channel for target in character.targets if len(target.mix) == 1 for channel in target.mix}
    shown = single.union(*(bone.channels for bone in character.bones))
    if shown.issuperset(set(channels()) - set(HEAD_CHANNELS)):
        raise AddonError(f"{character.name} shows every face shape already, so there is none to add.")


class FACEMIMIC_OT_place_landmarks(_AskingAboutMesh, bpy.types.Operator):
    bl_idname = "facemimic.place_landmarks"
    bl_label = "Place Landmarks"
    bl_description = "Find the points of the face and mark them with empties, which you can move before adding shapes"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    operation = "landmarks"

    def invoke(self, context: Context, event: Event) -> Returned:
        return self.begin(context)

    def accept(self, context: Context, answer: client.Answer) -> str:
        self.character()
        try:
            points = {str(name): [float(one) for one in at] for name, at in answer.header["landmarks"].items()}
            seen = bool(answer.header["seen"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AddonError("The engine's answer holds no points. Install FaceMimic and its engine again.") from error
        landmarks.place(context.scene, points)
        if not seen:
            self.report({"WARNING"}, "No face was seen, so the landmarks are a guess: move each to its place.")
        return f"Placed {len(points)} landmarks. Move those that are off, then add the shapes."


class FACEMIMIC_OT_remove_landmarks(bpy.types.Operator):
    bl_idname = "facemimic.remove_landmarks"
    bl_label = "Remove Landmarks"
    bl_description = "Take the empties away; the face is then found automatically"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        landmarks.remove()
        return {"FINISHED"}


class _Deciding(OperatorPart):
    """Keep or Discard, for all objects of the character."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        if not has_character(cls, context):
            return False
        obj = chosen_object(context)
        if obj is None or not previewed(relatives(obj)):
            cls.poll_message_set("No new face shapes wait for a decision. Add Face Shapes makes them")
            return False
        return True


class FACEMIMIC_OT_keep_face_shapes(_Deciding, bpy.types.Operator):
    bl_idname = "facemimic.keep_face_shapes"
    bl_label = "Keep"
    bl_description = "Make the new face shapes the character's own"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        count = _decide(needed_object(context), keep_shapes)
        landmarks.remove()
        remove_sheet()
        self.report({"INFO"}, f"Kept the face shapes of {count} object{'s' if count > 1 else ''}.")
        return {"FINISHED"}


class FACEMIMIC_OT_discard_face_shapes(_Deciding, bpy.types.Operator):
    bl_idname = "facemimic.discard_face_shapes"
    bl_label = "Discard"
    bl_description = "Take the new face shapes away again; landmarks stay, to be moved for another try"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        obj = needed_object(context)
        actions = _performed(obj)
        _decide(obj, discard_shapes)
        for action in actions:
            # Without shape keys nothing may use it any more, and Blender would not save it.
            action.use_fake_user |= not action.users
        remove_sheet()
        self.report({"INFO"}, f"Took the face shapes away. {_what_stays(obj, actions)}")
        return {"FINISHED"}


def _decide(obj: bpy.types.Object, how: Any) -> int:
    found = previewed(relatives(obj))
    for one in found:
        how(one)
    return len(found)


def _performed(obj: bpy.types.Object) -> list[bpy.types.Action]:
    """The Actions with takes that move the character now."""
    owners = [owner for one in relatives(obj) for owner in (one, getattr(one.data, "shape_keys", None)) if owner]
    used = [owner.animation_data.action for owner in owners if owner.animation_data]
    return [action for action in dict.fromkeys(used) if action and takes(action)]


def _what_stays(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> str:
    """A sentence for each Action that the face shapes were performed by."""
    moved = _performed(obj)
    told = [
        f"The take “{action.name}” stays as an action"
        + (" and goes on moving the rest of the character." if action in moved else ".")
        for action in actions
    ]
    return " ".join(told) or "The character is as it was."


class FACEMIMIC_OT_show_contact_sheet(bpy.types.Operator):
    bl_idname = "facemimic.show_contact_sheet"
    bl_label = "Contact Sheet"
    bl_description = "Show the picture of all new face shapes in a window of its own"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Context) -> bool:
        return IMAGE in bpy.data.images and not bpy.app.background

    def execute(self, context: Context) -> Returned:
        bpy.ops.wm.window_new()
        area: Any = context.window_manager.windows[-1].screen.areas[0]
        area.type = "IMAGE_EDITOR"
        area.spaces.active.image = bpy.data.images[IMAGE]
        return {"FINISHED"}


CLASSES = (
    FACEMIMIC_OT_add_face_shapes,
    FACEMIMIC_OT_place_landmarks,
    FACEMIMIC_OT_remove_landmarks,
    FACEMIMIC_OT_keep_face_shapes,
    FACEMIMIC_OT_discard_face_shapes,
    FACEMIMIC_OT_show_contact_sheet,
)
