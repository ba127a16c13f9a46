"""The add-on's preferences: which Python runs the engine, on which device, and the engine's installation."""

# pyright: reportInvalidTypeForm=false
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from . import client, installation, places
from .hints import Context, Layout
from .messages import AddonError

DEVICES = (
    ("auto", "Automatic", "The graphics card where that is faster, else the processor"),
    ("cpu", "Processor", "Works everywhere, and is fast enough for single takes"),
    ("cuda", "NVIDIA GPU", "Needs a CUDA build of PyTorch in the engine's Python"),
    ("mps", "Apple GPU", "Needs a Mac with Apple silicon"),
)


class FACEMIMIC_AP_preferences(bpy.types.AddonPreferences):
    bl_idname = __package__ or ""

    engine_python: bpy.props.StringProperty(
        name="Engine Python",
        description="The Python that runs the engine. Leave empty to use the installed engine",
        subtype="FILE_PATH",
    )
    device: bpy.props.EnumProperty(
        name="Device", description="What the engine computes on", items=DEVICES, default="auto"
    )
    base_python: bpy.props.StringProperty(
        name="Base Python",
        description="A Python 3.11, 3.12 or 3.13 to make the engine's own Python from. Leave empty to look for one",
        subtype="FILE_PATH",
    )
    wheels: bpy.props.StringProperty(
        name="Wheels Folder",
        description="Install without internet from the .whl files in this folder. Leave empty to use PyPI",
        subtype="DIR_PATH",
    )
    extra_index: bpy.props.StringProperty(
        name="Extra Index",
        description="A further package index for pip, such as PyTorch's own for another build of it",
    )

    def draw(self, context: Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        self._draw_engine(layout)
        self._draw_installation(layout)

    def _draw_engine(self, layout: Layout) -> None:
        column = layout.column()
        column.prop(self, "engine_python", placeholder="Installed engine")
        column.prop(self, "device")
        row = column.row()
        row.use_property_split = False
        split = row.split(factor=0.4)
        split.label(text="")
        found = split.column()
        try:
            python = engine_python()
        except AddonError as error:
            found.label(text=str(error).partition(". ")[0] + ".", icon="INFO")
        else:
            found.label(text="Engine found" if self.engine_python else str(python), icon="CHECKMARK")
        row = found.row()
        row.enabled = client.running_job() is None
        row.operator("facemimic.check_engine", icon="VIEWZOOM")
        row.operator("facemimic.fetch_tracker", icon="IMPORT")

    def _draw_installation(self, layout: Layout) -> None:
        header, body = layout.panel("facemimic_installation", default_closed=places.default_python() is not None)
        header.label(text="Install Engine")
        if body is None:
            return
        running = installation.running()
        if running is None:
            column = body.column()
            column.prop(self, "base_python", placeholder="Found automatically")
            column.prop(self, "wheels", placeholder="PyPI")
            column.prop(self, "extra_index")
            split = column.split(factor=0.4)
            split.label(text="")
            row = split.row()
            row.operator("facemimic.install_engine", icon="IMPORT")
        else:
            row = body.row(align=True)
            row.progress(factor=running.fraction, text=running.stage)
            row.operator("facemimic.cancel_installation", text="", icon="X")


class Settings(NamedTuple):
    """The preferences as values; the defaults hold while the add-on is only registered and not enabled."""

    engine_python: str = ""
    device: str = "auto"
    base_python: str = ""
    wheels: str = ""
    extra_index: str = ""


def settings() -> Settings:
    """The artist's preferences."""
    preferences: Any = bpy.context.preferences
    addon = preferences.addons.get(__package__ or "") if preferences is not None else None
    stored = addon.preferences if addon is not None else None
    if not isinstance(stored, FACEMIMIC_AP_preferences):
        return Settings()
    return Settings(*(getattr(stored, name) for name in Settings._fields))


def engine_python() -> Path:
    """The engine's interpreter. Raises AddonError that says what to do when there is none."""
    chosen = settings().engine_python
    if chosen:
        path = Path(bpy.path.abspath(chosen))
        if not path.is_file():
            raise AddonError(f"There is no Python at {path}. Correct it in FaceMimic's preferences, or leave it empty.")
        return path
    path = places.default_python()
    if path is None:
        raise AddonError(
            "The engine is not installed. Open Edit > Preferences > Add-ons > FaceMimic and press Install Engine."
        )
    return path


def engine() -> client.Worker:
    """The session's worker, as the preferences ask for it. Raises AddonError when there is no engine."""
    arguments = ("-I", str(places.house() / "engine" / "__main__.py"), "worker")
    return client.worker(engine_python(), arguments, places.log_file("engine"))
