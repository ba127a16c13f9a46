"""`convert`: a take from one format to another."""

import argparse
from typing import Any

from engine.commands.terminal import report
from engine.takes.formats import convert


def add(commands: Any) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        "convert",
        help="a take from one format to another",
        description="Reads .npz (FaceMimic), .csv (Live Link Face, OpenFace), .txt (Face Cap) and .json (Audio2Face,"
        " MediaPipe). Writes .npz, .csv (Live Link Face), .openface.csv, .txt (Face Cap) and .json (Audio2Face).",
    )
    parser.add_argument("source", metavar="IN", help="the take to read")
    parser.add_argument("target", metavar="OUT", help="the take to write; its ending tells the format")
    parser.add_argument("--fps", type=float, help="frames per second to write, default as it is")
    parser.add_argument("--no-provenance", action="store_true", help="do not write where the performance comes from")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Reads one take and writes the other."""
    take = convert(args.source, args.target, args.fps, with_provenance=not args.no_provenance)
    report(take.clip, args.target, take.notes)
    return 0
