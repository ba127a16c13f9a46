"""What the names of morph targets mean, by the naming schemes that the add-on reads in Blender.

The schemes are data, schemes/*.toml in the add-on's rig room, and vrm.toml says how a table is meant. The reading of
names is written here for the engine, which may not depend on code that belongs into Blender; a test holds the two to
the same answers.
"""

import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from engine.errors import FaceMimicError
from engine.paths import rig_folder

_UPPER: Final = "A-ZÀ-ÖØ-ÞА-ЯЁ"
_LOWER: Final = "a-zß-öø-ÿа-яё"
_HUMPS: Final = re.compile(f"(?<=[^\\W_{_UPPER}])(?=[{_UPPER}])|(?<=[{_UPPER}])(?=[{_UPPER}][{_LOWER}])")
PREFIX_ENDS: Final = ".:|!/@"
"""Marks that set a prefix off."""
_ENOUGH_TO_SHARE_A_PREFIX: Final = 3
_PAIR, _VISEME, _EXPRESSION = 2.0, 4.0, 5.0
_PERFECT_SYNC: Final = 26
"""Names of Apple's from which a mesh follows them, as face tracking applications do, before what an avatar states for
the same motions."""
_REMEMBERED: Final = 1 << 15
"""Names whose words are kept: every scheme asks for them."""
FINE: Final = _VISEME
"""Below this level a shape is one movement; from it on, a mouth of speech or a whole emotion."""

_Entry = TypeVar("_Entry", "Meaning", "Look")

_Ending = tuple[tuple[str, ...], str, bool]
"""The words before, the plain rest, and whether it stands for itself: behind nothing, or set off by a mark."""
Part = tuple[float, Mapping[str, float]]
"""A weight, and gains by channel, whose sum is limited to 0..1 before it is weighed."""


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
    """Meanings and looks by plain name; prefixes and suffixes of a name; how many of a table make it count.

    loose: plain names by their words in any order, for single movements. guess: its names are everyday words. marked:
    its names stand behind one of its prefixes. synonyms: names with one meaning are words for the same shape.
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


class Claim(NamedTuple):
    """A morph target's name, or an avatar's expression (stated), that means something.

    binds: target to weight. busy: the targets have a finer meaning of their own already.
    """

    name: str
    meaning: Meaning
    binds: Mapping[str, float]
    scheme: str
    trusted: bool
    stated: bool
    guess: bool
    busy: bool = False


class Reading(NamedTuple):
    """By target's name, the parts that add up to its weight; by channel, the level on which the mesh shows it."""

    parts: dict[str, list[Part]]
    levels: dict[str, float]


@cache
def rig_data(name: str) -> dict[str, Any]:
    """A TOML file of the rig room. Raises FaceMimicError (kind "file") where the add-on's folder is missing."""
    path = rig_folder() / name
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise FaceMimicError(f"The naming scheme {path} is missing. Install FaceMimic again.", "file") from error


@cache
def schemes() -> tuple[Scheme, ...]:
    """Every scheme, ARKit's first. Raises FaceMimicError (kind "file") where the add-on's folder is missing."""
    names = sorted(path.name for path in (rig_folder() / "schemes").glob("*.toml"))
    return tuple(_scheme(rig_data(f"schemes/{name}")) for name in sorted({"arkit.toml", *names}, key=_arkit_first))


def _arkit_first(name: str) -> tuple[bool, str]:
    return name != "arkit.toml", name


def _scheme(data: Mapping[str, Any]) -> Scheme:
    tables = [("shapes", 1.0, data.get("shapes", {})), ("parts", 1.5, data.get("parts", {}))]
    tables += [("fallbacks", 3.0 + rank / 10, entries) for rank, entries in enumerate(data.get("fallbacks", []))]
    tables += [("visemes", _VISEME, data.get("visemes", {})), ("expressions", _EXPRESSION, data.get("expressions", {}))]
    meanings: dict[str, Meaning] = {}
    loose: dict[tuple[str, ...], str] = {}
    marked = data.get("marked", False)
    for table, level, entries in tables:
        for name, told in entries.items():
            fine = table in ("shapes", "parts", "fallbacks") and not marked
            if fine and plain(name) not in meanings and (key := _loose(name)):
                loose.setdefault(key, plain(name))
            mix = {told: 1.0} if isinstance(told, str) else {channel: float(gain) for channel, gain in told.items()}
            several = table == "shapes" and sum(gain > 0 for gain in mix.values()) > 1
            meanings.setdefault(plain(name), Meaning(data["name"], name, mix, _PAIR if several else level, table))
    prefixes = tuple(map(re.compile, data.get("prefixes", [])))
    suffixes = tuple(re.compile(f"(?:{text})$") for text in data.get("suffixes", []))
    found, needs = _looks(data, meanings), data.get("needs", {})
    guess = data.get("guess", False)
    synonyms = data.get("synonyms", guess)
    return Scheme(data["name"], prefixes, suffixes, meanings, needs, found, loose, guess, marked, synonyms)


