"""Following one face through footage with MediaPipe's face landmarker.

The landmarker is asked about each picture by itself: its own smoothing over time lags by up to three frames and takes
two fifths of a blink's depth, and it mixes up faces. Everything outside a window around the face is blacked out, so
that there is no other face to jump to; the window grows while the face is lost.
"""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import FaceMimicError
from engine.video.faces import MOST_FACES, Chosen, Face, Landmarker, nearest, quarter_turns, seen_faces
from engine.video.footage import Footage, Picture
from engine.video.store import Store
from engine.video.tape import Looker, Sight, Tape
from engine.video.track import Track

WINDOW = 1.0
"""How far the window reaches beyond the face on each side, in face sizes. The landmarker itself looks 0.25 beyond."""
GROWTH = 3.0
"""Face sizes a second by which the window grows while the face is lost."""
CUT = (0.04, 6.0)
"""A new shot changes the thumbnail (0..1) by more than this on average, and by this many times the usual change.
Two people before the same grey wall differ by 0.07; a talking face changes it by 0.006 at most."""
TRY_TURNED = 15
"""While no face was ever seen, one picture in this many is also looked at on its sides and upside down."""
KEEP_EVERY = 60.0
"""Seconds of work after which what is done is kept, so that a crash costs no more."""

Progress = Callable[[float], None]


def follow(
    footage: Footage,
    model: Path,
    choose: Callable[[], Chosen] | None = None,
    start: float = 0.0,
    end: float = math.inf,
    progress: Progress | None = None,
    store: Store | None = None,
    looker: Looker | None = None,
) -> Track:
    """Follows the chosen face, or else the largest at first sight.

    choose: called unless what is kept was already chosen. store: where a track is kept between runs; an unfinished one
    is gone on with. looker: looks at the face's crops; without it the track has no looks, unless it is a kept one.
    Raises FaceMimicError (kind "video") when there is no frame or no face to follow.
    """
    looked_by = looker.sha256 if looker else ""
    kept = store.load() if store else None
    finished = kept is not None and kept.facts.get("finished")
    if kept and kept.facts.get("looked_by") != looked_by and not (finished and looker is None):
        kept = None
    if kept and finished:
        _restore(footage, kept.facts)
        if progress:
            progress(1.0)
        return kept
    chosen = choose() if choose and not kept else None
    last = min(end, footage.duration) if footage.duration else 0.0
    told = time.monotonic()

    def track(finished: bool) -> Track:
        facts = {
            "finished": finished,
            "looked_by": looked_by,
            "every": tape.every,
            "state": None if finished else follower.state(),
            "frames_read": footage.frames_read,
            "broken_times": footage.broken_times,
            "unreadable": footage.unreadable,
        }
        return Track(
            **tape.rows(),
            size=follower.size,
            cuts=list(follower.cuts),
            most_faces=follower.most_faces,
            quarter_turns=follower.quarter_turns,
            facts=facts,
        )

    with (
        Tape(kept, looker, footage.frame_count) as tape,
        _Follower(model, chosen, kept.facts["state"] if kept else None) as follower,
    ):
        # The tape has them now.
        kept = None
        try:
            # A hair behind the last time, so that its frame is not taken twice.
            first = max(start, tape.last + 1e-6) if tape.count else start
            for coming in _ahead(footage.pictures(first, end), follower.thumbnail):
                picture = coming.picture
                tape.add(picture.time, follower.look(coming))
                if progress:
                    progress(min(1.0, (picture.time - start) / (last - start)) if last > start else 0.0)
                if store and time.monotonic() - told > KEEP_EVERY:
                    store.save(track(finished=False))
                    told = time.monotonic()
        except BaseException:
            if store and tape.count:
                store.save(track(finished=False))
            raise
        _explain_nothing(footage, follower, tape, start)
        made = track(finished=True)
    if store:
        store.save(made)
    return made


def _explain_nothing(footage: Footage, follower: "_Follower", tape: Tape, start: float) -> None:
    name = footage.name
    if not tape.count and footage.frames_read and start > 0 and not footage.unreadable:
        raise FaceMimicError(f"{name} ends before {start:g} s. Choose an earlier start.", "video")
    if not tape.count:
        what = "is no picture that can be read" if footage.still else "holds no frame that can be decoded"
        raise FaceMimicError(f"{name} {what}. It is damaged or cut short; export it again.", "video")
    if follower.most_faces == 0:
        use = "a photo" if footage.still else "a video"
        raise FaceMimicError(
            f"No face was found in {name}. Use {use} in which the face is upright, lit, and at least a"
            " tenth of the picture's height.",
            "video",
        )
    if not tape.found:
        raise FaceMimicError(
            f"Faces were seen in {name}, but the chosen one is not in this part, or is too small to follow.", "video"
        )


@dataclass(frozen=True)
class Coming:
    """A picture, its thumbnail, int16 (48, 48, 3), and by how much that differs from the last one's, 0..1 on average;
    None where there is no last one."""

    picture: Picture
    thumbnail: np.ndarray
    change: float | None


def _ahead(pictures: Iterator[Picture], last: np.ndarray | None) -> Iterator[Coming]:
    """The next picture is decoded while the last one is worked on. last: the thumbnail before the first."""

    def read() -> Coming | None:
        nonlocal last
        picture = next(pictures, None)
        if picture is None:
            return None
        height, width = picture.pixels.shape[:2]
        thumbnail = picture.pixels[_spread(height)[:, None], _spread(width)].astype(np.int16)
        change = None if last is None else float(np.abs(thumbnail - last).mean()) / 255
        last = thumbnail
        return Coming(picture, thumbnail, change)

    with ThreadPoolExecutor(1) as beside:
        coming = beside.submit(read)
        while (made := coming.result()) is not None:
            coming = beside.submit(read)
            yield made


