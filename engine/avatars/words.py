"""Names taken apart: into words, without regard to spelling, and what single words tell in the names of all schemes."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

from engine.avatars.rig_data import rig_data

_UPPER: Final = "A-ZÀ-ÖØ-ÞА-ЯЁ"
_LOWER: Final = "a-zß-öø-ÿа-яё"
_HUMPS: Final = re.compile(f"(?<=[^\\W_{_UPPER}])(?=[{_UPPER}])|(?<=[{_UPPER}])(?=[{_UPPER}][{_LOWER}])")
REMEMBERED: Final = 1 << 15
"""Names whose words are kept: every scheme asks for them."""


@lru_cache(maxsize=REMEMBERED)
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of a name, a lone L or R told in full: eyeBlink_L as eye, blink, left."""
    name = re.sub(r"\.\d{3}$", "", unicodedata.normalize("NFKC", name).strip())
    found = [str(word).lower() for word in re.findall(r"[^\W_]+", _HUMPS.sub("_", name))]
    if len(found) > 1:
        return tuple(_sides().get(word, word) for word in found)
    return tuple(found) or ((name.lower(),) if name else ())


def normalised(name: str) -> str:
    """A name without case, separators and the spelling of its side."""
    return "".join(words(name))


def side_of(name: str) -> str:
    """left or right where a name has that word."""
    return next((word for word in words(name) if word in ("left", "right")), "")


@lru_cache(maxsize=REMEMBERED)
def telling(name: str) -> tuple[str, ...]:
    """The telling words of a name in alphabetical order; empty for names of one word, which tell too little."""
    noise = rig_data("words.toml")["noise"]
    stems = (word.rstrip("0123456789") for word in words(name))
    found = [_alike().get(word, word) for word in stems if word and word not in noise]
    return tuple(sorted(found)) if len(found) > 1 else ()


@cache
def face_parts() -> dict[str, tuple[str, ...]]:
    """Words for parts of the face, to how the channels begin that move them."""
    return {word: tuple(one["channels"]) for one in rig_data("words.toml")["parts"].values() for word in one["words"]}


@cache
def _alike() -> dict[str, str]:
    return {word: first for first, others in rig_data("words.toml")["alike"].items() for word in others}


@cache
def _sides() -> dict[str, str]:
    return {word: side for side, told in rig_data("words.toml")["sides"].items() for word in told}
