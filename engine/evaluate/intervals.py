"""Figures with their uncertainty."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

DRAWS = 400


def rank_correlation(x: Any, y: Any) -> float:
    """Spearman's, of the pairs that are numbers; 0 where one side is constant."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any() or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(x[known]), rankdata(y[known]))[0, 1])


@dataclass(frozen=True)
class Estimate:
    """A figure and its bootstrap 95 % interval; `count` replications stand behind it."""

    value: float
    low: float
    high: float
    count: int

    def text(self, digits: int = 2, factor: float = 1.0) -> str:
        """Such as "0.97 (0.95–0.99)"."""
        value, low, high = (f"{factor * x:.{digits}f}" for x in (self.value, self.low, self.high))
        return f"{value} ({low} … {high})"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def bootstrap(
    replications: Sequence[Any] | np.ndarray,
    statistic: Callable[[Any], float] = lambda rows: float(np.mean(rows)),
    seed: int = 0,
) -> Estimate:
    """`statistic` over whole replications (clips, seeds), resampled with replacement DRAWS times; percentile interval.

    Replications may be arrays of any shape: `statistic` is given a list of them (or an array when they are numbers).
    """
    rng = np.random.default_rng(seed)
    rows = list(replications)
    numbers = np.asarray(rows, float) if rows and isinstance(rows[0], (int, float, np.number)) else None
    if not rows:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)

    def over(chosen: np.ndarray) -> float:
        return statistic(numbers[chosen] if numbers is not None else [rows[i] for i in chosen])

    drawn = [over(rng.integers(0, len(rows), len(rows))) for _ in range(DRAWS)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5]) if not np.isnan(drawn).all() else (np.nan, np.nan)
    return Estimate(over(np.arange(len(rows))), float(low), float(high), len(rows))
