"""The shape keys that matter in files."""

from collections.abc import Iterator

import bpy

from ..export.blender_data import key_blocks
from ..export.own_expressions import own_expressions
from ..rig.character import Character


def driven_blocks(character: Character) -> Iterator[tuple[bpy.types.Object, bpy.types.ShapeKey]]:
    """The shape keys that perform, with their meshes."""
    wanted = {(target.mesh, target.shape_key) for target in character.targets}
    for mesh in character.meshes:
        yield from ((mesh, block) for block in key_blocks(mesh) if (mesh, block.name) in wanted)


def needed_blocks(character: Character) -> Iterator[tuple[bpy.types.Object, bpy.types.ShapeKey]]:
    """The shape keys that perform, and those that a .vrm's expressions move, with their meshes."""
    wanted = {(target.mesh, target.shape_key) for target in character.targets}
    wanted |= {(bind.mesh, bind.shape_key) for one in own_expressions(character) for bind in one.binds}
    for mesh in character.meshes:
        yield from ((mesh, block) for block in key_blocks(mesh) if (mesh, block.name) in wanted)
