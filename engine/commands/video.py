"""`video`: a performance from a video of a face."""

import argparse
from typing import Any

from engine.commands.terminal import Progress, quiet_libraries, report
from engine.takes.formats import WRITABLE, check_writable, write_take


def add(commands: Any) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        "video",
        help="a performance from a video",
        description="Reads a face's performance from a video, with MediaPipe's face landmarker.",
    )
    parser.add_argument("file", metavar="FILE", help="the video")
    parser.add_argument("--out", required=True, metavar="TAKE", help=f"one of {WRITABLE}")
    parser.add_argument("--fps", type=float, help="frames per second of the take, default the video's")
    parser.add_argument("--face", type=int, default=0, help="which face: 0 (default) is the largest at first sight")
    parser.add_argument("--start", type=float, metavar="S", help="seconds into the video")
    parser.add_argument("--end", type=float, metavar="S", help="seconds into the video")
    parser.add_argument("--model", metavar="TASK", help="the face landmarker bundle, if not installed")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Reads the video and writes the take."""
    check_writable(args.out)
    from engine.video.capture import capture

    with Progress("Watching the video") as progress, quiet_libraries():
        clip = capture(
            args.file,
            fps=args.fps,
            face=args.face,
            start=args.start,
            end=args.end,
            model=args.model,
            progress=progress,
        )
    write_take(clip, args.out)
    report(clip, args.out, clip.provenance["notes"])
    return 0
