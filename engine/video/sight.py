"""What the picture shows of each part of the face: colours at the landmarks, and how much fine detail there is."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from engine.channels import CHANNELS
from engine.video.footage import opencv

LANDMARKS = 478
WIDTH = 160
"""Pixels to which a face is scaled before it is measured, so that near and far faces compare."""
FINE, COARSE = 1.2, 4.0
"""Standard deviations in pixels between which detail counts as fine, and as coarse."""


@dataclass(frozen=True)
class Region:
    """A part of the face: its landmarks, and the columns of the channels that it shows."""

    name: str
    landmarks: np.ndarray
    channels: tuple[int, ...]


@cache
def regions() -> tuple[Region, ...]:
    """The parts of the face that are judged apart; every channel but the head's belongs to one."""
    table = tomllib.loads(Path(__file__).with_name("regions.toml").read_text("utf-8"))
    return tuple(
        Region(
            name,
            np.array(row["landmarks"]),
            tuple(i for i, channel in enumerate(CHANNELS) if channel.startswith(tuple(row["channels"]))),
        )
        for name, row in table.items()
    )


def look(pixels: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colours at the landmarks, uint8 (478, 3) RGB, and the sharpness of each region, float32 (regions,).

    pixels: RGB uint8 (height, width, 3). landmarks: (478, 2 or more), 0..1 across and down the picture.
    Sharpness is fine detail as a share of coarse detail: about 0.3 in a crisp close face, 0.1 in a blurred one.
    """
    cv2 = opencv()
    height, width = pixels.shape[:2]
    points = landmarks[:, :2] * (width, height)
    low = np.clip(np.floor(points.min(0)) - 2, 0, (width - 2, height - 2)).astype(int)
    high = np.maximum(np.clip(np.ceil(points.max(0)) + 3, 0, (width, height)).astype(int), low + 2)
    scale = WIDTH / float(high[0] - low[0])
    size = WIDTH, max(2, round(float(high[1] - low[1]) * scale))
    face = pixels[low[1] : high[1], low[0] : high[0]]
    # Means over whole pixels first, then the rest: the same in one step takes six times as long.
    whole = int(1 / scale)
    if whole > 1:
        halved = face.shape[1] // whole, max(1, face.shape[0] // whole)
        face = cv2.resize(face, halved, interpolation=cv2.INTER_AREA)
    face = cv2.resize(face, size, interpolation=cv2.INTER_LINEAR)
    across, down = np.clip(np.rint((points - low) * scale).astype(int), 0, (size[0] - 1, size[1] - 1)).T
    soft = cv2.GaussianBlur(face, (0, 0), FINE)
    grey, smooth = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (face, soft))
    fine = cv2.blur(cv2.absdiff(grey, smooth), (9, 9))
    coarse = cv2.blur(cv2.absdiff(smooth, cv2.GaussianBlur(smooth, (0, 0), COARSE)), (9, 9))
    shares = _shares()
    return soft[down, across], (shares @ fine[down, across]) / (0.5 + shares @ coarse[down, across])


@cache
def _shares() -> np.ndarray:
    """float32 (regions, 478): weights that take each region's mean over the landmarks."""
    table = np.zeros((len(regions()), LANDMARKS), np.float32)
    for row, part in zip(table, regions(), strict=True):
        row[part.landmarks] = 1 / len(part.landmarks)
    return table
