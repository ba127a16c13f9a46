"""Naming schemes: which names of morph targets, or of an avatar's expressions, mean which channels.

The schemes are data, schemes/*.toml in the add-on's rig room, and vrm.toml says how a table is meant. The reading of
names is written here for the engine, which may not depend on code that belongs into Blender, and divided as it is
there; a test holds the two to the same answers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from engine.avatars.rig_data import scheme_data
from engine.avatars.words import normalised, telling

SINGLE, PART, PAIR, FALLBACK, VISEME, EXPRESSION = 1.0, 1.5, 2.0, 3.0, 4.0, 5.0
FINE: Final = VISEME
"""Below this level a shape is one movement; from it on, a mouth of speech or a whole emotion."""


@dataclass(frozen=True)
class Meaning:
    """What a name of a scheme stands for: gains by channel. Lower levels are finer shapes and go first."""

    scheme: str
    name: str
    mix: Mapping[str, float]
    level: float
    table: str


@dataclass(frozen=True)
class Look:
    """What a face shows when the shape of a name is at 1: gains by channel, both sides where none is named.

    table: "visemes" for a mouth of speech, "expressions" for a whole emotion, else "shapes".
    """

    scheme: str
    gains: Mapping[str, float]
    table: str


@dataclass(frozen=True)
class Scheme:
    """Meanings and looks by normalised name; prefixes and suffixes of a name; how many of a table make it count.

    loose: normalised names by their words in any order, for single movements. guess: its names are everyday words.
    marked: its names stand behind one of its prefixes. synonyms: names with one meaning are words for the same shape.
    """

    name: str
    prefixes: tuple[re.Pattern[str], ...]
    suffixes: tuple[re.Pattern[str], ...]
    meanings: Mapping[str, Meaning]
    needs: Mapping[str, int]
    looks: Mapping[str, Look]
    loose: Mapping[tuple[str, ...], str]
    guess: bool
    marked: bool
    synonyms: bool


@cache
def all_schemes() -> tuple[Scheme, ...]:
    """Every scheme, ARKit's first. Raises FaceMimicError (kind "file") where the add-on's folder is missing."""
    return tuple(map(_scheme, scheme_data()))


def _scheme(data: Mapping[str, Any]) -> Scheme:
    tables = [("shapes", SINGLE, data.get("shapes", {})), ("parts", PART, data.get("parts", {}))]
    tables += [("fallbacks", FALLBACK + rank / 10, entries) for rank, entries in enumerate(data.get("fallbacks", []))]
    tables += [("visemes", VISEME, data.get("visemes", {})), ("expressions", EXPRESSION, data.get("expressions", {}))]
    meanings: dict[str, Meaning] = {}
    loose: dict[tuple[str, ...], str] = {}
    marked = data.get("marked", False)
    for table, level, entries in tables:
        for name, told in entries.items():
            fine = table in ("shapes", "parts", "fallbacks") and not marked
            if fine and normalised(name) not in meanings and (key := telling(name)):
                loose.setdefault(key, normalised(name))
            mix = {told: 1.0} if isinstance(told, str) else {channel: float(gain) for channel, gain in told.items()}
            several = table == "shapes" and sum(gain > 0 for gain in mix.values()) > 1
            meanings.setdefault(normalised(name), Meaning(data["name"], name, mix, PAIR if several else level, table))
    prefixes = tuple(map(re.compile, data.get("prefixes", [])))
    suffixes = tuple(re.compile(f"(?:{text})$") for text in data.get("suffixes", []))
    found, needs = _looks(data, meanings), data.get("needs", {})
    guess = data.get("guess", False)
    synonyms = data.get("synonyms", guess)
    return Scheme(data["name"], prefixes, suffixes, meanings, needs, found, loose, guess, marked, synonyms)


def _looks(data: Mapping[str, Any], meanings: Mapping[str, Meaning]) -> dict[str, Look]:
    """The looks that a scheme states, and for its other names those that follow from what they answer to."""
    stated = {normalised(name): _gains(data["name"], told) for name, told in data.get("looks", {}).items()}
    looks = {}
    for name in {**meanings, **stated}:
        meaning = meanings.get(name)
        if (gains := stated.get(name)) is None and meaning:
            most = max(meaning.mix.values())
            gains = {channel: gain / most for channel, gain in meaning.mix.items() if gain > 0}
        table = meaning.table if meaning and meaning.table in ("visemes", "expressions") else "shapes"
        looks[name] = Look(data["name"], gains or {}, table)
    return looks


def _gains(scheme: str, told: str | Mapping[str, float]) -> Mapping[str, float]:
    """Gains as they stand, or those of another name: of the same scheme, or behind the name of another."""
    while isinstance(told, str):
        other, _, name = told.rpartition(" ")
        scheme = other or scheme
        told = _stated_looks()[scheme][name]
    return told


@cache
def _stated_looks() -> dict[str, dict[str, Any]]:
    return {one["name"]: one.get("looks", {}) for one in scheme_data()}
