"""`info`: versions, devices, weights, and whether the face landmarker is there."""

import argparse
import json
from typing import Any

from engine.info import engine_info


def add(commands: Any) -> None:
    """Declares the command."""
    parser = commands.add_parser("info", help="versions, devices, weights and their hashes")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the facts."""
    facts = engine_info()
    if args.json:
        print(json.dumps(facts, indent=2))
        return 0
    print(f"FaceMimic engine {facts['engine']}, protocol {facts['protocol']}")
    print(f"Python           {facts['python']} ({facts['executable']})")
    print(f"System           {facts['system']}")
    for name, version in facts["packages"].items():
        print(f"{name:16} {version or 'not installed'}")
    print(f"Devices          {', '.join(facts['devices']) or 'none: torch is not installed'}")
    weights = facts["weights"]
    if not weights["sha256"]:
        print(f"Weights          none in {weights['folder']}")
    for name, digest in weights["sha256"].items():
        print(f"Weights          {name} sha256 {digest}")
    landmarker = facts["landmarker"]
    print(f"Landmarker       {landmarker['path'] or 'missing. ' + landmarker['problem']}")
    return 0
