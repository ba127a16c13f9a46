"""What the panels say about a character. Drawing happens at every mouse move, so that matching is remembered."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import bpy
import numpy as np

from ..messages import AddonError
from ..rig.bones import MOTIONS, motion_bone
from ..rig.character import find_character
from ..rig.corrections import digest
from ..rig.family import relatives
from ..rig.lines import Line, lines_of
from ..rig.solve import is_sparse

_REMEMBERED = 8
_TOLD = 2
"""Channels that are named in one row."""


class Matching(NamedTuple):
    """A character as the artist reads it. `problem` is set when there is none, and the rest is empty then.

    shaped: how many channels move a shape key.
    """

    name: str = ""
    matched: int = 0
    shaped: int = 0
    channels: int = 0
    head_bone: str = ""
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    sparse: bool = False
    problem: str = ""

    @property
    def performs(self) -> bool:
        """Whether there is anything to bake onto."""
        return self.matched > 0


class _Known(NamedTuple):
    """What was found for an object. names: of the objects that it was found on; what they were like; the finding."""

    names: tuple[str, ...]
    fingerprint: tuple
    match: Matching


_known: dict[int, _Known] = {}


def matching(obj: bpy.types.Object) -> Matching:
    """The character that `obj` belongs to; worked out again only when names, parts or drivers changed."""
    known = _known.get(obj.session_uid)
    if known is None or known.fingerprint != _fingerprint(known.names):
        if len(_known) >= _REMEMBERED:
            _known.clear()
        names = tuple(one.name for one in relatives(obj))
        known = _known[obj.session_uid] = _Known(names, _fingerprint(names), _look(obj))
    return known.match


def _look(obj: bpy.types.Object) -> Matching:
    try:
        found = find_character(obj)
    except AddonError as error:
        return Matching(problem=str(error))
    return Matching(
        found.name,
        len(found.matched),
        len({channel for target in found.targets for channel in target.mix}),
        len(found.matched) + len(found.missing),
        found.head_bone or "",
        found.missing,
        found.unused,
        found.notes,
        tuple(lines_of(found)),
        is_sparse(found),
    )


def _fingerprint(names: tuple[str, ...]) -> tuple:
    """Everything that matching depends on and that can be had without walking through the scene or the meshes."""
    return (len(bpy.data.objects), *(_part(bpy.data.objects.get(name)) for name in names))


def _part(obj: bpy.types.Object | None) -> tuple:
    if obj is None:
        return ()
    about = (obj.session_uid, obj.visible_get(), digest(obj), _driven(obj))
    if obj.type == "ARMATURE":
        return *about, tuple(obj.data.bones.keys()), _constraints(obj)  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
    keys = getattr(obj.data, "shape_keys", None)
    if keys is None:
        return about
    return *about, tuple(keys.key_blocks.keys()), keys.use_relative, _driven(keys), _limits(keys.key_blocks)


def _limits(blocks: Any) -> tuple[bytes, ...]:
    """What the notes about shape keys depend on; arrays, because there may be thousands."""
    found = []
    for name, kind in (("mute", bool), ("slider_min", np.float32), ("slider_max", np.float32)):
        values = np.empty(len(blocks), kind)
        blocks.foreach_get(name, values)
        found.append(values.tobytes())
    return tuple(found)


def _driven(block: bpy.types.ID) -> tuple[tuple[str, bool], ...]:
    animated = getattr(block, "animation_data", None)
    return tuple((driver.data_path, driver.mute) for driver in animated.drivers) if animated is not None else ()


def _constraints(armature: bpy.types.Object) -> tuple:
    """What may hold the bones of a performance."""
    pose: Any = armature.pose
    bones = [pose.bones.get(motion_bone(armature, motion) or "") for motion in MOTIONS]
    return tuple(
        (held.type, held.mute, held.influence > 0) for bone in bones if bone is not None for held in bone.constraints
    )


def short(follows: Mapping[str, float]) -> str:
    """The strongest of the channels in one short text: “eyeBlink L R”, “jawOpen, mouthFunnel”."""
    rising = {channel: gain for channel, gain in follows.items() if gain > 0} or dict(follows)
    top = max(map(abs, rising.values()), default=0.0)
    names = paired(channel for channel, gain in rising.items() if abs(gain) >= top / 2)
    return ", ".join(names[:_TOLD]) + ("…" if len(names) > _TOLD else "")


def paired(channels: Iterable[str]) -> list[str]:
    """Channels for reading: eyeBlinkLeft and eyeBlinkRight together become “eyeBlink L R”."""
    names = list(channels)
    lines: list[str] = []
    for name in names:
        side = re.fullmatch(r"(.+)(Left|Right)", name)
        if side is None or not {side[1] + "Left", side[1] + "Right"} <= set(names):
            lines.append(name)
        elif (line := f"{side[1]} L R") not in lines:
            lines.append(line)
    return lines
