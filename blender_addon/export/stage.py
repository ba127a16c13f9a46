"""A scene of its own in which a character plays, with the artist's scene and data left as they are."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import bpy

from ..bake.write import takes
from ..messages import AddonError
from ..rig import vrm_addon
from ..rig.character import Character
from .blender_data import context, key_blocks, pose_bones, shape_keys
from .curves import curves, slot_of

SCENE = "FaceMimic export"

_PLACE = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")
"""What animation can write of an object's or a pose bone's place; its matrix would come back with other roundings."""


@contextmanager
def staged(objects: tuple[bpy.types.Object, ...], *, plays: bool) -> Iterator[bpy.types.Scene]:
    """A second scene with only these objects, so that frames, selection, modes and other objects stay untouched.

    plays: frames will be played, of which only shapes, bones and objects are looked at.
    """
    armature = next((obj for obj in objects if obj.type == "ARMATURE"), None)
    light = objects if plays and not _leans_on_meshes(objects) else ()
    with _out_of_edit_mode(objects), _lightened(light), vrm_addon.without_previews(armature):
        window = context().window
        shown = (window.scene, window.view_layer) if window else None
        original = context().scene
        # Playing the frames leaves the shapes and the pose of the last one behind in the artist's data.
        shapes = [(block, block.value) for obj in objects for block in key_blocks(obj)]
        movers = [mover for obj in objects for mover in (obj, *pose_bones(obj).values())]
        places = [(mover, {name: tuple(getattr(mover, name)) for name in _PLACE}) for mover in movers]
        scene = bpy.data.scenes.new(SCENE)
        try:
            for name in ("fps", "fps_base", "frame_map_old", "frame_map_new"):
                setattr(scene.render, name, getattr(original.render, name))
            scene.unit_settings.scale_length = original.unit_settings.scale_length
            for obj in objects:
                scene.collection.objects.link(obj)
            _link_unseen(scene, _above(objects))
            with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
                scene.frame_set(original.frame_current, subframe=original.frame_subframe)
                yield scene
        finally:
            if window and shown:
                window.scene, window.view_layer = shown
            bpy.data.scenes.remove(scene)
            for block, value in shapes:
                if block.value != value:
                    block.value = value
            for mover, place in places:
                for name, value in place.items():
                    if tuple(getattr(mover, name)) != value:
                        setattr(mover, name, value)
            for obj in objects:
                obj.update_tag()
            context().view_layer.update()


def _above(objects: tuple[bpy.types.Object, ...]) -> list[bpy.types.Object]:
    """What the objects hang on and is none of them."""
    found: dict[bpy.types.Object, None] = {}
    for obj in objects:
        parent = obj.parent
        while parent is not None and parent not in found:
            found[parent] = None
            parent = parent.parent
    return [obj for obj in found if obj not in objects]


def _link_unseen(scene: bpy.types.Scene, objects: list[bpy.types.Object]) -> None:
    """Blender's glTF exporter misses what hangs on objects of other scenes, and leaves hidden ones out."""
    for obj in objects:
        scene.collection.objects.link(obj)
    layer = scene.view_layers[0]
    layer.update()
    for obj in objects:
        obj.hide_set(True, view_layer=layer)


@contextmanager
def on_stage(character: Character, action: bpy.types.Action, others: Sequence[bpy.types.Action] = ()) -> Iterator[None]:
    """The character plays `action` and none of its other takes, whichever of them was active before.

    What only `others` have curves for is brought to rest and left there; `staged` puts it back. Drivers, constraints
    and the body's own actions play on. Raises AddonError in NLA tweak mode.
    """
    owners = [*(shape_keys(mesh) for mesh in character.meshes), character.armature]
    with ExitStack() as put_back:
        for owner in filter(None, owners):
            if owner.animation_data is None:
                if not curves(action, owner):
                    continue
                put_back.callback(owner.animation_data_clear)
            data: Any = owner.animation_data or owner.animation_data_create()
            if data.use_tweak_mode:
                raise AddonError(
                    f"{owner.name} is in NLA tweak mode. Leave it (Tab in the NLA editor), then try again."
                )
            slot = slot_of(action, owner) if curves(action, owner) else None
            for track in data.nla_tracks:
                if not track.mute and any(strip.action and takes(strip.action) for strip in track.strips):
                    put_back.callback(setattr, track, "mute", False)
                    track.mute = True
            if data.action == action and data.action_slot == slot:
                continue
            if slot is None and not (data.action and takes(data.action)):
                continue
            put_back.callback(_assign, data, data.action, data.action_slot)
            _assign(data, action if slot else None, slot)
        for owner in filter(None, owners):
            paths = {path for other in others for path, _ in curves(other, owner)}
            _bring_to_rest(owner, paths - {path for path, _ in curves(action, owner)})
        yield


def _bring_to_rest(owner: Any, paths: set[str]) -> None:
    """The shape keys and pose bones that these RNA paths lead to."""
    for path in paths:
        holder, _, name = path.rpartition(".")
        try:
            found = owner.path_resolve(holder)
        except ValueError:
            continue
        if isinstance(found, bpy.types.ShapeKey):
            found.value = 0.0
        elif isinstance(found, bpy.types.PoseBone) and name in _PLACE:
            found.matrix_basis.identity()


def _assign(data: Any, action: bpy.types.Action | None, slot: bpy.types.ActionSlot | None) -> None:
    data.action = action
    if action is not None:
        data.action_slot = slot


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


@contextmanager
def _lightened(objects: tuple[bpy.types.Object, ...]) -> Iterator[None]:
    """Deforming every vertex on every frame takes ten times as long as the shapes' values and the bones alone."""
    meshes = [obj for obj in objects if obj.type == "MESH"]
    pinned = [(obj, obj.show_only_shape_key) for obj in meshes]
    modifiers = [(modifier, modifier.show_viewport) for obj in meshes for modifier in obj.modifiers]
    try:
        for obj, _ in pinned:
            obj.show_only_shape_key = True
        for modifier, _ in modifiers:
            modifier.show_viewport = False
        yield
    finally:
        for obj, was in pinned:
            obj.show_only_shape_key = was
        for modifier, shown_before in modifiers:
            modifier.show_viewport = shown_before


def _leans_on_meshes(objects: tuple[bpy.types.Object, ...]) -> bool:
    """Whether something of the character follows the deformed surface of a mesh, so that it must be deformed."""
    held = [bone.constraints for obj in objects for bone in pose_bones(obj).values()]
    held += [obj.constraints for obj in objects]
    targets = (getattr(constraint, "target", None) for constraints in held for constraint in constraints)
    return any(target is not None and target.type == "MESH" for target in targets) or any(
        obj.parent_type in {"VERTEX", "VERTEX_3"} for obj in objects
    )
