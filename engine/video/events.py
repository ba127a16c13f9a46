"""What happens in a performance, as an animator would mark it: blinks, open mouths, lips that meet, smiles."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.channels import INDEX

SHUT, OPENING = 0.6, 0.45
"""Closure of both eyes' mean: a blink is one that reaches the first; it lasts while it is above the second, so that a
reading which wavers does not make two of one."""
LONGEST_BLINK = 0.6
"""Seconds; eyes that are shut for longer are closed, not blinking."""
PARTED, MET = 0.05, 0.022
"""Distance of the lips' inner edges as a share of that between the eyes' outer corners: above, the mouth is open;
below, the lips have met. On sealed lips the landmarks keep up to 0.02 apart, in a sealed grin 0.045; parted lips
reach 0.08."""
SMILING, RISEN = 0.25, 0.15
"""A smile is one that reaches the first; it lasts while it is above the second, which resting faces may read."""
BEGUN, BEFORE = 0.2, 1.0
"""A smile begins with this share of its way up, from where it was lowest within so many seconds before."""
TOGETHER = 0.3
"""Seconds within which both corners of the mouth begin one smile."""
_UPPER, _LOWER, _RIGHT, _LEFT = 13, 14, 33, 263


@dataclass(frozen=True)
class Events:
    """Frames of the footage. blinks, mouth_open: [first, last] with shut eyes, with parted lips. closures: the first
    frame in which the lips have met again. smiles: the frame in which one begins."""

    blinks: list[tuple[int, int]]
    mouth_open: list[tuple[int, int]]
    closures: list[int]
    smiles: list[int]


def find_events(times: np.ndarray, values: np.ndarray, gap: np.ndarray) -> Events:
    """times: seconds (frames,). values: (frames, 52 or more), calibrated. gap: (frames,) as from `lip_gap`."""
    lids = values[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]].mean(1)
    smiles = [_beginnings(times, values[:, INDEX[side]]) for side in ("mouthSmileLeft", "mouthSmileRight")]
    shut = [run for run in hysteresis(lids, SHUT, OPENING) if times[run[1]] - times[run[0]] <= LONGEST_BLINK]
    mouth_open = hysteresis(np.nan_to_num(gap), PARTED, MET)
    closures = [last + 1 for _, last in mouth_open if last + 1 < len(gap) and np.isfinite(gap[last + 1])]
    begun = sorted(first for side in smiles for first in side)
    apart = [b for a, b in pairwise([None, *begun]) if b is not None and (a is None or times[b] - times[a] > TOGETHER)]
    return Events(shut, mouth_open, closures, apart)


def _beginnings(times: np.ndarray, curve: np.ndarray) -> list[int]:
    """Frames in which a corner of the mouth (frames,) begins to rise into a smile; none where the footage begins with
    it."""
    frames = []
    for first, last in hysteresis(curve, SMILING, RISEN):
        frame = first + int(np.argmax(curve[first : last + 1] >= SMILING))
        lowest = curve[np.searchsorted(times, times[frame] - BEFORE) : frame + 1].min()
        begun = lowest + BEGUN * (curve[frame : last + 1].max() - lowest)
        while curve[frame] < begun:
            frame += 1
        while frame and curve[frame - 1] >= begun:
            frame -= 1
        if frame:
            frames.append(frame)
    return frames


def lip_gap(landmarks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """How far the lips are apart, (frames,), as a share of the distance between the eyes' outer corners."""
    points = landmarks[:, [_UPPER, _LOWER, _RIGHT, _LEFT]] * np.array([size[0], size[1], size[0]])
    across = np.linalg.norm(points[:, 2] - points[:, 3], axis=1)
    # Depth is the least certain of the three and would never let the lips meet.
    return np.linalg.norm((points[:, 0] - points[:, 1])[:, :2], axis=1) / across


def runs(chosen: np.ndarray) -> list[tuple[int, int]]:
    """[first, last] frames of the runs of chosen frames; chosen: bool (frames,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(int), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def spans(times: np.ndarray, chosen: np.ndarray, most: int = 50) -> list[list[float]]:
    """[first, last] seconds of the runs of chosen frames, at most `most` of them."""
    return [[round(float(times[a]), 3), round(float(times[b]), 3)] for a, b in runs(chosen)][:most]


def hysteresis(curve: np.ndarray, high: float, low: float) -> list[tuple[int, int]]:
    """Runs above `low` that reach `high` somewhere."""
    return [run for run in runs(curve >= low) if curve[run[0] : run[1] + 1].max() >= high]
