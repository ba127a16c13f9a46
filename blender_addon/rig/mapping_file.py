"""Corrections as a small readable file, to keep and to share: TOML.

format = "facemimic-mapping"
version = 1
character = "Nova"                  # whose they were, for the reader

[[shape]]
name = "Smile.L"
mesh = "Face"                       # left out where it holds for every mesh with that shape key
follows = { mouthSmileLeft = 1.0 }  # left out where it follows what its name means
gain = 1.2
offset = 0.0
limits = [0.0, 1.0]

[[shape]]
name = "Fangs"
off = true

[[shape]]
name = "Snarl"
confirmed = true                    # what its name was guessed to mean is right

[[bone]]
motion = "jaw"                      # head, jaw, leftEye or rightEye
bone = "jaw_master"
gain = 0.8
"""

import json
import math
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from ..messages import AddonError
from .bones import MOTIONS
from .character import DRIVEN, Character
from .corrections import Correction, correct, corrections
from .recognise import GUESS, PREFIX_END, recognise
from .schemes import channels
from .words import normalised, words

FORMAT, VERSION = "facemimic-mapping", 1
LARGEST = 4_000_000
"""Bytes; ten thousand lines take less than half of it."""
_FARTHEST = 10.0
_TELLING = 3
_ENTRIES = {
    "shape": {"name", "mesh", "off", "confirmed", "follows", "gain", "offset", "limits"},
    "bone": {"motion", "bone", "off", "gain"},
}


@dataclass(frozen=True)
class Entry:
    """One line of a file. mesh: the only mesh it holds for, or empty. motion: whether it is a bone's."""

    correction: Correction
    mesh: str = ""
    motion: bool = False


@dataclass(frozen=True)
class Loaded:
    """What loading did: how many lines corrected something, and a sentence for each that found nothing."""

    count: int
    unknown: tuple[str, ...]


