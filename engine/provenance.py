"""What a written file says about where its performance comes from."""

import json
from pathlib import PurePath
from typing import Any, Final

from engine import __version__

MARK: Final = "FaceMimic"
"""The name under which files carry these facts."""
_LONGEST: Final = 2000
"""Characters of JSON that one fact may take: requests fit, recorded curves do not belong here."""
_DIGITS: Final = 6
"""Decimals of a number: 0.68 is what was asked, not 0.6799999999999999."""


def about(facts: dict[str, Any]) -> dict[str, Any]:
    """A Clip's provenance for a file: who wrote it, whether a machine made the performance, and the public facts."""
    written: dict[str, Any] = {"generator": f"FaceMimic {__version__}"}
    if machine_made(facts):
        written["machine-made performance"] = True
    return written | {fact: value for fact, value in public(facts).items() if fact not in written}


def machine_made(facts: dict[str, Any]) -> bool:
    """Whether a model made the performance, or one of the takes in it; recorded and hand-made ones are no such."""
    takes = facts.get("takes")
    parts = [facts, *(takes if isinstance(takes, list) else [])]
    return any(isinstance(part, dict) and part.get("machine_made") is True for part in parts)


def public(value: Any) -> Any:
    """Facts without folders of a person's disk, without long data, and with numbers as people write them."""
    if isinstance(value, dict):
        kept = {str(name): public(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if len(json.dumps(item)) <= _LONGEST}
    if isinstance(value, list):
        return [public(item) for item in value]
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, str) and PurePath(value).is_absolute():
        return PurePath(value).name
    return value
