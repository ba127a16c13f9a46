"""The add-on's data about rigs, which the engine reads as well: one file for both, so that both know the same."""

import tomllib
from functools import cache
from typing import Any

from engine.errors import FaceMimicError
from engine.paths import rig_folder


@cache
def rig_data(name: str) -> dict[str, Any]:
    """A TOML file of the rig room. Raises FaceMimicError (kind "file") where the add-on's folder is missing."""
    path = rig_folder() / name
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise FaceMimicError(f"The naming scheme {path} is missing. Install FaceMimic again.", "file") from error


def scheme_data() -> list[dict[str, Any]]:
    """Every naming scheme's file, ARKit's first. Raises FaceMimicError as rig_data does."""
    names = {"arkit.toml", *(path.name for path in (rig_folder() / "schemes").glob("*.toml"))}
    return [rig_data(f"schemes/{name}") for name in sorted(names, key=_arkit_first)]


def _arkit_first(name: str) -> tuple[bool, str]:
    return name != "arkit.toml", name
