"""`train`: reproduces the model's weights."""

import argparse
from typing import Any

from engine.loading import missing_package


def add(commands: Any) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        "train",
        help="reproduce the model's weights",
        description="Trains the performance model from a configuration file, or resumes that run.",
    )
    parser.add_argument("config", metavar="CONFIG", help="such as engine/train/performance.toml")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Trains to the end, with progress on stdout."""
    try:
        from engine.train.train import Recipe, train
    except ModuleNotFoundError as error:
        raise missing_package(error) from error
    print(f"Wrote {train(Recipe.load(args.config), lambda line: print(line, flush=True))}.")
    return 0
