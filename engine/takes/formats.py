"""The formats that takes come in, and conversion between them.

A new format is one module with the members of Format, listed in FORMATS. Several formats share an ending: reading tells
them apart by content, writing by a longer ending such as take.openface.csv.
"""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.request import number
from engine.takes import audio2face, face_cap, live_link_face, mediapipe_scores, openface, origin, own
from engine.takes.take import Take
from engine.takes.text import as_utf8

_HEAD = 65536


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

    @property
    def WRITTEN_AS(self) -> tuple[str, ...]:
        """Endings that ask for this format in writing, lower case; none for a format that is only read."""
        ...

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes, UTF-8 if it is text, is of this format."""
        ...

    def read(self, path: Path) -> Take:
        """Raises FaceMimicError (kind "file") when the file is not such a take."""
        ...

    def write(self, clip: Clip, path: Path) -> None:
        """Writes the file whole or not at all."""
        ...

    def lost(self, clip: Clip) -> list[str]:
        """Sentences about what of the Clip a file of this format cannot hold."""
        ...


FORMATS: tuple[Format, ...] = (own, live_link_face, openface, face_cap, audio2face, mediapipe_scores)
WRITABLE = ", ".join(f"{ending} ({form.NAME})" for form in FORMATS for ending in form.WRITTEN_AS)
"""For help texts: the endings of takes that can be written, and what each is."""


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
    head = as_utf8(head)
    for candidate in candidates:
        if head and candidate.recognises(head):
            return _with_origin(candidate.read(path), path)
    names = " or ".join(f"{'an' if one.NAME[0] in 'AEIOU' else 'a'} {one.NAME}" for one in candidates)
    raise FaceMimicError(f"{path.name} is not {names}, or it is damaged. Record or export it again.", "file")


def write_take(clip: Clip, path: str | Path, *, with_provenance: bool = True) -> None:
    """Writes a Clip in the format that the file's ending asks for.

    with_provenance: a take of ours says where it comes from, and a small file beside one of another format says so
    where a machine made the performance; see origin.py.
    """
    path = Path(path)
    check_writable(path)
    form, facts = _writer(path), clip.provenance if with_provenance else {}
    form.write(replace(clip, provenance=facts), path)
    if form is not own:
        origin.write(path, facts)


def check_writable(path: str | Path) -> None:
    """Raises FaceMimicError (kind "file") when no take could be written there: before the work, not after it."""
    path = Path(path)
    _writer(path)
    if path.is_dir():
        raise FaceMimicError(f"{path} is a folder. Give the name of a file.", "file")
    if not path.parent.is_dir():
        raise FaceMimicError(f"Cannot write {path}: there is no folder {path.parent}.", "file")


def convert(
    source: str | Path, target: str | Path | None = None, fps: float | None = None, *, with_provenance: bool = True
) -> Take:
    """Reads a take, resamples it to `fps` if given, and writes it to `target` if given; returns what it then is.

    Its notes also say what of it the target cannot hold.
    """
    if fps is not None:
        number("fps", fps, 1, 240)
    if target is not None:
        check_writable(target)
        if Path(target).exists() and Path(source).exists() and Path(target).samefile(source):
            raise FaceMimicError(f"{target} is the take that is read. Give the result another name.", "file")
    take = read_take(source)
    clip = take.clip if fps is None else take.clip.resampled(fps)
    if target is None:
        return Take(clip, take.notes)
    write_take(clip, target, with_provenance=with_provenance)
    return Take(clip, (*take.notes, *lost(clip, target)))


def lost(clip: Clip, path: str | Path) -> list[str]:
    """Sentences about what of the Clip the format that the path asks for cannot hold."""
    return _writer(Path(path)).lost(clip)


def _with_origin(take: Take, path: Path) -> Take:
    """The take, and that a machine made it where the file beside it says so."""
    told = origin.read(path)
    if not told:
        return take
    facts = {**take.clip.provenance, "made_from": told}
    if told.get("machine-made performance") is True:
        facts["machine_made"] = True
    return Take(replace(take.clip, provenance=facts), take.notes)


def _with_suffix(path: Path) -> list[Format]:
    found = [candidate for candidate in FORMATS if path.suffix.lower() in candidate.SUFFIXES]
    if not found:
        known = ", ".join(f"{suffix} ({one.NAME})" for one in FORMATS for suffix in one.SUFFIXES)
        raise FaceMimicError(f"“{path.name}” has no ending that stands for a take. Known are {known}.", "file")
    return found


def _writer(path: Path) -> Format:
    """The format with the longest ending that the name has."""
    ways = [(suffix, one) for one in FORMATS for suffix in one.WRITTEN_AS]
    found = [(suffix, one) for suffix, one in ways if path.name.lower().endswith(suffix)]
    if not found:
        known = ", ".join(f"{suffix} ({one.NAME})" for suffix, one in ways)
        raise FaceMimicError(f"“{path.name}” has no ending that stands for a take. Known are {known}.", "file")
    return max(found, key=lambda way: len(way[0]))[1]
