"""What a rule says."""

from typing import Final, NamedTuple

_LISTED: Final = 6


class Told(NamedTuple):
    """A sentence, and whether the rule's fix, if it has one, helps here."""

    text: str
    can_be_fixed: bool = False


def listed(names: list[str]) -> str:
    """Names in one sentence; many are counted."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
