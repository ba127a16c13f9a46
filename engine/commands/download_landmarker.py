"""`download-landmarker`: fetches MediaPipe's face landmarker, the only thing the engine ever downloads."""

import argparse
from typing import Any

from engine.commands.terminal import Progress
from engine.video.landmarker import ADDRESS, download_landmarker


def add(commands: Any) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        "download-landmarker",
        help="fetch the model that reading videos needs",
        description=f"Fetches {ADDRESS} (3.8 MB, Apache-2.0, Google) and checks its hash.",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Fetches it and prints its place."""
    with Progress("Downloading") as progress:
        path = download_landmarker(progress)
    print(f"Wrote {path}.")
    return 0
