"""MediaPipe and its face landmarker bundle: where that is found, and how it is fetched when someone asks for it."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.errors import FaceMimicError
from engine.files import written_whole
from engine.paths import MODELS_VARIABLE, models_folder, models_folders

NAME = "face_landmarker.task"
ADDRESS = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
)
SIZE = 3_758_596
SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"

_CHUNK = 1 << 16


def find_landmarker(given: str | Path | None = None) -> Path:
    """The bundle's path: the one given, else the first copy in `models_folders()`.

    Copies in those folders must be the official one, byte for byte; a given path is taken as it is.
    Raises FaceMimicError (kind "video") that says what to get from where.
    """
    if given is not None:
        path = Path(given)
        if not path.is_file():
            raise FaceMimicError(f"There is no face landmarker at {path}.", "video")
        return path
    for folder in models_folders():
        path = folder / NAME
        if path.is_file():
            if file_sha256(path) != SHA256:
                raise FaceMimicError(
                    f"{path} is damaged or another version: its sha256 is not {SHA256}. Delete it and run"
                    f" “python -m engine download-landmarker”, or copy {ADDRESS} there.",
                    "video",
                )
            return path
    raise FaceMimicError(
        f"Video needs MediaPipe's {NAME}, which is not installed. Run “python -m engine download-landmarker”, or"
        f" copy {ADDRESS} (sha256 {SHA256}) into {models_folder()} or the folder that {MODELS_VARIABLE} names.",
        "video",
    )


def download_landmarker(
    progress: Callable[[float], None] | None = None, *, address: str = ADDRESS, sha256: str = SHA256
) -> Path:
    """Fetches the bundle into this person's models folder and returns its path; only ever called when asked for.

    Raises FaceMimicError (kind "video") when the address cannot be reached or sends something else.
    """
    if not address.startswith(("https://", "http://127.0.0.1:")):
        raise FaceMimicError(f"The face landmarker is fetched over https only, not from {address}.", "video")
    folder = models_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FaceMimicError(f"Cannot make the folder {folder}: {error.strerror}.", "file") from error
    path = folder / NAME
    digest, size = hashlib.sha256(), 0
    with written_whole(path) as part:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer, part.open("wb") as file:  # noqa: S310
                while chunk := answer.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    if size > 2 * SIZE:
                        break
                    file.write(chunk)
                    if progress:
                        progress(min(1.0, size / SIZE))
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise FaceMimicError(
                f"Cannot download {address}: {reason}. Copy the file by hand into {folder}.", "video"
            ) from error
        if digest.hexdigest() != sha256:
            raise FaceMimicError(
                f"{address} sent something else than the face landmarker (its sha256 is not {sha256});"
                " nothing was kept.",
                "video",
            )
    return path


def file_sha256(path: Path) -> str:
    """The file's sha256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def tracking_library() -> Any:
    """The module mediapipe. Raises FaceMimicError (kind "video") where it is not installed."""
    # In a thread of its own: where it finds no sound library it keeps that exception, with the frames of whoever was
    # importing it and all that those hold, which would be the first capture's rows.
    with ThreadPoolExecutor(1) as own:
        try:
            return own.submit(import_module, "mediapipe").result()
        except ImportError as error:
            raise FaceMimicError(
                "Finding faces needs MediaPipe. Install it into the engine's Python:"
                " pip install “mediapipe>=1.2,<1.3”.",
                "video",
            ) from error
