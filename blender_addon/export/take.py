"""Reads a baked take back: from the curves of an Action to the channels that they show."""

import math
from typing import Final

import bpy
import numpy as np

from ..bake.kept import kept
from ..bake.write import takes
from ..clip import Clip
from ..messages import AddonError
from ..rig.character import Character
from ..rig.solve import is_sparse
from . import provenance
from .blender_data import scene_fps, shape_keys
from .curves import animation_of, bone_path, curves, sampled
from .take_bones import bone_channels

_LONGEST: Final = 1_048_574
"""Blender's last frame."""
_FINE: Final = 60.0
_NEARLY: Final = 1e-4
"""Frames that differ by less are the same: keys at fractional frames are float32."""


def active_take(character: Character) -> bpy.types.Action:
    """The Action with the character's performance: one of ours before any other, an active one before the NLA's.

    Raises AddonError when neither its shape keys nor, by a take of ours, its bones are animated.
    """
    found: list[bpy.types.Action] = []
    for owner in _owners(character):
        data = animation_of(owner)
        if data is None:
            continue
        actions = [data.action] if data.action else []
        actions += [
            strip.action
            for track in reversed(list(data.nla_tracks))
            if not track.mute
            for strip in reversed(list(track.strips))
            if strip.action and not strip.mute
        ]
        # An armature's own actions move its body.
        found += [one for one in actions if curves(one, owner) and (owner != character.armature or takes(one))]
    if not found:
        raise AddonError(f"{character.name} has no performance yet. Generate one, or assign the action of a take.")
    return next((action for action in found if takes(action)), found[0])


def all_takes(character: Character) -> tuple[bpy.types.Action, ...]:
    """The active take first, then every other Action that was baked for this character, by name.

    Raises AddonError when there is none.
    """
    active = active_take(character)
    others = [
        action
        for action in bpy.data.actions
        if action != active and takes(action) and any(curves(action, owner) for owner in _owners(character))
    ]
    return (active, *sorted(others, key=lambda action: action.name))


def _owners(character: Character) -> list[bpy.types.ID | None]:
    """What a take moves: the meshes' shape keys, then the bones."""
    return [*(shape_keys(mesh) for mesh in character.meshes), character.armature]


def take_range(character: Character, action: bpy.types.Action) -> tuple[float, float]:
    """First and last keyed frame of the character's face and head in `action`.

    Raises AddonError when it holds no keys for this character.
    """
    ends = [curve.range() for curve in _face_curves(character, action)]
    if not ends:
        raise AddonError(f"The action {action.name} has no curves for {character.name}. Assign one of its takes.")
    return min(start for start, _ in ends), max(end for _, end in ends)


def key_frames(character: Character, action: bpy.types.Action) -> np.ndarray:
    """The frames of all keys of the character's face and bones in `action`, float64 ascending, each once."""
    found = [np.zeros(0, np.float32)]
    for owner in _owners(character):
        for curve in curves(action, owner).values():
            points = np.empty((len(curve.keyframe_points), 2), np.float32)
            curve.keyframe_points.foreach_get("co", points.ravel())
            found.append(points[:, 0])
    return np.unique(np.concatenate(found).astype(np.float64).round(3))


def whole_frames(
    character: Character, action: bpy.types.Action, frame_range: tuple[float, float] | None = None
) -> tuple[int, int]:
    """`frame_range`, or the take's own keys, widened to whole frames and to at least one step.

    Raises AddonError when there are no keys or the range is none.
    """
    start, end = frame_range or take_range(character, action)
    _check_range(start, end)
    first = math.floor(start + _NEARLY)
    return first, max(math.ceil(end - _NEARLY), first + 1)


def fine_rate() -> float:
    """Samples a second that keep a fast blink: the scene's, at least 60."""
    return max(_FINE, scene_fps())


