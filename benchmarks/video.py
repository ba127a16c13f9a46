"""Prints what a capture costs beside the tracker alone: `python -m benchmarks.video [VIDEO] [--long]`.

Both run in turns on the same frames, so that what else the machine does falls on both. --long also tells the most
memory that ten minutes of 1080p take (video_memory.py).
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from engine.errors import FaceMimicError
from engine.video.capture import capture_all
from engine.video.footage import open_footage, opencv
from engine.video.landmarker import find_landmarker
from engine.video.options import Options

SHARED = Path(__file__).resolve().parents[2] / "shared"
ROUNDS = 5
LEAST_SECONDS = 20.0
"""A shorter video is repeated, since starting the tracker costs as much as many frames."""
LONG_SECONDS = 8.0
"""That are really tracked; see video_memory.py."""
LONG_SIZE = (1920, 1080)


def pictures(video: Path) -> Iterator[np.ndarray]:
    """Its frames as they are decoded, BGR."""
    capture = opencv().VideoCapture(str(video))
    while (frame := capture.read())[0]:
        yield frame[1]
    capture.release()


def written(video: Path, path: Path, seconds: float, size: tuple[int, int] | None = None) -> Path:
    """The video over and over for that long, in a frame of that size if one is given."""
    cv2 = opencv()
    with open_footage(video) as footage:
        fps, count = footage.fps, round(seconds * footage.fps)
    frames = []
    for picture in pictures(video):
        if size:
            scale = min(size[0] / picture.shape[1], size[1] / picture.shape[0])
            frame = np.full((size[1], size[0], 3), 128, np.uint8)
            picture = cv2.resize(picture, None, fx=scale, fy=scale)
            frame[: picture.shape[0], : picture.shape[1]] = picture
            picture = frame
        # A few seconds of 1080p would already take a gigabyte.
        frames.append(cv2.imencode(".jpg", picture)[1])
    height, width = cv2.imdecode(frames[0], 1).shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (width, height))
    for frame in islice(cycle(frames), count):
        writer.write(cv2.imdecode(frame, 1))
    writer.release()
    return path


def tracked(video: Path, bundle: Path) -> int:
    """MediaPipe's tracker alone on every frame, as MediaPipe's documentation uses it."""
    import mediapipe

    vision = mediapipe.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(bundle)),
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    count = 0
    with vision.FaceLandmarker.create_from_options(options) as landmarker, open_footage(video) as footage:
        for picture in footage.pictures():
            landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture.pixels))
            count += 1
    return count


def captured(video: Path, bundle: Path) -> int:
    """The whole capture, without the performance model."""
    options = Options(model=bundle, cache=False, without=("completion",))
    return len(capture_all(video, options).track.times)


def costs(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of all cores' work."""
    clock, work_time = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - work_time


def speed(video: Path, bundle: Path) -> None:
    count = tracked(video, bundle)
    rows = [(*costs(lambda: tracked(video, bundle)), *costs(lambda: captured(video, bundle))) for _ in range(ROUNDS)]
    clock, work, whole_clock, whole_work = (statistics.median(column) for column in zip(*rows, strict=True))
    ratio = statistics.median(row[0] / row[2] for row in rows)
    work_ratio = statistics.median(row[1] / row[3] for row in rows)
    print(f"\n{video.name}: {count} frames, medians of {ROUNDS} rounds in turns")
    print(f"{'':<36}{'tracker':>10}{'capture':>10}{'rate kept':>11}{'target':>8}")
    told = (
        ("frames a second by the clock", clock, whole_clock, ratio, 0.9),
        ("of one core's work", work, whole_work, work_ratio, ""),
    )
    for name, alone, whole, kept, target in told:
        print(f"{name:<36}{count / alone:>10.1f}{count / whole:>10.1f}{kept:>11.2f}{target:>8}")


def memory(video: Path, folder: Path) -> None:
    """In a process of its own, whose memory nothing else has grown."""
    long = written(video, folder / "long.mp4", LONG_SECONDS, LONG_SIZE)
    subprocess.run([sys.executable, "-m", "benchmarks.video_memory", str(long)], check=True)  # noqa: S603


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", nargs="?", type=Path, default=SHARED / "video" / "face_a.mp4")
    parser.add_argument("--long", action="store_true", help="also ten minutes of 1080p")
    args = parser.parse_args()
    try:
        bundle = SHARED / "models" / "face_landmarker.task"
        bundle = find_landmarker(bundle if bundle.is_file() else None)
        with tempfile.TemporaryDirectory() as folder, open_footage(args.video) as footage:
            short = footage.duration < LEAST_SECONDS
            video = written(args.video, Path(folder) / args.video.name, LEAST_SECONDS) if short else args.video
            speed(video, bundle)
            if args.long:
                memory(args.video, Path(folder))
    except FaceMimicError as error:
        print(f"No video was measured: {error}")


if __name__ == "__main__":
    main()
