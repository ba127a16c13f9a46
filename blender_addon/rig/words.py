"""Names taken apart: into words, without regard to spelling, and what single words tell in the names of all schemes.

words.toml has the words: those for sides, those that tell nothing, those that mean the same, parts of the face.
"""

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

REMEMBERED = 1 << 15
"""Names whose words are kept: every scheme asks for them."""
_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞА-ЯЁ", "a-zß-öø-ÿа-яё"
_HUMPS = re.compile(f"(?<=[^\\W_{_UPPER}])(?=[{_UPPER}])|(?<=[{_UPPER}])(?=[{_UPPER}][{_LOWER}])")
_WORDS = re.compile(r"[^\W_]+")
_COPY = re.compile(r"\.\d{3}$")


@lru_cache(maxsize=REMEMBERED)
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of a name; a lone L or R becomes left or right. eyeBlink_L: eye, blink, left."""
    plain = _COPY.sub("", unicodedata.normalize("NFKC", name).strip())
    found = [str(word).lower() for word in _WORDS.findall(_HUMPS.sub("_", plain))]
    if not found:
        return (plain.lower(),) if plain else ()
    if len(found) == 1:
        return tuple(found)
    sides = _sides()
    return tuple(sides.get(word, word) for word in found)


def normalised(name: str) -> str:
    """A name without regard to case, separators and the spelling of the side."""
    return "".join(words(name))


def side_of(name: str) -> str:
    """left or right where a name has that word."""
    return next((word for word in words(name) if word in ("left", "right")), "")


@lru_cache(maxsize=REMEMBERED)
def telling(name: str) -> tuple[str, ...]:
    """The telling words of a name in alphabetical order; empty for names of one word, which tell too little."""
    noise, alike = _noise(), _alike()
    plain = (word.rstrip("0123456789") for word in words(name))
    found = [alike.get(word, word) for word in plain if word and word not in noise]
    return tuple(sorted(found)) if len(found) > 1 else ()


@lru_cache(maxsize=1)
def face_parts() -> dict[str, tuple[str, ...]]:
    """Words for parts of the face, to how the channels begin that move them."""
    return {word: tuple(part["channels"]) for part in _vocabulary()["parts"].values() for word in part["words"]}


@lru_cache(maxsize=1)
def _noise() -> frozenset[str]:
    return frozenset(_vocabulary()["noise"])


@lru_cache(maxsize=1)
def _alike() -> dict[str, str]:
    return {word: first for first, others in _vocabulary()["alike"].items() for word in others}


@lru_cache(maxsize=1)
def _sides() -> dict[str, str]:
    return {word: side for side, told in _vocabulary()["sides"].items() for word in told}


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
