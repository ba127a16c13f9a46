"""What reading a take gives."""

from dataclasses import dataclass

from engine.clip import Clip


@dataclass(frozen=True)
class Take:
    """A Clip, and sentences about what in the file could not be used or had to be repaired."""

    clip: Clip
    notes: tuple[str, ...] = ()
