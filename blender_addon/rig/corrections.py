"""What the artist corrects in a character's mapping, kept on its objects in the .blend."""

# pyright: reportInvalidTypeForm=false
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import bpy

from .schemes import channels
from .words import normalised

_DIGITS = 6
"""Decimals of a number that the artist has set; Blender stores it in single precision."""


@dataclass(frozen=True)
class Correction:
    """How one shape key, or one bone motion, shall follow the performance instead of as recognised.

    name: of the shape key or of the motion. off: it does not follow at all. follows: channel to gain, or None for what
    was recognised. The value is offset + gain × what it follows, limited to low..high; of a bone, gain scales its
    angles and the rest does not apply. bone: the bone that makes the motion, empty for the recognised one.
    confirmed: the artist looked at what was guessed and found it right.
    """

    name: str
    off: bool = False
    follows: Mapping[str, float] | None = None
    gain: float = 1.0
    offset: float = 0.0
    low: float = 0.0
    high: float = 1.0
    bone: str = ""
    confirmed: bool = False

    @property
    def changes(self) -> bool:
        """Whether it says anything at all."""
        return self != Correction(self.name)

    @property
    def alters(self) -> bool:
        """Whether it moves anything in another way than recognised."""
        return self != Correction(self.name, confirmed=self.confirmed)


def _offered(self: Any, context: Any, typed: str) -> Iterator[str]:
    plain = normalised(typed)
    return (channel for channel in channels() if plain in channel.lower())


class FACEMIMIC_PG_follow(bpy.types.PropertyGroup):
    channel: bpy.props.StringProperty(
        name="Channel", description="The channel of the performance that the shape key follows", search=_offered
    )
    gain: bpy.props.FloatProperty(
        name="Gain",
        description="How far the shape key goes when this channel is 1",
        default=1.0,
        soft_min=-1.0,
        soft_max=1.0,
        min=-10.0,
        max=10.0,
        step=5,
        precision=2,
    )


MODES = (
    ("AUTO", "As Recognised", "Follow what FaceMimic recognised by its name"),
    ("CHOSEN", "Chosen Channels", "Follow the channels that are listed here"),
    ("OFF", "Off", "Leave it alone"),
)


class FACEMIMIC_PG_correction(bpy.types.PropertyGroup):
    """name: the shape key's or the motion's. place and count: where the shape key was in how many, so that it is
    found again under another name."""

    place: bpy.props.IntProperty(default=-1)
    count: bpy.props.IntProperty(default=0)
    mode: bpy.props.EnumProperty(items=MODES)
    follows: bpy.props.CollectionProperty(type=FACEMIMIC_PG_follow)
    gain: bpy.props.FloatProperty(default=1.0)
    offset: bpy.props.FloatProperty(default=0.0)
    low: bpy.props.FloatProperty(default=0.0)
    high: bpy.props.FloatProperty(default=1.0)
    bone: bpy.props.StringProperty()
    confirmed: bpy.props.BoolProperty()


class FACEMIMIC_PG_mapping(bpy.types.PropertyGroup):
    """What an object keeps: a mesh for its shape keys, an armature for its bones."""

    corrections: bpy.props.CollectionProperty(type=FACEMIMIC_PG_correction)


def corrections(obj: bpy.types.Object) -> dict[str, Correction]:
    """The corrections of a mesh by shape key, or of an armature by motion; those that change nothing left out.

    A shape key that was renamed is found by its place as long as none was added or removed, or else by its name in
    another spelling.
    """
    kept = lines(home(obj))
    if not len(kept):
        return {}
    if obj.type != "MESH":
        return {line.name: read for line in kept if (read := _read(line, line.name)).changes}
    names = _names(obj)
    return {name: read for name, line in _placed(kept, names).items() if (read := _read(line, name)).changes}


