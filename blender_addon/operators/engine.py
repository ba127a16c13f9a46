"""The engine in the preferences: install it, cancel that, check it."""

from typing import Any

import bpy

from .. import client, installation, preferences
from ..hints import Context, Event, Returned
from ..messages import AddonError
from .asking import PACE, Asking

OFFLINE = "Blender may not use the internet. Allow it under Edit > Preferences > System > Network."


class FACEMIMIC_OT_check_engine(Asking, bpy.types.Operator):
    bl_idname = "facemimic.check_engine"
    bl_label = "Check Engine"
    bl_description = "Start the engine and ask what it is made of: versions, device, weights"
    bl_options = {"REGISTER"}  # noqa: RUF012

    def ask(self, context: Context) -> client.Job:
        return preferences.engine().ask("info", {"device": preferences.settings().device})

    def accept(self, context: Context, answer: client.Answer) -> str:
        facts = answer.header
        packages, weights = _table(facts, "packages"), _table(_table(facts, "weights"), "sha256")
        missing = [name for name, version in packages.items() if version is None]
        if missing:
            raise AddonError(
                f"The engine's Python lacks {', '.join(missing)}. Press Install Engine in the preferences, "
                "or choose another Python there."
            )
        if not weights:
            raise AddonError("The engine's weights are missing. Install the newest FaceMimic.")
        if not _table(facts, "landmarker").get("path"):
            self.report({"WARNING"}, "From Video needs the face tracker. Press Download Face Tracker to get it.")
        devices = facts.get("devices") or ["cpu"]
        return (
            f"The engine works: version {facts.get('engine')}, Python {facts.get('python')}, "
            f"PyTorch {packages.get('torch')}, device {devices[0]}."
        )

    def invoke(self, context: Context, event: Event) -> Returned:
        return self.begin(context)


class FACEMIMIC_OT_fetch_tracker(Asking, bpy.types.Operator):
    bl_idname = "facemimic.fetch_tracker"
    bl_label = "Download Face Tracker"
    bl_description = "Download MediaPipe's face landmarker (4 MB), which From Video needs"
    bl_options = {"REGISTER"}  # noqa: RUF012

    def ask(self, context: Context) -> client.Job:
        if not bpy.app.online_access:
            raise AddonError(OFFLINE)
        return preferences.engine().ask("landmarker")

    def accept(self, context: Context, answer: client.Answer) -> str:
        return f"The face tracker lies at {answer.header.get('path')}."

    def invoke(self, context: Context, event: Event) -> Returned:
        return self.begin(context)


def _table(facts: dict[str, Any], name: str) -> dict[str, Any]:
    found = facts.get(name)
    return found if isinstance(found, dict) else {}


class FACEMIMIC_OT_install_engine(bpy.types.Operator):
    bl_idname = "facemimic.install_engine"
    bl_label = "Install Engine"
    bl_description = "Download PyTorch and MediaPipe into a Python of the engine's own; Blender's stays as it is"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    _timer: Any = None
    _installation: installation.Installation

    @classmethod
    def poll(cls, context: Context) -> bool:
        return installation.running() is None

    def _begin(self) -> None:
        chosen = preferences.settings()
        wheels = bpy.path.abspath(chosen.wheels) if chosen.wheels else ""
        if not (wheels or bpy.app.online_access):
            raise AddonError(f"{OFFLINE} Or choose a Wheels Folder to install from.")
        base = installation.base_python(bpy.path.abspath(chosen.base_python) if chosen.base_python else "")
        client.stop()
        self._installation = installation.start(base, wheels, chosen.extra_index)

    def execute(self, context: Context) -> Returned:
        try:
            self._begin()
            self._installation.run()
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return self._finish()

    def invoke(self, context: Context, event: Event) -> Returned:
        if bpy.app.background:
            return self.execute(context)
        try:
            self._begin()
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._timer = context.window_manager.event_timer_add(4 * PACE, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: Context, event: Event) -> Returned:
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        self._installation.poll()
        for window in context.window_manager.windows:
            for area in window.screen.areas:
                if area.type in ("PREFERENCES", "VIEW_3D"):
                    area.tag_redraw()
        if not self._installation.done:
            return {"PASS_THROUGH"}
        self.cancel(context)
        return self._finish()

    def cancel(self, context: Context) -> None:
        """Called by Blender on opening another file, too: then the installation ends, as nobody would look after it."""
        self._installation.cancel()
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None

    def _finish(self) -> Returned:
        if self._installation.error is not None:
            self.report({"ERROR"}, str(self._installation.error))
            return {"CANCELLED"}
        self.report({"INFO"}, "The engine is installed.")
        return {"FINISHED"}


class FACEMIMIC_OT_cancel_installation(bpy.types.Operator):
    bl_idname = "facemimic.cancel_installation"
    bl_label = "Cancel Installation"
    bl_description = "Stop installing the engine and remove what was downloaded so far"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        installation.cancel()
        return {"FINISHED"}


CLASSES = (
    FACEMIMIC_OT_fetch_tracker,
    FACEMIMIC_OT_check_engine,
    FACEMIMIC_OT_install_engine,
    FACEMIMIC_OT_cancel_installation,
)