def read_take(
    character: Character,
    action: bpy.types.Action | None = None,
    *,
    frame_range: tuple[float, float] | None = None,
    fps: float | None = None,
) -> Clip:
    """The take as a Clip with the channels that the rig can show.

    action: the active take when None. frame_range: first and last frame, the take's own keys when None.
    fps: the Clip's rate, the scene's when None; frame k of the Clip is k / fps seconds after the range's start, and
    the last one is at the range's end or just after it.
    Of curves that were fitted to a sparse rig and are as baked, it is the performance that they were fitted to.
    Elsewhere, where several shape keys show one channel, or one shows several, the channels are their least-squares
    answer.
    Raises AddonError when there is no take, or the range or rate is none.
    """
    action = action or active_take(character)
    start, end = frame_range or take_range(character, action)
    fps = fps or scene_fps()
    frames = frames_of(start, end, fps)
    performed = kept(action)
    if performed is not None:
        columns = performed.at(frames)
    else:
        columns = bone_channels(character, action, frames) | _shape_channels(character, action, frames)
    if not columns:
        raise AddonError(f"{character.name} shows none of FaceMimic's channels, so there is nothing to read.")
    values = np.stack(list(columns.values()), axis=1).astype(np.float32)
    return Clip(values, fps, tuple(columns), provenance.of_action(action, (start, end)))


def frames_of(start: float, end: float, fps: float) -> np.ndarray:
    """float64: where in the scene the frames of a Clip at that rate lie. Raises AddonError for a range that is none."""
    _check_range(start, end)
    if not (math.isfinite(fps) and fps > 0):
        raise AddonError(f"The frame rate must be above 0; this one is {fps}.")
    step = scene_fps() / fps
    return start + step * np.arange(math.ceil((end - start) / step - _NEARLY) + 1)


def lost(character: Character, action: bpy.types.Action) -> tuple[str, ...]:
    """Sentences about what `read_take` cannot know of the take."""
    if not is_sparse(character) or kept(action) is not None:
        return ()
    return (
        f"{character.name} lacks shapes, and “{action.name}” was read from its curves, since they were edited or not "
        "fitted by this FaceMimic: the file shows what the curves show. Generate or load the take again to write "
        "all of it.",
    )


def _check_range(start: float, end: float) -> None:
    if not (math.isfinite(start) and math.isfinite(end) and end >= start):
        raise AddonError(f"Frames {start} to {end} are no range. The last frame must not lie before the first.")
    if end - start > _LONGEST:
        raise AddonError(
            f"Frames {start:g} to {end:g} are more than Blender's timeline has. Delete the key of the take that lies "
            "far out."
        )


def _key_path(shape_key: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(shape_key)}"].value'


def _face_curves(character: Character, action: bpy.types.Action) -> list[bpy.types.FCurve]:
    found = []
    for mesh in character.meshes:
        of_mesh = curves(action, shape_keys(mesh))
        paths = {_key_path(target.shape_key) for target in character.targets if target.mesh == mesh}
        found += [curve for (path, _), curve in of_mesh.items() if path in paths]
    starts = tuple(bone_path(target.bone, what) for target in character.bones for what in ("rotation", "location"))
    of_armature = curves(action, character.armature)
    return found + [curve for (path, _), curve in of_armature.items() if path.startswith(starts)]


def _shape_channels(character: Character, action: bpy.types.Action, frames: np.ndarray) -> dict[str, np.ndarray]:
    driving = {channel for target in character.targets for channel in target.mix}
    names = [name for name in character.matched if name in driving]
    if not names:
        return {}
    shown = np.zeros((len(frames), len(character.targets)))
    gains = np.zeros((len(character.targets), len(names)))
    of_mesh = {mesh: curves(action, shape_keys(mesh)) for mesh in character.meshes}
    for row, target in enumerate(character.targets):
        keys = shape_keys(target.mesh)
        block = keys.key_blocks.get(target.shape_key) if keys else None
        if block is None:
            raise AddonError(
                f"{target.mesh.name} has no shape key {target.shape_key} any more. Choose the character again."
            )
        curve = of_mesh.get(target.mesh, {}).get((_key_path(target.shape_key), 0))
        values = np.clip(sampled(curve, frames, block.value), block.slider_min, block.slider_max)
        shown[:, row] = values - target.offset
        for channel, gain in target.mix.items():
            if channel in names:
                gains[row, names.index(channel)] = gain
    solved = np.clip(shown @ np.linalg.pinv(gains).T, 0.0, 1.0)
    return {name: solved[:, column] for column, name in enumerate(names)}
