"""Where the engine finds its weights and models, and where a person's own copies lie."""

import os
import sys
from pathlib import Path

WEIGHTS_VARIABLE = "FACEMIMIC_WEIGHTS"
MODELS_VARIABLE = "FACEMIMIC_MODELS"
CACHE_VARIABLE = "FACEMIMIC_CACHE"


def weights_folder() -> Path:
    """The folder of the trained weights: $FACEMIMIC_WEIGHTS, else `weights` beside the engine's package."""
    given = os.environ.get(WEIGHTS_VARIABLE)
    return Path(given) if given else Path(__file__).resolve().parent.parent / "weights"


def data_folder() -> Path:
    """This person's folder for the engine's files, as their system keeps such folders. It need not exist yet."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "FaceMimic"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "FaceMimic"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "facemimic"


def cache_folder() -> Path:
    """This person's folder for what can be made again: $FACEMIMIC_CACHE, else where their system keeps such files."""
    if given := os.environ.get(CACHE_VARIABLE):
        return Path(given)
    home = Path.home()
    if sys.platform == "win32":
        return data_folder() / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "FaceMimic"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "facemimic"


def models_folder() -> Path:
    """This person's folder for models that FaceMimic may not ship, such as the face landmarker."""
    return data_folder() / "models"


def models_folders() -> tuple[Path, ...]:
    """Folders in which a model is looked for, first one first: $FACEMIMIC_MODELS, then the person's own."""
    given = os.environ.get(MODELS_VARIABLE)
    return (Path(given), models_folder()) if given else (models_folder(),)


def rig_folder() -> Path:
    """The add-on's folder of naming schemes, which are data for both: in its extension, or in the add-on beside us.

    It need not exist where only the engine was installed.
    """
    beside = Path(__file__).resolve().parent.parent
    extension = beside / "rig"
    return extension if extension.is_dir() else beside / "blender_addon" / "rig"
