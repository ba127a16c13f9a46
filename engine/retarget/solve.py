"""Bounded least squares for every frame of a performance at once.

Each frame asks for the weights w between lower and upper that minimise

    (x − w·M)ᵀ G (x − w·M) + wᵀ R w

with x the frame's channels, M the meanings of the rig's shapes, G how the eye weighs and confuses channels, and R what
keeps alternatives apart. All of it is quadratic and strictly convex, so that the answer is unique and follows the
performance continuously: two frames that are nearly equal never pop between two ways of showing the same.
"""

from typing import Final

import numpy as np

SWEEPS: Final = 400
CHANGE: Final = 1e-7
"""The descent ends when no weight of any frame moves by more in a sweep."""
_FLOOR: Final = 5e-2
"""Least curvature, as a part of a shape's own: where shapes mean nearly the same, they share it and stay put."""
_FIRM: Final = 0.15
"""Least curvature that keeping alternatives apart may leave: the less, the faster one gives way to the other."""
_POLISH_EVERY: Final = 12
_SLACK: Final = 1e-9


def solve(
    values: np.ndarray,
    meanings: np.ndarray,
    lower: np.ndarray | float = 0.0,
    upper: np.ndarray | float = 1.0,
    metric: np.ndarray | None = None,
    apart: np.ndarray | None = None,
    against: np.ndarray | None = None,
) -> np.ndarray:
    """float32 (F, K): how far each of K shapes goes at each frame, within lower and upper.

    values: (F, C), the performance. meanings: (K, C), the channels that a shape shows when it is at 1. lower, upper:
    numbers, (K,) or (F, K); where they are equal the shape is given. metric: (C, C), symmetric and positive
    semidefinite; equal and independent channels by default. apart: (K, K), symmetric, 0 or more and 0 on the diagonal:
    how much two shapes exclude one another; as much of it is used as keeps the problem convex. against: (K, C), 0 or
    more: the channels that speak against a shape, as much as its meaning speaks for it, each by itself.
    Raises ValueError when the sizes do not fit or lower is above upper.
    """
    x, m = np.asarray(values, float), np.asarray(meanings, float)
    if x.ndim != 2 or m.ndim != 2 or x.shape[1] != m.shape[1]:
        raise ValueError(f"values {x.shape} and meanings {m.shape} do not have the same channels")
    frames, count = len(x), len(m)
    low = np.ascontiguousarray(np.broadcast_to(np.asarray(lower, float), (frames, count)).T)
    high = np.ascontiguousarray(np.broadcast_to(np.asarray(upper, float), (frames, count)).T)
    if (low > high).any():
        raise ValueError("a lower bound lies above its upper bound")
    if not count or not frames:
        return np.zeros((frames, count), np.float32)
    seen = m if metric is None else m @ np.asarray(metric, float)
    quadratic = _convex(seen @ m.T, apart)
    if against is not None:
        seen = seen - np.asarray(against, float) * (1.0 if metric is None else np.diag(metric))
    return _descend(quadratic, seen @ x.T, low, high).T.astype(np.float32)


def _convex(quadratic: np.ndarray, apart: np.ndarray | None) -> np.ndarray:
    """The quadratic term, strictly convex, with as much of `apart` as that allows."""
    size = np.sqrt(np.diag(quadratic))
    # A shape that shows nothing still needs a weight of its own, which is then 0.
    size[size <= 0] = 1.0
    scale = np.outer(size, size)
    alike = quadratic / scale
    np.fill_diagonal(alike, 1.0)
    if apart is not None and apart.any():
        part = 1.0
        while part > 0.01 and np.linalg.eigvalsh(alike + part * apart)[0] < _FIRM:
            part *= 0.7
        if part > 0.01:
            alike = alike + part * apart
    least, ways = np.linalg.eigh((alike + alike.T) / 2)
    if least[0] < _FLOOR:
        # Only the ways in which shapes are alike are changed; what is shown by one shape alone stays exact.
        flat = least < _FLOOR
        alike = alike + (ways[:, flat] * (_FLOOR - least[flat])) @ ways[:, flat].T
    return alike * scale


def _descend(quadratic: np.ndarray, linear: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Coordinate descent on all frames, with the exact answer for frames whose bounds it has found; all (K, F)."""
    count = len(quadratic)
    weights = np.clip(np.zeros_like(low), low, high)
    todo = np.arange(low.shape[1])
    w, c, lo, hi = weights.copy(), linear, low, high
    for sweep in range(1, SWEEPS + 1):
        moved = 0.0
        for k in range(count):
            step = np.clip(w[k] + (c[k] - quadratic[k] @ w) / quadratic[k, k], lo[k], hi[k])
            moved = max(moved, float(np.abs(step - w[k]).max()))
            w[k] = step
        if moved < CHANGE:
            break
        if sweep % _POLISH_EVERY == 0:
            found, exact = _polished(quadratic, c, lo, hi, w)
            weights[:, todo[found]] = exact[:, found]
            rest = ~found
            todo, w, c, lo, hi = todo[rest], w[:, rest], c[:, rest], lo[:, rest], hi[:, rest]
            if not len(todo):
                return weights
    weights[:, todo] = w
    return weights


def _polished(
    quadratic: np.ndarray, linear: np.ndarray, low: np.ndarray, high: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which frames are solved exactly when their weights at a bound stay there, and those weights; (F,) and (K, F).

    Frames that hold the same weights at bounds share one factorisation.
    """
    gradient = quadratic @ w - linear
    at_low = (w <= low + _SLACK) & (gradient >= 0)
    at_high = (w >= high - _SLACK) & (gradient <= 0)
    free = ~(at_low | at_high)
    exact = np.where(at_low, low, np.where(at_high, high, 0.0))
    _, group = np.unique(np.packbits(free, axis=0), axis=1, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        chosen = free[:, members[0]]
        if chosen.any():
            held = quadratic[np.ix_(chosen, ~chosen)] @ exact[np.ix_(~chosen, members)]
            wanted = linear[np.ix_(chosen, members)] - held
            exact[np.ix_(chosen, members)] = np.linalg.solve(quadratic[np.ix_(chosen, chosen)], wanted)
    gradient = quadratic @ exact - linear
    tight = 1e-9 * (1 + np.abs(linear))
    right = (exact >= low) & (exact <= high)
    right &= np.where(at_low & ~at_high, gradient >= -tight, True) & np.where(
        at_high & ~at_low, gradient <= tight, True
    )
    return right.all(axis=0), exact