def _looks(data: Mapping[str, Any], meanings: Mapping[str, Meaning]) -> dict[str, Look]:
    """The looks that a scheme states, and for its other names those that follow from what they answer to."""
    stated = {plain(name): _gains(data["name"], told) for name, told in data.get("looks", {}).items()}
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
    data = [rig_data(f"schemes/{path.name}") for path in (rig_folder() / "schemes").glob("*.toml")]
    return {one["name"]: one.get("looks", {}) for one in data}


def words(name: str) -> list[str]:
    """The lower-case words of a name, a lone L or R told in full: eyeBlink_L as eye, blink, left."""
    return list(_words(name))


@lru_cache(maxsize=_REMEMBERED)
def _words(name: str) -> tuple[str, ...]:
    name = re.sub(r"\.\d{3}$", "", unicodedata.normalize("NFKC", name).strip())
    found = [str(word).lower() for word in re.findall(r"[^\W_]+", _HUMPS.sub("_", name))]
    if len(found) > 1:
        return tuple(_sides().get(word, word) for word in found)
    return tuple(found) or ((name.lower(),) if name else ())


@cache
def _sides() -> dict[str, str]:
    return {word: side for side, told in rig_data("words.toml")["sides"].items() for word in told}


@cache
def _alike() -> dict[str, str]:
    return {word: first for first, others in rig_data("words.toml")["alike"].items() for word in others}


@cache
def _parts() -> dict[str, tuple[str, ...]]:
    """Words for parts of the face, to how the channels begin that move them."""
    return {word: tuple(one["channels"]) for one in rig_data("words.toml")["parts"].values() for word in one["words"]}


def plain(name: str) -> str:
    """A name without case, separators and the spelling of its side."""
    return "".join(_words(name))


def meanings(names: Iterable[str], company: Iterable[str] = ()) -> tuple[list[tuple[str, Meaning, bool]], Counter[str]]:
    """Every scheme's reading of the names that it knows, and by scheme how many names of the avatar it knows.

    A reading is the name, its meaning, and whether that is a guess: by its words in another order, or of everyday ones.
    company: the names on the avatar's other meshes, where a scheme that needs several names may find them.
    """
    return _found(list(names), [scheme.meanings for scheme in schemes()], list(company))


def looks(names: Iterable[str], company: Iterable[str] = ()) -> list[tuple[str, Look]]:
    """What the names look like that a scheme knows; also names that no channel moves by itself."""
    found, _ = _found(list(names), [scheme.looks for scheme in schemes()], list(company))
    return [(reading[0], reading[1]) for reading in found]


def _found(
    names: list[str], entries: list[Mapping[str, _Entry]], company: list[str]
) -> tuple[list[tuple[str, _Entry, bool]], Counter[str]]:
    """The names that are among a scheme's entries, scheme by scheme, and how many there are with the company's."""
    known = {name for one in entries for name in one}
    mine = set(names)
    others = [name for name in company if name not in mine]
    sure: list[dict[str, str]] = []
    beside: list[set[str]] = []
    read: set[str] = set()
    for scheme, own in zip(schemes(), entries, strict=True):
        certain, prefixed = _sorted_out(names, scheme, own, known)
        there, there_prefixed = _sorted_out(others, scheme, own, known)
        taken: dict[str, str] = {}
        rests = {rest for rest, _ in there}
        for before in {**prefixed, **there_prefixed}:
            together = [*prefixed.get(before, []), *there_prefixed.get(before, [])]
            if len({rest for rest, _ in together}) >= _ENOUGH_TO_SHARE_A_PREFIX:
                certain += prefixed.get(before, [])
                rests.update(rest for rest, _ in there_prefixed.get(before, []))
        for rest, name in certain:
            if taken.setdefault(rest, name) != name:
                read.add(name)
        read.update(taken[rest] for rest in _counted({*taken, *rests}, scheme, own) if rest in taken)
        sure.append(taken)
        beside.append(rests)
    found: list[tuple[str, _Entry, bool]] = []
    strength: Counter[str] = Counter()
    for scheme, own, taken, rests in zip(schemes(), entries, sure, beside, strict=True):
        guessed: dict[str, str] = {}
        for name in names:
            rest = scheme.loose.get(_loose(name), "") if name not in read else ""
            if rest in own and rest not in taken:
                guessed.setdefault(rest, name)
        counted = _counted({*taken, *guessed, *rests}, scheme, own)
        strength[scheme.name] = len(counted)
        found += [
            (name, own[rest], scheme.guess or rest in guessed)
            for rest, name in {**taken, **guessed}.items()
            if rest in counted
        ]
    return found, strength