def save_mapping(character: Character, path: Path) -> int:
    """Writes the character's corrections and returns how many lines they take.

    Raises AddonError when there are none, or the file cannot be written; a file that was there is whole then.
    """
    entries = entries_of(character)
    if not entries:
        raise AddonError(f"Nothing of {character.name} is corrected, so there is no mapping to save.")
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(as_text(character.name, entries), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise AddonError(f"Cannot write {path}: {error.strerror or error}.") from error
    return len(entries)


def entries_of(character: Character) -> list[Entry]:
    """The corrections; one entry where all meshes that have a shape key treat it alike."""
    by_name: dict[str, dict[str, Correction]] = defaultdict(dict)
    having: dict[str, int] = defaultdict(int)
    for mesh in character.meshes:
        for name in _shape_keys(mesh):
            having[name] += 1
        for name, own in corrections(mesh).items():
            by_name[name][mesh.name] = own
    entries: list[Entry] = []
    for name, owners in by_name.items():
        first, *others = owners.values()
        if len(owners) == having[name] and all(own == first for own in others):
            entries.append(Entry(first))
        else:
            entries.extend(Entry(own, mesh) for mesh, own in owners.items())
    if character.armature:
        entries.extend(Entry(own, motion=True) for own in corrections(character.armature).values())
    return entries


def as_text(character: str, entries: Iterable[Entry]) -> str:
    """The file's text."""
    parts = [
        "# Corrections of FaceMimic's mapping: what a character's shape keys and bones follow.",
        f"format = {_quoted(FORMAT)}",
        f"version = {VERSION}",
        f"character = {_quoted(character)}",
    ]
    for entry in entries:
        own = entry.correction
        if entry.motion:
            parts += ["", "[[bone]]", f"motion = {_quoted(own.name)}"]
            parts += [f"bone = {_quoted(own.bone)}"] if own.bone else []
        else:
            parts += ["", "[[shape]]", f"name = {_quoted(own.name)}"]
            parts += [f"mesh = {_quoted(entry.mesh)}"] if entry.mesh else []
        if own.off:
            parts.append("off = true")
        if own.confirmed:
            parts.append("confirmed = true")
        if own.follows is not None:
            told = ", ".join(f"{channel} = {_number(gain)}" for channel, gain in own.follows.items())
            parts.append(f"follows = {{ {told} }}" if told else "follows = {}")
        if own.gain != 1.0:
            parts.append(f"gain = {_number(own.gain)}")
        if own.offset != 0.0:
            parts.append(f"offset = {_number(own.offset)}")
        if (own.low, own.high) != (0.0, 1.0):
            parts.append(f"limits = [{_number(own.low)}, {_number(own.high)}]")
    return "\n".join(parts) + "\n"


def _quoted(text: str) -> str:
    # A JSON string is a TOML string too, but for the one control character that JSON lets stand.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _number(value: float) -> str:
    return repr(round(float(value), 6))


def read_mapping(path: Path) -> list[Entry]:
    """The lines of a file. Raises AddonError when it is missing, no mapping, of a later version or broken."""
    try:
        if path.stat().st_size > LARGEST:
            raise AddonError(f"{path.name} is too large for a mapping. Choose a file that FaceMimic saved.")
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AddonError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise AddonError(f"{path.name} is not a mapping or is damaged: {_first_line(error)}.") from error
    if data.get("format") != FORMAT:
        raise AddonError(f"{path.name} is not a mapping: it does not say format = “{FORMAT}”.")
    version = data.get("version")
    if type(version) is not int or version < 1:
        raise AddonError(f"{path.name} is damaged: its version is {version!r}.")
    if version > VERSION:
        raise AddonError(f"{path.name} is of version {version}, and this FaceMimic reads {VERSION}. Update FaceMimic.")
    entries: list[Entry] = []
    for kind, known in _ENTRIES.items():
        tables = data.get(kind, [])
        if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
            raise AddonError(f"{path.name} is damaged: {kind} must be a list of tables, [[{kind}]].")
        for number, table in enumerate(tables, 1):
            where = f"[[{kind}]] number {number} of {path.name}"
            if strange := sorted(set(table) - known):
                raise AddonError(f"{where} has {strange[0]!r}, which a mapping does not know.")
            entries.append(_shape(table, where) if kind == "shape" else _bone(table, where))
    return entries


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def _shape(table: Mapping[str, Any], where: str) -> Entry:
    name = _text(table, "name", where)
    if not name:
        raise AddonError(f"{where} has no name.")
    follows = table.get("follows")
    if follows is not None:
        if not isinstance(follows, dict):
            raise AddonError(f"{where}: follows must be a table such as {{ jawOpen = 1.0 }}.")
        if strange := sorted(set(follows) - set(channels())):
            raise AddonError(f"{where} follows {strange[0]!r}, which is no channel.")
        follows = {channel: _real(follows, channel, where, 1.0) for channel in follows}
    limits = table.get("limits", [0.0, 1.0])
    if not (isinstance(limits, list) and len(limits) == 2):
        raise AddonError(f"{where}: limits must be two numbers, such as [0.0, 1.0].")
    low, high = (_real({"limits": limit}, "limits", where, 0.0) for limit in limits)
    if low > high:
        raise AddonError(f"{where}: the lower limit {low:g} lies above the upper one {high:g}.")
    gain, offset = _real(table, "gain", where, 1.0), _real(table, "offset", where, 0.0)
    confirmed = _flag(table, "confirmed", where)
    own = Correction(name, _flag(table, "off", where), follows, gain, offset, low, high, confirmed=confirmed)
    return Entry(own, _text(table, "mesh", where))


def _bone(table: Mapping[str, Any], where: str) -> Entry:
    motion = _text(table, "motion", where)
    if motion not in MOTIONS:
        raise AddonError(f"{where}: motion must be one of {', '.join(MOTIONS)}; it is {motion!r}.")
    own = Correction(motion, _flag(table, "off", where), gain=_real(table, "gain", where, 1.0))
    return Entry(replace(own, bone=_text(table, "bone", where)), motion=True)


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise AddonError(f"{where}: {key} must be text in quotes; it is {value!r}.")
    return value


def _flag(table: Mapping[str, Any], key: str, where: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise AddonError(f"{where}: {key} must be true or false; it is {value!r}.")
    return value


def _real(table: Mapping[str, Any], key: str, where: str, default: float) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AddonError(f"{where}: {key} must be a number; it is {value!r}.")
    if not (math.isfinite(value) and abs(value) <= _FARTHEST):
        raise AddonError(f"{where}: {key} must lie between {-_FARTHEST:g} and {_FARTHEST:g}; it is {value:g}.")
    return float(value)


def load_mapping(entries: Iterable[Entry], character: Character) -> Loaded:
    """Keeps the lines as the character's corrections, in place of those of the same shape keys and bones.

    A shape key is found by its name, then by its name in another spelling or behind another prefix, then by what a
    naming scheme makes of it, so that a mapping fits other characters of a family.
    """
    entries = list(entries)
    wanted = [entry.correction.name for entry in entries if not entry.motion]
    held = {(one.mesh, one.shape_key) for one in character.idle if one.reason == DRIVEN}
    found = {mesh: _found(wanted, _shape_keys(mesh)) for mesh in character.meshes}
    count, unknown = 0, []
    for entry in entries:
        own = entry.correction
        if entry.motion:
            reason = _bone_reason(character, own)
            if not reason and character.armature:
                correct(character.armature, own)
                count += 1
            elif reason:
                unknown.append(reason)
            continue
        meshes = [mesh for mesh in character.meshes if own.name in found[mesh]]
        if entry.mesh and len(character.meshes) > 1:
            meshes = [mesh for mesh in meshes if normalised(mesh.name) == normalised(entry.mesh)]
        free = [mesh for mesh in meshes if (mesh, found[mesh][own.name]) not in held]
        for mesh in free:
            correct(mesh, replace(own, name=found[mesh][own.name]))
        if free:
            count += 1
        else:
            place = f"{entry.mesh}/{own.name}" if entry.mesh else own.name
            unknown.append(f"{place} {'has a driver' if meshes else 'is not on this character'}")
    return Loaded(count, tuple(unknown))


def _bone_reason(character: Character, own: Correction) -> str:
    """Why a bone's line finds nothing, or nothing."""
    if not character.armature:
        return f"{own.name}: this character has no armature"
    data: Any = character.armature.data
    if own.bone and own.bone not in data.bones:
        return f"{own.name}: there is no bone {own.bone}"
    return ""


def _shape_keys(mesh: bpy.types.Object) -> list[str]:
    data: Any = mesh.data
    return [block.name for block in data.shape_keys.key_blocks if block != data.shape_keys.reference_key]


def _found(wanted: Iterable[str], names: list[str]) -> dict[str, str]:
    """Name of a file to the one shape key that it means."""
    wanted = list(dict.fromkeys(wanted))
    there = set(names)
    found = {name: name for name in wanted if name in there}
    rest = [name for name in wanted if name not in found]
    for reading in (_spelt, _behind_prefix, _ending, _meant):
        theirs = _by_key(reading([name for name in names if name not in found.values()]))
        ours = {name: theirs[key] for name, key in reading(rest).items() if key in theirs}
        found |= {name: alike[0] for name, alike in ours.items() if len(alike) == 1}
        # A name that could mean two shape keys means neither.
        rest = [name for name in rest if name not in ours]
    return found


def _by_key(keys: Mapping[str, object]) -> dict[object, list[str]]:
    by_key: dict[object, list[str]] = defaultdict(list)
    for name, key in keys.items():
        by_key[key].append(name)
    return by_key


def _spelt(names: Iterable[str]) -> dict[str, object]:
    return {name: plain for name in names if (plain := normalised(name))}


def _behind_prefix(names: Iterable[str]) -> dict[str, object]:
    cut = {name: max(name.rfind(mark) for mark in PREFIX_END) for name in names}
    return {name: plain for name, place in cut.items() if (plain := normalised(name[place + 1 :]))}


def _ending(names: Iterable[str]) -> dict[str, object]:
    """The last words of long names: VRoid's begin with the mesh's number, which differs from one avatar to the next."""
    return {name: parts[-_TELLING:] for name in names if len(parts := words(name)) > _TELLING}


def _meant(names: Iterable[str]) -> dict[str, object]:
    """What the names move, by the scheme that knows most of them: mappings fit rigs of another scheme too."""
    read = recognise(names)
    ranked = sorted(read.found, key=lambda match: (match.sure != GUESS, read.strength[match.meaning.scheme]))
    return {match.source: frozenset(match.meaning.mix.items()) for match in ranked}
