"""A character through Blender's own glTF exporter, with the artist's scene left as it is."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import bpy

from ..messages import AddonError
from ..rig.character import Character
from .blender_data import armature_bones, context, key_blocks, pose_bones
from .gltf_file import GltfFile

SCENE = "FaceMimic export"


def members(character: Character) -> tuple[bpy.types.Object, ...]:
    """Everything that belongs to the character: its meshes, its armature, and what hangs on them or is bound to it.

    Objects that are hidden in the view layer stay out, except the meshes that perform.
    """
    roots = {*character.meshes, *filter(None, [character.armature])}
    found = dict.fromkeys([*character.meshes, *filter(None, [character.armature])])
    # Objects that were just linked or unhidden say so only after an update.
    context().view_layer.update()
    for obj in context().view_layer.objects:
        if obj.type in {"MESH", "EMPTY"} and obj.visible_get() and (_hangs_on(obj, roots) or _bound(obj, character)):
            found[obj] = None
    return tuple(found)


def exported(
    character: Character, *, frames: tuple[int, int] | None = None, morph_normals: bool = False
) -> tuple[GltfFile, tuple[str, ...]]:
    """The character in its rest pose, all shape keys at 0, as Blender's exporter writes it; and notes for the artist.

    frames: first and last frame of the one animation that is sampled, scene frames from 0 on; None for none.
    What the viewport shows is what is sampled: the take, drivers, constraints, NLA and the body's own actions.
    Raises AddonError when the exporter is disabled or refuses.
    """
    if not hasattr(bpy.types, "EXPORT_SCENE_OT_gltf"):
        raise AddonError("Blender's glTF exporter is disabled. Enable “glTF 2.0 format” in Preferences, Add-ons.")
    if frames is not None and frames[0] < 0:
        raise AddonError(f"The take starts at frame {frames[0]}; glTF needs it at frame 0 or later. Move its keys.")
    objects = members(character)
    with (
        tempfile.TemporaryDirectory() as folder,
        _out_of_edit_mode(objects),
        _scene_of_its_own(objects, frames),
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
                export_current_frame=True,
                export_rest_position_armature=True,
                export_morph=True,
                export_morph_normal=morph_normals,
                export_animations=frames is not None,
                export_animation_mode="SCENE",
                export_anim_scene_split_object=False,
                export_anim_slide_to_zero=True,
                export_force_sampling=True,
                export_morph_animation=True,
                export_optimize_animation_size=True,
                export_optimize_animation_keep_anim_armature=False,
            )
        except RuntimeError as error:
            raise AddonError(f"Blender's glTF exporter could not write {character.name}: {_reason(error)}") from error
        file = GltfFile.read(path)
    _in_seconds(file, context().scene.render.fps_base)
    _rest(file)
    _skinned_to_roots(file)
    return file, tuple(_notes(objects))


def node_of_object(file: GltfFile, obj: bpy.types.Object) -> int | None:
    """Index of the node that shows a mesh object; None when it was not exported."""
    for index, node in enumerate(file.document.get("nodes", [])):
        if "mesh" in node and node.get("name") == obj.name:
            return index
    return None


def nodes_of_bones(file: GltfFile, armature: bpy.types.Object) -> dict[str, int]:
    """Bone name to node index. Objects that carry a bone's name are told apart by the armature's hierarchy."""
    nodes = file.document.get("nodes", [])
    bones = armature_bones(armature)
    root = next((i for i, n in enumerate(nodes) if n.get("name") == armature.name and "mesh" not in n), None)
    found: dict[str, int] = {}
    waiting = [] if root is None else list(nodes[root].get("children", []))
    while waiting:
        index = waiting.pop()
        node = nodes[index]
        if node.get("name") in bones and "mesh" not in node:
            found.setdefault(node["name"], index)
            waiting += node.get("children", [])
    return found


def morphs_of_node(file: GltfFile, node: int) -> dict[str, int]:
    """Shape key's name to morph target's index for a node's mesh."""
    mesh = file.document["meshes"][file.document["nodes"][node]["mesh"]]
    return {name: index for index, name in enumerate(mesh.get("extras", {}).get("targetNames", []))}


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


