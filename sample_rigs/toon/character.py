"""A drawn character as a Blender scene: face, eyes, hair, body, armature, materials, outlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from ..build_head import arrange_windows, empty_scene, save
from ..head import armature
from . import blender, materials, stage
from .face import Face, shapes
from .materials import Shade
from .mesh import Array, Mesh
from .pose import Pose


@dataclass(frozen=True)
class Design:
    """All that makes one character. Lengths in mm as drawn; `size` is how much larger it stands in the scene."""

    name: str
    ground: float  # height of the eyes
    size: float
    face: Face
    poses: Mapping[str, Pose]
    body: Mesh
    bones: Path
    textures: Mapping[str, Array]
    shades: Mapping[str, Shade]  # what is left of a material's colour without light
    mouth: str
    outline: str
    line: float  # thickness of the outline
    hair: Mesh | None = None
    uses: Mapping[str, str] = field(default_factory=lambda: {"Cloth": "Paint"})
    """Materials that wear another material's texture."""
    portrait: tuple[float, float] = (0.0, 300.0)  # middle of the portrait above the eyes, and what it takes in


def build_scene(design: Design) -> tuple[bpy.types.Object, list[bpy.types.Object]]:
    """An otherwise empty file with the character in it; returns its armature and its meshes, the face first."""
    scene, room = empty_scene(design.name)
    rig = armature.make(room, design.name, design.bones, design.size)
    made = _materials(design)
    face, eyes = design.face.drawn(Pose()), design.face.eyes(Pose())
    pieces = [
        ("Face", face, shapes(design.face.drawn, design.poses)),
        ("Eyes", eyes, shapes(design.face.eyes, design.poses)),
        ("Hair", design.hair, None),
        ("Body", design.body, None),
    ]
    meshes = []
    for label, mesh, keys in pieces:
        if mesh is None:
            continue
        obj = blender.make(
            mesh, f"{design.name} {label}", room, made, design.ground, design.size, keys, turn_outwards=keys is None
        )
        blender.hang(obj, rig)
        if label != "Eyes":
            blender.outline(obj, made["Outline"], design.line * design.size, mesh.no_outline)
        meshes.append(obj)
    _all_shown(meshes, design)
    scene.view_layers[0].update()
    return rig, meshes


def _all_shown(meshes: list[bpy.types.Object], design: Design) -> None:
    """Raises ValueError where a pose of the design is on no mesh."""
    found = {key.name for obj in meshes if obj.data.shape_keys for key in obj.data.shape_keys.key_blocks}
    lost = [name for name in design.poses if name not in found]
    if lost:
        raise ValueError(f"{design.name}: these poses move nothing: {', '.join(lost)}")


def _materials(design: Design) -> dict[str, bpy.types.Material]:
    images = {name: materials.image(f"{design.name} {name}", pixels) for name, pixels in design.textures.items()}
    made = {"Outline": materials.outline(f"{design.name} Outline", design.outline)}
    for name, shade in design.shades.items():
        colour = design.mouth if name == "Mouth" else images[design.uses.get(name, name)]
        made[name] = materials.drawn(f"{design.name} {name}", colour, shade)
    return made


def write(design: Design, path: Path) -> None:
    """Builds the character, sets light and camera, and saves the file."""
    _, meshes = build_scene(design)
    scene = bpy.context.scene
    stage.set_up(scene, 1080, 32)
    portrait(design.ground, design.size, design.portrait)
    scene.render.filepath = "//render.png"
    scene.frame_start, scene.frame_end, scene.render.fps = 1, 120, 30
    for obj in bpy.data.objects:
        obj.select_set(False)
    meshes[0].select_set(True)
    bpy.context.view_layer.objects.active = meshes[0]
    arrange_windows()
    save(path)


def portrait(ground: float, size: float, frame: tuple[float, float], yaw: float = 18.0) -> bpy.types.Object:
    """The camera on the character's head."""
    above, wide = frame
    return stage.look(bpy.context.scene, (0.0, 0.03, (ground + above) * size / 1000), wide * size / 1000, yaw, 1.0)
