"""Prints the most memory that capturing ten minutes of 1080p takes: `python -m benchmarks.video_memory VIDEO_1080P`.

How it is made up: the real capture runs on the video's first seconds, decoded at their size and tracked. With the
tracker and the video still open, what was seen in them is then played back, forwards and backwards, until ten minutes
are full: each frame goes through the measuring of pictures, the looking at crops, the rows, the cache (kept every two
seconds instead of every minute), the smoothing, the decoder, the calibration and the performance model, which fills
what is lost. Only decoding and tracking all of the ten minutes is left out; both work on one picture at a time.

The worker captures in a process of its own, which it keeps until that has needed the performance model (apart.py).
"""

import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.video import capture as capturing
from engine.video import follow as following
from engine.video.footage import Picture, Video, opencv
from engine.video.landmarker import find_landmarker
from engine.video.options import Options
from engine.video.tape import Sight

SECONDS = 600.0
TRACKED = 6.0
"""Seconds that are decoded and tracked."""
PLAYED = 48
"""Frames that are played back; their pictures, shrunk to this width, take 33 MB that a real capture does not."""
WIDTH = 640
LOST = 200.0, 3.0, 15.0
"""Once in so many seconds the face is lost for so many, and once for so many."""


def most_resident() -> float:
    """Gigabytes that were resident at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9


class LongVideo(Video):
    """A video of which all but the first seconds are empty pictures."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.frame_count = round(SECONDS * self.fps)

    def _read(self, start: float, end: float) -> Iterator[Picture]:
        count = 0
        for picture in super()._read(start, TRACKED):
            yield picture
            count += 1
        for frame in range(count, self.frame_count):
            yield Picture(frame / self.fps, np.zeros((1, 1, 3), np.uint8))


class Player(following._Follower):
    """Follows the real pictures, and plays back what it saw where they are empty."""

    real = 0.0
    """Gigabytes after the real ones."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._sights: list[Sight] = []

    def look(self, coming: following.Coming) -> Sight | None:
        picture = coming.picture
        if len(picture.pixels) > 1:
            seen = super().look(coming)
            if seen is not None and len(self._sights) < PLAYED:
                height, width = seen.pixels.shape[:2]
                small = opencv().resize(seen.pixels, (WIDTH, round(height * WIDTH / width)))
                self._sights.append(replace(seen, pixels=small))
            return seen
        Player.real = Player.real or most_resident()
        every, short, long = LOST
        if picture.time % every < short or every / 2 < picture.time < every / 2 + long:
            return None
        place = round(picture.time * 30) % (2 * PLAYED - 2)
        return self._sights[min(place, 2 * PLAYED - 2 - place)]


def main() -> None:
    video = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FACEMIMIC_CACHE"] = folder
        beside = Path(__file__).resolve().parents[2] / "shared" / "models" / "face_landmarker.task"
        bundle = find_landmarker(beside if beside.is_file() else None)
        following._Follower, following.KEEP_EVERY = Player, 2.0
        stages: dict[str, float] = {}

        def after(name: str, stage: str) -> None:
            work = getattr(capturing, name)

            def measured(*args: Any, **named: Any) -> Any:
                answer = work(*args, **named)
                stages.setdefault(stage, most_resident())
                return answer

            setattr(capturing, name, measured)

        capturing.open_footage = lambda path, *_: LongVideo(Path(path))
        after("follow", "and the rows of all frames, kept in the cache")
        after("judge", "and judged")
        after("steadied", "and smoothed")
        after("read_as", "and decoded and calibrated")
        after("resting_in", "and the resting face found")
        seen = Options(model=bundle, without=("completion",))
        made = capturing.capture_all(video, seen)
        stages = {f"first {TRACKED:g} s, decoded and tracked": Player.real, **stages}
        size = sum(file.stat().st_size for file in Path(folder).rglob("*.npz")) / 1e9
        print(f"\n{len(made.track.times)} frames, {made.clip.provenance['frames_lost']} of them lost; GB resident")
        for _ in range(3):
            del made
            made = capturing.capture_all(video, seen)
        stages["and three more times, from the cache"] = most_resident()
        del made
        after("_completed", "and completed by the performance model; then the process ends")
        capturing.capture_all(video, Options(model=bundle))
        for stage, most in stages.items():
            print(f"{stage:<60}{most:>6.2f}")
        print(f"{'limit':<60}{1:>6.2f}\n{'the file in the cache':<60}{size:>6.2f}")


if __name__ == "__main__":
    main()
