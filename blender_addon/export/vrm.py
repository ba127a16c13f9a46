"""A character as VRM 1.0: Blender's glTF with the VRMC_vrm extension written by us.

Specification: VRM consortium, VRMC_vrm-1.0 (README, humanoid, expressions, lookAt, firstPerson, tpose).
"""

from pathlib import Path
from typing import Any, Final

import bpy
from mathutils import Matrix, Vector

from ..messages import AddonError
from ..rig.avatar_meta import stated_meta
from ..rig.character import Character
from ..rig.first_person import first_person_of
from . import blender_gltf, provenance
from .blender_data import armature_bones
from .expressions import LOOK, Bind, gaze_of
from .files import Exported, checked_target, written_whole
from .gltf_file import GltfFile
from .gltf_nodes import local_matrix, world_matrices
from .humanoid import arms_hang, required_bones, rest_positions, standing
from .humanoid_hands import hand_bones
from .own_expressions import own_expressions
from .take import active_take
from .thumbnail import add_thumbnail
from .vrm_meta import VrmMeta

_EYES_ABOVE_HEAD: Final = 0.06
"""Metres from the head bone's start to the eyes, where the armature does not say: the specification's example."""


def export_vrm(
    character: Character,
    path: str | Path,
    meta: VrmMeta,
    *,
    thumbnail: bpy.types.Image | None = None,
    with_animation: bool = False,
    morph_normals: bool = False,
    with_provenance: bool = True,
) -> Exported:
    """Writes the character in its rest pose, with VRM's presets and its ARKit channels as custom expressions.

    Custom expressions are written when at least half of ARKit's shapes have a shape key of their own.

    meta: asked of the artist, never invented. thumbnail: the avatar's picture, square. with_animation: adds the active
    take as a glTF animation, which VRM applications ignore and others play. morph_normals: exact shading of the shapes,
    many times the size.
    Raises AddonError when required bones are missing, meta is incomplete, the thumbnail is not square or the file
    cannot be written; the scene is unchanged.
    """
    target = checked_target(path, ".vrm")
    about = meta.to_dict()
    bones = required_bones(character.armature, character.name)
    assert character.armature is not None
    bones |= _performing_bones(character, bones)
    bones |= hand_bones(character.armature, bones)
    action = active_take(character) if with_animation else None
    with written_whole(target) as part:
        file, notes = blender_gltf.exported(character, morph_normals=morph_normals)
        _give_materials(file)
        place = standing(character.armature, bones)
        _put(file, place)
        seconds = blender_gltf.perform(file, character, [action], turn=place) if action else 0.0
        nodes = blender_gltf.nodes_of_bones(file, character.armature)
        lost = [name for name, bone in bones.items() if bone not in nodes]
        if lost:
            raise AddonError(f"Blender's glTF exporter left out bones that VRM needs: {', '.join(lost)}.")
        human = {name: nodes[bone] for name, bone in bones.items()}
        if thumbnail is not None:
            about["thumbnailImage"] = add_thumbnail(file, thumbnail)
        expressions = _expressions(file, character)
        content: dict[str, Any] = {
            "specVersion": "1.0",
            "meta": about,
            "humanoid": {"humanBones": {name: {"node": node} for name, node in human.items()}},
            "firstPerson": {
                "meshAnnotations": [
                    {"node": index, "type": first_person_of(bpy.data.objects.get(node.get("name", "")))}
                    for index, node in enumerate(file.document["nodes"])
                    if "mesh" in node
                ]
            },
            "expressions": expressions,
        }
        look_at = _look_at(file, character, human, expressions)
        if look_at:
            content["lookAt"] = look_at
        file.use_extension("VRMC_vrm", content)
        if with_provenance:
            provenance.stamp(file, provenance.of_action(action) if action else None)
        part.write_bytes(file.to_bytes())
    notes = (*notes, *_pose_notes(character.armature, bones), *_source_notes(character.armature))
    return Exported(target, seconds, notes)


def _performing_bones(character: Character, known: dict[str, str]) -> dict[str, str]:
    """Eyes and jaw that follow the performance and whose names no humanoid scheme knows."""
    assert character.armature is not None
    own = armature_bones(character.armature)
    return {
        bone.motion: bone.bone
        for bone in character.bones
        if bone.motion in ("leftEye", "rightEye", "jaw")
        and bone.turns
        and bone.motion not in known
        and bone.bone not in known.values()
        and known["head"] in {above.name for above in own[bone.bone].parent_recursive}
    }


