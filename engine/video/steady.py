"""Landmarks without jitter, before they are decoded: smoothed forwards and backwards, each shot by itself."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial.transform import Rotation

from engine.video.clean import ROWS, fill, filled, smoothed
from engine.video.decoder import logits
from engine.video.head import unscaled
from engine.video.track import Track

BLOCK = 8
"""Landmarks that are smoothed at once; all of a long video's would take too much memory."""


@dataclass(frozen=True)
class Seen:
    """What is decoded; rows of lost frames are NaN.

    landmarks: float32 (frames, 478, 3). logits: float32 (frames, 52). poses: float64 (frames, 4, 4). looks: float32
    (frames, ...), what the reader sees in the crops. size: of the pictures, see Track.
    """

    landmarks: np.ndarray
    logits: np.ndarray
    poses: np.ndarray
    looks: np.ndarray
    size: tuple[int, int]

    def rows(self, chosen: np.ndarray | slice) -> "Seen":
        """Those frames only; chosen: bool (frames,), int indices, or a slice, which copies nothing."""
        return Seen(self.landmarks[chosen], self.logits[chosen], self.poses[chosen], self.looks[chosen], self.size)


def as_seen(track: Track, looks: np.ndarray | None = None) -> Seen:
    """The track as it is; looks: (frames, ...), what the reader sees in its crops, if it looks."""
    if looks is None:
        looks = np.zeros((len(track.times), 2, 0), np.float32)
    return Seen(track.landmarks, logits(track.scores), track.poses, looks, track.size)


def steadied(track: Track, looks: np.ndarray | None = None, in_place: bool = False) -> Seen:
    """The same without jitter. Blinks, lips' closures and whatever else leaves its smooth curve keep height and frame.

    in_place: overwrites the track's landmarks and the looks, which a long video's memory has no room for twice. The
    face's place, size and tilt in the picture are smoothed apart from its shape: the landmarker's jitter sits
    mostly in the first, and while the head moves, lids and lips would seem to.
    """
    seen = as_seen(track, looks)
    found, scores, poses = track.found, seen.logits.copy(), seen.poses.copy()
    landmarks, looks = (part if in_place else part.copy() for part in (seen.landmarks, seen.looks))
    looks = looks.reshape(len(found), -1)
    looks[~found] = np.nan
    for first, last in shots(track.times, track.cuts):
        part = slice(first, last)
        if not found[part].any():
            continue
        times = track.times[part]
        _steady(times, landmarks[part], track.size)
        scores[part] = smoothed(times, filled(times, scores[part]))
        for column in range(0, looks.shape[1], 3 * BLOCK):
            block = part, slice(column, column + 3 * BLOCK)
            looks[block] = smoothed(times, filled(times, looks[block]))
        poses[part] = _poses(times, poses[part], found[part])
    for array in (landmarks, scores, poses, looks):
        array[~found] = np.nan
    return Seen(landmarks, scores, poses, looks.reshape(seen.looks.shape), seen.size)


def shots(times: np.ndarray, cuts: list[float]) -> list[tuple[int, int]]:
    """First and last + 1 frame of each stretch between cuts."""
    edges = [0, *(int(np.searchsorted(times, cut - 1e-6)) for cut in cuts), len(times)]
    return [(a, b) for a, b in pairwise(edges) if b > a]


def _steady(times: np.ndarray, landmarks: np.ndarray, size: tuple[int, int]) -> None:
    """Smooths landmarks (frames, 478, 3) in place; rows of NaN are filled."""
    frames, count = landmarks.shape[:2]
    fill(times, landmarks.reshape(frames, -1))
    parts = [slice(first, first + ROWS) for first in range(0, frames, ROWS)]
    middle, mean = np.empty((frames, 1), np.complex64), np.zeros(count, complex)
    for part in parts:
        flat = _flat(landmarks[part], size)
        middle[part] = flat.mean(1, keepdims=True)
        mean += (flat - middle[part]).sum(0)
    mean /= frames
    factor = np.concatenate([(_flat(landmarks[part], size) - middle[part]) @ mean.conj() for part in parts])
    factor = (factor / float((mean @ mean.conj()).real)).astype(np.complex64)
    depth = landmarks[:, :, 2].mean(1, keepdims=True) * size[0]
    length = np.abs(factor)
    place = np.stack(
        [np.log(length), np.unwrap(np.angle(factor)), middle[:, 0].real, middle[:, 0].imag, depth[:, 0]], 1
    )
    place = smoothed(times, place)
    new_factor, new_length = np.exp(place[:, 0] + 1j * place[:, 1])[:, None], np.exp(place[:, :1])
    for first in range(0, count, BLOCK):
        part = landmarks[:, first : first + BLOCK]
        local = (_flat(part, size) - middle) / factor[:, None]
        inward = (part[:, :, 2] * size[0] - depth) / length[:, None]
        columns = smoothed(times, np.concatenate([local.real, local.imag, inward], 1))
        across, down, inward = np.split(columns, 3, axis=1)
        flat = (across + 1j * down) * new_factor + place[:, 2:3] + 1j * place[:, 3:4]
        part[:, :, 0], part[:, :, 1] = flat.real / size[0], flat.imag / size[1]
        part[:, :, 2] = (inward * new_length + place[:, 4:5]) / size[0]


def _flat(landmarks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Across and down in pixels as one complex number, (frames, landmarks): a flat similarity is a product with one,
    and lays each frame's shape on the mean one."""
    return landmarks[:, :, 0] * size[0] + 1j * landmarks[:, :, 1] * size[1]


def _poses(times: np.ndarray, poses: np.ndarray, found: np.ndarray) -> np.ndarray:
    turns = Rotation.from_matrix(unscaled(poses[found]))
    rest = turns.mean()
    rows = np.full((len(poses), 6), np.nan)
    rows[found] = np.concatenate([(rest.inv() * turns).as_rotvec(), poses[found, :3, 3]], 1)
    rows = smoothed(times, filled(times, rows))
    calm = np.tile(np.eye(4), (len(poses), 1, 1))
    calm[:, :3, :3] = (rest * Rotation.from_rotvec(rows[:, :3])).as_matrix()
    calm[:, :3, 3] = rows[:, 3:]
    return calm
