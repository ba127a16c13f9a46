"""What the add-on asks of a transfer, read from its message, and the answer."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.channels import SHAPES
from engine.errors import FaceMimicError
from engine.transfer import landmarks, sheet
from engine.transfer.transfer import checked_mesh, find_face, transfer
from engine.video.landmarker import find_landmarker

Stages = Callable[[str], Callable[[float], None]]
Answer = tuple[dict[str, Any], dict[str, np.ndarray]]

_LARGEST_TILE = 512


def transferred(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], stage: Stages) -> Answer:
    """Answers the operation `transfer`; see worker.py. Raises FaceMimicError."""
    points, triangles, colours = _mesh(arrays)
    size = header.get("tile") or 0
    if type(size) is not int or not 0 <= size <= _LARGEST_TILE:
        raise FaceMimicError(f"“tile” must be a number of pixels up to {_LARGEST_TILE}; it is {size!r}.")
    made = transfer(
        points,
        triangles,
        colours,
        landmarks.checked(header.get("landmarks") or {}),
        header.get("symmetric") is True,
        _model(),
        stage("Carrying the shapes over"),
    )
    answer = {"shapes": list(SHAPES), "notes": made.notes, "landmarks": _told(made.landmarks)}
    out = {"vertices": made.vertices.astype(np.float32), "deltas": made.deltas}
    if size:
        drawn = stage("Drawing the contact sheet")
        face = made.turn, made.marks
        out["tiles"] = sheet.tiles(points, triangles, colours, *face, made.vertices, made.deltas, size, drawn)
    return answer, out


def found(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], stage: Stages) -> Answer:
    """Answers the operation `landmarks`: where the named points lie, or, unseen, where they might."""
    points, triangles, colours = _mesh(arrays)
    face = find_face(points, triangles, colours, _model(), stage("Looking for the face"))
    if face is None:
        return {"seen": False, "landmarks": _told(landmarks.guessed(points))}, {}
    return {
        "seen": True,
        "landmarks": _told({name: face.marks[number] for name, number in landmarks.NAMED.items()}),
    }, {}


def _mesh(arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    if "points" not in arrays or "triangles" not in arrays:
        raise FaceMimicError("A mesh needs the arrays points and triangles.")
    points, triangles = checked_mesh(arrays["points"], arrays["triangles"])
    colours = arrays.get("colours")
    if colours is not None and colours.shape != points.shape:
        raise FaceMimicError("The colours do not match the vertices.")
    return points, triangles, None if colours is None else np.nan_to_num(colours.astype(float))


def _model() -> Path | None:
    """MediaPipe's face tracker, which may not be installed: landmarks placed by hand do without."""
    try:
        return find_landmarker()
    except FaceMimicError:
        return None


def _told(points: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    return {name: [float(value) for value in point] for name, point in points.items()}
