"""What is seen of one face, row by row while it is followed; what the picture shows is measured beside the tracker."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.channels import SHAPES
from engine.video.crops import BYTES, face_crops
from engine.video.faces import portrait
from engine.video.sight import LANDMARKS, look, regions
from engine.video.track import Track

STILLS = 48
"""Most small pictures that are kept of one face; they are spread over the footage."""
BEHIND = 4
"""Most pictures that wait to be measured while the tracker goes on."""
LOOKED_AT_ONCE = 16
"""Frames whose crops are looked at together. They are not kept: an hour's would take three quarters of a gigabyte."""
FIRST_ROWS = 1024, 65536
"""Rows that room is made for at first, whatever the footage announces: at least, and at most."""


class Looker(Protocol):
    """What looks at crops while they are there. sha256: tells one from another."""

    sha256: str

    def looks(self, crops: np.ndarray) -> np.ndarray:
        """float32 (frames, 2, any) of crops uint8 (frames, BYTES)."""
        ...


@dataclass(frozen=True)
class Sight:
    """A face that was found: the tracker's landmarks (478, 3), scores (52,) and pose (4, 4), its box as shares of the
    picture, and the picture, RGB uint8 (height, width, 3)."""

    landmarks: np.ndarray
    scores: np.ndarray
    pose: np.ndarray
    box: np.ndarray
    pixels: np.ndarray


class Tape:
    """Rows that grow frame by frame into a Track. `close` it, or use it in a with statement.

    kept: a Track that is gone on with. expected: frames that the footage announces. Frames are measured in their order
    while the next ones are tracked; few of them wait, so that pictures do not pile up.
    """

    def __init__(self, kept: Track | None = None, looker: Looker | None = None, expected: int = 0) -> None:
        self.count = len(kept.times) if kept else 0
        self.found = int(kept.found.sum()) if kept else 0
        self.every = int(kept.facts["every"]) if kept else 1
        self.last = float(kept.times[-1]) if kept else 0.0
        self._looker = looker
        self._stills = list(kept.stills) if kept else []
        self._still_frames = [int(frame) for frame in kept.still_frames] if kept else []
        self._crops = np.zeros((LOOKED_AT_ONCE, BYTES), np.uint8)
        self._unlooked: list[int] = []
        self._beside = ThreadPoolExecutor(1)
        self._under_way: deque[Future[None]] = deque()
        self._rows: dict[str, np.ndarray] = {}
        least, most = FIRST_ROWS
        width = looker.looks(self._crops[:0]).shape[1:] if looker else (2, 0)
        shapes = {
            "times": ((), np.float64),
            "landmarks": ((LANDMARKS, 3), np.float32),
            "scores": ((len(SHAPES),), np.float32),
            "poses": ((4, 4), np.float64),
            "colours": ((LANDMARKS, 3), np.uint8),
            "sharpness": ((len(regions()),), np.float32),
            "looks": (width, np.float32),
        }
        # Memory is taken only as rows are written.
        room = max(least, min(expected, most), self.count)
        for name, (shape, kind) in shapes.items():
            self._rows[name] = np.empty((room, *shape), kind)
            if kept:
                self._rows[name][: self.count] = getattr(kept, name)

    def __enter__(self) -> "Tape":
        return self

    def __exit__(self, *error: object) -> None:
        self._beside.shutdown()

    def add(self, at: float, seen: Sight | None) -> None:
        """The next frame: its time in seconds, and what the tracker found in it, if it did."""
        self._settle(BEHIND - 1)
        if self.count == len(self._rows["times"]):
            self._settle()
            for name, rows in self._rows.items():
                self._rows[name] = np.empty((2 * self.count, *rows.shape[1:]), rows.dtype)
                self._rows[name][: self.count] = rows
        self._under_way.append(self._beside.submit(self._write, self.count, at, seen))
        self.count, self.last = self.count + 1, at
        self.found += seen is not None

    def rows(self) -> dict[str, np.ndarray]:
        """A Track's arrays, up to the last frame that was added. They are not copied."""
        self._settle()
        self._look()
        return {
            **{name: rows[: self.count] for name, rows in self._rows.items()},
            "stills": np.array(self._stills, np.uint8),
            "still_frames": np.array(self._still_frames, np.int64),
        }

    def _settle(self, left: int = 0) -> None:
        """Waits until no more than that many frames are still to be measured. What failed stays, and fails again: rows
        with a hole must not be kept."""
        while len(self._under_way) > left:
            self._under_way[0].result()
            self._under_way.popleft()

    def _write(self, row: int, at: float, seen: Sight | None) -> None:
        self._note(row, at, seen)
        if row % LOOKED_AT_ONCE == LOOKED_AT_ONCE - 1:
            self._look()

    def _note(self, row: int, at: float, seen: Sight | None) -> None:
        rows = self._rows
        rows["times"][row] = at
        if seen is None:
            for name in ("landmarks", "scores", "poses", "sharpness", "looks"):
                rows[name][row] = np.nan
            rows["colours"][row] = 0
            return
        rows["landmarks"][row], rows["scores"][row], rows["poses"][row] = seen.landmarks, seen.scores, seen.pose
        rows["colours"][row], rows["sharpness"][row] = look(seen.pixels, seen.landmarks)
        if row % self.every == 0:
            self._keep(row, portrait(seen.pixels, seen.box))
        if self._looker is not None:
            self._crops[row % LOOKED_AT_ONCE] = face_crops(seen.pixels, seen.landmarks, seen.pose)
            self._unlooked.append(row)

    def _look(self) -> None:
        # A frame always has the same place among as many: products of matrices round by place and number, and a run
        # that was interrupted must come to the same bits.
        if self._looker is not None and self._unlooked:
            rows = np.array(self._unlooked)
            self._rows["looks"][rows] = self._looker.looks(self._crops)[rows % LOOKED_AT_ONCE]
            self._unlooked = []

    def _keep(self, row: int, still: np.ndarray) -> None:
        self._stills.append(still)
        self._still_frames.append(row)
        if len(self._stills) > STILLS:
            self.every *= 2
            kept = [place for place, frame in enumerate(self._still_frames) if frame % self.every == 0]
            self._stills = [self._stills[place] for place in kept]
            self._still_frames = [self._still_frames[place] for place in kept]
