"""Which shape key follows what: of all that a mesh's names mean, what moves it, so that no motion is shown twice."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from .recognise import EXACT, GUESS, SPELLING, recognise
from .schemes import EXPRESSION, VISEME, Meaning, all_schemes
from .words import side_of

PERFECT_SYNC = 26
"""Names of Apple's from which a mesh follows them, as face tracking applications do, before what an avatar states for
the same motions."""
_LESS_SURE = (EXACT, SPELLING, GUESS)


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


@dataclass(frozen=True)
class _Claim:
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
    claims = [_Claim(m.source, m.meaning, {m.source: 1.0}, m.meaning.scheme, False, m.sure) for m in read.found]
    spoken = {expression.name: expression for expression in expressions}
    for match in recognise(spoken).found:
        binds = {key: weight for key, weight in spoken[match.source].binds.items() if key in names and weight}
        if binds:
            scheme = f"{match.meaning.scheme} expression"
            trusted = match.meaning.scheme == "VRM" and read.strength["ARKit"] < PERFECT_SYNC
            claims.append(_Claim(match.source, match.meaning, binds, scheme, trusted, match.sure, stated=True))
    strength = read.strength + Counter(claim.scheme for claim in claims if claim.stated)

    keys: dict[str, tuple[list[tuple[float, dict[str, float]]], str]] = {}
    sure: dict[str, str] = {}
    levels: dict[str, float] = {}
    for level in sorted({claim.meaning.level for claim in claims}):
        here = [part for one in claims if one.meaning.level == level for part in _by_leisure(one, keys)]
        elsewhere = {channel: seen for channel, seen in (finer or {}).items() if seen < level and level >= VISEME}
        closed = {True: {**elsewhere, **levels}, False: dict(levels)}
        best: dict[str, tuple[bool, bool, int, str]] = {}
        for claim in here:
            rank = _rank(claim, strength)
            for channel, gain in claim.meaning.mix.items():
                if gain > 0 and channel not in closed[claim.busy]:
                    best[channel] = max(best.get(channel, rank), rank)
        shown: set[str] = set()
        said: dict[tuple[str, str, frozenset[tuple[str, float]]], str] = {}
        for claim in here:
            mix = claim.meaning.mix
            top = max(mix.values())
            leading = [channel for channel, gain in mix.items() if gain == top]
            free = [channel for channel in leading if best.get(channel) == _rank(claim, strength)]
            if len(free) < len(leading):
                for key in claim.binds:
                    left_out.setdefault(key, _covered_by(claim, leading, closed[claim.busy]))
                continue
            if level == VISEME or (not claim.stated and claim.meaning.scheme in _of_synonyms()):
                side = "" if level == VISEME else side_of(claim.meaning.name)
                first = said.setdefault((claim.scheme, side, frozenset(mix.items())), claim.label)
                if first != claim.label:
                    for key in claim.binds:
                        left_out.setdefault(key, f"means the same as {first}")
                    continue
            kept = {channel: gain for channel, gain in mix.items() if gain < 0 or channel not in closed[claim.busy]}
            if level == EXPRESSION:
                sharing = len({one.label for one in here if one.scheme == claim.scheme and one.meaning.mix == mix})
                kept = {channel: gain / sharing for channel, gain in kept.items()}
            told = _surest(claim, claims)
            for key, weight in claim.binds.items():
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


def _by_leisure(claim: _Claim, keys: Collection[str]) -> list[_Claim]:
    """The claim in two: with the shape keys that follow something finer, and with the others."""
    busy = {key: weight for key, weight in claim.binds.items() if key in keys}
    if not claim.stated or not busy:
        return [claim]
    free = {key: weight for key, weight in claim.binds.items() if key not in keys}
    return [*([replace(claim, binds=free)] if free else []), replace(claim, binds=busy, busy=True)]


@lru_cache(maxsize=1)
def _of_synonyms() -> frozenset[str]:
    return frozenset(scheme.name for scheme in all_schemes() if scheme.synonyms)


def _rank(claim: _Claim, strength: Mapping[str, int]) -> tuple[bool, bool, int, str]:
    """Who shows a channel among shapes of one fineness: the highest, and all that rank with it."""
    return claim.trusted, claim.sure != GUESS, strength[claim.scheme], claim.scheme


def _surest(claim: _Claim, claims: list[_Claim]) -> _Claim:
    """The same reading by the scheme that has the name letter for letter, for the artist to read."""
    if claim.stated or claim.sure == EXACT:
        return claim
    same = (one for one in claims if one.label == claim.label and one.meaning.mix == claim.meaning.mix)
    return next((one for one in same if one.sure == EXACT and not one.stated), claim)


def _covered_by(claim: _Claim, leading: list[str], levels: Mapping[str, float]) -> str:
    shown = [channel for channel in leading if channel in levels]
    if shown:
        return f"{shown[0]} has a finer shape key"
    return f"another scheme than {claim.scheme} already shows {leading[0]}"
