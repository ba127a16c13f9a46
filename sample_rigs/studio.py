"""A render room for heads: lights, backdrop, a camera that finds the head, small fast renders, sheets.

Works on any character in the scene, ours or imported: nothing here knows a name of a rig.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector
from PIL import Image, ImageDraw, ImageFont

PREFIX = "Studio "
BACKDROP = (0.165, 0.185, 0.225)  # linear rgb
# Area lights around a head of unit height: name, direction towards the lamp, distance, size, power, colour.
LIGHTS = (
    ("Key", (-0.62, -1.0, 0.62), 3.4, 1.7, 170.0, (1.0, 0.94, 0.86)),
    ("Fill", (1.0, -0.75, 0.05), 3.6, 3.0, 42.0, (0.80, 0.88, 1.0)),
    ("Rim", (0.75, 1.0, 0.75), 3.4, 1.6, 130.0, (1.0, 0.90, 0.80)),
    ("Rim Cool", (-1.0, 0.8, 0.35), 3.4, 1.2, 45.0, (0.62, 0.78, 1.0)),
)


def set_up(scene: bpy.types.Scene, resolution: int | tuple[int, int] = 320, samples: int = 24) -> None:
    """Prepares Cycles on the CPU, colour, and a neutral backdrop.

    resolution: pixels, one number for a square or (width, height); samples: Cycles samples, denoised.
    """
    width, height = (resolution, resolution) if isinstance(resolution, int) else resolution
    render, cycles = scene.render, scene.cycles
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.use_persistent_data = True
    render.image_settings.file_format = "PNG"
    render.film_transparent = False
    cycles.device = "CPU"
    cycles.samples = samples
    cycles.use_adaptive_sampling = True
    cycles.adaptive_threshold = 0.03
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_use_gpu = False
    cycles.seed = 0
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 5, 2, 2
    cycles.transparent_max_bounces = 12
    cycles.caustics_reflective = cycles.caustics_refractive = False
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.view_settings.exposure = 0.0
    scene.view_settings.gamma = 1.0
    _backdrop(scene)


def _backdrop(scene: bpy.types.Scene) -> None:
    """A grey-blue wall, brighter behind the middle, that lights the scene only faintly."""
    world = bpy.data.worlds.get(PREFIX + "World") or bpy.data.worlds.new(PREFIX + "World")
    scene.world = world
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    nodes.clear()
    out = nodes.new("ShaderNodeOutputWorld")
    mix = nodes.new("ShaderNodeMixShader")
    ray = nodes.new("ShaderNodeLightPath")
    ambient, wall = nodes.new("ShaderNodeBackground"), nodes.new("ShaderNodeBackground")
    ambient.inputs["Color"].default_value = (0.55, 0.62, 0.75, 1)
    ambient.inputs["Strength"].default_value = 0.28
    place, length = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeVectorMath")
    centre, ramp = nodes.new("ShaderNodeVectorMath"), nodes.new("ShaderNodeValToRGB")
    centre.operation, length.operation = "SUBTRACT", "LENGTH"
    centre.inputs[1].default_value = (0.5, 0.5, 0.0)
    ramp.color_ramp.elements[0].color = (*[c * 1.25 for c in BACKDROP], 1)
    ramp.color_ramp.elements[1].color = (*[c * 0.45 for c in BACKDROP], 1)
    ramp.color_ramp.elements[1].position = 0.85
    links.new(place.outputs["Window"], centre.inputs[0])
    links.new(centre.outputs[0], length.inputs[0])
    links.new(length.outputs["Value"], ramp.inputs[0])
    links.new(ramp.outputs[0], wall.inputs["Color"])
    links.new(ray.outputs["Is Camera Ray"], mix.inputs[0])
    links.new(ambient.outputs[0], mix.inputs[1])
    links.new(wall.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], out.inputs[0])
    for n, node in enumerate(nodes):
        node.location = (n % 4 * 220, -(n // 4) * 260)


def _positions(data: bpy.types.bpy_prop_collection) -> np.ndarray:
    """The `co` of vertices or of a shape key's points (n, 3)."""
    flat = np.empty(len(data) * 3, np.float32)
    data.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(float)


