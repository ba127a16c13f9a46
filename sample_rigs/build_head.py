"""Builds Nova and saves her: `python -m sample_rigs.build_head [path.blend]`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import bpy

from . import studio
from .head import armature, character, to_blender

HERE = Path(__file__).parent
BLEND = HERE / "head.blend"


def empty_scene(name: str) -> tuple[bpy.types.Scene, bpy.types.Collection]:
    """A new file with nothing but a scene and a collection of that name."""
    bpy.ops.wm.read_factory_settings()
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)
    for collection in list(bpy.data.collections):
        bpy.data.collections.remove(collection)
    bpy.ops.outliner.orphans_purge(do_recursive=True)
    scene = bpy.context.scene
    scene.name = name
    room = bpy.data.collections.new(name)
    scene.collection.children.link(room)
    return scene, room


def build_scene() -> tuple[bpy.types.Object, list[bpy.types.Object]]:
    """An otherwise empty file with Nova in it; returns her armature and her meshes, the face first."""
    _, room = empty_scene("Nova")
    rig = armature.make(room)
    meshes = []
    for part in character.build():
        obj = to_blender.make(part, room, turn_outwards=part.name not in ("Nova Face", "Nova Body"))
        obj.parent = rig
        modifier = obj.modifiers.new("Armature", "ARMATURE")
        modifier.object = rig
        meshes.append(obj)
    bpy.context.view_layer.update()
    return rig, meshes


def arrange_windows() -> None:
    """Opens every 3D view through the camera with materials shown."""
    for screen in bpy.data.screens:
        for area in screen.areas:
            if area.type == "VIEW_3D":
                space = area.spaces.active
                space.shading.type = "MATERIAL"
                space.shading.use_scene_lights = True
                space.shading.use_scene_world = False
                space.region_3d.view_perspective = "CAMERA"
                space.shading.show_backface_culling = True  # in Solid; outlines are shells turned inside out
                space.overlay.show_floor = False
            elif area.type == "FILE_BROWSER" and area.spaces.active.params:
                area.spaces.active.params.directory = b"//"


def save(path: Path) -> None:
    """Saves by way of a folder with no name of its own: Blender writes a file's first path into it."""
    with tempfile.TemporaryDirectory() as room:
        draft = Path(room) / path.name
        bpy.ops.wm.save_as_mainfile(filepath=str(draft), compress=True, check_existing=False)
        part = path.with_name(path.name + ".part")
        shutil.copyfile(draft, part)
        part.replace(path)


def main(path: Path = BLEND) -> None:
    rig, meshes = build_scene()
    scene = bpy.context.scene
    studio.set_up(scene, resolution=1080, samples=64)
    studio.frame_head([*meshes, rig], yaw=22.0, pitch=2.0, margin=1.25)
    scene.render.filepath = "//render.png"
    scene.frame_start, scene.frame_end, scene.render.fps = 1, 120, 30
    for obj in bpy.data.objects:
        obj.select_set(False)
    meshes[0].select_set(True)
    bpy.context.view_layer.objects.active = meshes[0]
    arrange_windows()
    save(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else BLEND)
