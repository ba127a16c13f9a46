"""Puts a Clip on a character: one Action for the take, one slot for each mesh and one for the armature's bones."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import bpy
import numpy as np

from ..clip import Clip, checked
from ..messages import AddonError
from ..rig.bones import facing
from ..rig.character import Character
from ..rig.solve import is_sparse
from . import kept
from .bones import bone_curves
from .keys import Points, every_frame, merged, points_of, put, taken
from .reduce import reduce

MARK = "facemimic"
"""Custom property of the Actions baked here: JSON {"takes": [{"name", "start", "end", "fps", "provenance"}]}."""

_LAST_FRAME = 1_048_574
_NAMED = 3
_LONGEST_NAME = 63
_EXACT = ("eyeBlink", "mouth", "jaw", "tongueOut")


@dataclass
class _Curve:
    path: str
    index: int
    values: np.ndarray
    share: float
    exact: bool
    group: str
    low: float = -math.inf
    high: float = math.inf


@dataclass
class _Block:
    """One animated data-block: a mesh's Key or the armature object."""

    owner: Any
    kind: str
    curves: list[_Curve]


def takes(action: bpy.types.Action) -> list[dict[str, Any]]:
    """What was baked into an Action, oldest first; empty for an Action that is not ours."""
    try:
        return list(json.loads(action[MARK])["takes"])
    except (KeyError, TypeError, ValueError):
        return []


def bake(
    character: Character,
    clip: Clip,
    *,
    frame: float,
    fps: float,
    tolerance: float | None = 0.01,
    name: str,
    new_take: bool = False,
) -> bpy.types.Action:
    """Writes the clip onto the character as curves and returns their Action.

    Frame k of the clip lands on scene frame `frame + k × fps / clip.fps`; fps is the scene's. tolerance is the
    largest error of a curve at any frame of the clip (channel units; radians for the head), None keys every frame.
    An Action baked earlier that is still active is added to: its keys inside the new range give way, those outside
    stay; `new_take` starts a new Action called `name` instead. An Action of the artist's own is never edited: it is
    kept with a fake user, and where it also moves something else (a body), it goes on playing from an NLA track below.
    Shape keys that the clip has no channels for are left alone. Raises AddonError, with the scene unchanged.
    """
    clip = checked(clip)
    if not (math.isfinite(fps) and fps > 0):
        raise AddonError(f"The scene's frame rate must be above 0; it is {fps}.")
    if tolerance is not None and not (math.isfinite(tolerance) and 0 < tolerance <= 0.5):
        raise AddonError(f"The tolerance must lie between 0 and 0.5; it is {tolerance}.")
    step = fps / clip.fps
    end = frame + (len(clip.values) - 1) * step
    if not (math.isfinite(frame) and abs(frame) <= _LAST_FRAME and end <= _LAST_FRAME):
        raise AddonError(f"The take would run from frame {frame:g} to {end:g}; Blender ends at frame {_LAST_FRAME}.")
    blocks = _blocks(character, clip)
    for block in blocks:
        data = block.owner.animation_data
        if data and data.use_tweak_mode:
            raise AddonError(
                f"{block.owner.name} is in NLA tweak mode. Leave it (Tab in the NLA editor), then try again."
            )
    points = [_points(block, frame, step, tolerance) for block in blocks]

    action = None if new_take else _ours(blocks)
    created = action is None
    before = [_state(block.owner) for block in blocks]
    known = kept.kept(action) if action else None
    lossy = is_sparse(character) and (known is not None or action is None)
    action = action or bpy.data.actions.new(name)
    try:
        for block, made in zip(blocks, points, strict=True):
            _write(action, block, made, (frame, end))
        _remember(action, clip, name, frame, end, fps)
        if lossy:
            paths = {curve.path for block in blocks for curve in block.curves}
            kept.keep(action, clip, frame + step * np.arange(len(clip.values)), paths, known)
        else:
            kept.forget(action)
    except Exception:
        if created:
            for block, state in zip(blocks, before, strict=True):
                _restore(block.owner, state)
            bpy.data.actions.remove(action)
        raise
    return action