def _world_points(obj: bpy.types.Object) -> np.ndarray:
    """The rest vertices of a mesh object as its modifiers leave them, in world space (n, 3)."""
    evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    points = _positions(mesh.vertices)
    evaluated.to_mesh_clear()
    matrix = np.array(obj.matrix_world)
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def _head_bone(objects: Iterable[bpy.types.Object]) -> Vector | None:
    """Where the head bone begins, for armatures that have one by a usual name."""
    for obj in objects:
        if obj.type != "ARMATURE":
            continue
        named = sorted(obj.pose.bones, key=lambda b: len(b.name))
        for bone in named:
            word = bone.name.lower().replace("_", " ").replace(".", " ").replace(":", " ").split()
            if "head" in word and "top" not in word and "end" not in word:
                return obj.matrix_world @ bone.head
    return None


def head_box(objects: Sequence[bpy.types.Object]) -> tuple[Vector, Vector]:
    """Corners (lowest, highest) of the head of a character, in world space.

    objects: its meshes, and its armature if it has one. Without a head bone a tall character's head is
    taken to be its top seventh and a bust is taken whole.
    """
    points = [_world_points(o) for o in objects if o.type == "MESH" and not o.hide_render]
    cloud = np.concatenate([p for p in points if len(p)])
    low, high = cloud.min(0), cloud.max(0)
    bone = _head_bone(objects)
    if bone is not None:
        low[2] = max(low[2], bone.z - 0.10 * (high[2] - bone.z))
    elif high[2] - low[2] > 2.6 * (high[0] - low[0]) or high[2] - low[2] > 1.0:
        low[2] = high[2] - (high[2] - low[2]) / 6.6
    head = cloud[cloud[:, 2] >= low[2]]
    middle, tall = np.median(head[:, :2], axis=0), high[2] - low[2]
    near = head[(np.abs(head[:, :2] - middle) < 0.75 * tall).all(1)]
    return Vector(near.min(0)), Vector(near.max(0))


def facing(objects: Sequence[bpy.types.Object]) -> float:
    """Which way a character looks: degrees about Z, 0 for -Y, in steps of 90.

    Shape keys tell: what they move lies in front of the head's middle. Without any it is 0.
    """
    low, high = head_box(objects)
    total, weight = np.zeros(3), 0.0
    for obj in objects:
        keys = obj.data.shape_keys if obj.type == "MESH" else None
        if not keys or obj.hide_render:
            continue
        rest = _positions(keys.reference_key.data)
        moved = np.zeros(len(rest))
        for block in keys.key_blocks[1:80]:
            away = np.linalg.norm(_positions(block.data) - rest, axis=1)
            # Each shape key has one vote: one that hides the hair behind must not outweigh the face.
            moved += away / max(away.sum(), 1e-9)
        matrix = np.array(obj.matrix_world)
        total += moved @ (rest @ matrix[:3, :3].T + matrix[:3, 3])
        weight += moved.sum()
    if weight < 1e-9:
        return 0.0
    x, y, _ = total / weight - np.array((low + high) / 2)
    return round(math.degrees(math.atan2(x, -y)) / 90.0) % 4 * 90.0


def frame_head(
    objects: Sequence[bpy.types.Object],
    yaw: float = 0.0,
    pitch: float = 0.0,
    margin: float = 1.18,
) -> bpy.types.Object:
    """Places camera and lights on a character's head and returns the camera.

    yaw, pitch: degrees; 0 looks the character in the face, whichever way it stands, yaw > 0 walks to its
    left side, pitch > 0 looks from above. margin: how much larger than the head's box the picture is.
    """
    scene = bpy.context.scene
    low, high = head_box(objects)
    centre = (low + high) / 2
    size = max(high.z - low.z, high.x - low.x)
    data = bpy.data.cameras.get(PREFIX + "Camera") or bpy.data.cameras.new(PREFIX + "Camera")
    camera = bpy.data.objects.get(PREFIX + "Camera") or bpy.data.objects.new(PREFIX + "Camera", data)
    if camera.name not in scene.collection.all_objects:
        scene.collection.objects.link(camera)
    data.lens, data.sensor_width = 85.0, 36.0
    data.clip_start, data.clip_end = size * 0.1, size * 100
    aspect = scene.render.resolution_x / scene.render.resolution_y
    field = 2 * math.atan(data.sensor_width / 2 / data.lens) / max(1.0, aspect)
    distance = size * margin / 2 / math.tan(field / 2) + (high.y - low.y) / 2
    front = facing(objects)
    turn = Matrix.Rotation(math.radians(front + yaw), 3, "Z") @ Matrix.Rotation(math.radians(-pitch), 3, "X")
    direction = turn @ Vector((0, -1, 0))
    camera.location = centre + direction * distance
    camera.rotation_euler = (-direction).to_track_quat("-Z", "Y").to_euler()
    scene.camera = camera
    light_head(centre, size, front)
    return camera


