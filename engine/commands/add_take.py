"""`add-take`: a take added to an avatar's file."""

import argparse
import sys
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        "add-take",
        help="takes added to a .vrm or .glb avatar",
        description="Adds each performance as one more animation to an avatar's file; all else in it stays as it is.",
    )
    parser.add_argument("avatar", metavar="AVATAR", help="the .vrm or .glb to read")
    parser.add_argument("takes", metavar="TAKE", nargs="+", help="takes of any format that convert reads")
    parser.add_argument("--out", metavar="NEW", help="the .vrm or .glb to write")
    parser.add_argument("--name", help="the animation's name, for one take; default the file name of each")
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
    from engine.avatars.add_take import add_takes, checked_target
    from engine.avatars.mapping import read_mapping
    from engine.takes.formats import read_take

    if not args.out and not args.overwrite:
        args.parser.error("give --out NEW, or --overwrite to write into AVATAR itself")
    if args.name and len(args.takes) > 1:
        args.parser.error("--name is for one take; several are named after their files")
    target = checked_target(args.avatar, args.out or args.avatar, args.overwrite)
    corrections = read_mapping(args.mapping) if args.mapping else None
    takes = [read_take(path) for path in args.takes]
    names = [args.name or Path(path).stem for path in args.takes]
    made = add_takes(
        args.avatar,
        [(take.clip, name) for take, name in zip(takes, names, strict=True)],
        target,
        overwrite=args.overwrite,
        with_provenance=not args.no_provenance,
        approximate=not args.no_approximation,
        corrections=corrections,
        replace=args.replace,
    )
    for one in made:
        print(f"Wrote {one.path}: “{one.animation}”, {one.seconds:.2f} s on {one.targets} morph targets.")
    notes = [note for take, one in zip(takes, made, strict=True) for note in (*take.notes, *one.notes, *one.remarks)]
    for note in dict.fromkeys(notes):
        print(f"Note: {note}", file=sys.stderr)
    return 0