def _counted(every: Collection[str], scheme: Scheme, own: Mapping[str, _Entry]) -> set[str]:
    """Those of which the scheme has as many as it needs to count."""
    of_table = Counter(own[rest].table for rest in every)
    return {rest for rest in every if of_table[own[rest].table] >= scheme.needs.get(own[rest].table, 1)}


def _sorted_out(
    names: list[str], scheme: Scheme, own: Mapping[str, _Entry], known: set[str]
) -> tuple[list[tuple[str, str]], dict[str, list[tuple[str, str]]]]:
    """(rest, name) of the names that are a scheme's for certain, and by prefix those that may be behind one."""
    certain: list[tuple[str, str]] = []
    prefixed: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in names:
        for before, rest, sure in _readings(name, scheme):
            if rest in own and "".join(before) not in known and not _astray(before, rest, own[rest]):
                if sure:
                    certain.append((rest, name))
                # A name that is known as it stands, such as cheekSquintLeft, is no squint behind a prefix.
                elif plain(name) not in known:
                    prefixed["".join(before)].append((rest, name))
                break
    return certain, prefixed


def _astray(before: Collection[str], rest: str, entry: "Meaning | Look") -> bool:
    """Whether a part of the face that stands before a name makes it another movement: eye smile, mouth wide."""
    told = [_parts()[word] for word in before if word in _parts()]
    if not told or any(part in rest for part in _parts()):
        return False
    gains = entry.mix if isinstance(entry, Meaning) else entry.gains
    return not any(channel.startswith(told[-1]) for channel, gain in gains.items() if gain == max(gains.values()))


@lru_cache(maxsize=_REMEMBERED)
def _loose(name: str) -> tuple[str, ...]:
    """The telling words of a name in alphabetical order; empty for names of one word, which tell too little."""
    noise = rig_data("words.toml")["noise"]
    stems = (word.rstrip("0123456789") for word in _words(name))
    telling = [_alike().get(word, word) for word in stems if word and word not in noise]
    return tuple(sorted(telling)) if len(telling) > 1 else ()


def _readings(name: str, scheme: Scheme) -> Iterator[_Ending]:
    """How a scheme may read a name, best first."""
    for suffix in scheme.suffixes:
        name = suffix.sub("", name)
    ends = [hit.end() for prefix in scheme.prefixes if (hit := prefix.match(name))]
    yield from (((), plain(name[end:]), True) for end in reversed(ends))
    if not scheme.marked:
        yield from _endings(name)


@lru_cache(maxsize=_REMEMBERED)
def _endings(name: str) -> tuple[_Ending, ...]:
    """The whole name, and what stands behind a prefix, longest first."""
    parts = _words(name)
    if not parts:
        return ()
    found: list[_Ending] = [((), "".join(parts), True)]
    cut = max(name[:-2].rfind(mark) for mark in PREFIX_ENDS)
    if cut >= 0 and (rest := plain(name[cut + 1 :])):
        found.append((_words(name[:cut]), rest, True))
    for k in range(1, len(parts)):
        # A number counts the shapes and says no more.
        counting = all(map(str.isdecimal, parts[:k]))
        found.append((() if counting else parts[:k], "".join(parts[k:]), counting))
    return tuple(found)


