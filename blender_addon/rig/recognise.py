"""Recognising names: which of a mesh's names the schemes know, in which spelling and behind which prefix."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from .schemes import Meaning, Scheme, all_schemes
from .words import REMEMBERED, face_parts, normalised, telling, words

PREFIX_END = ".:|!/@"
"""Marks that set a prefix off."""
_SHARED_PREFIX = 3
EXACT, SPELLING, GUESS = "exact", "spelling", "guess"
"""How surely a name was recognised: letter for letter, in another spelling or behind a prefix, or by likeness."""

_Ending = tuple[tuple[str, ...], str, bool]
"""The words before, the rest normalised, and whether it stands for itself: behind nothing, or set off by a mark."""


@dataclass(frozen=True)
class Match:
    """A shape key or an expression (`source`) that a scheme recognises; sure is EXACT, SPELLING or GUESS."""

    source: str
    meaning: Meaning
    sure: str


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
        own, own_behind = _sorted_out(scheme, names)
        theirs, their_behind = _sorted_out(scheme, others)
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
    unread = [(name, key) for name in names if name not in read and (key := telling(name))]
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


def _sorted_out(scheme: Scheme, names: Iterable[str]) -> tuple[list[tuple[str, str]], dict[str, list[tuple[str, str]]]]:
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


@lru_cache(maxsize=REMEMBERED)
def _endings(name: str) -> tuple[_Ending, ...]:
    """The whole name, and what stands behind a prefix, longest first.

    Only those whose rest a scheme knows: most names have none, and there may be thousands.
    """
    parts = words(name)
    if not parts:
        return ()
    result: list[_Ending] = [((), "".join(parts), True)]
    cut = max(name[:-2].rfind(mark) for mark in PREFIX_END) if len(name) > 2 else -1
    if cut >= 0 and (rest := normalised(name[cut + 1 :])):
        result.append((words(name[:cut]), rest, True))
    for k in range(1, len(parts)):
        # A number counts the shapes and says no more.
        before = () if all(map(str.isdecimal, parts[:k])) else parts[:k]
        result.append((before, "".join(parts[k:]), not before))
    known = _known()
    return tuple(one for one in result if one[1] in known)


def _astray(before: tuple[str, ...], normal: str, scheme: Scheme) -> bool:
    """Whether a part of the face that stands before a name makes it another movement."""
    parts = face_parts()
    told = [parts[word] for word in before if word in parts]
    if not told or any(part in normal for part in parts):
        return False
    mix = scheme.meanings[normal].mix
    top = max(mix.values())
    return not any(channel.startswith(told[-1]) for channel, gain in mix.items() if gain == top)
