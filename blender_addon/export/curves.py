"""The F-curves that an Action holds for one data-block."""

from typing import Any

import bpy
import numpy as np

Curves = dict[tuple[str, int], bpy.types.FCurve]


def curves(action: bpy.types.Action, owner: bpy.types.ID | None) -> Curves:
    """The F-curves that `action` holds for `owner` (a Key or an Object), by data path and index."""
    if owner is None:
        return {}
    slot = slot_of(action, owner)
    if slot is None:
        return {}
    found: Curves = {}
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot) if isinstance(strip, bpy.types.ActionKeyframeStrip) else None
            for curve in bag.fcurves if bag else ():
                found.setdefault((curve.data_path, curve.array_index), curve)
    return found


def animation_of(owner: Any) -> bpy.types.AnimData | None:
    """A data-block's animation, if it has any."""
    return owner.animation_data if owner is not None else None


def slot_of(action: bpy.types.Action, owner: bpy.types.ID) -> bpy.types.ActionSlot | None:
    """The slot of `action` that `owner` (a Key or an Object) plays or would play."""
    data = animation_of(owner)
    if data is not None:
        if data.action == action and data.action_slot is not None:
            return data.action_slot
        for track in data.nla_tracks:
            for strip in track.strips:
                if strip.action == action and strip.action_slot is not None:
                    return strip.action_slot
    own = next((slot for slot in action.slots if owner in slot.users()), None)
    if own is not None:
        return own
    prefix = "KE" if isinstance(owner, bpy.types.Key) else "OB"
    return action.slots.get(prefix + owner.name)


def sampled(curve: bpy.types.FCurve | None, frames: np.ndarray, resting: float) -> np.ndarray:
    """float64 (frames,): a curve's values, or the value of what has no curve."""
    if curve is None:
        return np.full(len(frames), resting)
    return np.fromiter((curve.evaluate(frame) for frame in frames), float, len(frames))


def bone_path(bone: str, name: str) -> str:
    """The RNA path of a pose bone's property, below the armature object."""
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{name}'
