"""An artist's corrections of how an avatar follows a performance.

They come in the add-on's mapping file, whose form blender_addon/rig/mapping_file.py describes. It is read here again
for the engine, which may not depend on code that belongs into Blender; a test holds the two to the same answers.
"""

import math
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from engine.avatars.renamed import meant
from engine.avatars.words import normalised
from engine.channels import CHANNELS
from engine.errors import FaceMimicError

FORMAT: Final = "facemimic-mapping"
VERSION: Final = 1
MOTIONS: Final = ("head", "jaw", "leftEye", "rightEye")
_LARGEST: Final = 4_000_000
_FARTHEST: Final = 10.0
_ENTRIES: Final = {
    "shape": {"name", "mesh", "off", "confirmed", "follows", "gain", "offset", "limits"},
    "bone": {"motion", "bone", "off", "gain"},
}


@dataclass(frozen=True)
class ShapeLine:
    """How a morph target follows. mesh: the only mesh it holds for, or empty. follows: channel to gain, or None for
    what its name means. Its weight is offset + gain × what it follows, limited to low..high."""

    name: str
    mesh: str = ""
    off: bool = False
    follows: Mapping[str, float] | None = None
    gain: float = 1.0
    offset: float = 0.0
    low: float = 0.0
    high: float = 1.0

    def applied(self, followed: np.ndarray) -> np.ndarray:
        """The weight, of what it follows."""
        return np.clip(self.offset + self.gain * followed, self.low, self.high)


@dataclass(frozen=True)
class BoneLine:
    """How a bone follows. bone: the one that makes the motion, empty for the recognised one. gain: of its angles."""

    motion: str
    bone: str = ""
    off: bool = False
    gain: float = 1.0


_Line = TypeVar("_Line", ShapeLine, BoneLine)


@dataclass(frozen=True)
class Corrections:
    """All lines of a mapping."""

    shapes: tuple[ShapeLine, ...] = ()
    bones: tuple[BoneLine, ...] = ()

    def bone(self, motion: str) -> BoneLine:
        """What holds for a motion; the last line where there are several."""
        return next((line for line in reversed(self.bones) if line.motion == motion), BoneLine(motion))


def read_mapping(path: str | Path) -> Corrections:
    """A mapping file. Raises FaceMimicError (kind "file") when it is missing, none, of a later version or damaged."""
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise _refused(f"{path.name} is too large for a mapping. Choose a file that FaceMimic saved.")
        return mapping_of(path.read_text("utf-8"), path.name)
    except OSError as error:
        raise _refused(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise _refused(f"{path.name} is not a mapping or is damaged: it is not UTF-8 text.") from error


def mapping_of(text: str, name: str) -> Corrections:
    """A mapping file's text. name: what sentences call it. Raises FaceMimicError (kind "file") as `read_mapping`."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        told = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise _refused(f"{name} is not a mapping or is damaged: {told}.") from error
    if data.get("format") != FORMAT:
        raise _refused(f"{name} is not a mapping: it does not say format = “{FORMAT}”.")
    version = data.get("version")
    if type(version) is not int or version < 1:
        raise _refused(f"{name} is damaged: its version is {version!r}.")
    if version > VERSION:
        raise _refused(f"{name} is of version {version}, and this FaceMimic reads {VERSION}. Update FaceMimic.")
    return Corrections(tuple(_lines(data, "shape", name, _shape)), tuple(_lines(data, "bone", name, _bone)))


def _lines(
    data: Mapping[str, Any], kind: str, name: str, read: Callable[[Mapping[str, Any], str], _Line]
) -> list[_Line]:
    tables = data.get(kind, [])
    if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
        raise _refused(f"{name} is damaged: {kind} must be a list of tables, [[{kind}]].")
    lines = []
    for number, table in enumerate(tables, 1):
        where = f"[[{kind}]] number {number} of {name}"
        if strange := sorted(set(table) - _ENTRIES[kind]):
            raise _refused(f"{where} has {strange[0]!r}, which a mapping does not know.")
        lines.append(read(table, where))
    return lines


def _shape(table: Mapping[str, Any], where: str) -> ShapeLine:
    name, follows = _text(table, "name", where), table.get("follows")
    if not name:
        raise _refused(f"{where} has no name.")
    if follows is not None:
        if not isinstance(follows, dict):
            raise _refused(f"{where}: follows must be a table such as {{ jawOpen = 1.0 }}.")
        if strange := sorted(set(follows) - set(CHANNELS)):
            raise _refused(f"{where} follows {strange[0]!r}, which is no channel.")
        follows = {channel: _real(follows, channel, where, 1.0) for channel in follows}
    limits = table.get("limits", [0.0, 1.0])
    if not (isinstance(limits, list) and len(limits) == 2):
        raise _refused(f"{where}: limits must be two numbers, such as [0.0, 1.0].")
    low, high = (_real({"limits": limit}, "limits", where, 0.0) for limit in limits)
    if low > high:
        raise _refused(f"{where}: the lower limit {low:g} lies above the upper one {high:g}.")
    gain, offset = _real(table, "gain", where, 1.0), _real(table, "offset", where, 0.0)
    _flag(table, "confirmed", where)
    return ShapeLine(name, _text(table, "mesh", where), _flag(table, "off", where), follows, gain, offset, low, high)


def _bone(table: Mapping[str, Any], where: str) -> BoneLine:
    motion = _text(table, "motion", where)
    if motion not in MOTIONS:
        raise _refused(f"{where}: motion must be one of {', '.join(MOTIONS)}; it is {motion!r}.")
    return BoneLine(motion, _text(table, "bone", where), _flag(table, "off", where), _real(table, "gain", where, 1.0))


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise _refused(f"{where}: {key} must be text in quotes; it is {value!r}.")
    return value


def _flag(table: Mapping[str, Any], key: str, where: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise _refused(f"{where}: {key} must be true or false; it is {value!r}.")
    return value


def _real(table: Mapping[str, Any], key: str, where: str, default: float) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(f"{where}: {key} must be a number; it is {value!r}.")
    if not (math.isfinite(value) and abs(value) <= _FARTHEST):
        raise _refused(f"{where}: {key} must lie between {-_FARTHEST:g} and {_FARTHEST:g}; it is {value:g}.")
    return float(value)


def _refused(sentence: str) -> FaceMimicError:
    return FaceMimicError(sentence, "file")


def placed(
    lines: Iterable[ShapeLine], names: Mapping[int, tuple[str, ...]], called: Mapping[int, set[str]]
) -> tuple[dict[int, dict[str, ShapeLine]], list[str]]:
    """By mesh, the lines of its targets by their names; and the lines that found none, as "mesh/target".

    names: by mesh, its targets. called: by mesh, its own name and those of the nodes that show it.
    """
    found: dict[int, dict[str, ShapeLine]] = defaultdict(dict)
    lines, missed = list(lines), []
    known = {mesh: meant([line.name for line in lines], own) for mesh, own in names.items()}
    for line in lines:
        there = {mesh: own[line.name] for mesh, own in known.items() if line.name in own}
        if line.mesh and len(names) > 1:
            alike = normalised(line.mesh)
            there = {mesh: target for mesh, target in there.items() if alike in map(normalised, called[mesh])}
        for mesh, target in there.items():
            found[mesh][target] = line
        if not there:
            missed.append(f"{line.mesh}/{line.name}" if line.mesh else line.name)
    return dict(found), missed
