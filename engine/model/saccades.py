"""Eyes do not glide: gaze as fixations joined by saccades of their natural duration.

A network that predicts means rounds off the edges of rare, quick events, and saccades most of all. Here where it looks
and when stays its own; how the eyes get there is mechanics: piecewise constant in space (Potts segmentation), 25 ms and
2.4 ms per degree from one fixation to the next, and turned against the head in between, as eyes that look at something
are.
"""

import numpy as np

from engine.channels import CHANNELS, INDEX
from engine.model.mechanics import faded
from engine.performance.gaze import LID_DOWN, PER_DEGREE, SHORTEST
from engine.performance.timing import minimum_jerk
from engine.takes.eyes import looks, turns

GRID = 0.05
"""Seconds between the moments at which a fixation may begin, before its saccade is placed to the frame."""
BRIEFEST, LONGEST = 0.2, 4.0
"""Seconds of a fixation, least and most. Eyes need about 0.2 s to prepare the next saccade."""
JUMP = 0.5
"""Degrees² × seconds that a saccade costs: 2° are worth one that is then held for an eighth of a second."""
DRIFT = 0.15
"""Share of the slow drift within a fixation that is kept."""
LOOKS = [i for i, name in enumerate(CHANNELS) if name.startswith("eyeLook")]
EYES = [*LOOKS, INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
"""Channels that with_saccades may change."""


def with_saccades(values: np.ndarray, free: np.ndarray, fps: float) -> np.ndarray:
    """`values` (frames, 55), radians for the head, with the gaze of the `free` frames (frames,) made ballistic.

    Lids go on following the gaze down. Vergence stays as it is.
    """
    if not free.any():
        return values
    (left, up_left), (right, up_right) = turns(values, "Left"), turns(values, "Right")
    eyes = np.stack([left + right, up_left + up_right], axis=1) / 2
    head = values[:, [INDEX["headYaw"], INDEX["headPitch"]]]
    aim = np.rad2deg(eyes + head)
    still = np.deg2rad(_stairs(aim, fps) * (1 - DRIFT) + aim * DRIFT) - head
    share = faded(free, fps)[:, None]
    eyes += share * (still - eyes)
    answer = values.copy()
    new = looks(eyes[:, 0], eyes[:, 1], (right - left) / 2)
    answer[:, LOOKS] = np.where(share > 0, new[:, LOOKS], values[:, LOOKS])
    for side in ("Left", "Right"):
        lid, down = INDEX["eyeBlink" + side], INDEX["eyeLookDown" + side]
        moved = LID_DOWN * (answer[:, down] - values[:, down]) * (1 - np.clip(values[:, lid], 0, 1))
        answer[:, lid] += moved
    return answer


def _stairs(aim: np.ndarray, fps: float) -> np.ndarray:
    """Fixations and saccades nearest to `aim` (frames, 2), degrees."""
    stride = max(1, round(GRID * fps))
    cuts = [cut * stride for cut in _fixations(aim[::stride], stride / fps)]
    edges = [*cuts, len(aim)]
    levels = [np.median(aim[a:b], axis=0) for a, b in zip(cuts, edges[1:], strict=True)]
    time = np.arange(len(aim)) / fps
    stairs = np.repeat(levels[0][None], len(aim), axis=0)
    for k in range(1, len(levels)):
        rise = levels[k] - levels[k - 1]
        size = float(np.hypot(*rise))
        first, last = (edges[k - 1] + edges[k]) // 2, (edges[k] + edges[k + 1]) // 2
        way = (aim[first : last + 1] - levels[k - 1]) @ rise >= 0.5 * size * size
        middle = (first + int(np.argmax(way)) if way.any() else edges[k]) / fps
        stairs += minimum_jerk((time - middle) / (SHORTEST + PER_DEGREE * size) + 0.5)[:, None] * rise
    return stairs


def _fixations(aim: np.ndarray, step: float) -> list[int]:
    """First sample of each fixation in `aim` (samples, 2), `step` seconds apart: the piecewise constant course with the
    least squared distance plus JUMP for each piece, by dynamic programming.
    """
    count, least = len(aim), max(1, round(BRIEFEST / step))
    most = max(least, round(LONGEST / step))
    total = np.concatenate([np.zeros((1, 2)), np.cumsum(aim, axis=0)])
    square = np.concatenate([[0.0], np.cumsum((aim**2).sum(axis=1))])
    best, origin = np.full(count + 1, np.inf), np.zeros(count + 1, int)
    best[0] = 0.0
    for end in range(min(least, count), count + 1):
        start = np.arange(max(0, end - most), max(1, end - least + 1))
        sums = total[end] - total[start]
        apart = square[end] - square[start] - (sums**2).sum(axis=1) / (end - start)
        cost = best[start] + JUMP + step * apart
        best[end], origin[end] = cost.min(), start[cost.argmin()]
    cuts = [int(origin[count])]
    while cuts[-1] > 0:
        cuts.append(int(origin[cuts[-1]]))
    return cuts[::-1]
