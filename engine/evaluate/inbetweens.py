"""5. In-betweens: gaps in a real take that training never saw, filled by the model and by what people use today."""

from collections.abc import Callable, Sequence

import numpy as np

from engine.channels import CHANNELS, HEAD, HIGHEST, LOWEST
from engine.clip import Clip
from engine.evaluate.between import METHODS
from engine.evaluate.intervals import bootstrap
from engine.evaluate.setting import Performer, Section, Setting, Table, held_out, seen
from engine.request import Beat, Observed, Request

GAPS = (0.3, 1.0, 2.0)
CONTEXT = 1.0
"""Seconds known on each side of a gap."""
SHAPES = [i for i, name in enumerate(CHANNELS) if name not in HEAD]
"""The take has no head motion."""

Filler = Callable[[Sequence[np.ndarray], np.ndarray, float], list[np.ndarray]]
"""Windows (frames, 55) at a rate, and which of their frames are known → the windows, filled."""


def fillers(performer: Performer) -> dict[str, Filler]:
    """The three interpolations, and the model."""

    def by(method: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Filler:
        return lambda windows, known, fps: [np.clip(method(w, known), LOWEST, HIGHEST) for w in windows]

    return {**{name: by(method) for name, method in METHODS.items()}, "model": filler(performer)}


def filler(performer: Performer, beats: tuple[Beat, ...] = ()) -> Filler:
    """Fills by asking a performer for the unknown frames, with beats or, as a rule, without."""
    return lambda windows, known, fps: performer(
        [requested(window, known, fps, seed, beats) for seed, window in enumerate(windows)]
    )


def requested(window: np.ndarray, known: np.ndarray, fps: float, seed: int, beats: tuple[Beat, ...] = ()) -> Request:
    """Asks for a window's unknown frames."""
    confidence = np.repeat(known[:, None], window.shape[1], axis=1).astype(np.float32)
    return Request(beats, fps=fps, seed=seed, observed=Observed(window * confidence, confidence))


def cut(take: Clip, gap: float, count: int, keyed: bool) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Windows spread evenly over a take, which frames are known, and which are judged.

    keyed: only single frames `gap` seconds apart are known, as an artist's keys are; otherwise all but one gap.
    """
    inside = round(gap * take.fps)
    around = round(CONTEXT * take.fps)
    length = 2 * around + inside
    starts = np.linspace(0, len(take.values) - length, count).round().astype(int)
    known = np.ones(length, bool)
    known[around : around + inside] = False
    judged = ~known
    if keyed:
        known = np.zeros(length, bool)
        known[around - 1 :: inside + 1] = True
        known[around - 1 :: -(inside + 1)] = True
        known[[0, -1]] = True
    return [take.values[start : start + length] for start in starts], known, judged


def changes(windows: Sequence[np.ndarray], judged: np.ndarray) -> np.ndarray:
    """First and second differences of the shapes around the judged frames, (frames, 2 × shapes)."""
    at = np.flatnonzero(judged)
    at = np.arange(at[0], min(at[-1] + 2, len(judged) - 1))
    return np.concatenate(
        [
            np.concatenate([w[at] - w[at - 1], w[at + 1] - 2 * w[at] + w[at - 1]], axis=1)
            for w in (window[:, SHAPES] for window in windows)
        ]
    )


def frechet(ours: np.ndarray, real: np.ndarray) -> float:
    """Fréchet distance of two Gaussians, fitted to rows of features (samples, features)."""
    gap = ours.mean(axis=0) - real.mean(axis=0)
    a, b = np.cov(ours.T), np.cov(real.T)
    sizes, axes = np.linalg.eigh(a)
    half = (axes * np.sqrt(np.clip(sizes, 0, None))) @ axes.T
    mixed = np.sqrt(np.clip(np.linalg.eigvalsh(half @ b @ half), 0, None)).sum()
    return float(gap @ gap + np.trace(a) + np.trace(b) - 2 * mixed)


def judge(
    filled: dict[str, list[np.ndarray]], windows: list[np.ndarray], judged: np.ndarray, scale: np.ndarray
) -> dict[str, dict]:
    """Error and Fréchet distance of differences of each filling; intervals over windows."""
    truth = changes(windows, judged) / scale
    each = len(truth) // len(windows)
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(windows), len(windows)) for _ in range(20)]

    def rows(features: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        return features.reshape(len(windows), each, -1)[chosen].reshape(len(windows) * each, -1)

    found = {}
    for name, some in filled.items():
        off = [np.abs(a - b)[judged][:, SHAPES].mean() for a, b in zip(some, windows, strict=True)]
        features = changes(some, judged) / scale
        energy = float((features**2).sum() / (truth**2).sum())
        again = [frechet(rows(features, chosen), rows(truth, chosen)) for chosen in draws]
        found[name] = {
            "error": bootstrap(off),
            "frechet": frechet(features, truth),
            "frechet_interval": np.percentile(again, [2.5, 97.5]),
            "energy": energy,
        }
    return found


def measure(setting: Setting) -> Section:
    """Gaps within motion, and sparse keys."""
    section = Section("inbetweens", "5. In-betweens")
    if setting.take is None:
        section.text.append("Left out: there is no real take. Give one with --take FILE.")
        return section
    take, trained = held_out(setting.take), seen(setting.take)
    everything = np.ones(len(trained.values), bool)
    everything[:2] = everything[-2:] = False
    scale = changes([trained.values], everything).std(axis=0) + 1e-4
    count = 3 * setting.replications // 2
    section.text.append(
        f"The last third of the take ({take.duration:.0f} s at {take.fps:.0f} samples a second), {count} windows for"
        f" each gap, {CONTEXT:g} s known on each side; then only single keys as far apart as the gap. Error: mean"
        " distance to the real values. Fréchet distance: of first and second differences inside the gap, scaled by"
        " their spread in the trained part; smaller is more like the real motion. Energy: squared differences as a"
        " share of the real ones; a dead in-between has little. “Real, other” is other real motion, from the trained"
        " part."
    )
    for keyed, title in ((False, "Gaps within known motion"), (True, "Single keys")):
        lines = []
        for gap in GAPS:
            windows, known, judged = cut(take, gap, count, keyed)
            filled = {name: fill(windows, known, take.fps) for name, fill in fillers(setting.model).items()}
            found = judge(filled, windows, judged, scale)
            other, _, _ = cut(trained, gap, count, keyed)
            features, truth = changes(other, judged) / scale, changes(windows, judged) / scale
            found["real, other"] = {
                "frechet": frechet(features, truth),
                "energy": float((features**2).sum() / (truth**2).sum()),
            }
            section.figures.setdefault("keys" if keyed else "gaps", {})[f"{gap:g}"] = found
            lines += [_line(gap, name, fact) for name, fact in found.items()]
            _targets(section, f"{title.lower()}, {gap:g} s", found)
        section.tables.append(
            Table(title, ("gap, s", "filled by", "error", "Fréchet distance of differences", "energy"), lines)
        )
    return section


def _line(gap: float, name: str, fact: dict) -> Sequence[str]:
    spread = fact.get("frechet_interval")
    interval = "" if spread is None else f" ({spread[0]:.1f} … {spread[1]:.1f})"
    error = fact["error"].text(4) if "error" in fact else ""
    return (f"{gap:g}", name, error, f"{fact['frechet']:.1f}{interval}", f"{fact['energy']:.2f}")


def _targets(section: Section, words: str, found: dict[str, dict]) -> None:
    baselines = [found[name] for name in METHODS]
    ours = found["model"]
    section.target(f"{words}: realism clearly better", ours["frechet"] < 0.9 * min(b["frechet"] for b in baselines))
    best = min(baselines, key=lambda b: b["error"].value)["error"]
    section.target(f"{words}: error not worse", ours["error"].value <= best.high)