def correct(obj: bpy.types.Object, wanted: Correction) -> None:
    """Keeps a correction, in place of the one that was there; one that changes nothing takes it away."""
    owner = home(obj)
    kept = lines(owner)
    forget(obj, wanted.name)
    if not wanted.changes:
        return
    line = kept.add()
    line.name = wanted.name
    if obj.type == "MESH":
        names = _names(obj)
        line.count = len(names)
        line.place = names.index(wanted.name) if wanted.name in names else -1
    line.mode = "OFF" if wanted.off else "AUTO" if wanted.follows is None else "CHOSEN"
    for channel, gain in (wanted.follows or {}).items():
        follow = line.follows.add()
        follow.channel, follow.gain = channel, gain
    line.gain, line.offset, line.low, line.high = wanted.gain, wanted.offset, wanted.low, wanted.high
    line.bone, line.confirmed = wanted.bone, wanted.confirmed


def forget(obj: bpy.types.Object, name: str) -> bool:
    """Takes a correction away, and says whether there was one."""
    kept = lines(home(obj))
    line = _placed(kept, _names(obj)).get(name) if obj.type == "MESH" else kept.get(name)
    if line is None:
        return False
    kept.remove(next(index for index, one in enumerate(kept) if one == line))
    return True


def forget_all(obj: bpy.types.Object) -> int:
    """Takes all corrections away, also of shape keys that are gone, and says how many there were."""
    kept = lines(home(obj))
    count = len(kept)
    if count:
        kept.clear()
    return count


def digest(obj: bpy.types.Object) -> tuple:
    """All that is kept for an object, to compare."""
    return tuple((line.name, _read(line, line.name), *_follows(line).items()) for line in lines(home(obj)))


def home(obj: bpy.types.Object) -> bpy.types.Object:
    """The object that keeps the corrections: where several show one mesh, the one that has some already."""
    data: Any = obj.data
    if data is None or data.users < 2 or len(lines(obj)):
        return obj
    sharing = (other for other in bpy.data.objects if other.data == data and len(lines(other)))
    return next(sharing, obj)


def lines(obj: bpy.types.Object) -> Any:
    """The stored lines of one object; empty where the add-on is not registered."""
    mapping = getattr(obj, "facemimic_mapping", None)
    return mapping.corrections if mapping is not None else ()


def _names(mesh: bpy.types.Object) -> list[str]:
    data: Any = mesh.data
    return list(data.shape_keys.key_blocks.keys()) if data.shape_keys else []


def _placed(kept: Iterable[Any], names: list[str]) -> dict[str, Any]:
    """Shape key to its line."""
    present = set(names)
    found = {line.name: line for line in kept if line.name in present}
    lost = [line for line in kept if line.name not in present]
    for line in lost:
        moved = names[line.place] if line.count == len(names) and 0 < line.place < len(names) else None
        if moved is None or moved in found:
            plain = normalised(line.name)
            alike = [name for name in names if name not in found and normalised(name) == plain]
            moved = alike[0] if len(alike) == 1 else None
        if moved is not None:
            found[moved] = line
    return found


def _read(line: Any, name: str) -> Correction:
    follows = _follows(line) if line.mode == "CHOSEN" else None
    low, high = round(line.low, _DIGITS), round(line.high, _DIGITS)
    return Correction(
        name,
        line.mode == "OFF",
        follows,
        round(line.gain, _DIGITS),
        round(line.offset, _DIGITS),
        min(low, high),
        high,
        line.bone,
        line.confirmed,
    )


def _follows(line: Any) -> dict[str, float]:
    """Channel to gain; channels named twice add up, and names that are none are left out."""
    known = set(channels())
    total: dict[str, float] = {}
    for follow in line.follows:
        if follow.channel in known:
            total[follow.channel] = round(total.get(follow.channel, 0.0) + follow.gain, _DIGITS)
    return total


_CLASSES = (FACEMIMIC_PG_follow, FACEMIMIC_PG_correction, FACEMIMIC_PG_mapping)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Object.facemimic_mapping = bpy.props.PointerProperty(  # pyright: ignore[reportAttributeAccessIssue]
        type=FACEMIMIC_PG_mapping
    )


def unregister() -> None:
    del bpy.types.Object.facemimic_mapping  # pyright: ignore[reportAttributeAccessIssue]
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
