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
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

HEAD_CHANNELS = ("headYaw", "headPitch", "headRoll")
_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞА-ЯЁ", "a-zß-öø-ÿа-яё"
_HUMPS = re.compile(f"(?<=[^\\W_{_UPPER}])(?=[{_UPPER}])|(?<=[{_UPPER}])(?=[{_UPPER}][{_LOWER}])")
_WORDS = re.compile(r"[^\W_]+")
_COPY = re.compile(r"\.\d{3}$")
PREFIX_END = ".:|!/@"
"""Marks that set a prefix off."""
_SHARED_PREFIX = 3

_Ending = tuple[tuple[str, ...], str, bool]
"""The words before, the rest normalised, and whether it stands for itself: behind nothing, or set off by a mark."""

SINGLE, PART, PAIR, FALLBACK, VISEME, EXPRESSION = 1.0, 1.5, 2.0, 3.0, 4.0, 5.0
PERFECT_SYNC = 26
"""Names of Apple's from which a mesh follows them, as face tracking applications do, before what an avatar states for
the same motions."""
EXACT, SPELLING, GUESS = "exact", "spelling", "guess"
"""How surely a name was recognised: letter for letter, in another spelling or behind a prefix, or by likeness."""
_LESS_SURE = (EXACT, SPELLING, GUESS)


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


@dataclass(frozen=True)
class Match:
    """A shape key or an expression (`source`) that a scheme recognises; sure is EXACT, SPELLING or GUESS."""

    source: str
    meaning: Meaning
    sure: str


@dataclass(frozen=True)
class Expression:
    """An avatar's named expression on one mesh: shape key to weight, 0..1."""

    name: str
    binds: Mapping[str, float]


@dataclass(frozen=True)
class MeshMapping:
    """How one mesh follows a performance.

    keys: shape key to (parts, scheme); a part is (weight, mix), and the key's value is the sum of weight × the mix's
    own value, each limited to 0..1. left_out: recognised shape keys that stay unused, and why.
    levels: channel to the level that shows it. sure: shape key to how surely it was recognised.
    """

    keys: dict[str, tuple[list[tuple[float, dict[str, float]]], str]]
    left_out: dict[str, str]
    levels: dict[str, float]
    sure: dict[str, str]


def words(name: str) -> list[str]:
    """The lower-case words of a name; a lone L or R becomes left or right. eyeBlink_L: eye, blink, left."""
    return list(_words(name))


@lru_cache(maxsize=1 << 15)
def _words(name: str) -> tuple[str, ...]:
    plain = _COPY.sub("", unicodedata.normalize("NFKC", name).strip())
    found = [str(word).lower() for word in _WORDS.findall(_HUMPS.sub("_", plain))]
    if not found:
        return (plain.lower(),) if plain else ()
    if len(found) == 1:
        return tuple(found)
    sides = _sides()
    return tuple(sides.get(word, word) for word in found)


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _noise() -> frozenset[str]:
    return frozenset(_vocabulary()["noise"])


@lru_cache(maxsize=1)
def _alike() -> dict[str, str]:
    return {word: first for first, others in _vocabulary()["alike"].items() for word in others}


@lru_cache(maxsize=1)
def _sides() -> dict[str, str]:
    return {word: side for side, told in _vocabulary()["sides"].items() for word in told}


def normalised(name: str) -> str:
    """A name without regard to case, separators and the spelling of the side."""
    return "".join(_words(name))


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
        if not marked and meaning.table in ("shapes", "parts", "fallbacks") and (key := _loose(meaning.name))
    }
    needs, guess = data.get("needs", {}), data.get("guess", False)
    synonyms = data.get("synonyms", guess)
    return Scheme(data["name"], prefixes, suffixes, meanings, needs, loose, guess, marked, synonyms)


@dataclass(frozen=True)
class Recognised:
    """What the schemes make of one mesh's names.

    found: every scheme's reading. twins: names left out because another means the same, with that other. strength:
    how many names of the whole character a scheme knows.
    """

    found: list[Match]
    twins: dict[str, str]
    strength: Counter[str]