def read_mesh(
    names: Iterable[str],
    expressions: Mapping[str, Mapping[str, float]] | None = None,
    finer: Mapping[str, float] | None = None,
    coarsest: float = _EXPRESSION,
    company: Iterable[str] = (),
) -> Reading:
    """How one mesh's morph targets follow a performance.

    names: the mesh's targets. expressions: what the avatar says itself, by expression's name the targets and their
    weights, 0..1. finer: by channel, the finest level on which any mesh of the avatar shows it; visemes and emotions
    that the avatar states move several meshes, and where another shows their channels better, only targets without a
    finer meaning of their own still play them.
    coarsest: the last level that is read. company: the names on the avatar's other meshes; see meanings.
    Fine shapes go before coarse ones, and a channel that one scheme shows is not shown again by another; the avatar's
    own VRM expressions go before all names of the same fineness, unless these are Apple's, half of them or more.
    """
    names = list(names)
    told, finer = expressions or {}, finer or {}
    read, own = meanings(names, company)
    claims = [Claim(name, meaning, {name: 1.0}, meaning.scheme, False, False, guess) for name, meaning, guess in read]
    for name, meaning, guess in meanings(told)[0]:
        binds = {target: weight for target, weight in told[name].items() if target in names and weight}
        if binds:
            trusted = meaning.scheme == "VRM" and own["ARKit"] < _PERFECT_SYNC
            claims.append(Claim(name, meaning, binds, f"{meaning.scheme} expression", trusted, True, guess))
    strength = own + Counter(claim.scheme for claim in claims if claim.stated)
    parts: dict[str, list[Part]] = defaultdict(list)
    levels: dict[str, float] = {}
    for level in sorted({claim.meaning.level for claim in claims if claim.meaning.level <= coarsest}):
        here = [part for claim in claims if claim.meaning.level == level for part in _by_leisure(claim, parts)]
        elsewhere = {channel for channel, seen in finer.items() if seen < level and level >= _VISEME}
        closed = {True: elsewhere | set(levels), False: set(levels)}
        owner: dict[str, tuple[bool, bool, int, str]] = {}
        for claim in here:
            rank = _rank(claim, strength)
            for channel, gain in claim.meaning.mix.items():
                if gain > 0 and channel not in closed[claim.busy]:
                    owner[channel] = max(rank, owner.get(channel, rank))
        now: set[str] = set()
        said: dict[tuple[str, str, frozenset[tuple[str, float]]], str] = {}
        for claim in here:
            mix, shown = claim.meaning.mix, closed[claim.busy]
            leading = [channel for channel, gain in mix.items() if gain == max(mix.values())]
            if not all(owner.get(channel) == _rank(claim, strength) for channel in leading):
                continue
            # Two names for one mouth, such as VRM's A and aa, would open it twice.
            if level == _VISEME or (not claim.stated and claim.meaning.scheme in _of_synonyms()):
                side = "" if level == _VISEME else _side(claim.meaning.name)
                if said.setdefault((claim.scheme, side, frozenset(mix.items())), claim.name) != claim.name:
                    continue
            kept = {channel: gain for channel, gain in mix.items() if gain < 0 or channel not in shown}
            if level == _EXPRESSION:
                alike = len({other.name for other in here if other.scheme == claim.scheme and other.meaning.mix == mix})
                kept = {channel: gain / alike for channel, gain in kept.items()}
            for target, weight in claim.binds.items():
                parts[target].append((weight, kept))
            now.update(leading)
        levels.update(dict.fromkeys(now, level))
    return Reading(dict(parts), levels)


def _by_leisure(claim: Claim, parts: Collection[str]) -> list[Claim]:
    """The claim in two: with the targets that follow something finer, and with the others."""
    busy = {target: weight for target, weight in claim.binds.items() if target in parts}
    if not claim.stated or not busy:
        return [claim]
    free = {target: weight for target, weight in claim.binds.items() if target not in parts}
    return [*([claim._replace(binds=free)] if free else []), claim._replace(binds=busy, busy=True)]


@cache
def _of_synonyms() -> frozenset[str]:
    return frozenset(scheme.name for scheme in schemes() if scheme.synonyms)


def _side(name: str) -> str:
    """left or right where a name has that word."""
    return next((word for word in _words(name) if word in ("left", "right")), "")


def _rank(claim: Claim, strength: Mapping[str, int]) -> tuple[bool, bool, int, str]:
    """Who shows a channel among shapes of one fineness: the highest, and all that rank with it."""
    return claim.trusted, not claim.guess, strength[claim.scheme], claim.scheme
