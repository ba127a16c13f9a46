"""FaceMimic's own takes: .npz with values, fps, channels and provenance; see Clip.save."""

from pathlib import Path

from engine.clip import Clip
from engine.takes.take import Take

NAME = "FaceMimic take"
SUFFIXES = (".npz",)
WRITTEN_AS = (".npz",)


def recognises(head: bytes) -> bool:
    """Whether the file begins as a zip archive."""
    return head.startswith(b"PK")


def read(path: Path) -> Take:
    """Reads a take. Raises FaceMimicError (kind "file")."""
    return Take(Clip.load(path))


def write(clip: Clip, path: Path) -> None:
    """Writes the Clip as it is."""
    clip.save(path)


def lost(clip: Clip) -> list[str]:
    """Nothing: every channel is kept."""
    return []
