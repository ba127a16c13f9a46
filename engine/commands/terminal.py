"""What commands show on a terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from engine.clip import Clip


class Progress:
    """A line on stderr that shows how far a stage is; silent when stderr is not a terminal. Call it with 0..1."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._shown = -1
        # A private copy, so that `quiet_libraries` does not silence it.
        self._handle = os.dup(2) if sys.stderr.isatty() else None

    def __call__(self, fraction: float) -> None:
        percent = int(100 * min(1.0, max(0.0, fraction)))
        if self._handle is not None and percent != self._shown:
            self._shown = percent
            os.write(self._handle, f"\r{self._stage} {percent:3d} %".encode())

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        if self._handle is not None:
            os.write(self._handle, b"\r\x1b[K")
            os.close(self._handle)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Drops what native libraries write to stderr, which tells a person nothing and hides our own sentences."""
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


def report(clip: Clip, path: object, notes: object = ()) -> None:
    """Says what was written, on stdout, and what to know about it, on stderr."""
    frames = "1 frame" if len(clip.values) == 1 else f"{len(clip.values)} frames"
    print(f"Wrote {path}: {frames} at {clip.fps:g} fps ({clip.duration:.2f} s), {len(clip.channels)} channels.")
    for note in notes if isinstance(notes, (list, tuple)) else ():
        print(f"Note: {note}", file=sys.stderr)