@contextmanager
def _out_of_edit_mode(objects: tuple[bpy.types.Object, ...]) -> Iterator[None]:
    """Meshes in edit, sculpt or paint mode have no data that can be read; the artist comes back to the same mode."""
    mode: Any = next((obj.mode for obj in objects if obj.mode not in {"OBJECT", "POSE"}), None)
    if mode is None:
        yield
        return
    bpy.ops.object.mode_set(mode="OBJECT")
    try:
        yield
    finally:
        bpy.ops.object.mode_set(mode=mode)


def _leans_on_meshes(objects: tuple[bpy.types.Object, ...]) -> bool:
    """Whether something of the character follows the deformed surface of a mesh, so that it must be deformed."""
    held = [bone.constraints for obj in objects for bone in pose_bones(obj).values()]
    held += [obj.constraints for obj in objects]
    targets = (getattr(constraint, "target", None) for constraints in held for constraint in constraints)
    return any(target is not None and target.type == "MESH" for target in targets) or any(
        obj.parent_type in {"VERTEX", "VERTEX_3"} for obj in objects
    )


@contextmanager
def _scene_of_its_own(objects: tuple[bpy.types.Object, ...], frames: tuple[int, int] | None) -> Iterator[None]:
    """A second scene with only the character, so that frames, selection, modes and other objects stay untouched."""
    window = context().window
    shown = (window.scene, window.view_layer) if window else None
    original = context().scene
    # Playing the frames leaves the shapes and the pose of the last one behind in the artist's data.
    shapes = [(block, block.value) for obj in objects for block in key_blocks(obj)]
    poses = [(bone, bone.matrix_basis.copy()) for obj in objects for bone in pose_bones(obj).values()]
    places = [(obj, obj.matrix_basis.copy()) for obj in objects]
    lightened = [] if frames is None or _leans_on_meshes(objects) else [obj for obj in objects if obj.type == "MESH"]
    pinned = [(obj, obj.show_only_shape_key) for obj in lightened]
    modifiers = [(modifier, modifier.show_viewport) for obj in lightened for modifier in obj.modifiers]
    scene = bpy.data.scenes.new(SCENE)
    try:
        # The samples are shape values and bones; deforming every vertex on every frame takes ten times as long.
        for obj, _ in pinned:
            obj.show_only_shape_key = True
        for modifier, _ in modifiers:
            modifier.show_viewport = False
        # The base of a rate such as 24 / 1.001 is left at 1, because the exporter multiplies by it: see _in_seconds.
        for name in ("fps", "frame_map_old", "frame_map_new"):
            setattr(scene.render, name, getattr(original.render, name))
        scene.unit_settings.scale_length = original.unit_settings.scale_length
        if frames is not None:
            scene.frame_end = frames[1]
            scene.frame_start, scene.frame_end = frames
        for obj in objects:
            scene.collection.objects.link(obj)
        with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
            scene.frame_set(original.frame_current, subframe=original.frame_subframe)
            yield
    finally:
        if window and shown:
            window.scene, window.view_layer = shown
        bpy.data.scenes.remove(scene)
        for obj, was in pinned:
            obj.show_only_shape_key = was
        for modifier, shown_before in modifiers:
            modifier.show_viewport = shown_before
        for block, value in shapes:
            if block.value != value:
                block.value = value
        for bone, basis in poses:
            if bone.matrix_basis != basis:
                bone.matrix_basis = basis
        for obj, basis in places:
            if obj.matrix_basis != basis:
                obj.matrix_basis = basis


def _in_seconds(file: GltfFile, base: float) -> None:
    """Stretches the animation, sampled at the scene's whole rate, by the base that its rate is divided by."""
    if base == 1:
        return
    samplers = [sampler for animation in file.document.get("animations", []) for sampler in animation["samplers"]]
    for times in {sampler["input"] for sampler in samplers}:
        file.rewrite(times, file.array(times) * base)


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
            yield f"{obj.name} is written without its modifiers {', '.join(lost)}: applying them would lose its shapes."
        muted = [block.name for block in key_blocks(obj) if block.mute]
        if muted:
            yield f"{obj.name} is written without its muted shape keys {', '.join(muted)}."


def _reason(error: RuntimeError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason."
