"""Shows the panel in a real Blender window: run by Blender with --python, from the checkout's root.

$FACEMIMIC_SHOT says what to show: "before" (the default), "after" Generate, or the "mapping". The extension's zip must
have been built and `.venv` made. Once the window is ready for its picture, "ready for the picture" is printed.
"""

import importlib
import os
from pathlib import Path

import bpy

CHECKOUT = Path.cwd()
SHOW = os.environ.get("FACEMIMIC_SHOT", "before")
CHARACTER = Path(os.environ.get("FACEMIMIC_CHARACTER", CHECKOUT / "sample_rigs" / "head.blend"))


def install() -> None:
    archive = max((CHECKOUT / "dist").glob("facemimic-*.zip"), key=lambda path: path.stat().st_mtime)
    bpy.ops.extensions.package_install_files(repo="user_default", filepath=str(archive), enable_on_install=True)
    preferences = bpy.context.preferences
    preferences.view.show_splash = False
    preferences.view.smooth_view = 0
    preferences.addons["bl_ext.user_default.facemimic"].preferences.engine_python = str(
        CHECKOUT / ".venv" / "bin" / "python"
    )


def view() -> tuple:
    """Window, area and region of the largest 3D view."""
    window = bpy.context.window_manager.windows[0]
    areas = [area for area in window.screen.areas if area.type == "VIEW_3D"]
    area = max(areas, key=lambda area: area.width * area.height)
    return window, area, next(region for region in area.regions if region.type == "WINDOW")


def arrange() -> float | None:
    """The head in front, the sidebar open on our tab."""
    area = view()[1]
    area.spaces.active.show_region_ui = True
    sidebar = next(region for region in area.regions if region.type == "UI")
    try:
        sidebar.active_panel_category = "FaceMimic"
    except (AttributeError, TypeError):
        # The tabs exist only after the sidebar's first redraw.
        return 0.2
    area.spaces.active.overlay.show_overlays = False
    area.spaces.active.shading.type = "MATERIAL"
    look_at_face()
    bpy.app.timers.register({"after": generate, "mapping": correct}.get(SHOW, done), first_interval=1.0)
    return None


def look_at_face() -> None:
    window, area, region = view()
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()


def generate() -> None:
    window, area, region = view()
    bpy.context.scene.facemimic.emotion = "happy"
    with bpy.context.temp_override(window=window, area=area, region=region):
        print(bpy.ops.facemimic.generate("INVOKE_DEFAULT"))
    bpy.app.timers.register(look, first_interval=1.0)


def open_mapping() -> None:
    """Panels that begin closed can be opened only by hand, or by beginning open."""
    panel = bpy.types.FACEMIMIC_PT_mapping
    bpy.utils.unregister_class(panel)
    panel.bl_options = set()
    bpy.utils.register_class(panel)


def correct() -> None:
    """A smile that lifts the cheek with it."""
    corrections = importlib.import_module("bl_ext.user_default.facemimic.rig.corrections")
    smile = corrections.Correction("mouthSmileLeft", follows={"mouthSmileLeft": 1.0, "cheekSquintLeft": 0.3}, gain=1.2)
    corrections.correct(bpy.data.objects["Nova Face"], smile)
    listed = bpy.context.window_manager.facemimic_lines
    listed.active = [row.name for row in listed.rows].index("mouthSmileLeft")
    for area in bpy.context.window.screen.areas:
        area.tag_redraw()
    bpy.app.timers.register(done, first_interval=1.0)


def look() -> float | None:
    """Waits for the take, then shows its apex."""
    obj = bpy.context.scene.facemimic.character or bpy.context.active_object
    faces = [obj, *obj.children_recursive]
    if not any(getattr(face.data, "shape_keys", None) and face.data.shape_keys.animation_data for face in faces):
        return 0.2
    bpy.context.scene.frame_set(apex(faces))
    show_curves()
    bpy.app.timers.register(done, first_interval=1.0)
    return None


def apex(faces: list) -> int:
    """The frame at which the mouth's corners are highest."""
    curves = [
        curve
        for face in faces
        if getattr(face.data, "shape_keys", None) and face.data.shape_keys.animation_data
        for bag in face.data.shape_keys.animation_data.action.layers[0].strips[0].channelbags
        for curve in bag.fcurves
        if "mouthSmile" in curve.data_path
    ]
    return max(range(1, 61), key=lambda frame: sum(curve.evaluate(frame) for curve in curves))


def show_curves() -> None:
    """The graph editor below the 3D view, with all of the take's curves."""
    window, area, region = view()
    before = set(window.screen.areas)
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=0.32)
    below = next(area for area in window.screen.areas if area not in before)
    below.ui_type = "FCURVES"
    editor = below.spaces.active
    editor.show_region_channels = editor.show_region_ui = editor.show_handles = False
    graph = next(region for region in below.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=below, region=graph):
        bpy.ops.graph.select_all(action="DESELECT")
        bpy.ops.graph.view_all()
    look_at_face()


def done() -> None:
    print("ready for the picture", flush=True)


def main() -> None:
    install()
    if SHOW == "mapping":
        open_mapping()
    if CHARACTER.suffix == ".blend":
        bpy.ops.wm.open_mainfile(filepath=str(CHARACTER), load_ui=False)
    elif CHARACTER.is_file():
        bpy.ops.facemimic.import_avatar(filepath=str(CHARACTER))
    bpy.app.timers.register(arrange, first_interval=1.0, persistent=True)


main()
