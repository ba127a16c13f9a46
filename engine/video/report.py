"""What a capture can be judged by, as data: for the review sheet, the panel and other programs."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import INDEX, SHAPES
from engine.files import written_whole
from engine.video.capture import Captured
from engine.video.confidence import ALL
from engine.video.events import runs

MOST_COLUMNS = 600
"""Columns of the confidence table; frames of longer footage share one, which shows the worst of them."""
SHOWN = 0.03
"""Least value of a channel that counts as shown in a photo."""
CURVES = {
    "lids": ("eyeBlinkLeft", "eyeBlinkRight"),
    "brows": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "jaw": ("jawOpen",),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
}
"""Curves that tell most of what a face does: the mean of these channels."""


def report(captured: Captured) -> dict[str, Any]:
    """JSON-ready. Times are seconds of the footage; spans are [first, last]; confidence is 0..1, 0 where it was lost.

    confidence: {times, regions: {name: values}}, at most MOST_COLUMNS of each. curves: the same for CURVES, 0..1.
    sides: {name: [left, right]}, the same for the halves of those that have two; the middle counts to both.
    channel_confidence: the mean of each channel's, seen and decoded. unsure_channels: where it is low.
    causes: seconds that each cause (turned, dark, blurred, small, covered) took from a region, where it took any.
    shown: of a photo, [channel, value] of what is read, the strongest first.
    """
    track, clip, events = captured.track, captured.clip, captured.events
    times, facts = track.times, clip.provenance
    groups = _groups(len(times))

    def seconds(spans: list[tuple[int, int]]) -> list[list[float]]:
        return [[round(float(times[first]), 3), round(float(times[last]), 3)] for first, last in spans]

    told = ("file", "source", "start", "face", "mirrored", "decoder", "without", "calibration", "actor", "frames_lost")
    also = (
        "cuts",
        "faces_seen",
        "blind_channels",
        "still_channels",
        "unsure_channels",
        "channel_confidence",
        "doubtful",
        "covered",
        "completed",
    )
    confidence = {name: _worst(captured.sighting.regions[:, i], groups) for i, name in enumerate(ALL)}
    return {
        **{name: facts[name] for name in (*told, *also, "notes") if name in facts},
        # The provenance keeps the first of these only.
        "lost": seconds(runs(~track.found)),
        "resting": seconds(runs(captured.resting)),
        "fps": clip.fps,
        "frames": len(times),
        "seconds": round(clip.duration, 3),
        "size": list(track.size),
        "seen": {name: facts["confidence"][name] for name in ALL},
        "confidence": {"times": [round(float(times[group[0]]), 3) for group in groups], "regions": confidence},
        "causes": _causes(captured),
        "curves": _curves(captured, groups, CURVES),
        "sides": _sides(captured, groups),
        "blinks": seconds(events.blinks),
        "mouth_open": seconds(events.mouth_open),
        "closures": [round(float(times[frame]), 3) for frame in events.closures],
        "smiles": [round(float(times[frame]), 3) for frame in events.smiles],
        **({"shown": _shown(clip.values[0])} if facts["source"] == "photo" else {}),
    }


def write_report(captured: Captured, path: str | Path) -> None:
    """Writes the report as JSON. Raises FaceMimicError (kind "file")."""
    with written_whole(path) as part:
        part.write_text(json.dumps(report(captured), indent=1) + "\n", "utf-8")


def _shown(values: np.ndarray) -> list[list[Any]]:
    strongest = np.argsort(-values[: len(SHAPES)], kind="stable")
    return [[SHAPES[place], round(float(values[place]), 3)] for place in strongest if values[place] >= SHOWN]


def _groups(frames: int) -> list[np.ndarray]:
    return np.array_split(np.arange(frames), min(frames, MOST_COLUMNS))


def _worst(values: np.ndarray, groups: list[np.ndarray]) -> list[float]:
    return [round(float(values[group].min()), 3) for group in groups]


def _curves(captured: Captured, groups: list[np.ndarray], curves: dict[str, tuple[str, ...]]) -> dict[str, list[float]]:
    """The highest of each group, so that a blink shows in an hour's curve too."""
    clip, times = captured.clip, captured.track.times
    rows = np.clip(np.rint((times - times[0]) * clip.fps).astype(int), 0, len(clip.values) - 1)
    table = {name: clip.values[:, [INDEX[one] for one in channels]].mean(1)[rows] for name, channels in curves.items()}
    return {name: [round(float(column[group].max()), 3) for group in groups] for name, column in table.items()}


def _sides(captured: Captured, groups: list[np.ndarray]) -> dict[str, list[list[float]]]:
    halves = [
        {name: tuple(one for one in channels if not one.endswith(other)) for name, channels in CURVES.items()}
        for other in ("Right", "Left")
    ]
    left, right = (_curves(captured, groups, half) for half in halves)
    return {name: [left[name], right[name]] for name in CURVES if halves[0][name] != halves[1][name]}


def _causes(captured: Captured) -> dict[str, dict[str, float]]:
    times = captured.track.times
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    found = captured.track.found
    taken: dict[str, dict[str, float]] = {}
    for cause, table in captured.sighting.causes.items():
        for place, name in enumerate(ALL):
            lost = float((found & (table[:, place] < 0.5)).sum() * step)
            if lost:
                taken.setdefault(name, {})[cause] = round(lost, 3)
    return taken
