"""The emotions an artist can choose, from the engine's own table read as data."""

import tomllib
import zlib
from functools import cache

from .places import house

EnumItem = tuple[str, str, str, str, int]


def label(name: str) -> str:
    """How people read an emotion's name: "Happily surprised" for happily_surprised."""
    return name.replace("_", " ").capitalize()


def _item(name: str, row: dict) -> EnumItem:
    units = [f"{unit}" for unit in row.get("prototype", row["core"])]
    tip = f"Action units {', '.join(units)}" if units else "A resting face that blinks and breathes"
    if row.get("synonyms"):
        tip += f" (also known as {', '.join(row['synonyms'])})".replace("_", " ")
    # Files store an enum's number: one that follows from the name stays true when the table grows.
    return name, label(name), tip, "NONE", zlib.crc32(name.encode()) & 0x7FFFFFFF


@cache
def enum_items() -> list[EnumItem]:
    """Items for an EnumProperty under two headings; cached, because Blender keeps no reference to the strings."""
    table = tomllib.loads((house() / "engine" / "emotions.toml").read_text("utf-8"))
    basic = [_item(name, row) for name, row in table.items() if "prototype" in row or not row["core"]]
    compound = [_item(name, row) for name, row in table.items() if "prototype" not in row and row["core"]]
    return [("", "Basic", "", "NONE", 0), *basic, ("", "Compound", "", "NONE", 0), *compound]


def names() -> tuple[str, ...]:
    """The names without the headings."""
    return tuple(item[0] for item in enum_items() if item[0])