def _blocks(character: Character, clip: Clip) -> list[_Block]:
    """The curves to write, as dense samples. Raises AddonError when there is nothing to write on."""
    present = set(clip.channels)
    by_key: dict[Any, _Block] = {}
    try:
        for (mesh, shape_key, values), target in zip(character.key_curves(clip), character.targets, strict=True):
            if not present & set(target.mix):
                continue
            key: Any = getattr(mesh.data, "shape_keys", None)
            if key is None or shape_key not in key.key_blocks:
                raise AddonError(f"{mesh.name} has no shape key {shape_key} any more. Choose the character again.")
            path = f'key_blocks["{bpy.utils.escape_identifier(shape_key)}"].value'
            driver = key.animation_data.drivers.find(path) if key.animation_data else None
            if driver is not None and not driver.mute:
                continue
            block = by_key.setdefault(key, _Block(key, "KEY", []))
            exact = any(channel.startswith(_EXACT) for channel, gain in target.mix.items() if gain >= 0.5)
            block.curves.append(_Curve(path, 0, values, 1.0, exact, "FaceMimic", target.low, target.high))
        if block := _bones_block(character, clip):
            by_key[block.owner] = block
    except ReferenceError as error:
        raise AddonError(f"A mesh of {character.name} is gone. Choose the character again.") from error
    if not by_key:
        if not character.targets:
            raise AddonError(
                f"None of the shape keys of {character.name} has a name that FaceMimic knows, so there is nothing to "
                "animate. Rename them after ARKit (jawOpen, eyeBlinkLeft, …), or choose their channels in the panel's "
                "Mapping."
            )
        raise AddonError(f"The take has no channel that {character.name} can show, or drivers hold all of them.")
    return list(by_key.values())


def _bones_block(character: Character, clip: Clip) -> _Block | None:
    """The curves of the bones that move in the clip, or that moved in the take it is added to."""
    present = set(clip.channels)
    following = [bone for bone in character.bones if bone.channels & present]
    if not following:
        return None
    armature: Any = following[0].armature
    axes = facing(armature)
    curves: list[_Curve] = []
    for target in following:
        if target.bone not in armature.pose.bones:
            raise AddonError(f"{armature.name} has no bone {target.bone} any more. Choose the character again.")
        exact = target.motion == "jaw"
        for made in bone_curves(target, axes, clip):
            if made.moving or _has_curve(armature, made.path):
                for index in range(made.values.shape[1]):
                    curves.append(_Curve(made.path, index, made.values[:, index], made.share, exact, target.bone))
    return _Block(armature, "OBJECT", curves) if curves else None


def _points(block: _Block, frame: float, step: float, tolerance: float | None) -> list[Points]:
    if tolerance is None:
        return [every_frame(curve.values, frame, step) for curve in block.curves]
    made = reduce(
        np.stack([curve.values for curve in block.curves], 1),
        np.array([curve.share * tolerance for curve in block.curves], np.float32),
        exact=np.array([curve.exact for curve in block.curves]),
        low=np.array([curve.low for curve in block.curves], np.float32),
        high=np.array([curve.high for curve in block.curves], np.float32),
    )
    return [points_of(keys, frame, step) for keys in made]


def _ours(blocks: list[_Block]) -> bpy.types.Action | None:
    """The active Action that was baked here for this character and for nobody else."""
    owners = {block.owner for block in blocks}
    for block in blocks:
        data = block.owner.animation_data
        action = data.action if data else None
        if action is None or not takes(action) or not action.is_editable:
            continue
        if all(user in owners for slot in action.slots for user in slot.users()):
            return action
    return None


def _has_curve(owner: Any, path: str) -> bool:
    data = owner.animation_data
    if not (data and data.action and takes(data.action)):
        return False
    bag = _bag(data.action, data.action_slot)
    return bool(bag and any(curve.data_path == path for curve in bag.fcurves))


