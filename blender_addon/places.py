"""Where things lie: the engine and its weights, its Python, the add-on's own folder on this computer.

The extension's zip carries engine/, weights/ and pyproject.toml inside the add-on's folder; in a checkout they lie
beside it. Both are called the house here.
"""

import os
from pathlib import Path

import bpy

from .messages import AddonError

_HERE = Path(__file__).resolve().parent


def house() -> Path:
    """The folder that holds engine/, weights/ and pyproject.toml. Raises AddonError when it is damaged."""
    for folder in (_HERE, _HERE.parent):
        if (folder / "engine" / "__main__.py").is_file() or (folder / "engine" / "emotions.toml").is_file():
            return folder
    raise AddonError("FaceMimic's engine folder is missing. Install the extension's zip again.")


def user_folder() -> Path:
    """This add-on's own writable folder, which outlives updates of the add-on."""
    try:
        return Path(bpy.utils.extension_path_user(__package__ or "", create=True))
    except ValueError:
        # Only a real extension has such a folder; a checkout on sys.path has not.
        return Path(bpy.utils.user_resource("DATAFILES", path="facemimic", create=True))


def python_in(environment: Path) -> Path:
    """The interpreter of a virtual environment, whether or not it exists."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def engine_environment() -> Path:
    """The virtual environment that Install Engine makes."""
    return user_folder() / "engine-python"


def finished_mark(environment: Path) -> Path:
    """The file that says that an environment's installation ran to its end."""
    return environment / "facemimic-engine.txt"


def default_python() -> Path | None:
    """The engine's Python when the artist names none: the installed engine, else a checkout's .venv."""
    installed = engine_environment()
    if finished_mark(installed).is_file() and python_in(installed).is_file():
        return python_in(installed)
    checkout = python_in(_HERE.parent / ".venv")
    return checkout if checkout.is_file() else None


def log_file(name: str) -> Path:
    """A log in the user's folder; `name` is what writes it."""
    return user_folder() / f"{name}.log"
