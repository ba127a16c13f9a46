"""Tracks that are kept between runs, so that the same footage is not tracked twice and an interrupted run goes on.

They hold landmarks and small pictures of a face, so they stay in this person's own cache folder; deleting it is safe.
"""

import contextlib
import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import FaceMimicError
from engine.files import written_whole
from engine.paths import cache_folder
from engine.video.track import Track

FORM = 4
"""Counts up when tracks are made or stored differently, so that older ones are not taken."""
LARGEST = 1 << 30
"""Bytes that all tracks together may take; those that were not used for longest go first."""


class Store:
    """The place of one track: that of these bytes, looked at with these options."""

    def __init__(self, footage_sha256: str, options: dict[str, Any], folder: Path | None = None) -> None:
        """options: all that the track depends on besides the footage, JSON-ready."""
        told = [FORM, metadata.version("mediapipe"), footage_sha256, options]
        name = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:40]
        self.path = (folder or cache_folder() / "tracks") / f"{name}.npz"

    def load(self) -> Track | None:
        """The kept track, None where there is none or it is damaged."""
        try:
            with np.load(self.path, allow_pickle=False) as data:
                rest = json.loads(str(data["rest"]))
                rest["size"] = tuple(rest["size"])
                track = Track(**{name: data[name] for name in data.files if name != "rest"}, **rest)
            self.path.touch()
        except Exception:  # Damage shows as whatever zip, zlib, numpy's header parser or JSON stumble over.
            return None
        counts = {len(array) for name, array in track.arrays().items() if not name.startswith("still")}
        return track if counts == {len(track.times)} and len(track.times) else None

    def save(self, track: Track) -> None:
        """Keeps the track. A full or read-only disk only means that nothing is kept."""
        names = ("size", "cuts", "most_faces", "quarter_turns", "facts")
        rest = json.dumps({name: getattr(track, name) for name in names})
        with contextlib.suppress(OSError, FaceMimicError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(self.path) as part, part.open("wb") as file:
                np.savez(file, rest=np.array(rest), **track.arrays())  # pyright: ignore[reportArgumentType]
            trim(self.path.parent, keep=self.path)


def trim(folder: Path, keep: Path | None = None, largest: int = LARGEST) -> None:
    """Deletes the tracks that were not used for longest until all of them fit; `keep` stays."""
    files = sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime, reverse=True)
    total = 0
    for file in files:
        total += file.stat().st_size
        if total > largest and file != keep:
            file.unlink(missing_ok=True)
