"""Which shape keys programs that go by ARKit's names would not find, such as Unreal's Live Link."""

from typing import Final

import bpy

from ..export.blender_data import key_blocks
from ..export.expressions import shape_channels
from ..rig.character import Character
from ..rig.words import words

_LEADS: Final = 0.5
"""Gain from which a shape key is the shape of a channel."""


def wanted(character: Character) -> list[tuple[bpy.types.Object, str, str]]:
    """Mesh, shape key and ARKit's name for it, where no shape key of the mesh has that name in any case."""
    found = []
    taken = {mesh: {block.name.lower() for block in key_blocks(mesh)} for mesh in character.meshes}
    for target in character.targets:
        channel, gain = next(iter(target.mix.items()), ("", 0.0))
        one_side = {"left", "right"}.intersection(words(target.shape_key)) and not channel.endswith(("Left", "Right"))
        whole = len(target.mix) == 1 and gain >= _LEADS and channel in shape_channels() and not one_side
        if whole and channel.lower() not in taken[target.mesh]:
            taken[target.mesh].add(channel.lower())
            found.append((target.mesh, target.shape_key, channel))
    return found
