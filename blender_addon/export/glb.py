"""A character with its performance as .glb: one animation across all meshes and bones, from time 0."""

from pathlib import Path

from ..rig.character import Character
from . import blender_gltf, provenance
from .blender_data import scene_fps
from .files import Exported, checked_target, written_whole
from .take import active_take, whole_frames


def export_glb(
    character: Character,
    path: str | Path,
    *,
    frame_range: tuple[float, float] | None = None,
    morph_normals: bool = False,
    with_provenance: bool = True,
) -> Exported:
    """Writes the character and its active take.

    frame_range: first and last frame, widened to whole ones; the take's own keys when None. The first frame becomes
    time 0. morph_normals: exact shading of the shapes at about ten times the size. with_provenance: asset.extras say
    which generator, seed and model made the performance, and that a machine did.
    Raises AddonError when there is no take, the range is none, or the file cannot be written; the scene is unchanged.
    """
    target = checked_target(path, ".glb")
    action = active_take(character)
    frames = whole_frames(character, action, frame_range)
    with written_whole(target) as part:
        file, notes = blender_gltf.exported(character, frames=frames, morph_normals=morph_normals)
        for animation in file.document.get("animations", []):
            animation["name"] = action.name
        if with_provenance:
            provenance.stamp(file, provenance.of_action(action))
        part.write_bytes(file.to_bytes())
    return Exported(target, (frames[1] - frames[0]) / scene_fps(), notes)