def recognise(names: Iterable[str], company: Iterable[str] = ()) -> Recognised:
    """Every scheme's reading of one mesh's names.

    company: the names on the character's other meshes. A scheme that needs several names to count, or a prefix that
    several must share, may find them there: teeth with a single shape key speak as the face does.
    """
    names = list(dict.fromkeys(names))
    own_names = set(names)
    others = [name for name in dict.fromkeys(company) if name not in own_names]
    sure: list[dict[str, str]] = []
    beside: list[set[str]] = []
    twins: dict[str, str] = {}
    for scheme in all_schemes():
        own, own_behind = _readings(scheme, names)
        theirs, their_behind = _readings(scheme, others)
        taken: dict[str, str] = {}
        for normal, name in own:
            if taken.setdefault(normal, name) != name:
                twins.setdefault(name, taken[normal])
        there = {normal for normal, _ in theirs}
        for before in {**own_behind, **their_behind}:
            group, group_there = own_behind.get(before, []), their_behind.get(before, [])
            if len({normal for normal, _ in [*group, *group_there]}) >= _SHARED_PREFIX:
                there.update(normal for normal, _ in group_there)
                for normal, name in group:
                    if taken.setdefault(normal, name) != name:
                        twins.setdefault(name, taken[normal])
        sure.append(taken)
        beside.append(there)
    read = set(twins)
    for scheme, taken, there in zip(all_schemes(), sure, beside, strict=True):
        tables = Counter(scheme.meanings[normal].table for normal in {*taken, *there})
        read.update(name for normal, name in taken.items() if _enough(scheme, normal, tables))
    unread = [(name, key) for name in names if name not in read and (key := _loose(name))]
    found: list[Match] = []
    strength: Counter[str] = Counter()
    for scheme, taken, there in zip(all_schemes(), sure, beside, strict=True):
        guessed: dict[str, str] = {}
        for name, key in unread:
            normal = scheme.loose.get(key)
            if normal and normal not in taken:
                guessed.setdefault(normal, name)
        every = {*taken, *guessed, *there}
        tables = Counter(scheme.meanings[normal].table for normal in every)
        counts = {normal for normal in every if _enough(scheme, normal, tables)}
        strength[scheme.name] = len(counts)
        for normal, name in {**taken, **guessed}.items():
            if normal in counts:
                meaning = scheme.meanings[normal]
                spelt = EXACT if name == meaning.name else SPELLING
                found.append(Match(name, meaning, GUESS if scheme.guess or normal in guessed else spelt))
    matched = {match.source for match in found}
    return Recognised(found, {name: other for name, other in twins.items() if name not in matched}, strength)


def _enough(scheme: Scheme, normal: str, tables: Mapping[str, int]) -> bool:
    table = scheme.meanings[normal].table
    return tables[table] >= scheme.needs.get(table, 1)


def _readings(scheme: Scheme, names: Iterable[str]) -> tuple[list[tuple[str, str]], dict[str, list[tuple[str, str]]]]:
    """(normalised, name) of the names that a scheme knows for certain, and by prefix those that may be behind one."""
    known = _known()
    certain: list[tuple[str, str]] = []
    behind: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in names:
        stem = name
        for suffix in scheme.suffixes:
            stem = suffix.sub("", stem)
        readings = () if scheme.marked else _endings(stem)
        if scheme.prefixes:
            readings = (*_prefixed(scheme, stem), *readings)
        for before, normal, sure in readings:
            if normal not in scheme.meanings or "".join(before) in known or _astray(before, normal, scheme):
                continue
            if not before or sure:
                certain.append((normal, name))
            # A name that is known as it stands, such as cheekSquintLeft, is no squint behind a prefix.
            elif normalised(name) not in known:
                behind["".join(before)].append((normal, name))
            break
    return certain, behind


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(normal for scheme in all_schemes() for normal in scheme.meanings)


def _prefixed(scheme: Scheme, name: str) -> list[_Ending]:
    hits = [prefix.match(name) for prefix in scheme.prefixes]
    return [((), normalised(name[hit.end() :]), True) for hit in reversed(hits) if hit]


