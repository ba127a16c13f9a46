"""Opens the character that is to be pictured."""

from pathlib import Path

import bpy

from blender_addon.rig.character import Character, find_character
from blender_addon.rig.import_avatar import import_avatar


def opened(path: Path, fps: float) -> Character:
    """The character of a .blend, .glb or .vrm, in a scene of `fps` frames a second. Raises AddonError where there is
    none.
    """
    if path.suffix == ".blend":
        bpy.ops.wm.open_mainfile(filepath=str(path))
    else:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        import_avatar(path)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = round(fps), 1.0
    keyed = [obj for obj in scene.objects if obj.type == "MESH" and obj.data.shape_keys]
    return find_character(max(keyed, key=lambda obj: len(obj.data.shape_keys.key_blocks), default=None))
