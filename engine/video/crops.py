"""Small grey pictures of both eyes, the mouth and the whole face, turned to the front: what landmarks do not follow.

All crops of a face lie behind each other in one row of bytes, in the order of `CROPS`.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from engine.video.footage import opencv

_RIGHT_EYE, _LEFT_EYE = (33, 133), (263, 362)
_LIPS = (61, 291, 0, 17)
_NOSE = 2
_FINE = 65.0
"""Pixels between the eyes' middles in the sharpest crops; larger pictures are shrunk to about this first."""
_NARROWEST = 0.3
"""Least share of the eyes' distance that is taken to be seen, in profile."""


@dataclass(frozen=True)
class Crop:
    """kind: what it shows; crops of a kind are looked at alike. width, height: pixels. reach: its width in distances
    between the eyes' middles. lift: how far its middle is above the landmarks' mean, in the same unit. flipped: left
    and right are exchanged, so that both eyes look alike.
    """

    kind: str
    landmarks: tuple[int, ...]
    width: int
    height: int
    reach: float
    lift: float = 0.0
    flipped: bool = False


CROPS = (  # the left eye comes first
    Crop("eye", _LEFT_EYE, 64, 48, 1.0, 0.12),
    Crop("eye", _RIGHT_EYE, 64, 48, 1.0, 0.12, flipped=True),
    Crop("mouth", _LIPS, 88, 64, 1.35),
    Crop("face", (*_RIGHT_EYE, *_LEFT_EYE, _NOSE, _NOSE), 64, 64, 2.5, -0.15),
)
BYTES = sum(one.width * one.height for one in CROPS)
"""Of one face's crops."""


def face_crops(
    pixels: np.ndarray, landmarks: np.ndarray, pose: np.ndarray, loose: np.ndarray | None = None
) -> np.ndarray:
    """The crops of one face, uint8 (BYTES,).

    pixels: RGB uint8 (height, width, 3). landmarks: (478, 2 or more), 0..1 across and down the picture. pose: (4, 4)
    facial transformation matrix; its rotation turns the crops to the front.
    """
    cv2 = opencv()
    height, width = pixels.shape[:2]
    maps = crop_maps(landmarks, pose, (width, height))
    # Pixels between the eyes' middles, as their crops see them.
    unit = max(float(np.hypot(*maps[0, :, 1])) * CROPS[0].width / CROPS[0].reach, 1.0)
    around = landmarks[:, :2].mean(0) * (width, height)
    low = np.clip(np.floor(around - 2.2 * unit), 0, (width - 2, height - 2)).astype(int)
    high = np.clip(np.ceil(around + 2.2 * unit), low + 2, (width, height)).astype(int)
    grey = cv2.cvtColor(pixels[low[1] : high[1], low[0] : high[0]], cv2.COLOR_RGB2GRAY)
    sharp, shares = _shrunk(grey, min(1.0, _FINE / unit))
    soft, further = _shrunk(sharp, min(1.0, 0.5 * _FINE / (unit * float(shares[0]))))
    maps[:, :, 2] -= low
    made = np.empty(BYTES, np.uint8)
    for crop, matrix, part in zip(CROPS, maps, parted(made), strict=True):
        fine = crop.width / crop.reach > 0.75 * _FINE
        picture, factor = (sharp, shares) if fine else (soft, shares * further)
        matrix *= factor[:, None]
        matrix[:, 2] -= 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(
            picture, matrix, (crop.width, crop.height), dst=part, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
    return made


def parted(rows: Any) -> list[Any]:
    """Each crop's pictures, (…, height, width), of rows (…, BYTES); arrays or tensors."""
    parts, first = [], 0
    for crop in CROPS:
        last = first + crop.width * crop.height
        parts.append(rows[..., first:last].reshape(*rows.shape[:-1], crop.height, crop.width))
        first = last
    return parts


def crop_maps(landmarks: np.ndarray, pose: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """Where each crop lies in the picture: (crops, 2, 3), whose columns are a crop's pixel to the right, one down, and
    the middle of its first pixel, in pixels of a picture of that width and height; the others as in `face_crops`."""
    points, shares, widths, heights, reach, lift, sides = _table()
    # The eyes' middles come first.
    middles = shares @ landmarks[points, :2] * size
    turn = pose[:3, :3] / np.cbrt(max(float(np.linalg.det(pose[:3, :3])), 1e-9))
    right, up = turn[:2, 0] * (1, -1), turn[:2, 1] * (1, -1)
    across = float(np.hypot(*(middles[0] - middles[1])))
    unit = max(across / max(float(np.hypot(*right)), _NARROWEST), 1e-3 * size[0])
    fine = unit * reach / widths
    a, b = fine * sides * right, fine * up
    first = middles[2:] + unit * lift * up - a * (widths - 1) / 2 + b * (heights - 1) / 2
    return np.stack([a, -b, first], 2)


@cache
def _table() -> tuple[np.ndarray, ...]:
    """Of the eyes' middles and of `CROPS`: the landmarks that matter, and each one's share of them. Of `CROPS`, as
    columns: width, height, reach, lift, and -1 for those that are flipped."""
    kinds = [_LEFT_EYE, _RIGHT_EYE, *(crop.landmarks for crop in CROPS)]
    points = sorted({point for kind in kinds for point in kind})
    shares = np.array([[kind.count(point) / len(kind) for point in points] for kind in kinds])
    columns = [(one.width, one.height, one.reach, one.lift, -1 if one.flipped else 1) for one in CROPS]
    return np.array(points), shares, *np.array(columns, float).T[..., None]


def _shrunk(grey: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture at about that share of its size, and the exact shares across and down."""
    height, width = grey.shape
    size = max(2, round(width * share)), max(2, round(height * share))
    if size == (width, height):
        return grey, np.ones(2)
    small = opencv().resize(grey, size, interpolation=opencv().INTER_AREA)
    return small, np.array([size[0] / width, size[1] / height])
