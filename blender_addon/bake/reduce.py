"""Few keys for many frames: dense curves become cubic segments that an artist can edit.

Every kept key lies exactly on a frame of the performance, with that frame's exact value. Between keys runs one
cubic Hermite segment; with Bézier handles a third of the way in time it is the same curve. Curves are walked from
left to right, all at once: each step takes the farthest frame that one cubic can reach while every frame between
stays within the tolerance. With both end values and the starting slope given, the error is linear in the ending
slope, so the slopes that keep one frame within the tolerance form an interval, and a segment is possible exactly
when the intervals of all its frames meet.
"""

from dataclasses import dataclass

import numpy as np

_STAGES = (
    np.arange(1, 17),
    np.arange(18, 66, 2),
    np.array([80, 96, 128, 192, 256, 384, 512, 768, 1024]),
)
"""Segment lengths in frames, tried in groups: most segments are short, and long ones are costly to try."""
_WORTH_A_NEXT_STAGE = (12, 48)

_SHORT = 8
"""A corner is tried where going on smoothly reaches no farther than this, and taken where it gains so much more:"""
_CORNER_SAVES = 5

_STEP_BACK = np.array([0, 1, 2, 4])
"""Lengths before the farthest from which the next segment may get farther."""

_ALLOWED = 0.93
"""Share of the tolerance that a reduced curve may use. The rest is for the files that it goes to, whose keys are sparse
too, and for the single precision in which Blender stores curves."""
_CLEAR = 2.0
"""Prominence, in tolerances, from which an extreme becomes a key on any curve."""
_STEEP = np.float32(3)
"""How far beyond their ends, in tolerances, the handles of segments of one or two frames may lie."""

_PIECE, _SIDE_BY_SIDE = 60, 300
"""Shortest stretch that is walked on its own, and about how many are walked side by side."""
_FAR = np.float32(1e9)


@dataclass(frozen=True)
class Keys:
    """One reduced curve.

    frames: int (K,), ascending. values: float32 (K,). left, right: slopes per frame on either side of each key;
    they differ only at corners.
    """

    frames: np.ndarray
    values: np.ndarray
    left: np.ndarray
    right: np.ndarray

    @property
    def smooth(self) -> np.ndarray:
        """bool (K,): the curve passes this key without a corner."""
        return self.left == self.right


class _Stage:
    """Hermite weights for a group of segment lengths, ready for the interval test; arrays (lengths, frames)."""

    def __init__(self, lengths: np.ndarray) -> None:
        self.lengths = lengths
        longest = int(lengths[-1])
        steps = lengths[:, None].astype(np.float64)
        at = np.arange(longest + 1)
        inside = (at > 0) & (at < steps)
        t = np.minimum(at / steps, 1.0)
        end_slope = np.where(inside, (t**3 - t**2) * steps, 1.0)
        per = np.where(inside, 1.0 / end_slope, 0.0)
        self.longest = longest
        self.sample = per.astype(np.float32)
        self.start = ((2 * t**3 - 3 * t**2 + 1) * per).astype(np.float32)
        self.end = ((3 * t**2 - 2 * t**3) * per).astype(np.float32)
        self.slope = ((t**3 - 2 * t**2 + t) * steps * per).astype(np.float32)
        self.margin = np.where(inside, np.abs(per), _FAR).astype(np.float32)


_TABLES: list[_Stage] = []


def _tables() -> list[_Stage]:
    if not _TABLES:
        _TABLES.extend(_Stage(lengths) for lengths in _STAGES)
    return _TABLES


def turning_points(values: np.ndarray, prominence: float) -> tuple[np.ndarray, np.ndarray]:
    """Frames of the local extremes that stand out by more than `prominence`, and +1 (peak) or -1 (valley) for each.

    Both ends of a flat extreme are given. values: (F,).
    """
    frames: list[int] = []
    kinds: list[int] = []
    samples = values.tolist()
    high = low = 0
    direction = 0

    def keep(first: int, kind: int) -> None:
        last = first
        while last + 1 < len(samples) and samples[last + 1] == samples[first]:
            last += 1
        for frame in (first, last) if last > first else (first,):
            frames.append(frame)
            kinds.append(kind)

    for frame, value in enumerate(samples):
        if direction >= 0 and value > samples[high]:
            high = frame
        if direction <= 0 and value < samples[low]:
            low = frame
        if direction >= 0 and samples[high] - value > prominence:
            if high > 0:
                keep(high, 1)
            direction, low = -1, frame
        elif direction <= 0 and value - samples[low] > prominence:
            if low > 0:
                keep(low, -1)
            direction, high = 1, frame
    return np.array(frames, int), np.array(kinds, int)


