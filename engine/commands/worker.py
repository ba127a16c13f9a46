"""`worker`: answers the add-on on stdin and stdout."""

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Declares the command."""
    parser = commands.add_parser("worker", help="answer another program on stdin and stdout (see engine/worker.py)")
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Works until stdin ends."""
    from engine.worker import serve

    return serve(args.inner)
