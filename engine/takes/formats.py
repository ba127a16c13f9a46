"""The formats that takes come in, and conversion between them.

A new format is one module with NAME, SUFFIXES, recognises(head), read(path) and write(clip, path), listed in FORMATS.
"""

from pathlib import Path
from typing import Protocol

from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.request import number
from engine.takes import live_link_face, own
from engine.takes.take import Take

_HEAD = 4096


class Format(Protocol):
    """A module that reads and writes one format."""

    @property
    def NAME(self) -> str:
        """What people call it."""
        ...

    @property
    def SUFFIXES(self) -> tuple[str, ...]:
        """Endings of its files, lower case with the dot."""
        ...

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes is of this format."""
        ...

    def read(self, path: Path) -> Take:
        """Raises FaceMimicError (kind "file") when the file is not such a take."""
        ...

    def write(self, clip: Clip, path: Path) -> None:
        """Writes the file whole or not at all."""
        ...


FORMATS: tuple[Format, ...] = (own, live_link_face)


def read_take(path: str | Path) -> Take:
    """Reads a take of any known format, told by suffix and content. Raises FaceMimicError (kind "file")."""
    path = Path(path)
    candidates = _with_suffix(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise FaceMimicError(f"{path} {what}. Give the file of a take.", "file")
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise FaceMimicError(f"Cannot read {path}: {error.strerror}.", "file") from error
    if not head:
        raise FaceMimicError(f"{path.name} is empty (0 bytes). Record or export it again.", "file")
    for candidate in candidates:
        if candidate.recognises(head):
            return candidate.read(path)
    raise FaceMimicError(
        f"{path.name} is not a {' or '.join(c.NAME for c in candidates)}, or it is damaged. Record or export it again.",
        "file",
    )


def write_take(clip: Clip, path: str | Path) -> None:
    """Writes a Clip in the format of the file's suffix."""
    path = Path(path)
    check_writable(path)
    _with_suffix(path)[0].write(clip, path)


def check_writable(path: str | Path) -> None:
    """Raises FaceMimicError (kind "file") when no take could be written there: before the work, not after it."""
    path = Path(path)
    _with_suffix(path)
    if path.is_dir():
        raise FaceMimicError(f"{path} is a folder. Give the name of a file.", "file")
    if not path.parent.is_dir():
        raise FaceMimicError(f"Cannot write {path}: there is no folder {path.parent}.", "file")


def convert(source: str | Path, target: str | Path | None = None, fps: float | None = None) -> Take:
    """Reads a take, resamples it to `fps` if given, and writes it to `target` if given; returns what it then is."""
    if fps is not None:
        number("fps", fps, 1, 240)
    if target is not None:
        check_writable(target)
    take = read_take(source)
    clip = take.clip if fps is None else take.clip.resampled(fps)
    if target is not None:
        write_take(clip, target)
    return Take(clip, take.notes)


def _with_suffix(path: Path) -> list[Format]:
    found = [candidate for candidate in FORMATS if path.suffix.lower() in candidate.SUFFIXES]
    if not found:
        known = ", ".join(f"{suffix} ({one.NAME})" for one in FORMATS for suffix in one.SUFFIXES)
        raise FaceMimicError(f"“{path.name}” has no ending that stands for a take. Known are {known}.", "file")
    return found
