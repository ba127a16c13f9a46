"""The command line. Exit codes: 0 done, 1 a problem told in one sentence on stderr, 2 wrong usage, 130 Ctrl-C."""

import argparse
import io
import os
import sys
from collections.abc import Sequence

from engine import __version__
from engine.commands import add_take, convert, download_landmarker, evaluate, generate, info, train, video, worker
from engine.errors import FaceMimicError
from engine.loading import missing_package

COMMANDS = (generate, video, convert, add_take, info, download_landmarker, worker, train, evaluate)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code; argparse itself exits with 2 on wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file's name may hold letters that this terminal cannot show.
            stream.reconfigure(errors="backslashreplace")
    args = _parser().parse_args(argv)
    try:
        return args.run(args)
    except FaceMimicError as error:
        return _told(error)
    except ModuleNotFoundError as error:
        told = missing_package(error)
        if told is error:
            raise
        return _told(told)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _told(error: Exception) -> int:
    print(f"Error: {error}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine",
        description="FaceMimic's engine: facial performances from emotions, videos and recorded takes. Offline.",
    )
    parser.add_argument("--version", action="version", version=f"FaceMimic engine {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return parser
