"""The names of emotions: canonical adjectives, and the other words people use for them."""

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.errors import FaceMimicError

LARGEST_SHARE = 1e6
"""Only the relation of shares counts; larger ones are slips."""
TABLE = Path(__file__).with_name("emotions.toml")


@dataclass(frozen=True)
class Emotion:
    """FACS units by how common they are; see emotions.toml for the sources."""

    name: str
    core: tuple[int, ...]
    variants: tuple[int, ...]
    prototype: tuple[int, ...]
    one_sided: bool
    strength: dict[int, float]


@cache
def emotions() -> dict[str, Emotion]:
    """All emotions by canonical name, in the table's order."""
    table = tomllib.loads(TABLE.read_text("utf-8"))
    return {
        name: Emotion(
            name,
            tuple(row.get("core", ())),
            tuple(row.get("variants", ())),
            tuple(row.get("prototype", ())),
            row.get("one_sided", False),
            {int(unit): factor for unit, factor in row.get("strength", {}).items()},
        )
        for name, row in table.items()
    }


@cache
def _synonyms() -> dict[str, str]:
    table = tomllib.loads(TABLE.read_text("utf-8"))
    return {word: name for name, row in table.items() for word in (name, *row.get("synonyms", ()))}


def canonical(word: str) -> str:
    """The canonical adjective for `word` (any case, spaces or hyphens). Raises FaceMimicError if unknown."""
    key = word.strip().lower().replace(" ", "_").replace("-", "_")
    names = _synonyms()
    if key in names:
        return names[key]
    close = difflib.get_close_matches(key, names, n=1)
    hint = f" Did you mean “{close[0]}”?" if close else ""
    simple = ", ".join(name for name in emotions() if "_" not in name)
    raise FaceMimicError(
        f"There is no emotion “{word.strip()}”.{hint} Known are {simple}, and compounds such as happily_surprised."
    )


def parse_mixture(text: str) -> dict[str, float]:
    """Reads "happy" or "happy=0.6,surprised=0.4" into shares that sum to 1."""
    shares: dict[str, float] = {}
    for part in text.split(","):
        word, equals, number = part.partition("=")
        try:
            share = float(number) if equals else 1.0
        except ValueError:
            raise FaceMimicError(f"“{part.strip()}” is not an emotion and its share, such as happy=0.6.") from None
        name = canonical(word)
        shares[name] = shares.get(name, 0.0) + share
    return normalised(shares)


def normalised(shares: dict[str, float]) -> dict[str, float]:
    """Shares by canonical name, scaled to sum to 1; strength is a beat's intensity, not the shares' size."""
    named: dict[str, float] = {}
    for word, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= LARGEST_SHARE:
            raise FaceMimicError(f"The share of “{word}” must be a number of 0 or more, such as 0.6; it is {share}.")
        named[canonical(word)] = named.get(canonical(word), 0.0) + float(share)
    total = sum(named.values())
    if total <= 0:
        raise FaceMimicError("A beat needs an emotion with a share above 0, such as happy=1.")
    return {name: share / total for name, share in named.items() if share > 0}
