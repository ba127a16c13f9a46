"""What the panels say about a character. Drawing happens at every mouse move, so that matching is remembered."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import bpy

from ..messages import AddonError
from ..rig.character import find_character

_REMEMBERED = 8


class Matching(NamedTuple):
    """A character as the artist reads it. `problem` is set when there is none, and the rest is empty then."""

    name: str = ""
    matched: int = 0
    channels: int = 0
    head_bone: str = ""
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def performs(self) -> bool:
        """Whether there is anything to bake onto."""
        return self.matched > 0


_known: dict[tuple, Matching] = {}


def matching(obj: bpy.types.Object) -> Matching:
    """The character that `obj` belongs to; worked out again only when names, parts or drivers changed."""
    key = _fingerprint(obj)
    if key not in _known:
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[key] = _look(obj)
    return _known[key]


def _look(obj: bpy.types.Object) -> Matching:
    try:
        found = find_character(obj)
    except AddonError as error:
        return Matching(problem=str(error))
    return Matching(
        found.name,
        len(found.matched),
        len(found.matched) + len(found.missing),
        found.head_bone or "",
        found.missing,
        found.unused,
        found.notes,
    )


def _fingerprint(obj: bpy.types.Object) -> tuple:
    """Everything that matching depends on and that can be had without walking through the meshes."""
    parts = [obj, *_relatives(obj)]
    return (len(bpy.data.objects), *(_part(part) for part in parts))


def _relatives(obj: bpy.types.Object) -> Iterable[bpy.types.Object]:
    armature = obj if obj.type == "ARMATURE" else obj.find_armature()
    if armature is None:
        return ()
    return (armature, *(child for child in armature.children if child.type == "MESH"))


def _part(obj: bpy.types.Object) -> tuple:
    keys = getattr(obj.data, "shape_keys", None)
    if keys is None:
        return obj.session_uid, obj.name, obj.visible_get(), len(getattr(obj.data, "bones", ()))
    drivers = keys.animation_data.drivers if keys.animation_data is not None else ()
    return obj.session_uid, obj.name, obj.visible_get(), tuple(keys.key_blocks.keys()), len(drivers)


def paired(channels: Iterable[str]) -> list[str]:
    """Channels for reading: eyeBlinkLeft and eyeBlinkRight together become "eyeBlink Left, Right"."""
    names = list(channels)
    lines: list[str] = []
    for name in names:
        side = re.fullmatch(r"(.+)(Left|Right)", name)
        if side is None or not {side[1] + "Left", side[1] + "Right"} <= set(names):
            lines.append(name)
        elif (line := f"{side[1]} Left, Right") not in lines:
            lines.append(line)
    return lines