def _restore(footage: Footage, facts: dict[str, Any]) -> None:
    for name in ("frames_read", "broken_times", "unreadable"):
        setattr(footage, name, facts[name])


class _Follower:
    """Finds the chosen face in one picture after the other."""

    def __init__(self, model: Path, chosen: Chosen | None, state: dict[str, Any] | None) -> None:
        self._chooser = Landmarker(model, faces=MOST_FACES, expressions=False)
        self._tracker = Landmarker(model, faces=1)
        state = state or {}
        self._face: int = chosen.number if chosen else state.get("face", 0)
        self.cuts: list[float] = state.get("cuts", [])
        self.most_faces: int = state.get("most_faces", 0)
        self.quarter_turns: int = state.get("quarter_turns", 0)
        self.size: tuple[int, int] = tuple(state.get("size", (0, 0)))
        self._box = _array(state.get("box"))
        self._seen_at: float = state.get("seen_at", -math.inf)
        self.thumbnail = _array(state.get("thumbnail"))
        self._usual_change: float = state.get("usual_change", 0.0)
        people = state.get("known") or (chosen.people if chosen else [])
        self._known = [np.array(row) for row in people]
        self._looked: int = state.get("looked", 0)
        self._lost: bool = state.get("lost", False)

    def __enter__(self) -> "_Follower":
        return self

    def __exit__(self, *error: object) -> None:
        self._chooser.close()
        self._tracker.close()

    def state(self) -> dict[str, Any]:
        """All that the next picture's result depends on, JSON-ready."""
        return {
            "face": self._face,
            "cuts": self.cuts,
            "most_faces": self.most_faces,
            "quarter_turns": self.quarter_turns,
            "size": list(self.size),
            "box": _list(self._box),
            "seen_at": self._seen_at,
            "thumbnail": _list(self.thumbnail),
            "usual_change": self._usual_change,
            "known": [row.tolist() for row in self._known],
            "looked": self._looked,
            "lost": self._lost,
        }

    def look(self, coming: Coming) -> Sight | None:
        """The chosen face in the next picture; None without it."""
        picture, self.thumbnail = coming.picture, coming.thumbnail
        if self._is_cut(coming.change):
            self.cuts.append(picture.time)
            self._box = None
        pixels = self._upright(picture.pixels)
        if self._box is None or (self._lost and len(self._known) > 1):
            self._box = self._choose(pixels, picture.time)
        seen = None
        if self._box is not None:
            seen = self._tracker.one(self._window(pixels, picture.time))
        self._lost = seen is None
        if seen is None:
            return None
        marks, scores, pose = seen
        self._box, self._seen_at = Face(marks).box, picture.time
        return Sight(marks, scores, pose, self._box, pixels)

    def _upright(self, pixels: np.ndarray) -> np.ndarray:
        """The picture as it is looked at. Before any face was seen, the ways in which it could lie are tried: on its
        side a face is found, but read worse; upside down it is not found."""
        if not self.most_faces and self._looked % TRY_TURNED == 0:
            faces = self._chooser.all(pixels)
            if faces:
                self.quarter_turns = quarter_turns(
                    max(faces, key=lambda marks: float(np.ptp(marks[:, :2], axis=0).max()))
                )
            elif self._chooser.all(np.rot90(pixels, 2)):
                self.quarter_turns = 2
        self._looked += 1
        turned = np.rot90(pixels, self.quarter_turns) if self.quarter_turns else pixels
        self.size = turned.shape[1], turned.shape[0]
        return np.ascontiguousarray(turned)

    def _choose(self, pixels: np.ndarray, at: float) -> np.ndarray | None:
        """The box of the face to follow; while it is not seen, that of its last place within the shot, or None."""
        last = self._box
        # Within a shot it comes back where it can have gone, but another may pass there as well.
        faces = seen_faces(self._chooser, pixels if last is None else self._window(pixels, at))
        self.most_faces = max(self.most_faces, len(faces))
        if last is None:
            self._seen_at = at
        if faces and not self._known:
            self._known = [one.colours for one in faces]
        mine = [one for one in faces if nearest(one.colours, self._known) == self._face]
        if not mine:
            return last
        return mine[nearest(self._known[self._face], [one.colours for one in mine])].box

    def _window(self, pixels: np.ndarray, at: float) -> np.ndarray:
        assert self._box is not None
        height, width = pixels.shape[:2]
        box = self._box * (width, height, width, height)
        reach = max(box[2:] - box[:2]) * (WINDOW + GROWTH * (at - self._seen_at))
        left, top = np.clip(box[:2] - reach, 0, (width, height)).astype(int)
        right, bottom = np.clip(np.ceil(box[2:] + reach), 0, (width, height)).astype(int)
        if (left, top, right, bottom) == (0, 0, width, height):
            return pixels
        masked = np.zeros_like(pixels)
        masked[top:bottom, left:right] = pixels[top:bottom, left:right]
        return masked

    def _is_cut(self, change: float | None) -> bool:
        if change is None:
            return False
        least, times = CUT
        cut = change > max(least, times * self._usual_change)
        self._usual_change += 0.2 * (min(change, least) - self._usual_change)
        return cut


@cache
def _spread(length: int) -> np.ndarray:
    """Where a thumbnail's 48 rows or columns lie in a picture of that height or width."""
    return np.linspace(0, length - 1, 48).astype(int)


def _array(rows: Any) -> np.ndarray | None:
    return None if rows is None else np.array(rows, float)


def _list(array: np.ndarray | None) -> Any:
    return None if array is None else array.tolist()
