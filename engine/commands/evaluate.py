"""`evaluate`: measures the performance model."""

import argparse
from pathlib import Path
from typing import Any

from engine.errors import FaceMimicError
from engine.paths import weights_folder


def add(commands: Any) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        "evaluate",
        help="measure the performance model",
        description="Measures the performance model and writes a page with tables and pictures, and figures.json.",
    )
    parser.add_argument("--weights", metavar="FILE", help="default: the engine's own")
    parser.add_argument("--out", metavar="FOLDER", default="out/evaluation", help="default %(default)s")
    parser.add_argument("--take", metavar="FILE", help="a real take of Live Link Face (.csv), to compare with")
    parser.add_argument("--quick", action="store_true", help="few samples: a look that decides nothing")
    parser.add_argument("--only", metavar="NAMES", help='questions, such as "recognised,alive"; default all')
    parser.add_argument(
        "--compare", metavar="NAME=FILE", action="append", default=[], help="other weights beside these; repeatable"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measures and writes the page."""
    from engine.evaluate.evaluate import evaluate

    compared = {}
    for text in args.compare:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise FaceMimicError(
                f"“{text}” is not a name and a file, such as no_captures=runs/a/performance.safetensors."
            )
        compared[name] = Path(path)
    written = evaluate(
        Path(args.weights) if args.weights else weights_folder() / "performance.safetensors",
        Path(args.out),
        take=Path(args.take) if args.take else None,
        only=tuple(name.strip() for name in args.only.split(",")) if args.only else (),
        quick=args.quick,
        compared=compared,
        say=lambda line: print(line, flush=True),
    )
    print(f"Wrote {written}.")
    return 0
