"""What shapes do to a mesh, measured on the mesh itself, and what that says about their looks.

A name is a promise: a "joy" may close the eyes, a "u" may be drawn as a smile, and brows may hide behind a name that no
scheme knows. Blinks and vowels, which have reliable names, show where the eyes and the mouth are; from there on, what
the other shapes move is measured in the face's own directions and sizes, whichever way the mesh faces.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.channels import INDEX, SHAPES
from engine.retarget.mouths import MOUTH, see_mouths
from engine.retarget.seen import both_sides

LIDS: Final = tuple(i for i, name in enumerate(SHAPES) if name.startswith(("eyeBlink", "eyeWide", "eyeSquint")))
GAZE: Final = tuple(i for i, name in enumerate(SHAPES) if name.startswith("eyeLook"))
BROWS: Final = tuple(i for i, name in enumerate(SHAPES) if name.startswith("brow"))

_BLINKS: Final = tuple(INDEX[name] for name in both_sides("eyeBlink"))
_SURE: Final = 0.8
"""A look that a shape must have of a channel, to show where that channel's part of the face is."""
_CLEARLY: Final = 0.25
"""Share of a shape's largest displacement from which a vertex counts as moved."""
_TRACE: Final = 0.1
_FULL_BROW: Final = 0.12
"""How far a brow goes at 1, in distances between the eyes: about 7 mm of 63 mm."""


@dataclass(frozen=True)
class Moved:
    """What a mesh's shapes move. points: (V, 3) at rest, in any units and directions; moved: by shape's name (V, 3)."""

    points: np.ndarray
    moved: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class _Face:
    """Where a mesh's eyes are. Axes: unit vectors along its width and up; middle: between the eyes."""

    across: np.ndarray
    up: np.ndarray
    middle: np.ndarray
    eyes_apart: float
    blinks: Mapping[int, np.ndarray]


def seen_looks(mesh: Moved, looks: Mapping[str, np.ndarray], doubted: Collection[str]) -> dict[str, np.ndarray]:
    """The looks, float64 (52,) by shape's name, corrected by what the shapes move, and those of unnamed brows.

    looks: what the names say. doubted: the names that are corrected, which a whole mouth or face has; one movement's
    is trusted. Shapes that move nothing here, and meshes without a blink to measure by, keep what their names say.
    """
    face = _face(mesh, looks)
    found = {name: look.copy() for name, look in looks.items()}
    if face is None:
        return found
    for name, delta in mesh.moved.items():
        size = np.linalg.norm(delta, axis=1)
        if not size.max(initial=0.0) > 0:
            continue
        if name not in looks:
            brows = _brows(face, mesh.points, delta)
            if brows is not None:
                found[name] = brows
        elif name in doubted:
            _see_lids(found[name], face, delta)
    see_mouths(found, doubted, mesh.points, mesh.moved, face.across, face.up, face.eyes_apart)
    return found


def _face(mesh: Moved, looks: Mapping[str, np.ndarray]) -> _Face | None:
    blinks: dict[int, np.ndarray] = {}
    for side in _BLINKS:
        shown = [(look.sum(), name) for name, look in looks.items() if look[side] >= _SURE and name in mesh.moved]
        if shown:
            blinks[side] = mesh.moved[min(shown)[1]]
    if not blinks:
        return None
    drop = np.sum(list(blinks.values()), axis=0)
    weight = np.linalg.norm(drop, axis=1)
    lids = weight > _CLEARLY * weight.max(initial=0.0)
    if lids.sum() < 4:
        return None
    middle = np.average(mesh.points[lids], axis=0, weights=weight[lids])
    spread = mesh.points[lids] - middle
    across = np.linalg.svd(spread * weight[lids, None], full_matrices=False)[2][0]
    up = -(drop.sum(axis=0) - (drop.sum(axis=0) @ across) * across)
    if not np.linalg.norm(up) > 0:
        return None
    mouth = np.zeros(len(mesh.points))
    for name, look in looks.items():
        if name in mesh.moved and look[list(MOUTH)].sum() > 0.9 * look.sum() > 0:
            size = np.linalg.norm(mesh.moved[name], axis=1)
            if size.max(initial=0.0) > 0:
                mouth = np.maximum(mouth, size / size.max())
    place = mesh.points - middle
    eyes_apart = 2 * float(np.average(np.abs(spread @ across), weights=weight[lids]))
    if not eyes_apart > 0:
        return None
    if mouth.any():
        centre = np.average(place, axis=0, weights=mouth)
        rise = -(centre - (centre @ across) * across)
        up = rise if np.linalg.norm(rise) > 0 else up
    return _Face(across, up / np.linalg.norm(up), middle, eyes_apart, blinks)


def _see_lids(look: np.ndarray, face: _Face, delta: np.ndarray) -> None:
    """How much of the mesh's own blink is in the shape."""
    for side, blink in face.blinks.items():
        share = float((delta * blink).sum() / (blink * blink).sum())
        wide = INDEX[SHAPES[side].replace("Blink", "Wide")]
        look[side] = min(share, 1.0) if share > _TRACE else 0.0
        look[wide] = min(-2 * share, 1.0) if share < -_TRACE / 2 else 0.0


def _brows(face: _Face, points: np.ndarray, delta: np.ndarray) -> np.ndarray | None:
    """The look of a shape that moves nothing but brows, else None."""
    size = np.linalg.norm(delta, axis=1)
    moved = size > _CLEARLY * size.max()
    place = points[moved] - face.middle
    height = place @ face.up / face.eyes_apart
    aside = np.abs(place @ face.across) / (face.eyes_apart / 2)
    if not (height.min() > 0.1 and height.max() < 0.9 and aside.max() < 2.2):
        return None
    rise = delta[moved] @ face.up / (face.eyes_apart * _FULL_BROW)
    if not ((aside < 1).any() and (aside >= 1).any()):
        return None
    inner, outer = float(rise[aside < 1].mean()), float(rise[aside >= 1].mean())
    look = np.zeros(len(SHAPES))
    # Brows that slant without rising: the inner ends tell anger from grief, and the outer ends only follow.
    if inner < 0:
        look[[INDEX[name] for name in both_sides("browDown")]] = min(1.0, -inner)
    else:
        look[INDEX["browInnerUp"]] = min(1.0, inner)
        look[[INDEX[name] for name in both_sides("browOuterUp")]] = min(1.0, max(0.0, outer))
    return look if look.max() > _TRACE else None