def light_head(centre: Vector, size: float, front: float = 0.0) -> None:
    """Key, fill and two rim lights around a head `size` metres tall at `centre`.

    front: which way the head looks, as `facing` says it.
    """
    scene = bpy.context.scene
    for name, towards, distance, extent, power, colour in LIGHTS:
        full = PREFIX + name
        data = bpy.data.lights.get(full) or bpy.data.lights.new(full, "AREA")
        lamp = bpy.data.objects.get(full) or bpy.data.objects.new(full, data)
        if lamp.name not in scene.collection.all_objects:
            scene.collection.objects.link(lamp)
        direction = Matrix.Rotation(math.radians(front), 3, "Z") @ Vector(towards).normalized()
        data.shape, data.size, data.color = "DISK", extent * size, colour
        # Rims outline; their glints on hair would break up into specks in a small picture.
        data.specular_factor = 0.25 if name.startswith("Rim") else 1.0
        data.energy = power * size * size
        lamp.location = centre + direction * distance * size
        lamp.rotation_euler = (-direction).to_track_quat("-Z", "Y").to_euler()


def render_png(scene: bpy.types.Scene, path: str | os.PathLike) -> Path:
    """Renders the scene's camera to a PNG; the file appears at `path` only when it is whole."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as room:
        part = Path(room) / "part.png"
        scene.render.filepath = str(part)
        with quiet():
            bpy.ops.render.render(write_still=True, scene=scene.name)
        part.replace(path)
    scene.render.filepath = ""
    return path


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps Cycles' line for every sample off the terminal; it writes past Python's own stdout."""
    sys.stdout.flush()
    kept = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(silence)
        os.close(kept)


def set_shapes(objects: Iterable[bpy.types.Object], values: dict[str, float]) -> None:
    """Sets shape keys by name on every mesh that has them, and all others to 0."""
    for obj in objects:
        keys = obj.data.shape_keys if obj.type == "MESH" else None
        for block in keys.key_blocks[1:] if keys else ():
            block.value = values.get(block.name, 0.0)


def _few_colours(page: Image.Image, colours: int) -> Image.Image:
    """The page in a palette that keeps small saturated things, such as irises, beside large dull ones."""
    small = np.asarray(page.resize((page.width // 3, page.height // 3)), np.uint8).reshape(-1, 3)
    spread = small.max(1).astype(int) - small.min(1)
    vivid = small[spread > np.quantile(spread, 0.97)]
    sample = np.concatenate([small[::2], np.repeat(vivid, 8, axis=0)])
    width = 512
    sample = sample[: len(sample) // width * width].reshape(-1, width, 3)
    palette = Image.fromarray(sample).quantize(colours, method=Image.Quantize.MEDIANCUT, kmeans=1)
    return page.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def sheet(
    images: Sequence[str | os.PathLike | Image.Image],
    labels: Sequence[str],
    columns: int,
    path: str | os.PathLike,
    tile: int | None = None,
    colours: int | None = None,
) -> Path:
    """A montage with a label under each picture.

    tile: width in pixels that pictures are scaled to (None keeps them); colours: palette size, for a
    smaller file (None keeps full colour).
    """
    opened = [i if isinstance(i, Image.Image) else Image.open(i) for i in images]
    opened = [i.convert("RGB") for i in opened]
    if tile:
        size = tile, round(opened[0].height * tile / opened[0].width)
        opened = [i.resize(size, Image.Resampling.LANCZOS) for i in opened]
    width, height = opened[0].size
    font = ImageFont.load_default(size=max(11, width // 13))
    bar = int(font.size * 1.7)
    rows = math.ceil(len(opened) / columns)
    page = Image.new("RGB", (columns * (width + 2) + 2, rows * (height + bar + 2) + 2), (24, 26, 30))
    draw = ImageDraw.Draw(page)
    for n, (image, label) in enumerate(zip(opened, labels, strict=True)):
        x, y = 2 + n % columns * (width + 2), 2 + n // columns * (height + bar + 2)
        page.paste(image, (x, y))
        draw.text((x + width / 2, y + height + bar / 2), label, font=font, fill=(225, 228, 232), anchor="mm")
    if colours:
        page = _few_colours(page, colours)
    path = Path(path)
    part = path.with_name(path.name + ".part")
    page.save(part, format="PNG", optimize=True)
    part.replace(path)
    return path
