"""A character through Blender's own glTF exporter, with the artist's scene left as it is."""

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix

from ..messages import AddonError
from ..rig.character import Character
from .animation import write_animations
from .blender_data import context, key_blocks
from .gltf_file import GltfFile
from .gltf_nodes import morph_names, parts_of_nodes
from .plain_shapes import plain_shapes
from .playing import played
from .stage import on_stage, staged
from .take import whole_frames


def members(character: Character) -> tuple[bpy.types.Object, ...]:
    """Everything that belongs to the character: its meshes, its armature, what hangs on them or is bound to it, and the
    empties that it hangs on.

    Objects that are hidden in the view layer stay out, except the meshes that perform.
    """
    roots = {*character.meshes, *filter(None, [character.armature])}
    found = dict.fromkeys([*character.meshes, *filter(None, [character.armature])])
    # Objects that were just linked or unhidden say so only after an update.
    context().view_layer.update()
    for obj in context().view_layer.objects:
        if obj.type in {"MESH", "EMPTY"} and obj.visible_get() and (_hangs_on(obj, roots) or _bound(obj, character)):
            found[obj] = None
    for obj in tuple(found):
        parent = obj.parent
        while parent is not None and parent.type == "EMPTY" and parent.visible_get():
            found[parent] = None
            parent = parent.parent
    return tuple(found)


def exported(character: Character, *, morph_normals: bool = False) -> tuple[GltfFile, tuple[str, ...]]:
    """The character in its rest pose, all shape keys at 0, as Blender's exporter writes it; and notes for the artist.

    Raises AddonError when the exporter is disabled or refuses.
    """
    if not hasattr(bpy.types, "EXPORT_SCENE_OT_gltf"):
        raise AddonError("Blender's glTF exporter is disabled. Enable “glTF 2.0 format” in Preferences, Add-ons.")
    objects = members(character)
    with (
        tempfile.TemporaryDirectory() as folder,
        staged(objects, plays=False),
        plain_shapes(objects),
        redirect_stdout(io.StringIO()),
    ):
        path = Path(folder) / "character.glb"
        try:
            bpy.ops.export_scene.gltf(
                filepath=str(path),
                export_format="GLB",
                use_active_scene=True,
                use_visible=True,
                export_yup=True,
                export_apply=False,
                export_cameras=False,
                export_lights=False,
                export_extras=False,
                export_image_webp_fallback=True,
                export_current_frame=True,
                export_rest_position_armature=True,
                export_morph=True,
                export_morph_normal=morph_normals,
                export_animations=False,
            )
        except RuntimeError as error:
            raise AddonError(f"Blender's glTF exporter could not write {character.name}: {_reason(error)}") from error
        file = GltfFile.read(path)
    _rest(file)
    _skinned_to_roots(file)
    return file, tuple(_notes(objects))


def perform(
    file: GltfFile,
    character: Character,
    actions: Sequence[bpy.types.Action],
    *,
    frame_range: tuple[float, float] | None = None,
    turn: Matrix | None = None,
) -> float:
    """Adds takes to the exported character, one animation each, from time 0; returns the longest one's seconds.

    One take is written as the viewport shows it: with drivers, constraints, NLA and the body's own actions. Of several,
    each is played alone. frame_range: as for `whole_frames`. turn: what the file's roots have been turned by.
    Raises AddonError when a take has no keys for the character or the range is none.
    """
    spans = [whole_frames(character, action, frame_range) for action in actions]
    objects = members(character)
    performances = []
    with staged(objects, plays=True) as scene:
        for action, span in zip(actions, spans, strict=True):
            with on_stage(character, action, actions) if len(actions) > 1 else nullcontext():
                performances.append(played(scene, character, objects, action, span))
    parts = parts_of_nodes(file, objects, character.armature)
    write_animations(file, performances, parts, turn=None if turn is None else np.array(turn))
    return max(float(performance.times[-1]) for performance in performances)


def node_of_object(file: GltfFile, obj: bpy.types.Object) -> int | None:
    """Index of the node that shows a mesh object; None when it was not exported."""
    for index, node in enumerate(file.document.get("nodes", [])):
        if "mesh" in node and node.get("name") == obj.name:
            return index
    return None


def nodes_of_bones(file: GltfFile, armature: bpy.types.Object) -> dict[str, int]:
    """Bone name to node index."""
    parts = parts_of_nodes(file, (armature,), armature)
    return {part: node for node, part in parts.items() if isinstance(part, str)}


def morphs_of_node(file: GltfFile, node: int) -> dict[str, int]:
    """Shape key's name to morph target's index for a node's mesh."""
    return {name: index for index, name in enumerate(morph_names(file, node))}


def _hangs_on(obj: bpy.types.Object, roots: set[bpy.types.Object]) -> bool:
    parent = obj.parent
    while parent is not None:
        if parent in roots:
            return True
        parent = parent.parent
    return False


def _bound(obj: bpy.types.Object, character: Character) -> bool:
    return character.armature is not None and any(
        isinstance(modifier, bpy.types.ArmatureModifier) and modifier.object == character.armature
        for modifier in obj.modifiers
    )


def _rest(file: GltfFile) -> None:
    """The exporter writes the shape keys' present values as the mesh's weights; a file at rest has none."""
    for mesh in file.document.get("meshes", []):
        if "weights" in mesh:
            mesh["weights"] = [0.0] * len(mesh["weights"])
    for node in file.document.get("nodes", []):
        node.pop("weights", None)


def _skinned_to_roots(file: GltfFile) -> None:
    """Skinned meshes follow their joints alone; under a parent, some programs move them twice."""
    nodes = file.document.get("nodes", [])
    skinned = {index for index, node in enumerate(nodes) if "skin" in node and not node.get("children")}
    for node in nodes:
        children = [child for child in node.get("children", []) if child not in skinned]
        if "children" in node:
            node["children"] = children
            if not children:
                del node["children"]
    for scene in file.document.get("scenes", []):
        roots = [root for root in scene.get("nodes", []) if root not in skinned]
        scene["nodes"] = roots + sorted(skinned)
    for index in skinned:
        for place in ("translation", "rotation", "scale", "matrix"):
            nodes[index].pop(place, None)


def _notes(objects: tuple[bpy.types.Object, ...]) -> Iterator[str]:
    for obj in objects:
        lost = [m.name for m in obj.modifiers if m.show_viewport and not isinstance(m, bpy.types.ArmatureModifier)]
        if lost:
            why = ": applying them would lose its shapes." if key_blocks(obj) else "."
            yield f"{obj.name} is written without its modifiers {', '.join(lost)}{why}"
        muted = [block.name for block in key_blocks(obj) if block.mute]
        if muted:
            yield f"{obj.name} is written without its muted shape keys {', '.join(muted)}."


def _reason(error: RuntimeError) -> str:
    # Where Blender's own code stands on this disk helps nobody.
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.startswith("Location:")]
    if lines and "NaN" in lines[-1]:
        return "a point of a mesh or of a shape key lies nowhere (NaN). Delete those vertices, or make the mesh again."
    return lines[-1] if lines else "it gave no reason."
