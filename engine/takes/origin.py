"""A small file beside a take that a machine made, in formats that have no place to say so.

Other programs read a Live Link Face .csv or a Face Cap .txt column by column; a comment or a further column would make
them refuse it. So take.csv is accompanied by take.csv.provenance.json, which is read again with the take.
"""

import json
from pathlib import Path
from typing import Any, Final

from engine.files import written_whole
from engine.provenance import MARK, about, machine_made

SUFFIX: Final = ".provenance.json"


def beside(path: Path) -> Path:
    """Where the file about a take lies."""
    return path.with_name(path.name + SUFFIX)


def write(path: Path, facts: dict[str, Any]) -> bool:
    """Writes what `facts` say about the take at `path` where a machine made it, else removes what an earlier take left.

    Returns whether such a file is there now. Raises FaceMimicError (kind "file") when it cannot be written.
    """
    target = beside(path)
    if not machine_made(facts):
        if read(path):
            target.unlink(missing_ok=True)
        return False
    with written_whole(target) as part:
        part.write_text(json.dumps({MARK: about(facts)}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return True


def read(path: Path) -> dict[str, Any]:
    """What is said about the take at `path`; empty when there is nothing, or nothing of ours."""
    try:
        told = json.loads(beside(path).read_text("utf-8"))[MARK]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return told if isinstance(told, dict) else {}
