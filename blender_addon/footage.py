"""What the panel asks of a video or photo, and what the last capture told. Stored in the scene."""

# pyright: reportInvalidTypeForm=false
import json
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from .hints import Context

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mts")
PHOTOS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
LARGEST_FACE = -1
"""Instead of a face's number: whoever is the largest at first sight."""
_MOST_LINES = 6
_MOST_PLACES = 6
_SAME = 0.25
"""Seconds by which spans of two regions may differ and be told together."""


class Told(NamedTuple):
    """What a capture told: its file's name, sentences as (icon, sentence), and places to look at as (what, frame)."""

    name: str
    lines: list[tuple[str, str]]
    places: list[tuple[str, float]]


class FACEMIMIC_PG_footage(bpy.types.PropertyGroup):
    path: bpy.props.StringProperty(
        name="Footage",
        description="A video, a folder of images, or a photo of a face",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    face: bpy.props.IntProperty(
        name="Face",
        description="The number of the person to follow; −1 for whoever is the largest at first sight",
        default=LARGEST_FACE,
        min=LARGEST_FACE,
        max=99,
    )
    start: bpy.props.FloatProperty(
        name="Start", description="Second of the footage to begin at", min=0.0, subtype="TIME_ABSOLUTE"
    )
    end: bpy.props.FloatProperty(
        name="End", description="Second of the footage to stop at; 0 for its end", min=0.0, subtype="TIME_ABSOLUTE"
    )
    mirrored: bpy.props.BoolProperty(
        name="Mirrored",
        description="The footage is a mirror image, as many front cameras save it; the sides are swapped back",
    )
    actor: bpy.props.StringProperty(
        name="Actor",
        description="Who is seen. Their resting face is measured once, and used for their other footage. May be empty",
    )
    pick_neutral: bpy.props.BoolProperty(
        name="Pick Neutral", description="Say when the face is at rest. Otherwise that is found"
    )
    neutral: bpy.props.FloatProperty(
        name="Neutral At",
        description="Second of the footage at which the face is at rest",
        min=0.0,
        subtype="TIME_ABSOLUTE",
    )
    hold: bpy.props.BoolProperty(
        name="Hold",
        description="Let the character come to the photo's pose, hold it and leave it. Otherwise it is one key",
    )
    onset: bpy.props.FloatProperty(
        name="Onset",
        description="Seconds from rest to the pose",
        default=0.4,
        min=0.0,
        soft_max=2.0,
        subtype="TIME_ABSOLUTE",
    )
    held: bpy.props.FloatProperty(
        name="Held",
        description="Seconds that the pose is held",
        default=1.0,
        min=0.0,
        soft_max=10.0,
        subtype="TIME_ABSOLUTE",
    )
    offset: bpy.props.FloatProperty(
        name="Offset",
        description="Seconds from the pose to rest",
        default=0.6,
        min=0.0,
        soft_max=2.0,
        subtype="TIME_ABSOLUTE",
    )
    told: bpy.props.StringProperty(options={"HIDDEN"})


def footage(context: Context) -> FACEMIMIC_PG_footage:
    """The scene's settings for footage."""
    return context.scene.facemimic_footage  # pyright: ignore[reportAttributeAccessIssue]


def is_photo(path: str | Path) -> bool:
    return Path(path).suffix.lower() in PHOTOS


def summary(report: Any) -> list[tuple[str, str]]:
    """What an artist should know of a capture, as (icon, sentence), from the engine's report; empty without one."""
    if not isinstance(report, dict) or not isinstance(report.get("seen"), dict) or not report["seen"]:
        return []
    seen = {str(name): float(share) for name, share in report["seen"].items()}
    worst = min(seen, key=lambda name: seen[name])
    whole = sum(seen.values()) / len(seen)
    sentence = f"Seen well: {whole:.0%}" + (f", {worst} {seen[worst]:.0%}" if seen[worst] < whole - 0.03 else "")
    lines = [("CHECKMARK" if whole > 0.9 and not report.get("frames_lost") else "ERROR", sentence)]
    if report.get("covered"):
        lines.append(("ERROR", f"Seems covered: {', '.join(str(name) for name in report['covered'])}"))
    actor = report.get("actor")
    if isinstance(actor, dict) and actor.get("unlike"):
        lines.append(("ERROR", f"Does not look like {actor.get('actor')}: name another actor, or calibrate anew"))
    if report.get("frames_lost"):
        lines.append(("BLANK1", f"Face lost in {report['frames_lost']} of {report.get('frames')} frames"))
    resting = report.get("resting") or []
    used = isinstance(actor, dict) and actor.get("used")
    if (resting or used) and report.get("source") != "photo":
        # A kept calibration's neutral face is nowhere in this footage.
        when = f", {resting[0][0]:.2f} s" if resting else ""
        lines.append(("BLANK1", f"Neutral: {report.get('calibration')}{when}"))
    if report.get("source") != "photo":
        blinks, closures = len(report.get("blinks") or []), len(report.get("closures") or [])
        lines.append(("BLANK1", f"Blinks: {blinks}, lips meet: {closures}, shots: {len(report.get('cuts') or []) + 1}"))
    if report.get("still_channels"):
        lines.append(("BLANK1", f"Channels without signal: {len(report['still_channels'])}"))
    return lines[:_MOST_LINES]


def places(report: Any, frame: float, fps: float) -> list[tuple[str, float]]:
    """Where in the scene to look at a capture, as (what is there, frame): the neutral face, and what was not seen well.

    frame: where the capture begins; fps: the scene's.
    """
    if not isinstance(report, dict) or report.get("source") != "video":
        return []
    start = float(report.get("start") or 0)
    unsure = [("face lost", float(first), float(last)) for first, last in report.get("lost") or []]
    regions: list[tuple[list[str], float, float]] = []
    for region, spans in (report.get("doubtful") or {}).items():
        for first, last in spans:
            same = [one for one in regions if abs(one[1] - first) < _SAME and abs(one[2] - last) < _SAME]
            if same:
                same[0][0].append(region)
            else:
                regions.append(([region], float(first), float(last)))
    unsure += [(f"{', '.join(names)} unsure", first, last) for names, first, last in regions]
    # The longest matter most; they are shown in their order.
    unsure = sorted(sorted(unsure, key=lambda one: one[1] - one[2])[: _MOST_PLACES - 1], key=lambda one: one[1])
    found = [(f"Neutral at {span[0] - start:.2f} s", span[0]) for span in (report.get("resting") or [])[:1]]
    found += [(f"{first - start:.2f} s: {what}, for {last - first:.2f} s", first) for what, first, last in unsure]
    return [(text, frame + (moment - start) * fps) for text, moment in found]


def remember(context: Context, told: Told) -> None:
    """Keeps what the panel shows of a capture."""
    footage(context).told = json.dumps(told._asdict())


def remembered(context: Context) -> Told:
    """What was kept of the last capture; empty without one."""
    try:
        table = json.loads(footage(context).told)
        lines = [(str(icon), str(text)) for icon, text in table["lines"]]
        where = [(str(text), float(frame)) for text, frame in table.get("places") or []]
        return Told(str(table["name"]), lines, where)
    except (ValueError, KeyError, TypeError):
        return Told("", [], [])


def register() -> None:
    bpy.utils.register_class(FACEMIMIC_PG_footage)
    bpy.types.Scene.facemimic_footage = bpy.props.PointerProperty(  # pyright: ignore[reportAttributeAccessIssue]
        type=FACEMIMIC_PG_footage
    )


def unregister() -> None:
    del bpy.types.Scene.facemimic_footage  # pyright: ignore[reportAttributeAccessIssue]
    bpy.utils.unregister_class(FACEMIMIC_PG_footage)