def _bag(action: Any, slot: Any, ensure: bool = False) -> Any:
    if slot is None:
        return None
    if not action.layers:
        if not ensure:
            return None
        action.layers.new("Layer").strips.new(type="KEYFRAME")
    strips = action.layers[0].strips
    if not strips:
        if not ensure:
            return None
        strips.new(type="KEYFRAME")
    return strips[0].channelbag(slot, ensure=ensure)


class _State(NamedTuple):
    """What a data-block played before, to be put back should writing fail."""

    action: Any
    slot: Any
    kept: bool
    tracks: int


def _state(owner: Any) -> _State | None:
    data = owner.animation_data
    if data is None:
        return None
    return _State(data.action, data.action_slot, bool(data.action and data.action.use_fake_user), len(data.nla_tracks))


def _restore(owner: Any, state: _State | None) -> None:
    if state is None:
        owner.animation_data_clear()
        return
    data = owner.animation_data
    for track in list(data.nla_tracks)[state.tracks :]:
        data.nla_tracks.remove(track)
    data.action = state.action
    if state.action:
        data.action_slot = state.slot
        if not state.action.library:
            state.action.use_fake_user = state.kept


def _write(action: Any, block: _Block, points: list[Points], span: tuple[float, float]) -> None:
    data = block.owner.animation_data or block.owner.animation_data_create()
    if data.action == action and data.action_slot:
        slot = data.action_slot
    else:
        slot = next((one for one in action.slots if block.owner in one.users()), None)
        slot = slot or action.slots.new(block.kind, block.owner.name)
        paths = {curve.path for curve in block.curves}
        _set_aside(block.owner, paths)
        data.action = action
        data.action_slot = slot
    bag = _bag(action, slot, ensure=True)
    existing = {(curve.data_path, curve.array_index): curve for curve in bag.fcurves}
    groups = {group.name: group for group in bag.groups}
    for curve, made in zip(block.curves, points, strict=True):
        written = existing.get((curve.path, curve.index))
        if written is None:
            written = bag.fcurves.new(curve.path, index=curve.index)
            if curve.group not in groups:
                groups[curve.group] = bag.groups.new(curve.group)
            written.group = groups[curve.group]
        elif len(written.keyframe_points):
            made = merged(taken(written), made, span)
        put(written, made)


def _set_aside(owner: Any, paths: set[str]) -> None:
    """Keeps the Action that the new one replaces, and keeps it playing where it moves anything else."""
    data = owner.animation_data
    old = data.action
    if old is None:
        return
    if not old.library:
        old.use_fake_user = True
    slot = data.action_slot
    bag = _bag(old, slot)
    if bag is None or not data.use_nla or all(curve.data_path in paths for curve in bag.fcurves):
        return
    first, last = old.frame_range
    track = data.nla_tracks.new()
    track.name = old.name
    strip = track.strips.new(old.name, int(first), old)
    strip.action_slot = slot
    # A new strip begins on a whole frame, though the action's first key may lie behind it.
    strip.frame_start_ui = first
    if any(curve.modifiers or curve.extrapolation != "CONSTANT" for curve in bag.fcurves):
        scene: Any = bpy.context.scene
        strip.action_frame_start = min(first, scene.frame_start)
        strip.action_frame_end = max(last, scene.frame_end)
        strip.frame_start_ui = strip.action_frame_start
    strip.blend_type = data.action_blend_type
    strip.influence = data.action_influence


def _remember(action: Any, clip: Clip, name: str, start: float, end: float, fps: float) -> None:
    before = takes(action)
    kept = [take for take in before if take["start"] < start or take["end"] > end]
    kept.append({"name": name, "start": start, "end": end, "fps": fps, "provenance": clip.provenance})
    action[MARK] = json.dumps({"takes": kept}, sort_keys=True)
    own_name = re.sub(r"\.\d{3,}$", "", action.name)
    if before and own_name == _joined_name(before):
        action.name = _joined_name(kept)


def _joined_name(joined: list[dict[str, Any]]) -> str:
    """What an Action is called that the artist has not named: its takes in their order, as far as they fit."""
    names = [str(take["name"]) for take in sorted(joined, key=lambda take: take["start"])]
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return shown.encode()[:_LONGEST_NAME].decode(errors="ignore").strip()
