"""What a character shows while a take plays: shape keys and places, sampled from the scene as the viewport shows it."""

import math
from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np

from ..rig.character import Character
from .blender_data import context, key_blocks, pose_bones, scene_fps, shape_keys
from .curves import curves, sampled
from .sparse import kept_samples
from .take import key_frames

Part = bpy.types.Object | str
"""An object, or a bone of the character's armature by its name."""

_FINEST: Final = 60.0
"""Samples a second at least; keys are sampled besides, so that no extreme falls between two samples."""
_BENDS: Final = 240.0
"""Samples a second of the take's own curves, which are cheap to look at."""
_BENT: Final = 0.001
"""How far straight lines between the samples may miss these curves."""
_NEARLY: Final = 0.02
"""Frames: samples that are nearer to a key than this give way to it."""


@dataclass(frozen=True)
class Performance:
    """A take as it plays.

    times: float64 (samples,), seconds from the first frame. weights: object to shape key to float32 (samples,).
    places: part to float64 (samples, 4, 4), its place in Blender's world. keyed: the bones that the take has curves
    for, whether or not they move.
    """

    name: str
    times: np.ndarray
    weights: dict[bpy.types.Object, dict[str, np.ndarray]]
    places: dict[Part, np.ndarray]
    keyed: frozenset[str]


def played(
    scene: bpy.types.Scene,
    character: Character,
    objects: tuple[bpy.types.Object, ...],
    action: bpy.types.Action,
    frames: tuple[int, int],
) -> Performance:
    """Plays the scene, which holds the objects and is the present one, from the first to the last of `frames`.

    The action names the take and its keys' frames; that it plays is up to the caller.
    """
    at = _sampled_frames(character, action, frames)
    faces = {obj: key for obj in objects if (key := shape_keys(obj)) is not None}
    blocks = {obj: key_blocks(obj) for obj in faces}
    weights = {obj: np.zeros((len(at), len(found)), np.float32) for obj, found in blocks.items()}
    objects_at = {obj: np.zeros((len(at), 4, 4)) for obj in objects}
    armature = character.armature
    bones = list(pose_bones(armature)) if armature else []
    poses = np.zeros((len(at), len(bones), 16), np.float32)
    for row, frame in enumerate(at):
        scene.frame_set(math.floor(frame), subframe=frame - math.floor(frame))
        depsgraph: Any = context().evaluated_depsgraph_get()
        for obj, key in faces.items():
            key.evaluated_get(depsgraph).key_blocks.foreach_get("value", weights[obj][row])
        for obj in objects:
            objects_at[obj][row] = obj.evaluated_get(depsgraph).matrix_world
        if armature is not None:
            pose: Any = armature.evaluated_get(depsgraph).pose
            buffer = np.empty(poses[row].size, np.float32)
            pose.bones.foreach_get("matrix", buffer)
            poses[row] = buffer.reshape(-1, 16)
    places: dict[Part, np.ndarray] = {**objects_at}
    for number, bone in enumerate(bones):
        # Blender hands matrices over column by column.
        in_armature = poses[:, number].reshape(-1, 4, 4).transpose(0, 2, 1)
        places[bone] = objects_at[armature] @ in_armature if armature else in_armature
    shown = {
        obj: {
            block.name: np.clip(weights[obj][:, column], block.slider_min, block.slider_max)
            for column, block in enumerate(blocks[obj])
        }
        for obj in faces
    }
    seconds = (at - frames[0]) / scene_fps()
    return Performance(action.name, seconds, shown, places, _keyed_bones(character, action))


def _sampled_frames(character: Character, action: bpy.types.Action, frames: tuple[int, int]) -> np.ndarray:
    """A grid for all that moves in the scene, the take's keys, and where its own curves bend between: a fast blink does
    so within a sixtieth of a second."""
    first, last = frames
    keys = key_frames(character, action)
    keys = keys[(keys > first) & (keys < last)]
    grid, fine = (
        np.linspace(first, last, (last - first) * max(1, math.ceil(rate / scene_fps())) + 1)
        for rate in (_FINEST, _BENDS)
    )
    fine = _apart(fine, keys)
    owners = [*(shape_keys(mesh) for mesh in character.meshes), character.armature]
    every = [curve for owner in owners for curve in curves(action, owner).values()]
    if every:
        bends = fine[kept_samples(fine, np.stack([sampled(curve, fine, 0.0) for curve in every], axis=1), _BENT)]
        grid = np.union1d(grid, bends)
    return _apart(grid, keys)


def _apart(grid: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Both together, without what lies too near to a key; the grid's ends stay."""
    if not len(keys):
        return grid
    following = np.searchsorted(keys, grid)
    gaps = [np.abs(grid - keys[near.clip(0, len(keys) - 1)]) for near in (following, following - 1)]
    own = np.minimum(*gaps) > _NEARLY
    own[[0, -1]] = True
    return np.union1d(grid[own], keys)


def _keyed_bones(character: Character, action: bpy.types.Action) -> frozenset[str]:
    if character.armature is None:
        return frozenset()
    paths = {path for path, _ in curves(action, character.armature)}
    return frozenset(name for name in pose_bones(character.armature) if any(_moves(path, name) for path in paths))


def _moves(path: str, bone: str) -> bool:
    return path.startswith(f'pose.bones["{bpy.utils.escape_identifier(bone)}"].')
