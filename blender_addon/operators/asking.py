"""What the operators that ask the engine share: waiting without blocking the window, Esc, and errors as sentences."""

# pyright: reportInvalidTypeForm=false
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import bpy

from .. import client
from ..bake.write import bake
from ..clip import Clip, checked
from ..hints import Context, Event, ImportHelper, OperatorPart, Returned
from ..messages import AddonError
from ..panels.matching import paired
from ..properties import needed_object, settings
from ..rig.character import Character, find_character

PACE = 0.05
"""Seconds between two looks at the worker."""
_FEW = 5
"""Channels that a sentence names, though the panel lists them too."""


class Place(NamedTuple):
    """Where a take will go. Nothing of Blender's data is held: an undo meanwhile would leave it dangling."""

    scene: int
    character: int
    name: str
    frame: float
    fps: float
    tolerance: float | None
    new_take: bool


def place(context: Context) -> Place:
    """The chosen character at the playhead. Raises AddonError when it cannot be performed with."""
    obj = needed_object(context)
    character = find_character(obj)
    if not character.targets and all(bone.motion == "head" for bone in character.bones):
        raise AddonError(
            f"FaceMimic knows none of the names of {obj.name}'s shape keys. Name them as ARKit does, "
            "such as jawOpen and eyeBlinkLeft; the panel lists all channels."
        )
    scene, chosen = context.scene, settings(context)
    return Place(
        scene=scene.session_uid,
        character=obj.session_uid,
        name=obj.name,
        frame=scene.frame_current_final,
        fps=scene.render.fps / scene.render.fps_base,
        tolerance=chosen.tolerance if chosen.reduce_keys else None,
        new_take=chosen.new_take,
    )


@contextmanager
def performer(where: Place) -> Iterator[tuple[bpy.types.Scene, Character]]:
    """The scene and the character of a place, in whatever scene the artist is by now.

    Raises AddonError when either is gone.
    """
    scene = next((scene for scene in bpy.data.scenes if scene.session_uid == where.scene), None)
    if scene is None:
        raise AddonError("The file or the scene was changed while FaceMimic was working. Nothing was changed here.")
    obj = next((obj for obj in scene.objects if obj.session_uid == where.character), None)
    if obj is None:
        raise AddonError(f"“{where.name}” was removed while FaceMimic was working. Nothing was changed.")
    with bpy.context.temp_override(scene=scene):
        yield scene, find_character(obj)


def put(clip: Clip, where: Place, name: str, fit: Callable[[Character], Character] | None = None) -> str:
    """Bakes a clip where it was asked for, and says what was made. Raises AddonError when the character is gone.

    fit: gives the character the curves that were solved for it.
    """
    with performer(where) as (scene, character):
        character = fit(character) if fit else character
        before = _actions(character)
        bake(
            character,
            clip,
            frame=where.frame,
            fps=where.fps,
            tolerance=where.tolerance,
            name=name,
            new_take=where.new_take,
        )
    last = where.frame + (len(clip.values) - 1) * where.fps / clip.fps
    sentence = f"{name}: frames {where.frame:g} to {last:g} on “{character.name}”."
    replaced = [f"“{action.name}”" for action in before - _actions(character)]
    if replaced:
        sentence += f" Your action {', '.join(sorted(replaced))} is kept in the file; choose it again to go back."
    driven = [key.partition(" (")[0] for key in character.unused if key.endswith("(has a driver)")]
    if driven:
        sentence += f" Drivers hold {', '.join(driven)}, so these were left alone."
    if character.missing and not fit:
        sentence += f" The rig cannot show {_missing(character)}."
    if last > scene.frame_end:
        sentence += f" The scene ends at frame {scene.frame_end}."
    return sentence


def _missing(character: Character) -> str:
    """The channels that a character lacks, or how many where the panel lists them."""
    count = f"{len(character.missing)} of the 55 channels"
    if len(character.missing) > _FEW and not bpy.app.background:
        return f"{count}; the panel lists them"
    return f"{count}: {', '.join(paired(character.missing))}"


def _actions(character: Character) -> set[bpy.types.Action]:
    """The actions that play on the character's shape keys and armature."""
    owners = [getattr(mesh.data, "shape_keys", None) for mesh in character.meshes] + [character.armature]
    animated = [owner.animation_data for owner in owners if owner is not None]
    return {data.action for data in animated if data is not None and data.action is not None}


