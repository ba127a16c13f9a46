"""Files that are never half written at their final name, and what an export says about itself."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from ..messages import AddonError


class Exported(NamedTuple):
    """What an export wrote.

    seconds: length of the animation, 0 when there is none.
    notes: sentences for the artist about what the file does not carry, or what was changed on the way.
    remarks: sentences about a choice that was made for the artist.
    """

    path: Path
    seconds: float
    notes: tuple[str, ...]
    remarks: tuple[str, ...] = ()


_OTHERS: Final = frozenset(
    (
        ".glb", ".gltf", ".vrm", ".vrma", ".fbx", ".obj", ".dae", ".abc", ".usd", ".usda", ".usdc", ".usdz",
        ".blend", ".csv", ".txt", ".json", ".npz",
    )
)  # fmt: skip
"""Endings that ask for a format; any other is part of a name, as in “take v1.2”."""
_SHORT: Final = 40
"""Characters of a file's name in its temporary one, which may not become too long by what is added."""


def checked_target(path: str | Path, suffix: str) -> Path:
    """`path` with the suffix that its format needs, in a folder that exists.

    Raises AddonError otherwise, and for the ending of another format.
    """
    path = Path(path)
    try:
        path.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise AddonError(f"Cannot write {path}: {error}. Choose another name or folder.") from error
    if path.is_dir():
        raise AddonError(f"{path} is a folder. Give the name of a {suffix} file.")
    if path.suffix.lower() in _OTHERS - {suffix}:
        raise AddonError(
            f"This writes {suffix} files, and “{path.name}” ends as another format. "
            f"Name it “{path.with_suffix(suffix).name}”."
        )
    if path.suffix.lower() != suffix:
        path = path.with_name(path.name + suffix)
    if not path.parent.is_dir():
        raise AddonError(f"There is no folder {path.parent}. Choose a folder that exists.")
    return path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; on success it is renamed to `path`, otherwise removed.

    Raises AddonError when the folder cannot be written to, or when the disk refuses on the way.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem[:_SHORT]}.", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise AddonError(
            f"Cannot write {path}: {error.strerror}. Choose a folder that exists and that you may write to."
        ) from error
    os.close(handle)
    part = Path(name)
    try:
        yield part
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
        part.replace(path)
    except OSError as error:
        raise AddonError(f"Cannot write {path}: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
