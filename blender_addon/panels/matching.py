"""What the panels say about a character. Drawing happens at every mouse move, so that matching is remembered."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import bpy

from ..messages import AddonError
from ..rig.character import find_character, relatives

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
        len(found.matched) + len(found.missing),
        found.head_bone or "",
        found.missing,
        found.unused,
        found.notes,
    )


def _fingerprint(names: tuple[str, ...]) -> tuple:
    """Everything that matching depends on and that can be had without walking through the scene or the meshes."""
    return (len(bpy.data.objects), *(_part(bpy.data.objects.get(name)) for name in names))


def _part(obj: bpy.types.Object | None) -> tuple:
    if obj is None:
        return ()
    keys = getattr(obj.data, "shape_keys", None)
    if keys is None:
        bones = getattr(obj.data, "bones", None)
        return obj.session_uid, obj.visible_get(), tuple(bones.keys()) if bones is not None else ()
    drivers = keys.animation_data.drivers if keys.animation_data is not None else ()
    driven = tuple(driver.data_path for driver in drivers)
    return obj.session_uid, obj.visible_get(), tuple(keys.key_blocks.keys()), keys.use_relative, driven


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