def answered_clip(answer: client.Answer) -> Clip:
    """The Clip of a worker's result. Raises AddonError when it is none."""
    header, values = answer.header, answer.arrays.get("values")
    try:
        if values is None:
            raise KeyError("values")
        fps, channels = float(header["fps"]), tuple(str(name) for name in header["channels"])
    except (KeyError, TypeError, ValueError) as error:
        raise AddonError("The engine's answer holds no performance. Install FaceMimic and its engine again.") from error
    return checked(Clip(values, fps, channels, dict(header.get("provenance") or {})))


class Asking(OperatorPart):
    """An operator that asks the engine and puts the answer into the scene, all of it at the end.

    In a window it is modal: the artist goes on working, Esc cancels, and the answer is one undo step. Called as
    bpy.ops….name() or without a window it runs to its end before it returns.
    """

    _timer: Any = None
    _job: client.Job | None = None
    _shown: tuple[float, str] = (-1.0, "")

    @classmethod
    def poll(cls, context: Context) -> bool:
        if client.running_job() is not None:
            cls.poll_message_set("FaceMimic is working. Wait for it, or cancel it with Esc")
            return False
        return context.scene is not None

    def ask(self, context: Context) -> client.Job:
        """Sends the request. Raises AddonError before anything is sent when it cannot be answered."""
        raise NotImplementedError

    def accept(self, context: Context, answer: client.Answer) -> str:
        """Puts the answer into the scene and says what was made."""
        raise NotImplementedError

    def follow(self, context: Context, answer: client.Answer) -> client.Job | None:
        """What to ask next, given an answer; None when the answer is the last."""
        return None

    def execute(self, context: Context) -> Returned:
        try:
            answer = client.wait(self.ask(context))
            while (job := self.follow(context, answer)) is not None:
                answer = client.wait(job)
            return self._finish(context, answer)
        except AddonError as error:
            return self.refuse(error)

    def begin(self, context: Context) -> Returned:
        """Asks and goes on as a modal operator."""
        if bpy.app.background:
            return Asking.execute(self, context)
        try:
            self._job = self.ask(context)
        except AddonError as error:
            return self.refuse(error)
        manager = context.window_manager
        self._timer = manager.event_timer_add(PACE, window=context.window)
        manager.modal_handler_add(self)
        redraw(context)
        return {"RUNNING_MODAL"}

    def modal(self, context: Context, event: Event) -> Returned:
        job = self._job
        assert job is not None
        if event.type == "ESC" and event.value == "PRESS":
            client.cancel_running()
        elif event.type == "TIMER":
            client.pump()
        if not job.done:
            if self._shown != (job.fraction, job.stage):
                self._shown = (job.fraction, job.stage)
                redraw(context)
            return {"PASS_THROUGH"}
        if job.answer is not None:
            try:
                following = self.follow(context, job.answer)
            except AddonError as error:
                self._leave(context)
                return self.refuse(error)
            if following is not None:
                self._job = following
                return {"PASS_THROUGH"}
        self._leave(context)
        if job.cancelled:
            self.report({"INFO"}, "Cancelled. Nothing was changed.")
            return {"CANCELLED"}
        try:
            return self._finish(context, job.result())
        except AddonError as error:
            return self.refuse(error)

    def cancel(self, context: Context) -> None:
        """Blender calls this when it ends the operator itself, as on opening another file."""
        client.cancel_running()
        self._leave(context)

    def _leave(self, context: Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        redraw(context)

    def _finish(self, context: Context, answer: client.Answer) -> Returned:
        self.report({"INFO"}, self.accept(context, answer))
        return {"FINISHED"}

    def refuse(self, error: AddonError) -> Returned:
        """Tells the artist why nothing was done."""
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}


class AskingAboutFile(Asking, ImportHelper):
    """The same for a file: in a window the artist chooses it first, unless it was dropped or given."""

    # Remembering the last file would take the choice away the next time.
    filepath: bpy.props.StringProperty(name="File Path", subtype="FILE_PATH", options={"SKIP_SAVE"})

    _in_window = False

    def invoke(self, context: Context, event: Event) -> Returned:
        self._in_window = True
        if self.filepath:
            return self.execute(context)
        return ImportHelper.invoke(self, context, event)

    def execute(self, context: Context) -> Returned:
        if not self._in_window:
            return super().execute(context)
        # Blender repeats the operator from its redo panel, where it must not become modal a second time.
        self._in_window = False
        return self.begin(context)


def redraw(context: Context) -> None:
    """Has the sidebars and the status bars drawn again, which show the progress."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if area.type == "VIEW_3D" and region.type == "UI":
                    region.tag_redraw()
    if context.workspace is not None:
        context.workspace.status_text_set(None)
