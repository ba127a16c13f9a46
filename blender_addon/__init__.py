"""FaceMimic in Blender: registers what the artist sees; everything else is in the rooms beside this file."""

import atexit

import bpy

from . import client, footage, installation, portraits, preferences, properties
from .operators import (
    add_to_avatar,
    copy_text,
    engine,
    export_take,
    export_vrm,
    exporting,
    face_shapes,
    from_video,
    generate,
    import_avatar,
    load_take,
    preflight,
)
from .operators import mapping as mapping_operators
from .panels import approximation, character, files, line_fields, mapping, menus, performance, status
from .panels import face_shapes as face_shapes_panel
from .panels import footage as footage_panel
from .panels import preflight as preflight_panel
from .rig import corrections

_CLASSES = (
    preferences.FACEMIMIC_AP_preferences,
    *generate.CLASSES,
    *from_video.CLASSES,
    *load_take.CLASSES,
    *import_avatar.CLASSES,
    *face_shapes.CLASSES,
    *exporting.CLASSES,
    *export_vrm.CLASSES,
    *add_to_avatar.CLASSES,
    *export_take.CLASSES,
    *preflight.CLASSES,
    *engine.CLASSES,
    *copy_text.CLASSES,
    *mapping_operators.CLASSES,
    *character.CLASSES,
    *face_shapes_panel.CLASSES,
    *approximation.CLASSES,
    *mapping.CLASSES,
    *performance.CLASSES,
    *footage_panel.CLASSES,
    *files.CLASSES,
    *preflight_panel.CLASSES,
)


def register() -> None:
    properties.register()
    footage.register()
    corrections.register()
    line_fields.register()
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    preflight.register()
    menus.register()
    status.register()
    if bpy.app.module:
        # Blender disables its add-ons when it quits. The bpy module does not, and hangs while classes are registered.
        atexit.register(unregister)


def unregister() -> None:
    if not getattr(preferences.FACEMIMIC_AP_preferences, "is_registered", False):
        # As a Python module Blender disables its add-ons at exit too, after our own exit handler.
        return
    atexit.unregister(unregister)
    installation.cancel()
    client.stop()
    portraits.forget()
    status.unregister()
    menus.unregister()
    preflight.unregister()
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
    line_fields.unregister()
    corrections.unregister()
    footage.unregister()
    properties.unregister()
