"""Footage of a face in, a Clip out: tracked, judged, steadied, read, calibrated, completed."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from engine import __version__
from engine.channels import CHANNELS, REGIONS, SHAPES
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.video.actor import known_actor, read_as, resting_in
from engine.video.calibration import Calibration
from engine.video.clean import evenly, filled, without_outliers
from engine.video.completion import completed, find_gaps
from engine.video.confidence import ALL, Sighting, judge
from engine.video.events import Events, find_events, lip_gap, spans
from engine.video.faces import Chosen, chosen_face, faces_to_choose
from engine.video.follow import follow
from engine.video.footage import Footage, open_footage
from engine.video.head import head_angles
from engine.video.landmarker import file_sha256, find_landmarker
from engine.video.lips import with_sealed_lips
from engine.video.notes import notes
from engine.video.options import Options
from engine.video.reading import Reader, reader
from engine.video.steady import Seen, as_seen, steadied
from engine.video.store import Store
from engine.video.track import Track

SILENT = 0.03
"""A channel that stays within this range over the clip shows nothing."""
DOUBTFUL = 0.5
"""Confidence below which a region counts as not seen well."""
UNSURE = 0.3
"""Mean confidence of a channel, seen and decoded, below which it is told to be unsure."""
TRACKING, CHOOSING, COMPLETING = 0.9, 0.1, 0.3
"""For progress: the tracking's share of the work, what of that the choice among several faces takes, and what of the
rest the performance model takes."""

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Captured:
    """A Clip and what it was made from. sighting's and resting's rows are those of track, whose landmarks were smoothed
    where that is not left out, and which has none, nor colours, where the performance model was needed; events count
    its frames. resting: those whose face is taken as neutral; none where that is an actor's kept one."""

    clip: Clip
    track: Track
    sighting: Sighting
    resting: np.ndarray
    events: Events


def capture(path: str | Path, *, progress: Progress | None = None, **options: Any) -> Clip:
    """Reads a performance from a video, a folder of images or a photo; options: see Options.

    progress: called with 0..1; may raise. Raises FaceMimicError: kind "request" for the options, "video" for the
    footage, the face and the landmarker, "file" for the actor's calibration, "weights" for the decoder.
    """
    return capture_all(path, Options(**options), progress).clip


def capture_all(path: str | Path, options: Options, progress: Progress | None = None) -> Captured:
    """The same with all that it was made from, for the review sheet."""
    read_by = reader(options.decoder, options.weights)
    with open_footage(path, options.fps, options.mirrored) as footage:
        # What is wrong with these is told before the work.
        known = known_actor(options, read_by, footage)
        bundle = find_landmarker(options.model)
        track = _tracked(path, footage, bundle, options, read_by, _part(progress, 0, TRACKING))
        rate = float(options.fps or _own_rate(footage, track.times))
        made = _performed(track, rate, options, read_by, known, footage, _part(progress, TRACKING, 1))
        facts: dict[str, Any] = {
            "source": "photo" if footage.still else "video",
            "file": footage.name,
            "start": round(float(track.times[0]), 6),
            "face": options.face,
            "mirrored": options.mirrored,
            "video_fps": round(footage.fps, 6),
            "video_frames": len(track.times),
            "landmarker_sha256": file_sha256(bundle),
            "decoder": read_by.name,
            "without": list(options.without),
            "engine": __version__,
            "mediapipe": metadata.version("mediapipe"),
            **made.clip.provenance,
        }
        missing = footage.frame_count - footage.frames_read if options.end is None else 0
        counted = {
            "frames_missing": missing if missing > 2 else 0,
            "frames_unreadable": footage.unreadable,
            "broken_timestamps": footage.broken_times,
            "quarter_turns": track.quarter_turns,
        }
        facts |= {name: count for name, count in counted.items() if count}
        facts["notes"] = notes(facts)
        clip = Clip(made.clip.values, rate, CHANNELS, facts).limited()
        return Captured(clip, track, made.sighting, made.resting, made.events)