@lru_cache(maxsize=1 << 15)
def _endings(name: str) -> tuple[_Ending, ...]:
    """The whole name, and what stands behind a prefix, longest first.

    Only those whose rest a scheme knows: most names have none, and there may be thousands.
    """
    parts = _words(name)
    if not parts:
        return ()
    result: list[_Ending] = [((), "".join(parts), True)]
    cut = max(name[:-2].rfind(mark) for mark in PREFIX_END) if len(name) > 2 else -1
    if cut >= 0 and (rest := normalised(name[cut + 1 :])):
        result.append((_words(name[:cut]), rest, True))
    for k in range(1, len(parts)):
        # A number counts the shapes and says no more.
        before = () if all(map(str.isdecimal, parts[:k])) else parts[:k]
        result.append((before, "".join(parts[k:]), not before))
    known = _known()
    return tuple(one for one in result if one[1] in known)


def _astray(before: tuple[str, ...], normal: str, scheme: Scheme) -> bool:
    """Whether a part of the face that stands before a name makes it another movement."""
    parts = _parts()
    told = [parts[word] for word in before if word in parts]
    if not told or any(part in normal for part in parts):
        return False
    mix = scheme.meanings[normal].mix
    top = max(mix.values())
    return not any(channel.startswith(told[-1]) for channel, gain in mix.items() if gain == top)


@lru_cache(maxsize=1)
def _parts() -> dict[str, tuple[str, ...]]:
    """Words for parts of the face, to how the channels begin that move them."""
    return {word: tuple(part["channels"]) for part in _vocabulary()["parts"].values() for word in part["words"]}


@lru_cache(maxsize=1 << 15)
def _loose(name: str) -> tuple[str, ...]:
    """The telling words of a name in alphabetical order; empty for names of one word, which tell too little."""
    noise, alike = _noise(), _alike()
    plain = (word.rstrip("0123456789") for word in _words(name))
    telling = [alike.get(word, word) for word in plain if word and word not in noise]
    return tuple(sorted(telling)) if len(telling) > 1 else ()


@dataclass(frozen=True)
class _Candidate:
    """busy: the shape keys have a finer meaning of their own already."""

    label: str
    meaning: Meaning
    binds: Mapping[str, float]
    scheme: str
    trusted: bool
    sure: str
    stated: bool = False
    busy: bool = False


