"""Which morph target a name of a mapping means, so that a mapping fits other avatars of a family.

The add-on matches names as well when it loads a mapping; a test holds the two to the same answers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from engine.avatars.recognise import PREFIX_END, meanings
from engine.avatars.words import normalised, words

_TELLING: Final = 3
"""Words at the end of a long name that tell what it is."""


def meant(wanted: Iterable[str], targets: Iterable[str]) -> dict[str, str]:
    """Name of a mapping to the one target that it means.

    A target is found by its name, then by its name in another spelling, behind another prefix, by its last words, then
    by what a naming scheme makes of it. A name that could mean two targets means neither.
    """
    wanted, targets = list(dict.fromkeys(wanted)), list(targets)
    there = set(targets)
    found = {name: name for name in wanted if name in there}
    rest = [name for name in wanted if name not in found]
    for reading in (_spelt, _behind_prefix, _ending, _recognised):
        taken = set(found.values())
        theirs: dict[object, list[str]] = defaultdict(list)
        for name, key in reading([name for name in targets if name not in taken]).items():
            theirs[key].append(name)
        ours = {name: theirs[key] for name, key in reading(rest).items() if key in theirs}
        found |= {name: alike[0] for name, alike in ours.items() if len(alike) == 1}
        rest = [name for name in rest if name not in ours]
    return found


def _spelt(names: Iterable[str]) -> Mapping[str, object]:
    return {name: key for name in names if (key := normalised(name))}


def _behind_prefix(names: Iterable[str]) -> Mapping[str, object]:
    return {name: key for name in names if (key := normalised(name[max(map(name.rfind, PREFIX_END)) + 1 :]))}


def _ending(names: Iterable[str]) -> Mapping[str, object]:
    """VRoid's names begin with the mesh's number, which differs from one avatar to the next."""
    return {name: parts[-_TELLING:] for name in names if len(parts := words(name)) > _TELLING}


def _recognised(names: Iterable[str]) -> Mapping[str, object]:
    """What the names move, by the scheme that knows most of them."""
    found, strength = meanings(names)
    ranked = sorted(found, key=lambda reading: (not reading[2], strength[reading[1].scheme]))
    return {name: frozenset(meaning.mix.items()) for name, meaning, _ in ranked}