def _tracked(
    path: str | Path, footage: Footage, bundle: Path, options: Options, read_by: Reader, progress: Progress | None
) -> Track:
    def choose() -> Chosen:
        with open_footage(path, options.fps, options.mirrored) as first:
            crowd = faces_to_choose(first, bundle, options.start, options.stop, _part(progress, 0, CHOOSING))
        return chosen_face(crowd, options.face or 0, footage.name)

    store = None
    if options.cache and not footage.still:
        told = {name: getattr(options, name) for name in ("face", "start", "end", "mirrored")}
        store = Store(footage.sha256(), {**told, "rate": footage.fps, "model": file_sha256(bundle)})
    if options.face is None:
        return follow(footage, bundle, None, options.start, options.stop, progress, store, read_by.looker)
    tracking = _part(progress, CHOOSING, 1)
    return follow(footage, bundle, choose, options.start, options.stop, tracking, store, read_by.looker)


def _performed(
    track: Track,
    fps: float,
    options: Options,
    read_by: Reader,
    known: Calibration | None,
    footage: Footage,
    progress: Progress | None,
) -> Captured:
    def tell(fraction: float) -> None:
        if progress:
            progress(fraction * (1 - COMPLETING))

    times, found = track.times, track.found
    sighting = judge(track)
    tell(0.2)
    looks = track.looks if read_by.looker else None
    seen = as_seen(track, looks) if "smoothing" in options.without else steadied(track, looks, in_place=True)
    tell(0.5)
    resting = resting_in(times, seen, sighting, read_by, options, footage.still)
    tell(0.6)
    read = read_as(times, seen, sighting, resting, read_by, known, options, footage.name)
    tell(1.0)
    decoded, faces = read.decoded, filled(times, read.decoded.values)
    if read.calibration is not None:
        faces = read.calibration.applied(times, faces, read_by.bias.narrowing)
    if "sealing" not in options.without:
        gap, mouth = lip_gap(seen.landmarks, seen.size), sighting.regions[:, ALL.index("mouth")]
        faces = with_sealed_lips(faces, gap, mouth)
    head = without_outliers(filled(times, head_angles(decoded.head_degrees, resting)))
    rest_shows = _rest_shows(faces * (sighting.channels[:, : len(SHAPES)] >= DOUBTFUL), resting)
    if "used" in read.facts:
        # They hold the head's zero, but no face of theirs was taken as neutral.
        resting = np.zeros_like(resting)
    events = _events(times, faces, seen, sighting)
    values = evenly(times, np.concatenate([np.clip(faces, 0, 1), head], 1), fps)
    # Only what the camera missed is completed: a decoder that is unsure of a channel is so at rest above all.
    trust = np.clip(evenly(times, sighting.channels, fps), 0, 1)
    sure = (sighting.channels[:, : len(SHAPES)] * decoded.confidence)[found].mean(0)
    visible = np.median(sighting.channels[found, : len(SHAPES)], axis=0) >= DOUBTFUL
    still = [SHAPES[i] for i in np.flatnonzero((np.ptp(faces, axis=0) < SILENT) & visible)]
    facts: dict[str, Any] = {
        "frames_lost": int((~found).sum()),
        "lost": spans(times, ~found),
        "resting": spans(times, resting),
        "rest_shows": rest_shows,
        "calibration": read.by,
        **({"actor": read.facts} if read.facts else {}),
        "blinks": [round(float(times[(a + b) // 2] - times[0]), 3) for a, b in events.blinks],
        "closures": [round(float(times[frame] - times[0]), 3) for frame in events.closures],
        "cuts": [round(cut, 3) for cut in track.cuts],
        "faces_seen": track.most_faces,
        "blind_channels": list(read_by.silent),
        "still_channels": still if len(times) > 1 else [],
        "unsure_channels": [name for name, mean in zip(SHAPES, sure, strict=True) if mean < UNSURE],
        "confidence": {name: round(float(sighting.regions[:, i].mean()), 3) for i, name in enumerate(ALL)},
        "channel_confidence": {name: round(float(mean), 3) for name, mean in zip(SHAPES, sure, strict=True)},
        "doubtful": _doubtful(times, sighting),
        "covered": [name for i, name in enumerate(ALL) if _mostly_covered(sighting.causes["covered"][found, i])],
    }
    # The performance model takes a quarter of a gigabyte, and nothing after this looks at what was decoded.
    del seen, decoded, read
    track.looks = track.looks[:0].copy()
    if "completion" not in options.without and not footage.still:
        values, completion = _completed(track, values, trust, fps, options, _part(progress, 1 - COMPLETING, 1))
        facts |= completion
    if progress:
        progress(1.0)
    return Captured(Clip(values, fps, CHANNELS, facts), track, sighting, resting, events)


def _rest_shows(faces: np.ndarray, resting: np.ndarray) -> float:
    """What the face taken for neutral shows all the same, summed over the channels; 0 where there is none."""
    shapes = [i for i in range(len(SHAPES)) if i not in REGIONS["gaze"]]
    return round(float(np.median(faces[resting][:, shapes], axis=0).sum()), 2) if resting.any() else 0.0


def _events(times: np.ndarray, faces: np.ndarray, seen: Seen, sighting: Sighting) -> Events:
    """What happened where it could be seen: a hand before the mouth is no closure, and its end no smile."""
    clear = sighting.channels[:, : len(SHAPES)] >= DOUBTFUL
    columns = [
        np.interp(times, times[ok], row[ok]) if ok.any() else 0 * row for row, ok in zip(faces.T, clear.T, strict=True)
    ]
    gap = lip_gap(seen.landmarks, seen.size)
    gap[sighting.regions[:, ALL.index("mouth")] < DOUBTFUL] = np.nan
    return find_events(times, np.stack(columns, 1), gap)


def _completed(
    track: Track, values: np.ndarray, confidence: np.ndarray, fps: float, options: Options, progress: Progress | None
) -> tuple[np.ndarray, dict[str, Any]]:
    """The values with their gaps filled, and what to tell about it: nothing where there are none."""
    gaps = find_gaps(values, confidence, fps)
    if not gaps.share.any():
        return values, {}
    facts: dict[str, Any] = {"spans": gaps.spans(gaps.share.any(1))}
    if gaps.never_seen:
        facts["never_seen"] = gaps.never_seen
    if not gaps.model_share.any():
        return gaps.bridged, {"completed": facts}
    track.landmarks, track.colours = track.landmarks[:0].copy(), track.colours[:0].copy()
    from engine.loading import load_generator

    try:
        generator = load_generator(options.device)
    except FaceMimicError as error:
        if error.kind not in ("weights", "device"):
            raise
        return gaps.bridged, {"completed": {**facts, "failed": str(error)}}
    made, told = completed(gaps, generator, progress)
    return made, {"completed": {**facts, **told}}


def _own_rate(footage: Footage, times: np.ndarray) -> float:
    """The footage's rate; by its timestamps where they disagree with what the file announces."""
    if len(times) < 3:
        return float(np.clip(footage.fps, 1, 240))
    told = 1.0 / float(np.median(np.diff(times)))
    rate = footage.fps if abs(told / footage.fps - 1) < 0.02 else round(told, 3)
    return float(np.clip(rate, 1.0, 240.0))


def _mostly_covered(seen: np.ndarray) -> bool:
    return float(np.median(seen)) < DOUBTFUL


def _doubtful(times: np.ndarray, sighting: Sighting) -> dict[str, list[list[float]]]:
    """By region, the spans in which it was found but not seen well."""
    table = {name: spans(times, sighting.regions[:, i] < DOUBTFUL, 20) for i, name in enumerate(ALL)}
    return {name: told for name, told in table.items() if told}


def _part(progress: Progress | None, low: float, high: float) -> Progress | None:
    """The progress of a part of the work."""
    if progress is None:
        return None
    whole = progress
    return lambda fraction: whole(low + (high - low) * fraction)
