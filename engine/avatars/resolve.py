"""Which morph target follows what: of all that a mesh's names mean, what moves it, so that no motion is shown twice."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Final, NamedTuple

from engine.avatars.recognise import meanings
from engine.avatars.schemes import EXPRESSION, VISEME, Meaning, all_schemes
from engine.avatars.words import side_of

PERFECT_SYNC: Final = 26
"""Names of Apple's from which a mesh follows them, as face tracking applications do, before what an avatar states for
the same motions."""

Part = tuple[float, Mapping[str, float]]
"""A weight, and gains by channel, whose sum is limited to 0..1 before it is weighed."""


class _Claim(NamedTuple):
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


def resolve(
    names: Iterable[str],
    expressions: Mapping[str, Mapping[str, float]] | None = None,
    finer: Mapping[str, float] | None = None,
    coarsest: float = EXPRESSION,
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
    claims = [_Claim(name, meaning, {name: 1.0}, meaning.scheme, False, False, guess) for name, meaning, guess in read]
    for name, meaning, guess in meanings(told)[0]:
        binds = {target: weight for target, weight in told[name].items() if target in names and weight}
        if binds:
            trusted = meaning.scheme == "VRM" and own["ARKit"] < PERFECT_SYNC
            claims.append(_Claim(name, meaning, binds, f"{meaning.scheme} expression", trusted, True, guess))
    strength = own + Counter(claim.scheme for claim in claims if claim.stated)
    parts: dict[str, list[Part]] = defaultdict(list)
    levels: dict[str, float] = {}
    for level in sorted({claim.meaning.level for claim in claims if claim.meaning.level <= coarsest}):
        here = [part for claim in claims if claim.meaning.level == level for part in _by_leisure(claim, parts)]
        elsewhere = {channel for channel, seen in finer.items() if seen < level and level >= VISEME}
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
            if level == VISEME or (not claim.stated and claim.meaning.scheme in _of_synonyms()):
                side = "" if level == VISEME else side_of(claim.meaning.name)
                if said.setdefault((claim.scheme, side, frozenset(mix.items())), claim.name) != claim.name:
                    continue
            kept = {channel: gain for channel, gain in mix.items() if gain < 0 or channel not in shown}
            if level == EXPRESSION:
                alike = len({other.name for other in here if other.scheme == claim.scheme and other.meaning.mix == mix})
                kept = {channel: gain / alike for channel, gain in kept.items()}
            for target, weight in claim.binds.items():
                parts[target].append((weight, kept))
            now.update(leading)
        levels.update(dict.fromkeys(now, level))
    return Reading(dict(parts), levels)


def _by_leisure(claim: _Claim, parts: Collection[str]) -> list[_Claim]:
    """The claim in two: with the targets that follow something finer, and with the others."""
    busy = {target: weight for target, weight in claim.binds.items() if target in parts}
    if not claim.stated or not busy:
        return [claim]
    free = {target: weight for target, weight in claim.binds.items() if target not in parts}
    return [*([claim._replace(binds=free)] if free else []), claim._replace(binds=busy, busy=True)]


@cache
def _of_synonyms() -> frozenset[str]:
    return frozenset(scheme.name for scheme in all_schemes() if scheme.synonyms)


def _rank(claim: _Claim, strength: Mapping[str, int]) -> tuple[bool, bool, int, str]:
    """Who shows a channel among shapes of one fineness: the highest, and all that rank with it."""
    return claim.trusted, not claim.guess, strength[claim.scheme], claim.scheme
