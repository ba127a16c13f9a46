"""`add-take`: a take added to an avatar's file."""

import argparse
import sys
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        "add-take",
        help="a take added to a .vrm or .glb avatar",
        description="Adds the performance as one more animation to an avatar's file; all else in it stays as it is.",
    )
    parser.add_argument("avatar", metavar="AVATAR", help="the .vrm or .glb to read")
    parser.add_argument("take", metavar="TAKE", help="a take of any format that convert reads")
    parser.add_argument("--out", metavar="NEW", help="the .vrm or .glb to write")
    parser.add_argument("--name", help="the animation's name, default the take's file name")
    parser.add_argument("--mapping", metavar="FILE", help="corrections of the mapping, a .toml saved by the add-on")
    parser.add_argument("--overwrite", action="store_true", help="the avatar may be the file that is written")
    parser.add_argument("--replace", action="store_true", help="take the place of the animation of the same name")
    parser.add_argument("--no-provenance", action="store_true", help="do not write where the performance comes from")
    parser.add_argument(
        "--no-approximation", action="store_true", help="leave out channels that the avatar has no shape for"
    )
    parser.set_defaults(run=run, parser=parser)


def run(args: argparse.Namespace) -> int:
    """Reads the avatar and the take and writes the new avatar."""
    from engine.avatars.add_take import add_take, checked_target
    from engine.avatars.mapping import read_mapping
    from engine.takes.formats import read_take

    if not args.out and not args.overwrite:
        args.parser.error("give --out NEW, or --overwrite to write into AVATAR itself")
    target = checked_target(args.avatar, args.out or args.avatar, args.overwrite)
    corrections = read_mapping(args.mapping) if args.mapping else None
    take = read_take(args.take)
    name = args.name or Path(args.take).stem
    made = add_take(
        args.avatar,
        take.clip,
        target,
        name,
        overwrite=args.overwrite,
        with_provenance=not args.no_provenance,
        approximate=not args.no_approximation,
        corrections=corrections,
        replace=args.replace,
    )
    print(f"Wrote {made.path}: “{made.animation}”, {made.seconds:.2f} s on {made.targets} morph targets.")
    for note in (*take.notes, *made.notes, *made.remarks):
        print(f"Note: {note}", file=sys.stderr)
    return 0
