"""A video file in, a Clip out."""

import math
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from engine import __version__
from engine.channels import CHANNELS, SHAPES
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.request import number
from engine.video.clean import evenly, filled, smoothed, without_outliers
from engine.video.decode import Video
from engine.video.eyes import blinks, with_closing_lids, with_steady_gaze
from engine.video.head import head_angles
from engine.video.landmarker import file_sha256, find_landmarker
from engine.video.rest import blind_channels, resting_frames, without_bias
from engine.video.track import Track, follow

SILENT = 0.03
"""A channel that stays within this range over the clip shows nothing."""


def capture(
    path: str | Path,
    *,
    fps: float | None = None,
    face: int = 0,
    start: float | None = None,
    end: float | None = None,
    model: str | Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Clip:
    """Reads a performance from a video with MediaPipe's own scores, lightly cleaned.

    fps: frames per second of the Clip, None for the video's own. face: which one, 0 for the largest at first sight.
    start, end: seconds of the video to use; the Clip's frame 0 is the first frame at or after `start`.
    model: the landmarker's bundle, else it is looked for (see landmarker.py). progress: called with 0..1; may raise.
    Raises FaceMimicError: kind "request" for the numbers, "video" for the file, the face and the landmarker.
    """
    if fps is not None:
        number("fps", fps, 1, 240)
    if isinstance(face, bool) or not isinstance(face, int) or not 0 <= face < 100:
        raise FaceMimicError(f"The face is counted from 0, the largest; it cannot be {face!r}.")
    first = number("Start (seconds)", start, 0, 1e6) if start is not None else 0.0
    stop = number("End (seconds)", end, 0, 1e6) if end is not None else math.inf
    if stop <= first:
        raise FaceMimicError(f"The end ({stop:g} s) must come after the start ({first:g} s).")
    with Video(path) as video:
        bundle = find_landmarker(model)
        track = follow(video, bundle, face, first, stop, progress)
        rate = float(fps or _own_rate(video, track.times))
        values, facts = performed(track, rate)
        provenance: dict[str, Any] = {
            "source": "video",
            "file": video.name,
            "start": round(float(track.times[0]), 6),
            "face": face,
            "video_fps": round(video.fps, 6),
            "video_frames": len(track.times),
            "landmarker_sha256": file_sha256(bundle),
            "engine": __version__,
            "mediapipe": metadata.version("mediapipe"),
            **facts,
        }
        cut_short = stop == math.inf and video.frame_count - video.frames_read > 2
        if cut_short:
            provenance["frames_missing"] = video.frame_count - video.frames_read
        if video.broken_times:
            provenance["broken_timestamps"] = video.broken_times
        provenance["notes"] = _notes(provenance)
        return Clip(values, rate, CHANNELS, provenance).limited()


def performed(track: Track, fps: float) -> tuple[np.ndarray, dict[str, Any]]:
    """Channel values float32 (frames, 55) at an even rate, and facts about how they came to be."""
    times, found = track.times, track.found
    scores = filled(times, track.scores)
    resting = resting_frames(times, scores) & found
    if not resting.any():
        resting = found
    faces = with_steady_gaze(times, scores, resting)
    faces = smoothed(times, with_closing_lids(without_bias(faces, resting), resting))
    head = smoothed(times, without_outliers(filled(times, head_angles(track.poses, resting))))
    facts: dict[str, Any] = {
        "frames_lost": int((~found).sum()),
        "lost": _spans(times, ~found),
        "resting": _spans(times, resting),
        "blinks": [round(float(times[peak] - times[0]), 3) for peak in blinks(scores)],
        "cuts": [round(cut, 3) for cut in track.cuts],
        "blind_channels": list(blind_channels()),
        "still_channels": [name for name, reach in zip(SHAPES, np.ptp(faces, axis=0), strict=True) if reach < SILENT],
    }
    return evenly(times, np.concatenate([np.clip(faces, 0, 1), head], 1), fps), facts


def _own_rate(video: Video, times: np.ndarray) -> float:
    """The video's rate; by its timestamps where they disagree with what the file announces."""
    if len(times) < 3:
        return min(video.fps, 240.0)
    measured = 1.0 / float(np.median(np.diff(times)))
    rate = video.fps if abs(measured / video.fps - 1) < 0.02 else round(measured, 3)
    return float(np.clip(rate, 1.0, 240.0))


def _spans(times: np.ndarray, chosen: np.ndarray, most: int = 50) -> list[list[float]]:
    """[first, last] times in seconds of the runs of chosen frames, at most `most` of them."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(int), [0]])))
    pairs = zip(edges[::2], edges[1::2] - 1, strict=True)
    return [[round(float(times[a]), 3), round(float(times[b]), 3)] for a, b in pairs][:most]


def _notes(facts: dict[str, Any]) -> list[str]:
    """Sentences for the person, for what they should know before they use the Clip."""
    notes = []
    if facts["frames_lost"]:
        notes.append(
            f"The face was lost in {facts['frames_lost']} of {facts['video_frames']} frames; those are interpolated."
        )
    if facts.get("frames_missing"):
        notes.append(f"The video is cut short: {facts['frames_missing']} announced frames could not be decoded.")
    if facts.get("broken_timestamps"):
        notes.append(f"{facts['broken_timestamps']} frames had a broken timestamp; they were spaced evenly.")
    if facts["cuts"]:
        notes.append(f"The picture cuts to another shot {len(facts['cuts'])} times; each shot was tracked anew.")
    blind = facts["blind_channels"]
    notes.append(f"The tracker cannot see {', '.join(blind)}; they stay near rest.")
    still = [name for name in facts["still_channels"] if name not in blind]
    if still:
        notes.append(f"{len(still)} other channels did not move; the take's provenance lists them (still_channels).")
    return notes
