"""3. Alive: do lids, gaze, head and both sides of the face move as people's do?"""

from collections.abc import Sequence

import numpy as np
from scipy.signal import welch

from engine.channels import CHANNELS, HEAD, INDEX, MIRROR_ORDER
from engine.evaluate.events import FULL_BLINK, Blink, Saccade, blinks, gaze_degrees, lids, saccades
from engine.evaluate.intervals import Estimate, bootstrap
from engine.evaluate.reader import BASIC
from engine.evaluate.setting import Picture, Section, Setting, Table
from engine.request import Beat, Request

SECONDS = 30.0
FINE = 50.0
"""Frames a second below which the durations of blinks and saccades cannot be measured."""
RANGES: dict[str, tuple[str, float, float, str]] = {
    "blinks": ("blinks a minute", 10.3, 26, "10.3 fixating … 26 talking (Doughty 2002, Bentivoglio 1997)"),
    "interval_cv": ("blink intervals, spread ÷ mean", 0.37, 0.9, "0.37 (Doughty 2002) … 0.6 (Garcia 2011), and above"),
    "interval_skew": ("blink intervals, skewness", 0.3, 4, "skewed to the long side (Garcia 2011)"),
    "closing": ("blink closing, ms", 50, 90, "66 spontaneous, 78 ± 10 voluntary (Kwon 2013)"),
    "opening": ("blink opening to 90 %, ms", 100, 300, "53 + 117, then a slow tail (Kwon 2013)"),
    "opening_ratio": ("opening ÷ closing", 1.5, 5, "170 ÷ 66 and more (Kwon 2013)"),
    "partial": ("share of partial blinks", 0.35, 0.7, "0.53 (Ousler 2014)"),
    "together": ("largest lag between the lids, frames", 0, 1, "start together (Stava 1994)"),
    "saccade_slope": ("saccade duration, ms per degree", 1.4, 3.4, "2.4"),
    "saccade_10": ("duration of a 10° saccade, ms", 39, 59, "25 + 2.4 × 10"),
    "saccade_peak_10": ("peak speed at 10°, °/s", 220, 480, "292 in natural tasks; laboratories find up to 450"),
    "head_slow": ("head motion under 3 Hz, share of power", 0.9, 1.0, "mostly under 3 Hz"),
    "head_slow_speed": ("the same of its speed", 0.6, 1.0, "mostly under 3 Hz"),
    "sides": ("correlation of left and right", 0.9, 1.0, "± 5 % (Schmidt 2006, 2009); the real take's"),
}
"""By measure: words, the range that the literature (faces.md) allows, and the source."""


def lively_requests(count: int) -> list[Request]:
    """Half a minute each: a beat every six seconds or so, calm in between."""
    asked = []
    for seed in range(count):
        rng = np.random.default_rng((seed, 4))
        beats = tuple(
            Beat.spanning(
                {str(rng.choice(BASIC)): 1.0}, float(rng.uniform(0.3, 0.9)), float(at + rng.uniform(0, 2)), 3.0
            )
            for at in np.arange(1.0, SECONDS - 5, 6.0)
        )
        asked.append(Request(beats, duration=SECONDS, seed=seed))
    return asked


