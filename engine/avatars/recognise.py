"""Recognising names: which of a mesh's names the schemes know, in which spelling and behind which prefix."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, TypeVar

from engine.avatars.schemes import Look, Meaning, Scheme, all_schemes
from engine.avatars.words import REMEMBERED, face_parts, normalised, telling, words

PREFIX_END: Final = ".:|!/@"
"""Marks that set a prefix off."""
_SHARED_PREFIX: Final = 3

_Entry = TypeVar("_Entry", Meaning, Look)

_Ending = tuple[tuple[str, ...], str, bool]
"""The words before, the rest normalised, and whether it stands for itself: behind nothing, or set off by a mark."""


def meanings(names: Iterable[str], company: Iterable[str] = ()) -> tuple[list[tuple[str, Meaning, bool]], Counter[str]]:
    """Every scheme's reading of the names that it knows, and by scheme how many names of the avatar it knows.

    A reading is the name, its meaning, and whether that is a guess: by its words in another order, or of everyday ones.
    company: the names on the avatar's other meshes, where a scheme that needs several names may find them.
    """
    return _found(list(names), [scheme.meanings for scheme in all_schemes()], list(company))


def looks(names: Iterable[str], company: Iterable[str] = ()) -> list[tuple[str, Look]]:
    """What the names look like that a scheme knows; also names that no channel moves by itself."""
    found, _ = _found(list(names), [scheme.looks for scheme in all_schemes()], list(company))
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
    for scheme, own in zip(all_schemes(), entries, strict=True):
        certain, prefixed = _sorted_out(names, scheme, own, known)
        there, there_prefixed = _sorted_out(others, scheme, own, known)
        taken: dict[str, str] = {}
        rests = {rest for rest, _ in there}
        for before in {**prefixed, **there_prefixed}:
            together = [*prefixed.get(before, []), *there_prefixed.get(before, [])]
            if len({rest for rest, _ in together}) >= _SHARED_PREFIX:
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
    for scheme, own, taken, rests in zip(all_schemes(), entries, sure, beside, strict=True):
        guessed: dict[str, str] = {}
        for name in names:
            rest = scheme.loose.get(telling(name), "") if name not in read else ""
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
                elif normalised(name) not in known:
                    prefixed["".join(before)].append((rest, name))
                break
    return certain, prefixed


def _readings(name: str, scheme: Scheme) -> Iterator[_Ending]:
    """How a scheme may read a name, best first."""
    for suffix in scheme.suffixes:
        name = suffix.sub("", name)
    ends = [hit.end() for prefix in scheme.prefixes if (hit := prefix.match(name))]
    yield from (((), normalised(name[end:]), True) for end in reversed(ends))
    if not scheme.marked:
        yield from _endings(name)


@lru_cache(maxsize=REMEMBERED)
def _endings(name: str) -> tuple[_Ending, ...]:
    """The whole name, and what stands behind a prefix, longest first."""
    parts = words(name)
    if not parts:
        return ()
    found: list[_Ending] = [((), "".join(parts), True)]
    cut = max(name[:-2].rfind(mark) for mark in PREFIX_END)
    if cut >= 0 and (rest := normalised(name[cut + 1 :])):
        found.append((words(name[:cut]), rest, True))
    for k in range(1, len(parts)):
        # A number counts the shapes and says no more.
        counting = all(map(str.isdecimal, parts[:k]))
        found.append((() if counting else parts[:k], "".join(parts[k:]), counting))
    return tuple(found)


def _astray(before: Collection[str], rest: str, entry: Meaning | Look) -> bool:
    """Whether a part of the face that stands before a name makes it another movement: eye smile, mouth wide."""
    told = [face_parts()[word] for word in before if word in face_parts()]
    if not told or any(part in rest for part in face_parts()):
        return False
    gains = entry.mix if isinstance(entry, Meaning) else entry.gains
    return not any(channel.startswith(told[-1]) for channel, gain in gains.items() if gain == max(gains.values()))
