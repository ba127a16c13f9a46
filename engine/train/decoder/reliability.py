"""Whether a confidence means what it says: errors by confidence, and beside the errors that the decoder expected."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.channels import INDEX, SHAPES
from engine.video.decoder import BLIND, USEFUL, Decoder, outputs

EDGES = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
"""Where one bin of confidence ends and the next begins; most readings are of channels at rest and have over 0.9."""


@dataclass(frozen=True)
class Bin:
    """Readings whose confidence lies in low ≤ confidence < high (the last bin holds 1 as well).

    count, active: readings, and those of channels that are shown. error, active_error: their mean absolute errors in
    channel units; NaN without any. expected: the mean of the errors that were expected of them; NaN where unknown.
    """

    low: float
    high: float
    count: int
    active: int
    error: float
    active_error: float
    expected: float


def reliability(
    confidence: np.ndarray,
    errors: np.ndarray,
    shown: np.ndarray,
    expected: np.ndarray | None = None,
    edges: Sequence[float] = EDGES,
) -> list[Bin]:
    """The bins that hold readings, the least confident first.

    confidence: 0..1 (pictures, channels). errors: absolute, of that shape like the others. shown: bool, the channel is
    active in truth. expected: from `expected_errors`, NaN where unknown. edges: rising from 0 to 1. Raises ValueError
    for other shapes.
    """
    hoped = np.full(errors.shape, np.nan) if expected is None else expected
    if not confidence.shape == errors.shape == shown.shape == hoped.shape:
        raise ValueError("Confidence, errors, what is shown and expected errors must have one shape.")
    place = np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, len(edges) - 2)
    bins = []
    for number in range(len(edges) - 1):
        chosen = place == number
        if chosen.any():
            active = chosen & shown
            means = _mean(errors[chosen]), _mean(errors[active]), _mean(hoped[chosen])
            bins.append(Bin(edges[number], edges[number + 1], int(chosen.sum()), int(active.sum()), *means))
    return bins


def expected_errors(confidence: np.ndarray, decoder: Decoder) -> np.ndarray:
    """The error that the decoder expected of each reading, float (pictures, 52), by the confidence that it told.

    confidence: (pictures, 52), a `Decoded`'s. NaN where it was 0, for channels that are never trusted.
    """
    useful, usual = np.zeros(len(SHAPES)), np.full(len(SHAPES), np.nan)
    trusted = np.clip((decoder.tensors["reliability"] - BLIND) / (USEFUL - BLIND), 0, 1)
    for column, names in enumerate(outputs()):
        for name in filter(None, names):
            useful[INDEX[name]], usual[INDEX[name]] = trusted[column], decoder.tensors["usual_spread"][column]
    told = confidence > 0
    ratio = np.where(told, useful / np.where(told, confidence, 1), np.nan)
    return 2 * usual * np.sqrt(np.maximum(ratio - 1, 0))


def rank_correlation(confidence: np.ndarray, errors: np.ndarray) -> float:
    """Spearman's ρ of confidence and error: −1 where a surer reading is always the truer one, 0 where it says nothing;
    NaN where either is the same throughout. Arrays of one shape."""
    one, other = _ranked(confidence.ravel()), _ranked(errors.ravel())
    if min(np.ptp(one), np.ptp(other)) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def rows(bins: Sequence[Bin]) -> str:
    """The bins as a Markdown table, with its head."""
    lines = [
        "| confidence | readings | mean error | expected | of shown channels | their mean error |",
        "|---|---|---|---|---|---|",
    ]
    for one in bins:
        cells = (
            f"{one.low:.2f}–{one.high:.2f}",
            f"{one.count:,}",
            _number(one.error),
            _number(one.expected),
            f"{one.active:,}",
            _number(one.active_error),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def _ranked(values: np.ndarray) -> np.ndarray:
    """Ranks (any,), equal values sharing their mean rank."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[where]