def resolve(
    names: Iterable[str],
    expressions: Iterable[Expression] = (),
    finer: Mapping[str, float] | None = None,
    company: Iterable[str] = (),
) -> MeshMapping:
    """The mapping of one mesh with these shape keys and these expressions. company: see recognise.

    finer: channel to the finest level on which any mesh of the character shows it. Visemes and emotions that an avatar
    states move several meshes. Where another shows their channels better, only shape keys without a finer meaning of
    their own still play them: an iris that shrinks in surprise does, a jaw that opens by itself has no need to.
    Levels are taken from fine to coarse. On each, a channel goes to the scheme that knows most of the mesh, so that
    two schemes' names for one motion do not add up; a key whose leading channels are already shown stays unused.
    """
    names = list(names)
    read = recognise(names, company)
    left_out: dict[str, str] = {}
    candidates = [_Candidate(m.source, m.meaning, {m.source: 1.0}, m.meaning.scheme, False, m.sure) for m in read.found]
    spoken = {expression.name: expression for expression in expressions}
    for match in recognise(spoken).found:
        binds = {key: weight for key, weight in spoken[match.source].binds.items() if key in names and weight}
        if binds:
            scheme = f"{match.meaning.scheme} expression"
            trusted = match.meaning.scheme == "VRM" and read.strength["ARKit"] < PERFECT_SYNC
            candidates.append(_Candidate(match.source, match.meaning, binds, scheme, trusted, match.sure, stated=True))
    strength = read.strength + Counter(candidate.scheme for candidate in candidates if candidate.stated)

    keys: dict[str, tuple[list[tuple[float, dict[str, float]]], str]] = {}
    sure: dict[str, str] = {}
    levels: dict[str, float] = {}
    for level in sorted({candidate.meaning.level for candidate in candidates}):
        here = [part for one in candidates if one.meaning.level == level for part in _by_leisure(one, keys)]
        elsewhere = {channel: seen for channel, seen in (finer or {}).items() if seen < level and level >= VISEME}
        closed = {True: {**elsewhere, **levels}, False: dict(levels)}
        best: dict[str, tuple[bool, bool, int, str]] = {}
        for candidate in here:
            rank = _rank(candidate, strength)
            for channel, gain in candidate.meaning.mix.items():
                if gain > 0 and channel not in closed[candidate.busy]:
                    best[channel] = max(best.get(channel, rank), rank)
        shown: set[str] = set()
        said: dict[tuple[str, str, frozenset[tuple[str, float]]], str] = {}
        for candidate in here:
            mix = candidate.meaning.mix
            top = max(mix.values())
            leading = [channel for channel, gain in mix.items() if gain == top]
            free = [channel for channel in leading if best.get(channel) == _rank(candidate, strength)]
            if len(free) < len(leading):
                for key in candidate.binds:
                    left_out.setdefault(key, _covered_by(candidate, leading, closed[candidate.busy]))
                continue
            if level == VISEME or (not candidate.stated and candidate.meaning.scheme in _of_synonyms()):
                side = "" if level == VISEME else _side(candidate.meaning.name)
                first = said.setdefault((candidate.scheme, side, frozenset(mix.items())), candidate.label)
                if first != candidate.label:
                    for key in candidate.binds:
                        left_out.setdefault(key, f"means the same as {first}")
                    continue
            kept = {channel: gain for channel, gain in mix.items() if gain < 0 or channel not in closed[candidate.busy]}
            if level == EXPRESSION:
                sharing = len({one.label for one in here if one.scheme == candidate.scheme and one.meaning.mix == mix})
                kept = {channel: gain / sharing for channel, gain in kept.items()}
            told = _surest(candidate, candidates)
            for key, weight in candidate.binds.items():
                parts, schemes = keys.get(key, ([], ""))
                known = schemes.split(", ") if schemes else []
                keys[key] = ([*parts, (weight, kept)], ", ".join(dict.fromkeys([*known, told.scheme])))
                sure[key] = max(sure.get(key, EXACT), told.sure, key=_LESS_SURE.index)
            shown.update(leading)
        levels.update(dict.fromkeys(shown, level))
    for name, other in read.twins.items():
        if other in keys:
            left_out.setdefault(name, f"means the same as {other}")
    return MeshMapping(keys, {name: why for name, why in left_out.items() if name not in keys}, levels, sure)


def _by_leisure(candidate: _Candidate, keys: Collection[str]) -> list[_Candidate]:
    """The candidate in two: with the shape keys that follow something finer, and with the others."""
    busy = {key: weight for key, weight in candidate.binds.items() if key in keys}
    if not candidate.stated or not busy:
        return [candidate]
    free = {key: weight for key, weight in candidate.binds.items() if key not in keys}
    return [*([replace(candidate, binds=free)] if free else []), replace(candidate, binds=busy, busy=True)]


@lru_cache(maxsize=1)
def _of_synonyms() -> frozenset[str]:
    return frozenset(scheme.name for scheme in all_schemes() if scheme.synonyms)


def _side(name: str) -> str:
    """left or right where a name has that word."""
    return next((word for word in _words(name) if word in ("left", "right")), "")


def _rank(candidate: _Candidate, strength: Mapping[str, int]) -> tuple[bool, bool, int, str]:
    """Who shows a channel among shapes of one fineness: the highest, and all that rank with it."""
    return candidate.trusted, candidate.sure != GUESS, strength[candidate.scheme], candidate.scheme


def _surest(candidate: _Candidate, candidates: list[_Candidate]) -> _Candidate:
    """The same reading by the scheme that has the name letter for letter, for the artist to read."""
    if candidate.stated or candidate.sure == EXACT:
        return candidate
    same = (one for one in candidates if one.label == candidate.label and one.meaning.mix == candidate.meaning.mix)
    return next((one for one in same if one.sure == EXACT and not one.stated), candidate)


def _covered_by(candidate: _Candidate, leading: list[str], levels: Mapping[str, float]) -> str:
    shown = [channel for channel in leading if channel in levels]
    if shown:
        return f"{shown[0]} has a finer shape key"
    return f"another scheme than {candidate.scheme} already shows {leading[0]}"