def _expressions(file: GltfFile, character: Character) -> dict[str, Any]:
    # Objects that share a mesh share its shape keys, and in the file each has its own node.
    nodes: dict[Any, list[int]] = {}
    for obj in blender_gltf.members(character):
        node = blender_gltf.node_of_object(file, obj)
        if node is not None:
            nodes.setdefault(obj.data, []).append(node)

    def bound(binds: list[Bind]) -> list[dict[str, Any]]:
        places = [(bind, node) for bind in binds for node in nodes.get(bind.mesh.data, ())]
        return [
            {"node": node, "index": morphs[bind.shape_key], "weight": round(bind.weight, 6)}
            for bind, node in places
            if bind.shape_key in (morphs := blender_gltf.morphs_of_node(file, node))
        ]

    found: dict[str, dict[str, Any]] = {"preset": {"neutral": {"isBinary": False}}}
    for one in own_expressions(character):
        if binds := bound(one.binds):
            expression = {"isBinary": one.binary, "morphTargetBinds": binds, **one.overrides}
            found.setdefault(one.kind, {})[one.name] = expression
    return found


def _look_at(
    file: GltfFile, character: Character, human: dict[str, int], expressions: dict[str, Any]
) -> dict[str, Any] | None:
    """By bones where these turn the eyes for a performance, or no shapes do; else by the look expressions."""
    by_bones = any(bone.motion in ("leftEye", "rightEye") and bone.turns for bone in character.bones)
    by_shapes = not by_bones and all(name in expressions["preset"] for name in LOOK)
    eyes = [human[name] for name in ("leftEye", "rightEye") if name in human]
    if not by_shapes and len(eyes) < 2:
        return None
    places = world_matrices(file)
    head = places[human["head"]]
    if eyes:
        between = sum((places[eye].translation for eye in eyes), Vector()) / len(eyes)
    else:
        between = head.translation + Vector((0.0, _EYES_ABOVE_HEAD, 0.0))
    turn = gaze_of(character)

    def reach(degrees: float) -> dict[str, float]:
        return {"inputMaxValue": degrees, "outputScale": 1.0 if by_shapes else degrees}

    return {
        "type": "expression" if by_shapes else "bone",
        "offsetFromHeadBone": list((head.inverted() @ between).to_tuple(6)),
        "rangeMapHorizontalInner": reach(turn.horizontal),
        "rangeMapHorizontalOuter": reach(turn.horizontal),
        "rangeMapVerticalDown": reach(turn.down),
        "rangeMapVerticalUp": reach(turn.up),
    }


def _give_materials(file: GltfFile) -> None:
    """glTF's default material, written out where there is none: godot-vrm stops at meshes without."""
    bare = [part for mesh in file.document.get("meshes", []) for part in mesh["primitives"] if "material" not in part]
    if bare:
        default = file.add("materials", {"name": "Default"})
        for part in bare:
            part["material"] = default


def _put(file: GltfFile, place: Matrix) -> None:
    """Turns and shifts the roots of the scene, so that the avatar stands and looks as VRM demands."""
    if place == Matrix():
        return
    for index in file.document["scenes"][file.document.get("scene", 0)]["nodes"]:
        node = file.document["nodes"][index]
        if "skin" in node:
            # Its bones alone place it.
            continue
        translation, rotation, scale = (place @ local_matrix(node)).decompose()
        node.pop("matrix", None)
        node["translation"] = list(translation.to_tuple())
        node["rotation"] = [rotation.x, rotation.y, rotation.z, rotation.w]
        node["scale"] = [scale.x, scale.y, scale.z]


def _pose_notes(armature: bpy.types.Object, bones: dict[str, str]) -> list[str]:
    notes = []
    hang = arms_hang(rest_positions(armature, bones))
    if hang:
        notes.append(
            f"{armature.name} rests with its arms {hang:.0f}° off the horizontal; VRM applications expect a T-pose. "
            "Pose the arms straight and apply the pose as rest pose."
        )
    scale = armature.matrix_world.to_scale().to_tuple()
    if min(scale) <= 0 or max(scale) - min(scale) > 1e-4 * max(scale):
        notes.append(f"{armature.name} is scaled unevenly; VRM applications may distort it. Apply its scale.")
    return notes


def _source_notes(armature: bpy.types.Object) -> list[str]:
    stated = stated_meta(armature)
    if stated is None or not stated.parts:
        return []
    return [
        f"Blender did not take these over from {stated.file}, so the new file lacks them: {', '.join(stated.parts)}. "
        "Add Take to Avatar keeps them; so does the VRM Add-on for Blender."
    ]
