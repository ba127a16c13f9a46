"""`video`: a performance from a video, a folder of images or a photo of a face."""

import argparse
from pathlib import Path
from typing import Any

from engine.commands.terminal import Progress, quiet_libraries, report
from engine.errors import FaceMimicError
from engine.takes.formats import WRITABLE, check_writable, write_take


def add(commands: Any) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        "video",
        help="a performance from a video, a folder of images or a photo",
        description="Reads a face's performance from footage, and tells how well it was seen.",
    )
    parser.add_argument("file", metavar="FILE", help="a video, a folder of images in natural order, or a photo")
    written = parser.add_argument_group("what is written; at least one")
    written.add_argument("--out", metavar="TAKE", help=f"one of {WRITABLE}")
    written.add_argument("--review", metavar="SHEET", help="a page to judge the take by: .png, .jpg or .pdf")
    written.add_argument("--report", metavar="JSON", help="the same as data")
    written.add_argument("--faces", metavar="SHEET", help="the faces and their numbers, as .png or .jpg; nothing else")
    which = parser.add_argument_group("which part of the footage")
    which.add_argument("--face", type=int, help="its number among --faces; default the largest at first sight")
    which.add_argument("--start", type=float, default=0.0, metavar="S", help="seconds into the video")
    which.add_argument("--end", type=float, metavar="S", help="seconds into the video")
    which.add_argument(
        "--fps",
        type=float,
        help="frames per second of the take, default the video's; of a folder of images, their rate (24)",
    )
    which.add_argument("--mirrored", action="store_true", help="the footage is a mirror image, as of a front camera")
    actor = parser.add_argument_group("the actor")
    actor.add_argument(
        "--neutral", metavar="S", help="when the face rests: seconds, or a frame as 45f; default is found"
    )
    actor.add_argument(
        "--actor", metavar="NAME", help="their calibration, a name or .json: used, or else measured and kept"
    )
    actor.add_argument("--renew-actor", action="store_true", help="measure the actor again on this footage")
    actor.add_argument("--full-range", action="store_true", help="the footage shows the most that the actor can do")
    how = parser.add_argument_group("how it is done")
    how.add_argument(
        "--without", default="", metavar="STAGES", help="leave out smoothing, calibration, sealing, completion (a,b)"
    )
    how.add_argument("--decoder", default="auto", help="auto, learned, or none for the tracker's own scores")
    how.add_argument("--model", metavar="TASK", help="the face landmarker bundle, if not installed")
    how.add_argument("--device", default="auto", help="where the performance model runs: auto, cpu, cuda, mps, …")
    how.add_argument("--no-cache", dest="cache", action="store_false", help="track anew, and keep nothing of it")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Reads the footage and writes what was asked for."""
    if not (args.out or args.review or args.report or args.faces):
        raise FaceMimicError("Say what to write: --out, --review, --report or --faces.")
    if args.out:
        check_writable(args.out)
    from engine.video.capture import capture_all
    from engine.video.page import check_sheet
    from engine.video.report import write_report
    from engine.video.sheet import write_sheet

    for sheet in (args.review, args.faces):
        if sheet:
            check_sheet(sheet)
    options = _options(args)
    if args.faces:
        return _write_faces(args.file, options, args.faces)
    with Progress("Watching the footage") as progress, quiet_libraries():
        captured = capture_all(args.file, options, progress)
    if options.actor and (line := _about_actor(captured.clip.provenance, options.actor)):
        print(line)
    if args.out:
        write_take(captured.clip, args.out)
        report(captured.clip, args.out, _notes(captured.clip.provenance, bool(args.review)))
    if args.review:
        write_sheet(captured, args.review, args.file)
        print(f"Wrote {args.review}.")
    if args.report:
        write_report(captured, args.report)
        print(f"Wrote {args.report}.")
    return 0


def _about_actor(provenance: dict[str, Any], actor: str) -> str:
    """What became of the named actor's calibration; nothing where none was named."""
    from engine.video.calibration import actor_path

    facts = provenance.get("actor")
    if not facts:
        return ""
    name, path = facts["actor"], actor_path(actor)
    if "used" in facts:
        return f"Used the resting face of {name}, kept in {path}."
    if "kept" in facts:
        return f"Measured the resting face of {name} here, and kept it in {path}."
    return f"Measured the resting face for this footage only; nothing is kept of {name}."


def _notes(provenance: dict[str, Any], reviewed: bool) -> list[str]:
    """The capture's, and where the channels are listed that are too many for a note."""
    from engine.video.notes import NAMED, without_signal

    unnamed = not reviewed and len(without_signal(provenance)) > NAMED
    return [*provenance["notes"], *(["The sheet of --review lists the channels that did not move."] if unnamed else [])]


def _options(args: argparse.Namespace) -> Any:
    from engine.video.options import Options

    given = {name: getattr(args, name) for name in ("face", "start", "end", "fps", "mirrored", "actor", "renew_actor")}
    given |= {name: getattr(args, name) for name in ("full_range", "decoder", "model", "device", "cache")}
    stages = tuple(stage.strip() for stage in args.without.split(",") if stage.strip())
    return Options(**given, without=stages, neutral=_neutral(args))


def _neutral(args: argparse.Namespace) -> float | None:
    """Seconds, from seconds or a frame's number."""
    if args.neutral is None:
        return None
    frames = args.neutral.endswith("f")
    try:
        value = float(args.neutral.removesuffix("f"))
    except ValueError as error:
        raise FaceMimicError(f"--neutral is a time in seconds or a frame as 45f; it is “{args.neutral}”.") from error
    if not frames:
        return value
    from engine.video.footage import open_footage

    with open_footage(args.file, args.fps) as footage:
        return value / footage.fps


def _write_faces(file: str, options: Any, path: str) -> int:
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    from engine.files import written_whole
    from engine.video.faces import PORTRAIT, faces_to_choose
    from engine.video.footage import open_footage
    from engine.video.landmarker import find_landmarker

    with open_footage(file, options.fps, options.mirrored) as footage, quiet_libraries():
        crowd = faces_to_choose(footage, find_landmarker(options.model), options.start, options.stop)
    page = Image.fromarray(np.concatenate(list(crowd.portraits()), axis=1))
    pen = ImageDraw.Draw(page)
    for number in range(len(crowd.faces)):
        place = PORTRAIT * number + 8, PORTRAIT - 34
        pen.text(place, str(number), font=ImageFont.load_default(28), fill="white", stroke_width=3, stroke_fill="black")
    with written_whole(Path(path)) as part:
        page.save(part)
    count = "1 face" if len(crowd.faces) == 1 else f"{len(crowd.faces)} faces"
    print(f"Wrote {path}: {count} at {crowd.time:.2f} s, numbered from 0.")
    return 0