def reduce(
    values: np.ndarray,
    tolerance: float | np.ndarray,
    *,
    exact: np.ndarray | None = None,
    low: float | np.ndarray = 0.0,
    high: float | np.ndarray = 1.0,
) -> list[Keys]:
    """Keys for each column of `values`, float (F, C).

    tolerance: largest error at any frame, in the values' unit, one for all or (C,). Local extremes become keys where
    they stand out by more than twice the tolerance, and in `exact` columns, bool (C,), by more than the tolerance.
    low, high: the curves do not leave this range between keys, unless the values themselves do; one for all or (C,).
    """
    samples = np.ascontiguousarray(np.asarray(values).T, np.float32)
    columns = len(samples)
    allowed = np.broadcast_to(np.asarray(tolerance, np.float32), (columns,)) * np.float32(_ALLOWED)
    spread = samples.max(1) - samples.min(1)
    moving = np.flatnonzero(spread > allowed)
    result: list[Keys] = [_resting(samples[column]) for column in range(columns)]
    if len(moving):
        exact = np.zeros(columns, bool) if exact is None else np.asarray(exact, bool)
        floor, roof = (np.broadcast_to(np.asarray(limit, np.float32), (columns,))[moving] for limit in (low, high))
        walk = _Walk(samples[moving], allowed[moving], exact[moving], floor, roof)
        for column, keys in zip(moving, walk.run(), strict=True):
            result[column] = keys
    return result


def _resting(samples: np.ndarray) -> Keys:
    """One key for a curve that stays within the tolerance: its first value, so that a take begins where it should."""
    flat = np.zeros(1, np.float32)
    return Keys(np.zeros(1, int), samples[:1], flat, flat)


