"""Files that are never half written at their final name."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.errors import FaceMimicError

_SHORT: Final = 40
"""Characters of a file's name in its temporary one, which may not become too long by what is added."""


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; on success it is renamed to `path`, otherwise removed.

    The temporary name keeps the suffix, for libraries that choose a format by it. A file that is there already keeps
    its permissions; where it is a link, the file that it leads to is written.
    Raises FaceMimicError (kind "file") when the folder is missing or cannot be written, the file is write-protected, or
    the disk refuses on the way.
    """
    path = Path(path)
    try:
        path.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise FaceMimicError(f"Cannot write {path}: {error}. Choose another name or folder.", "file") from error
    if path.is_dir():
        raise FaceMimicError(f"{path} is a folder. Give the name of a file.", "file")
    path = path.resolve() if path.is_symlink() else path
    if path.is_file() and not os.access(path, os.W_OK):
        raise FaceMimicError(f"{path} is write-protected. Choose another name, or allow writing to it.", "file")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem[:_SHORT]}.", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise FaceMimicError(
            f"Cannot write {path}: {error.strerror}. Choose a folder that exists and that you may write to.",
            "file",
        ) from error
    os.close(handle)
    part = Path(name)
    try:
        yield part
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(stat.S_IMODE(path.stat().st_mode) if path.is_file() else 0o666 & ~mask)
        part.replace(path)
    except OSError as error:
        raise FaceMimicError(f"Cannot write {path}: {error.strerror or error}.", "file") from error
    finally:
        part.unlink(missing_ok=True)
