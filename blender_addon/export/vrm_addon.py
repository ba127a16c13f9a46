"""A character as .vrm through the VRM Add-on for Blender, where the artist has set the avatar up in it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import bpy

from ..messages import AddonError
from ..rig.character import Character
from ..rig.vrm_addon import extension_of, without_previews
from . import provenance
from .blender_data import key_blocks
from .files import Exported, checked_target, written_whole
from .gltf_file import GltfFile

_WANTED = {
    "ignore_warning": True,
    "export_invisibles": False,
    "export_only_selections": False,
    "use_addon_preferences": False,
    "export_gltf_animations": False,
}
"""Options that are passed where the add-on's version has them: the avatar alone, whatever its preferences say."""


def available(character: Character) -> bool:
    """Whether the VRM Add-on is enabled and the character has an armature that it can write."""
    return extension_of(character.armature) is not None and hasattr(bpy.types, "EXPORT_SCENE_OT_vrm")


def export_vrm_by_addon(character: Character, path: str | Path, *, with_provenance: bool = True) -> Exported:
    """Writes the avatar as the VRM Add-on does, with its own meta, expressions, spring bones and MToon materials.

    Its previews' curves are silent meanwhile, so that the shapes rest as they do in our own exports.
    Raises AddonError when it is not enabled or refuses; the file at `path` is then as it was.
    """
    target = checked_target(path, ".vrm")
    armature = character.armature
    if armature is None or not available(character):
        raise AddonError("The VRM Add-on for Blender is not enabled. Enable it, or let FaceMimic write the file.")
    operator: Any = bpy.ops.export_scene.vrm  # pyright: ignore[reportAttributeAccessIssue]
    known = operator.get_rna_type().properties
    options = {name: value for name, value in _WANTED.items() if name in known}
    with written_whole(target) as part, without_previews(armature), _at_rest(character), redirect_stdout(io.StringIO()):
        part.unlink()
        try:
            answer = operator(filepath=str(part), armature_object_name=armature.name, **options)
        except RuntimeError as error:
            raise AddonError(f"The VRM Add-on could not write {character.name}: {_reason(error)}") from error
        if "FINISHED" not in answer or not part.is_file():
            raise AddonError(
                f"The VRM Add-on refused to write {character.name}. Its VRM panel lists what is missing, "
                "such as humanoid bones or the license."
            )
        file = GltfFile.read(part)
        if with_provenance:
            provenance.stamp(file, None)
            part.write_bytes(file.to_bytes())
    return Exported(target, 0.0, ())


@contextmanager
def _at_rest(character: Character) -> Iterator[None]:
    """All shape keys at 0: the add-on writes their present values as the mesh's resting weights."""
    values = [(block, block.value) for mesh in character.meshes for block in key_blocks(mesh)]
    try:
        for block, _ in values:
            block.value = 0.0
        yield
    finally:
        for block, value in values:
            block.value = value


def _reason(error: RuntimeError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason."
