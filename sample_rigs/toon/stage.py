"""Light and camera for drawn characters: one hard sun, a bright wall, colours as painted."""

from __future__ import annotations

import math

import bpy
from mathutils import Matrix, Vector

from .. import studio

WALL = (0.62, 0.70, 0.80)  # linear rgb


def set_up(scene: bpy.types.Scene, resolution: int | tuple[int, int] = 320, samples: int = 12) -> None:
    """Cycles without light from the wall, colours untouched by a film curve, a sun from above the camera's left."""
    studio.set_up(scene, resolution, samples)
    scene.view_settings.view_transform, scene.view_settings.look = "Standard", "None"
    nodes = scene.world.node_tree.nodes
    for node in nodes:
        if node.type == "VALTORGB":
            node.color_ramp.elements[0].color = (*[c * 1.12 for c in WALL], 1)
            node.color_ramp.elements[1].color = (*[c * 0.72 for c in WALL], 1)
        if node.type == "BACKGROUND" and not node.inputs["Color"].is_linked:
            node.inputs["Strength"].default_value = 0.0
    # One sun lights everything: a few samples for smooth edges are enough, and nothing needs denoising.
    cycles = scene.cycles
    cycles.max_bounces = 0
    cycles.use_light_tree = cycles.use_adaptive_sampling = cycles.use_denoising = False
    scene.world.cycles.sampling_method = "NONE"
    name = "Sun"
    data = bpy.data.lights.get(name) or bpy.data.lights.new(name, "SUN")
    sun = bpy.data.objects.get(name) or bpy.data.objects.new(name, data)
    if sun.name not in scene.collection.all_objects:
        scene.collection.objects.link(sun)
    data.energy, data.angle = math.pi * 1.05, math.radians(0.5)
    sun.location = (-1.0, -2.0, 2.5)
    sun.rotation_euler = Vector((0.42, 0.85, -0.72)).to_track_quat("-Z", "Y").to_euler()


def look(
    scene: bpy.types.Scene, centre: tuple[float, float, float], size: float, yaw: float = 0.0, pitch: float = 0.0
) -> bpy.types.Object:
    """Points a camera at `centre` (metres) so that `size` metres fill the picture's longer side; angles in degrees."""
    data = bpy.data.cameras.get("Camera") or bpy.data.cameras.new("Camera")
    camera = bpy.data.objects.get("Camera") or bpy.data.objects.new("Camera", data)
    if camera.name not in scene.collection.all_objects:
        scene.collection.objects.link(camera)
    data.lens, data.sensor_width = 100.0, 36.0
    data.clip_start, data.clip_end = 0.05, 50.0
    distance = size / 2 / math.tan(math.atan(data.sensor_width / 2 / data.lens))
    turn = Matrix.Rotation(math.radians(yaw), 3, "Z") @ Matrix.Rotation(math.radians(-pitch), 3, "X")
    direction = turn @ Vector((0, -1, 0))
    camera.location = Vector(centre) + direction * distance
    camera.rotation_euler = (-direction).to_track_quat("-Z", "Y").to_euler()
    scene.camera = camera
    return camera
