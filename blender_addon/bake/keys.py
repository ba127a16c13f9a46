"""Keyframe points as arrays: from reduced curves, into F-curves, and joined with keys that are there already."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .reduce import Keys

FREE, ALIGNED, AUTO_CLAMPED = 0, 3, 4
BEZIER = 2
_FIELDS = ("handle_left_type", "handle_right_type", "interpolation")
_EXTRAS = ("easing", "type", "back", "amplitude", "period")
_REALS = ("back", "amplitude", "period")


@dataclass(frozen=True)
class Points:
    """K keyframe points, by ascending frame.

    at, left, right: float32 (K, 2), frame and value of the point and of its handles; left and right are None when
    Blender is to place them. left_type, right_type, interpolation: int (K,), as Blender numbers them. extras: the
    other fields of points that were there before, by name.
    """

    at: np.ndarray
    left: np.ndarray | None
    right: np.ndarray | None
    left_type: np.ndarray
    right_type: np.ndarray
    interpolation: np.ndarray
    extras: dict[str, np.ndarray]


def points_of(keys: Keys, frame: float, step: float) -> Points:
    """Points of a reduced curve, clip frame k on scene frame `frame + k × step`."""
    count = len(keys.frames)
    gaps = np.diff(keys.frames).astype(np.float32)
    before = np.concatenate([gaps[:1], gaps]) if count > 1 else np.ones(1, np.float32)
    after = np.concatenate([gaps, gaps[-1:]]) if count > 1 else np.ones(1, np.float32)
    x = frame + keys.frames * step
    at = np.stack([x, keys.values], 1).astype(np.float32)
    left = np.stack([x - before * step / 3, keys.values - keys.left * before / 3], 1).astype(np.float32)
    right = np.stack([x + after * step / 3, keys.values + keys.right * after / 3], 1).astype(np.float32)
    kind = np.where(keys.smooth, ALIGNED, FREE).astype(np.int32)
    return Points(at, left, right, kind, kind.copy(), np.full(count, BEZIER, np.int32), {})


def every_frame(values: np.ndarray, frame: float, step: float) -> Points:
    """A point for each frame, with handles that Blender keeps from overshooting; a still curve gets one point."""
    if np.ptp(values) == 0:
        values = values[:1]
    at = np.stack([frame + np.arange(len(values)) * step, values], 1).astype(np.float32)
    kind = np.full(len(at), AUTO_CLAMPED, np.int32)
    return Points(at, None, None, kind, kind, np.full(len(at), BEZIER, np.int32), {})


def taken(curve: Any) -> Points:
    """The points of an F-curve."""
    points = curve.keyframe_points
    count = len(points)

    def read(field: str, dtype: type, width: int = 1) -> np.ndarray:
        buffer = np.empty(count * width, dtype)
        points.foreach_get(field, buffer)
        return buffer.reshape(count, width) if width > 1 else buffer

    return Points(
        read("co", np.float32, 2),
        read("handle_left", np.float32, 2),
        read("handle_right", np.float32, 2),
        *(read(field, np.int32) for field in _FIELDS),
        extras={field: read(field, np.float32 if field in _REALS else np.int32) for field in _EXTRAS},
    )


def put(curve: Any, made: Points) -> None:
    """Makes `made` the points of an F-curve, in place of those it has."""
    points = curve.keyframe_points
    if len(points):
        points.clear()
    points.add(len(made.at))
    points.foreach_set("co", made.at.ravel())
    if made.left is not None and made.right is not None:
        points.foreach_set("handle_left", made.left.ravel())
        points.foreach_set("handle_right", made.right.ravel())
    for field, values in zip(_FIELDS, (made.left_type, made.right_type, made.interpolation), strict=True):
        points.foreach_set(field, values)
    for field, values in made.extras.items():
        points.foreach_set(field, values)
    curve.update()


def merged(old: Points, new: Points, span: tuple[float, float]) -> Points:
    """`new` in place of what `old` has inside `span` (first and last frame), the rest of `old` around it.

    Where old meets new, the handles are shortened so that the curve between stays between its two keys.
    """
    start, end = span
    slack = 1e-3
    before = old.at[:, 0] < start - slack
    after = old.at[:, 0] > end + slack
    if not (before.any() or after.any()):
        return new
    if len(new.at) == 1 and end - start > slack:
        new = _held(new, start, end)
    parts = [_part(old, before), new, _part(old, after)]
    joined = _joined([part for part in parts if len(part.at)])
    for edge in (int(before.sum()), int(before.sum()) + len(new.at)):
        if 0 < edge < len(joined.at) and joined.left is not None and joined.right is not None:
            _settle(joined, edge)
    return joined


def _held(new: Points, start: float, end: float) -> Points:
    value = new.at[0, 1]
    third = (end - start) / 3
    at = np.array([[start, value], [end, value]], np.float32)
    kind = np.full(2, ALIGNED, np.int32)
    reach = np.array([third, 0], np.float32)
    return Points(at, at - reach, at + reach, kind, kind.copy(), np.full(2, BEZIER, np.int32), {})


def _part(points: Points, chosen: np.ndarray) -> Points:
    return Points(
        points.at[chosen],
        None if points.left is None else points.left[chosen],
        None if points.right is None else points.right[chosen],
        points.left_type[chosen],
        points.right_type[chosen],
        points.interpolation[chosen],
        {field: values[chosen] for field, values in points.extras.items()},
    )


def _joined(parts: list[Points]) -> Points:
    fields = sorted({field for part in parts for field in part.extras})

    def extra(part: Points, field: str) -> np.ndarray:
        dtype = np.float32 if field in _REALS else np.int32
        return part.extras.get(field, np.zeros(len(part.at), dtype))

    return Points(
        np.concatenate([part.at for part in parts]),
        np.concatenate([part.at if part.left is None else part.left for part in parts]),
        np.concatenate([part.at if part.right is None else part.right for part in parts]),
        np.concatenate([part.left_type for part in parts]),
        np.concatenate([part.right_type for part in parts]),
        np.concatenate([part.interpolation for part in parts]),
        {field: np.concatenate([extra(part, field) for part in parts]) for field in fields},
    )


def _settle(points: Points, edge: int) -> None:
    """Handles of the segment that ends at point `edge`: a third of the way, and no higher or lower than its ends."""
    assert points.left is not None and points.right is not None
    a, b = points.at[edge - 1], points.at[edge]
    low, high = min(a[1], b[1]), max(a[1], b[1])
    third = (b[0] - a[0]) / 3
    if third <= 0:
        return
    for handles, index, origin, sign, kinds in (
        (points.right, edge - 1, a, 1, points.right_type),
        (points.left, edge, b, -1, points.left_type),
    ):
        reach = abs(handles[index, 0] - origin[0])
        slope = (handles[index, 1] - origin[1]) / reach if reach > 1e-6 else 0.0
        wanted = np.clip(origin[1] + slope * third, low, high)
        if kinds[index] not in (FREE, ALIGNED):
            continue
        if abs(wanted - origin[1] - slope * third) > 1e-6:
            kinds[index] = FREE
            other = points.left_type if sign == 1 else points.right_type
            if other[index] == ALIGNED:
                other[index] = FREE
        handles[index] = (origin[0] + sign * third, wanted)
