"""What this engine is made of: versions, devices, weights and the face landmarker."""

import importlib.util
import platform
import sys
from importlib import metadata
from typing import Any

from engine import __version__, protocol
from engine.errors import FaceMimicError
from engine.paths import weights_folder
from engine.video.landmarker import file_sha256, find_landmarker

PACKAGES = ("numpy", "scipy", "torch", "safetensors", "mediapipe")


def engine_info() -> dict[str, Any]:
    """JSON-ready facts. Nothing that is missing is an error here: its place says what to do about it."""
    return {
        "engine": __version__,
        "protocol": protocol.VERSION,
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "devices": _devices(),
        "weights": _weights(),
        "landmarker": _landmarker(),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _devices() -> list[str]:
    """Devices that a generate can run on, the one that "auto" picks first; empty without torch."""
    if importlib.util.find_spec("torch") is None:
        return []
    import torch

    devices = ["cpu"]
    if torch.backends.mps.is_available():
        devices.insert(0, "mps")
    if torch.cuda.is_available():
        devices.insert(0, "cuda")
    return devices


def _weights() -> dict[str, Any]:
    folder = weights_folder()
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    return {"folder": str(folder), "sha256": {file.name: file_sha256(file) for file in files}}


def _landmarker() -> dict[str, Any]:
    try:
        path = find_landmarker()
    except FaceMimicError as error:
        return {"path": None, "problem": str(error)}
    return {"path": str(path), "sha256": file_sha256(path)}