def measures(takes: Sequence[np.ndarray], fps: float) -> dict[str, Estimate]:
    """RANGES' measures over takes (frames, 55) at one rate; intervals by resampling takes."""
    lid = [blinks(lids(take), fps) for take in takes]
    eye = [saccades(gaze_degrees(take), fps) for take in takes]
    minutes = [len(take) / fps / 60 for take in takes]
    found: dict[str, Estimate] = {
        "blinks": bootstrap(
            list(zip(lid, minutes, strict=True)), lambda rows: sum(len(b) for b, _ in rows) / sum(m for _, m in rows)
        ),
        "interval_cv": bootstrap(lid, lambda rows: _over_intervals(rows, lambda x: float(x.std() / x.mean()))),
        "interval_skew": bootstrap(lid, lambda rows: _over_intervals(rows, _skewness)),
        "closing": bootstrap(lid, lambda rows: 1000 * _median(b.closing for one in rows for b in one)),
        "opening": bootstrap(lid, lambda rows: 1000 * _median(b.opening for one in rows for b in one)),
        "opening_ratio": bootstrap(lid, lambda rows: _median(b.opening / b.closing for one in rows for b in one)),
        "partial": bootstrap(lid, lambda rows: _mean(b.depth < FULL_BLINK for one in rows for b in one)),
        "together": bootstrap([_lag(take) for take in takes], lambda x: float(np.max(x))),
        "saccades": bootstrap(
            list(zip(eye, minutes, strict=True)), lambda rows: sum(len(s) for s, _ in rows) / sum(m for _, m in rows)
        ),
        "saccade_slope": bootstrap(eye, lambda rows: 1000 * _main_sequence(rows)[0]),
        "saccade_10": bootstrap(eye, lambda rows: 1000 * float(np.dot(_main_sequence(rows), (10, 1)))),
        "saccade_peak_10": bootstrap(
            eye, lambda rows: _median(s.peak for one in rows for s in one if 8 <= s.size <= 12)
        ),
        "sides": bootstrap([_sides(take) for take in takes], lambda x: _median(x[~np.isnan(x)])),
    }
    if fps < FINE:
        for name in ("closing", "opening", "opening_ratio", "saccade_slope", "saccade_10", "saccade_peak_10"):
            del found[name]
    if any(np.ptp(take[:, [INDEX[name] for name in HEAD]]) > 0 for take in takes):
        found["head_slow"] = bootstrap([_slow_share(take, fps, False) for take in takes])
        found["head_slow_speed"] = bootstrap([_slow_share(take, fps, True) for take in takes])
    return found


def jerkiness(takes: Sequence[np.ndarray], channels: Sequence[int] | None = None) -> Estimate:
    """The 99.9th percentile of |second difference| over the shapes, each take at 30 frames a second."""
    chosen = list(channels) if channels is not None else [i for i, name in enumerate(CHANNELS) if name not in HEAD]
    jumps = [np.abs(np.diff(take[:, chosen], 2, axis=0)).ravel() for take in takes]
    return bootstrap(jumps, lambda rows: float(np.percentile(np.concatenate(rows), 99.9)))


def _mean(items) -> float:
    found = list(items)
    return float(np.mean(found)) if found else float("nan")


def _median(items) -> float:
    found = list(items)
    return float(np.median(found)) if found else float("nan")


def _over_intervals(rows: list[list[Blink]], statistic) -> float:
    gaps = [np.diff([blink.start for blink in one]) for one in rows if len(one) > 1]
    return statistic(np.concatenate(gaps)) if sum(map(len, gaps)) > 2 else float("nan")


def _skewness(x: np.ndarray) -> float:
    return float((((x - x.mean()) / x.std()) ** 3).mean()) if x.std() > 1e-6 else 0.0


def _main_sequence(rows: list[list[Saccade]]) -> np.ndarray:
    """Slope (s/°) and intercept (s) of duration over size, robust: medians within bins of size."""
    sizes = np.array([s.size for one in rows for s in one])
    times = np.array([s.duration for one in rows for s in one])
    bins = [(sizes >= low) & (sizes < high) for low, high in ((2, 4), (4, 6), (6, 9), (9, 13), (13, 18), (18, 26))]
    points = [(np.median(sizes[b]), np.median(times[b])) for b in bins if b.sum() >= 4]
    if len(points) < 2:
        return np.array([np.nan, np.nan])
    middle, length = np.transpose(points)
    return np.polyfit(middle, length, 1)


def _lag(take: np.ndarray) -> float:
    """Frames between the lids' fastest closings."""
    left, right = (np.diff(take[:, INDEX["eyeBlink" + side]]) for side in ("Left", "Right"))
    if left.max() < 0.05:
        return 0.0
    lags = np.arange(-6, 7)
    return abs(float(lags[np.argmax([np.dot(left[10:-10], np.roll(right, k)[10:-10]) for k in lags])]))


def _sides(take: np.ndarray) -> float:
    pairs = [
        (i, j)
        for i, j in enumerate(MIRROR_ORDER)
        if j > i
        and take[:, [i, j]].std(axis=0).min() > 0.03
        and "LookIn" not in CHANNELS[i] + CHANNELS[j]
        and "LookOut" not in CHANNELS[i]
        and "jaw" not in CHANNELS[i]
        and CHANNELS[i] not in ("mouthLeft", "mouthRight")
    ]
    return float(np.median([np.corrcoef(take[:, i], take[:, j])[0, 1] for i, j in pairs])) if pairs else float("nan")


