"""A character with its performances as .glb: one animation for each take across all meshes and bones, from time 0."""

from pathlib import Path

from ..rig.character import Character
from . import blender_gltf, provenance
from .files import Exported, checked_target, written_whole
from .take import active_take, all_takes
from .vrm_meta_offered import credit


def export_glb(
    character: Character,
    path: str | Path,
    *,
    frame_range: tuple[float, float] | None = None,
    every_take: bool = False,
    morph_normals: bool = False,
    with_provenance: bool = True,
) -> Exported:
    """Writes the character and its active take, or every take that was baked for it as an animation of its own.

    frame_range: first and last frame, widened to whole ones; each take's own keys when None. The first frame becomes
    time 0, also where it lies before frame 0. morph_normals: exact shading of the shapes at about ten times the size.
    with_provenance: asset.extras say which generator, seed and model made the performance, and that a machine did.
    asset.copyright names the author of an imported avatar.
    Raises AddonError when there is no take, the range is none, or the file cannot be written; the scene is unchanged.
    """
    target = checked_target(path, ".glb")
    actions = all_takes(character) if every_take else (active_take(character),)
    with written_whole(target) as part:
        file, notes = blender_gltf.exported(character, morph_normals=morph_normals)
        seconds = blender_gltf.perform(file, character, actions, frame_range=frame_range)
        if author := credit(character.armature):
            file.document["asset"]["copyright"] = author
        if with_provenance:
            provenance.stamp(file, provenance.of_actions(actions))
        part.write_bytes(file.to_bytes())
    return Exported(target, seconds, notes)
