"""The objects of a character in the scene: its armature, the meshes that move with it, and what stands in the way."""

from collections.abc import Iterator
from typing import Any

import bpy

_LOCAL = "Object > Relations > Make Local > Selected Objects, Data & Materials"
_ONLY_LOCAL = f"FaceMimic performs, checks and writes only what is local: make it local ({_LOCAL}) or open that file."


def relatives(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """Everything that `find_character` looks at: `obj`, its armature, and the meshes in the scene that move with it."""
    armature = armature_of(obj)
    return list(dict.fromkeys([obj, *filter(None, [armature]), *family_of(obj, armature)]))


def family_of(obj: bpy.types.Object, armature: bpy.types.Object | None) -> Iterator[bpy.types.Object]:
    """`obj` first, then the other meshes in the scene that move with it."""
    if obj.type == "MESH":
        yield obj
    root = None
    if not armature:
        root = obj
        while root.parent:
            root = root.parent
        if root is obj:
            return
    scene: Any = bpy.context.scene
    for other in sorted(scene.objects, key=lambda one: one.name):
        if other is obj or other.type != "MESH":
            continue
        if (armature and armature in (other.find_armature(), _parent_armature(other))) or (
            root and (other is root or root in _ancestors(other))
        ):
            yield other


def armature_of(obj: bpy.types.Object) -> bpy.types.Object | None:
    """`obj` if it is an armature, else the one that deforms it or stands above it."""
    return obj if obj.type == "ARMATURE" else obj.find_armature() or _parent_armature(obj)


def _parent_armature(obj: bpy.types.Object) -> bpy.types.Object | None:
    parent = obj.parent
    while parent and parent.type != "ARMATURE":
        parent = parent.parent
    return parent


def _ancestors(obj: bpy.types.Object) -> Iterator[bpy.types.Object]:
    while obj.parent:
        obj = obj.parent
        yield obj


def keys_of(mesh: bpy.types.Object) -> Any:
    """The shape keys of a mesh, a bpy.types.Key, or None."""
    return getattr(mesh.data, "shape_keys", None)


def obstacle_of(mesh: bpy.types.Object) -> str | None:
    """Why this mesh cannot be animated, as a sentence with the way out; None when it can."""
    if reason := link_in_the_way(mesh):
        return reason
    layer: Any = bpy.context.view_layer
    if mesh.name not in layer.objects:
        # Objects that a script has just linked appear in the view layer only after an update.
        layer.update()
    if mesh.name not in layer.objects:
        return f"{mesh.name} is not in the view layer {layer.name}. Tick its collection in the Outliner."
    if mesh.hide_get() or mesh.hide_viewport or not mesh.visible_get():
        return f"{mesh.name} is hidden. Show it (its eye or screen in the Outliner, or Alt H), then try again."
    if not keys_of(mesh).use_relative:
        return f"{mesh.name} has absolute shape keys. Turn on Relative in its Shape Keys panel."
    data: Any = mesh.data
    count = len(data.vertices)
    if not count:
        return f"{mesh.name} has no vertices, so its shape keys move nothing. Choose another mesh."
    # A script that makes a mesh anew may leave the old one's shape keys on it, which Blender does not show.
    old = next((block for block in keys_of(mesh).key_blocks if len(block.data) != count), None)
    if old is not None:
        return (
            f"{mesh.name} has {count} vertices and its shape key {old.name} {len(old.data)}, so its shapes do not fit "
            "the mesh. Delete its shape keys and make them again, or go back to a file in which they fit."
        )
    return None


def no_face(obj: bpy.types.Object, wanted: str) -> str:
    """Why an object of another kind than a character's has no face, with the way to `wanted`, "the face mesh"."""
    made = obj.instance_collection if obj.type == "EMPTY" and obj.instance_type == "COLLECTION" else None
    if made is None:
        kind = obj.type.replace("_", " ").lower()
        return f"{obj.name} is {'an' if kind[0] in 'aeiou' else 'a'} {kind}. Select the character's {wanted}."
    if made.library:
        rest = f", then local ({_LOCAL}), or open {bpy.path.basename(made.library.filepath)}."
    else:
        rest = f", or select the collection's own {wanted}."
    return (
        f"{obj.name} is an instance of the collection {made.name} and has no face of its own. Make its objects "
        f"real (Object > Apply > Make Instances Real){rest}"
    )


def link_in_the_way(obj: bpy.types.Object) -> str | None:
    """Why a linked or overridden object is left alone, as a sentence with the way out; None when it is local."""
    data: Any = obj.data
    for block in (obj, data, getattr(data, "shape_keys", None)):
        if block is None:
            continue
        if block.library:
            return f"{obj.name} is linked from {bpy.path.basename(block.library.filepath)}. {_ONLY_LOCAL}"
        if block.override_library:
            why = ", and Blender keeps its shape keys in the linked file" if obj.type == "MESH" else ""
            return f"{obj.name} is a library override{why}. {_ONLY_LOCAL}"
    return None
