"""A character in the scene: its meshes, its armature, and which shape keys show which channels."""

from dataclasses import dataclass, field

import bpy
import numpy as np

from ..clip import Clip


@dataclass(frozen=True)
class Target:
    """One shape key and how it follows the performance.

    mix: channel to gain; the key's value is the sum of gain × channel, limited to 0..1.
    scheme: the naming scheme that recognised it, for the artist to read.
    """

    mesh: bpy.types.Object
    shape_key: str
    mix: dict[str, float]
    scheme: str


@dataclass(frozen=True)
class Character:
    """What FaceMimic found on a character.

    matched and missing split the 55 channels by whether the rig can show them. unused lists the shape keys that
    no channel drives as "Mesh/Key", followed by the reason where there is one: "Face/blink (driven by a driver)".
    notes are sentences about meshes that were left out.
    """

    name: str
    meshes: tuple[bpy.types.Object, ...]
    armature: bpy.types.Object | None
    head_bone: str | None
    targets: tuple[Target, ...]
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    score: float = 0.0
    notes: tuple[str, ...] = field(default=())

    def key_curves(self, clip: Clip) -> list[tuple[bpy.types.Object, str, np.ndarray]]:
        """The clip on this rig: (mesh, shape key, float32 (frames,) within 0..1) for every target."""
        curves = []
        for target in self.targets:
            values = np.zeros(len(clip.values), np.float32)
            for channel, gain in target.mix.items():
                values += np.float32(gain) * clip.column(channel)
            curves.append((target.mesh, target.shape_key, np.clip(values, 0.0, 1.0)))
        return curves


def find_character(obj: bpy.types.Object) -> Character:
    """The character that `obj` belongs to.

    obj is a mesh with shape keys, an armature, or any mesh of such a character. Raises AddonError when there is
    no face to perform with, and says which object stands in the way.
    """
    raise NotImplementedError
