"""`generate`: a performance from emotions."""

import argparse
from dataclasses import asdict, replace
from typing import Any

from engine.commands.terminal import Progress, report
from engine.emotions import emotions
from engine.errors import FaceMimicError
from engine.loading import load_generator
from engine.request import LONGEST, SHORTEST, STYLE_KNOBS, Beat, Request, Style, number
from engine.takes.formats import WRITABLE, check_writable, write_take

DEVICES = ("auto", "cpu", "cuda", "mps")


def add(commands: Any) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        "generate",
        help="a performance from emotions",
        description="Writes a performance of an emotion, or of the beats in a request file.",
        epilog=f"Emotions: {', '.join(emotions())}. Nouns such as joy or anger are understood too.",
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--emotion", help='a name, such as happy, or a mixture: "happy=0.6,surprised=0.4"')
    asked.add_argument("--request", metavar="FILE", help="a request file (.toml or .json) with beats")
    parser.add_argument("--intensity", type=float, help="0..1.2, default 0.8")
    parser.add_argument("--duration", type=float, metavar="S", help="seconds, default 2")
    parser.add_argument("--seed", type=int, help="default 0; another seed, another performance")
    parser.add_argument("--fps", type=float, help="frames per second, default 60")
    parser.add_argument("--style", metavar="KNOBS", help=f'such as "tempo=1.3,gaze=0.5"; of {", ".join(STYLE_KNOBS)}')
    parser.add_argument("--steps", type=int, help="sampling steps, 1..200; fewer are faster")
    parser.add_argument("--guidance", type=float, help="0..8; how strictly it keeps to what is asked")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--out", required=True, metavar="TAKE", help=f"one of {WRITABLE}")
    parser.add_argument("--no-provenance", action="store_true", help="do not write that a machine made it, and how")
    parser.set_defaults(run=run, parser=parser)


def run(args: argparse.Namespace) -> int:
    """Generates and writes the take."""
    if args.request and (args.intensity is not None or args.duration is not None):
        args.parser.error("--intensity and --duration belong to --emotion; a request file says its own.")
    request = _request(args)
    check_writable(args.out)
    with Progress("Performing") as progress:
        clip = load_generator(args.device).generate(request, progress=progress)
    write_take(clip, args.out, with_provenance=not args.no_provenance)
    report(clip, args.out)
    return 0


def _request(args: argparse.Namespace) -> Request:
    if args.request:
        request = Request.load(args.request)
    else:
        # Checked here, for a beat may be shorter than a whole performance, and its limit would be told instead.
        duration = number("Duration (seconds)", 2.0 if args.duration is None else args.duration, SHORTEST, LONGEST)
        intensity = 0.8 if args.intensity is None else args.intensity
        request = Request(beats=(Beat.spanning(args.emotion, intensity, 0.0, duration),), duration=duration)
    asked = {
        name: getattr(args, name) for name in ("seed", "fps", "steps", "guidance") if getattr(args, name) is not None
    }
    if args.style:
        asked["style"] = Style(**{**asdict(request.style), **parse_style(args.style)})
    return replace(request, **asked)


def parse_style(text: str) -> dict[str, float]:
    """Reads "tempo=1.3,gaze=0.5". Raises FaceMimicError for an unknown knob or no number."""
    knobs: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = (side.strip() for side in part.partition("="))
        if name not in STYLE_KNOBS:
            raise FaceMimicError(f"There is no style knob “{name}”. Known are {', '.join(STYLE_KNOBS)}.")
        try:
            knobs[name] = float(value)
        except ValueError:
            raise FaceMimicError(f"“{part.strip()}” is not a style knob and its number, such as tempo=1.3.") from None
    return knobs