class _Walk:
    """All moving curves, walked from the first frame to the last in step, in units of their tolerance."""

    def __init__(
        self, samples: np.ndarray, allowed: np.ndarray, exact: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> None:
        self.values, self.unit = samples, allowed[:, None]
        samples = self.samples = samples / self.unit
        count, frames = samples.shape
        self.last = frames - 1
        self.padded = np.concatenate([samples, np.repeat(samples[:, -1:], _STAGES[-1][-1] + 1, 1)], 1)
        self.low = np.minimum(samples.min(1), low / allowed)[:, None]
        self.high = np.maximum(samples.max(1), high / allowed)[:, None]
        self.kind = np.zeros((count, frames), np.int8)
        for row in range(count):
            at, kinds = turning_points(samples[row], 1.0 if exact[row] else _CLEAR)
            self.kind[row, at] = kinds
        stops = np.where(self.kind != 0, np.arange(frames), self.last)
        stops[:, -1] = self.last
        self.stop = np.minimum.accumulate(stops[:, ::-1], 1)[:, ::-1]
        if frames > 1:
            self.natural = np.gradient(samples, axis=1)
            self.natural[self.kind != 0] = 0
            self.natural = self._in_range(self.natural, samples, self.low, self.high)

    @staticmethod
    def _in_range(slope: np.ndarray, value: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        return np.clip(slope, 3 * (low - value), 3 * (high - value))

    def _room(
        self, rows: np.ndarray, at: np.ndarray, ends: np.ndarray, kind: np.ndarray, lengths: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where a segment's handles may lie, lowest and highest (rows, lengths).

        In range, and beside an extreme not beyond it: handles hold the curve between them. With no frame or one
        between its ends a segment could also swing out between frames, where no tolerance holds it; so these stay
        near their ends. ends, kind: the last sample of each segment, and whether it is a peak or a valley.
        """
        first, start = self.samples[rows, at][:, None], self.kind[rows, at][:, None]
        swing = np.where(lengths <= 2, _STEEP, _FAR)
        above, below = np.maximum(first, ends), np.minimum(first, ends)
        top = np.where((start > 0) | (kind > 0), above, above + swing)
        bottom = np.where((start < 0) | (kind < 0), below, below - swing)
        return np.maximum(bottom, self.low[rows]), np.minimum(top, self.high[rows])

    def _pieces(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, first and last frame of stretches that can be walked side by side, in order.

        At a peak or a valley every curve starts anew with a level slope, so that cutting there changes nothing.
        """
        shortest = max(_PIECE, self.samples.size // _SIDE_BY_SIDE)
        cuts = [(row, 0) for row in range(len(self.samples))]
        for row in range(len(self.samples)):
            start = 0
            for frame in np.flatnonzero(self.kind[row]).tolist():
                if frame - start >= shortest and frame < self.last:
                    cuts.append((row, frame))
                    start = frame
        cuts.sort()
        rows, starts = (np.array(column) for column in zip(*cuts, strict=True))
        same = np.append(rows[1:] == rows[:-1], False)
        return rows, starts, np.where(same, np.append(starts[1:], 0), self.last)

    def run(self) -> list[Keys]:
        row_of, position, end_at = self._pieces()
        slope = self.natural[row_of, position]
        kept: list[list[tuple[int, float, float]]] = [[] for _ in row_of]
        while len(active := np.flatnonzero(position < end_at)):
            rows, at, start = row_of[active], position[active], slope[active]
            lengths, lowest, highest = self._reach(rows, at, start)
            short = np.flatnonzero((lengths[:, 0] <= _SHORT) & (lengths[:, 0] < self.last - at))
            if len(short):
                self._try_corners(rows, at, short, start, lengths, lowest, highest)
            stuck = lengths[:, 0] == 0
            if stuck.any():
                start[stuck] = (self.padded[rows, at + 1] - self.samples[rows, at])[stuck]
                lengths[stuck, 0] = 1
                lowest[stuck, 0] = highest[stuck, 0] = start[stuck]
            length, end = self._looking_ahead(rows, at, lengths, lowest, highest)
            arrived = at + length
            for piece, *segment in zip(active.tolist(), start.tolist(), arrived.tolist(), end.tolist(), strict=True):
                kept[piece].append(tuple(segment))
            position[active] = arrived
            slope[active] = np.where(self.kind[rows, arrived] != 0, 0, end)
        keys = []
        for row in range(len(self.samples)):
            segments = [segment for piece in np.flatnonzero(row_of == row) for segment in kept[piece]]
            right, frames, left = (np.array(column) for column in zip(*segments, strict=True))
            frames = np.concatenate([[0], frames])
            left, right = np.concatenate([right[:1], left]), np.concatenate([right, left[-1:]])
            left, right = (self.unit[row] * slopes.astype(np.float32) for slopes in (left, right))
            keys.append(Keys(frames, self.values[row, frames], left, right))
        return keys

    def _looking_ahead(
        self,
        rows: np.ndarray,
        at: np.ndarray,
        lengths: np.ndarray,
        lowest: np.ndarray,
        highest: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The length from which the next segment gets farthest, and the slope to end with."""
        arrived = at[:, None] + lengths
        slopes = np.clip(self.natural[rows[:, None], arrived], lowest, highest)
        going_on = np.where(self.kind[rows[:, None], arrived] != 0, np.float32(0), slopes)
        beyond = np.full(lengths.shape, self.last)
        open_end = arrived < self.last
        every = np.broadcast_to(rows[:, None], lengths.shape)
        beyond[open_end] = self._reach(every[open_end], arrived[open_end], going_on[open_end])[0][:, 0]
        best = np.where(lengths > 0, lengths + beyond, -1).argmax(1)
        pick = np.arange(len(rows))
        return lengths[pick, best], slopes[pick, best]

    def _try_corners(
        self,
        rows: np.ndarray,
        at: np.ndarray,
        short: np.ndarray,
        start: np.ndarray,
        lengths: np.ndarray,
        lowest: np.ndarray,
        highest: np.ndarray,
    ) -> None:
        """Lets the curve turn sharply where going on smoothly would need many more keys; edits the arrays."""
        r, i = rows[short], at[short]
        forward = self.padded[r, i + 1] - self.samples[r, i]
        spread = np.arange(-3, 4, dtype=np.float32)
        tries = forward[:, None] + spread
        tries = self._in_range(tries, self.samples[r, i][:, None], self.low[r], self.high[r])
        kind = self.kind[r, i][:, None]
        tries = np.where(kind > 0, np.minimum(tries, 0), np.where(kind < 0, np.maximum(tries, 0), tries))
        width = tries.shape[1]
        reached, low, high = self._reach(np.repeat(r, width), np.repeat(i, width), tries.ravel())
        farthest = reached[:, 0].reshape(-1, width)
        best = farthest.argmax(1)
        pick = np.arange(len(short))
        without = lengths[short, 0]
        gain = farthest[pick, best] >= np.where(without > 0, without + _CORNER_SAVES, 1)
        chosen = short[gain]
        flat = (pick * width + best)[gain]
        start[chosen] = tries.ravel()[flat]
        lengths[chosen] = reached[flat]
        lowest[chosen] = low[flat]
        highest[chosen] = high[flat]

    def _reach(self, rows: np.ndarray, at: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How many frames one cubic can span from `at` with the starting slope, and the lowest and highest ending
        slope for each; three arrays (rows, choices), the farthest first and then some nearer ones.

        A length of 0 stands for no choice.
        """
        choices = len(_STEP_BACK)
        length = np.zeros((len(rows), choices), int)
        lowest = np.zeros((len(rows), choices), np.float32)
        highest = np.zeros((len(rows), choices), np.float32)
        todo = np.arange(len(rows))
        for number, stage in enumerate(_tables()):
            r, i, m = rows[todo], at[todo], slope[todo][:, None]
            limit = self.stop[r, np.minimum(i + 1, self.last)] - i
            window = self.padded[r[:, None], i[:, None] + np.arange(stage.longest + 1)]
            ends = window[:, stage.lengths]
            first = window[:, :1]
            centre = window[:, None, :] * stage.sample
            centre -= first[:, :, None] * stage.start
            centre -= ends[:, :, None] * stage.end
            centre -= m[:, :, None] * stage.slope
            lo = (centre - stage.margin).max(2)
            hi = (centre + stage.margin).min(2)
            kind = self.kind[r[:, None], np.minimum(i[:, None] + stage.lengths, self.last)]
            bottom, top = self._room(r, i, ends, kind, stage.lengths)
            thirds = stage.lengths.astype(np.float32) / 3
            lo = np.maximum(lo, (ends - top) / thirds)
            hi = np.minimum(hi, (ends - bottom) / thirds)
            lo = np.where(kind > 0, np.maximum(lo, 0), lo)
            hi = np.where(kind < 0, np.minimum(hi, 0), hi)
            handle = first + m * thirds
            slack = np.float32(1e-4)
            possible = (lo <= hi) & (stage.lengths <= limit[:, None])
            possible &= (handle <= top + slack) & (handle >= bottom - slack)
            upto = np.maximum.accumulate(np.where(possible, np.arange(len(stage.lengths)), -1), 1)
            farthest = upto[:, -1]
            found = farthest >= 0
            pick = np.flatnonzero(found)[:, None]
            wanted = farthest[pick] - _STEP_BACK
            best = np.where(wanted >= 0, upto[pick, np.maximum(wanted, 0)], -1)
            there = best >= 0
            length[todo[pick[:, 0]]] = np.where(there, stage.lengths[best], 0)
            lowest[todo[pick[:, 0]]] = lo[pick, best]
            highest[todo[pick[:, 0]]] = hi[pick, best]
            if number == len(_STAGES) - 1:
                break
            todo = todo[found & (stage.lengths[farthest] >= _WORTH_A_NEXT_STAGE[number])]
            if not len(todo):
                break
        return length, lowest, highest