def _slow_share(take: np.ndarray, fps: float, speed: bool) -> float:
    angles = take[:, [INDEX[name] for name in HEAD]]
    curve = np.diff(angles, axis=0) * fps if speed else angles
    frequency, power = welch(curve, fps, nperseg=min(len(curve), round(8 * fps)), detrend="linear", axis=0)
    return float(power[frequency < 3].sum() / max(power.sum(), 1e-12))


def measure(setting: Setting) -> Section:
    """RANGES' measures of every performer, jerkiness against the real take, and the mean blink."""
    section = Section("alive", "3. Alive")
    asked = lively_requests(setting.replications)
    takes = {row: performer(asked) for row, performer in setting.rows.items()}
    found = {row: measures(values, 60.0) for row, values in takes.items()}
    if setting.take is not None:
        found = {"real": measures(np.array_split(setting.take.values, 6), setting.take.fps), **found}
    section.text.append(
        f"{setting.replications} takes of {SECONDS:g} s with a beat every six seconds. “Real” is an iPhone's"
        " range-of-motion take at 30 samples a second, cut into six: a face that exercises, not one that idles, and"
        " whose head was not recorded. Bold is inside the cited range."
    )
    rows = []
    for name, (words, low, high, source) in RANGES.items():
        cells = []
        for facts in found.values():
            fact = facts.get(name)
            text = "" if fact is None or np.isnan(fact.value) else fact.text(2 if high < 20 else 0)
            cells.append(f"**{text}**" if text and fact is not None and low <= fact.value <= high else text)
        rows.append((words, *cells, source))
        section.target(f"{words} in range", low <= found["model"][name].value <= high)
    section.tables.append(Table("Life", ("measure", *found, "cited"), rows))
    section.figures |= {row: dict(facts) for row, facts in found.items()}
    section.tables.append(_jerkiness_table(section, setting, takes))
    section.pictures.append(
        Picture("blink", "The mean full blink: closure against seconds since its peak.", lambda f: _draw(f, takes))
    )
    return section


def _jerkiness_table(section: Section, setting: Setting, takes: dict[str, list[np.ndarray]]) -> Table:
    lid = [i for i, name in enumerate(CHANNELS) if name.startswith("eyeBlink")]
    gaze = [i for i, name in enumerate(CHANNELS) if name.startswith("eyeLook")]
    rest = [i for i, name in enumerate(CHANNELS) if name not in HEAD and i not in (*lid, *gaze)]
    slow = {row: [take[::2] for take in some] for row, some in takes.items()}
    if setting.take is not None:
        slow = {"real": np.array_split(setting.take.values, 6), **slow}
    rows = []
    for row, some in slow.items():
        facts = {
            name: jerkiness(some, part) for name, part in (("all", None), ("lids", lid), ("gaze", gaze), ("rest", rest))
        }
        section.figures[row]["jerkiness"] = facts
        rows.append((row, *(fact.text(3) for fact in facts.values())))
    if setting.take is not None:
        section.target(
            "99.9th percentile of the second difference no higher than real",
            section.figures["model"]["jerkiness"]["all"].value <= section.figures["real"]["jerkiness"]["all"].value,
        )
    return Table(
        "99.9th percentile of the second difference, at 30 frames a second",
        ("performer", "all shapes", "lids", "gaze", "the rest"),
        rows,
    )


def _draw(figure, takes: dict[str, list[np.ndarray]]) -> None:
    axes = figure.add_subplot()
    span = np.arange(-12, 31)
    for row, some in takes.items():
        cut = []
        for take in some:
            closure = lids(take)
            for blink in blinks(closure, 60.0):
                peak = round((blink.start + blink.closing) * 60)
                if blink.depth >= FULL_BLINK and 12 <= peak < len(closure) - 31:
                    cut.append(closure[peak + span])
        if cut:
            axes.plot(span / 60, np.mean(cut, axis=0), label=f"{row}, {len(cut)} blinks")
            axes.fill_between(span / 60, *np.percentile(cut, [10, 90], axis=0), alpha=0.15)
    axes.set(xlabel="seconds", ylabel="closure")
    axes.legend(frameon=False)
