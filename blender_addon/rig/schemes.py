"""Naming schemes: which names of shape keys, or of an avatar's expressions, mean which channels.

The schemes themselves are data, schemes/*.toml. Each has tables of names; the order of the tables is the order of
preference, because a coarse shape beside a finer one would show the same motion twice:

    [shapes]        one movement; one side before both sides at once
    [parts]         one movement of Apple's by several shapes, such as a half each, used where [shapes] has no whole
    [[fallbacks]]   the same movements in other words or coarser, used where the others leave a channel open
    [visemes]       mouth positions of speech
    [expressions]   a whole emotion; those with the same meaning share it, each moving by its part

Above the tables stand its name and, where they apply: prefixes, suffixes and marked, guess and synonyms, which Scheme
explains, and needs, how many names of a table a character must have for that table to count. words.toml has what holds
for the names of all schemes: sides, words that tell nothing, words that mean the same, parts of the face.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .words import normalised, telling

HEAD_CHANNELS = ("headYaw", "headPitch", "headRoll")
SINGLE, PART, PAIR, FALLBACK, VISEME, EXPRESSION = 1.0, 1.5, 2.0, 3.0, 4.0, 5.0


@dataclass(frozen=True)
class Meaning:
    """What one name of a scheme stands for. A lower level is finer and comes first."""

    scheme: str
    name: str
    mix: Mapping[str, float]
    level: float
    table: str


@dataclass(frozen=True)
class Scheme:
    """One naming scheme: meanings by normalised name, and how many of a table must be there for it to count.

    prefixes and suffixes: what its programs write around a name. marked: without one of its prefixes a name is not
    one of its own. loose: the normalised name by its words in any order, for single movements. guess: its words are
    everyday ones, so that they may mean something else. synonyms: names with one meaning are words for the same shape
    and not its parts.
    """

    name: str
    prefixes: tuple[re.Pattern[str], ...]
    suffixes: tuple[re.Pattern[str], ...]
    meanings: Mapping[str, Meaning]
    needs: Mapping[str, int]
    loose: Mapping[tuple[str, ...], str]
    guess: bool
    marked: bool
    synonyms: bool


@lru_cache(maxsize=1)
def all_schemes() -> tuple[Scheme, ...]:
    """Every scheme of schemes/, ARKit first."""
    folder = Path(__file__).parent / "schemes"
    files = sorted(folder.glob("*.toml"), key=lambda file: (file.stem != "arkit", file.stem))
    return tuple(_read(file) for file in files)


@lru_cache(maxsize=1)
def channels() -> tuple[str, ...]:
    """The channels a rig can show: ARKit's names and the head's rotation."""
    single = [meaning.mix for meaning in all_schemes()[0].meanings.values() if meaning.level == SINGLE]
    return tuple(dict.fromkeys(channel for mix in single for channel in mix)) + HEAD_CHANNELS


def _read(file: Path) -> Scheme:
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    meanings: dict[str, Meaning] = {}

    def add(table: str, entries: Mapping[str, str | dict[str, float]], level: float) -> None:
        for name, value in entries.items():
            mix = {value: 1.0} if isinstance(value, str) else {k: float(v) for k, v in value.items()}
            own = level
            if table == "shapes":
                own = PAIR if sum(gain > 0 for gain in mix.values()) > 1 else SINGLE
            meanings.setdefault(normalised(name), Meaning(data["name"], name, mix, own, table))

    add("shapes", data.get("shapes", {}), SINGLE)
    add("parts", data.get("parts", {}), PART)
    for rank, entries in enumerate(data.get("fallbacks", [])):
        add("fallbacks", entries, FALLBACK + rank / 10)
    add("visemes", data.get("visemes", {}), VISEME)
    add("expressions", data.get("expressions", {}), EXPRESSION)
    prefixes = tuple(re.compile(text) for text in data.get("prefixes", []))
    suffixes = tuple(re.compile(f"(?:{text})$") for text in data.get("suffixes", []))
    marked = data.get("marked", False)
    loose = {
        key: normal
        for normal, meaning in reversed(meanings.items())
        if not marked and meaning.table in ("shapes", "parts", "fallbacks") and (key := telling(meaning.name))
    }
    needs, guess = data.get("needs", {}), data.get("guess", False)
    synonyms = data.get("synonyms", guess)
    return Scheme(data["name"], prefixes, suffixes, meanings, needs, loose, guess, marked, synonyms)
