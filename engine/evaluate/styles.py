"""2. Obeys: does each style knob do what it says, and little else?"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from engine.channels import CHANNELS, INDEX, MIRROR_ORDER
from engine.evaluate.events import blinks, gaze_degrees, lids
from engine.evaluate.intervals import Estimate, bootstrap, rank_correlation
from engine.evaluate.obeys import action
from engine.evaluate.setting import Performer, Picture, Section, Setting, Table
from engine.request import STYLE_KNOBS, Beat, Request, Style

FPS = 60.0
BEAT = Beat({"happy": 1.0}, 0.7, 0.8, 0.7, 1.2, 0.7)
CALM = slice(20, 46)
HELD = slice(round(1.6 * FPS), round(2.6 * FPS))


def _strength(values: np.ndarray) -> float:
    return float(np.median(action(values[HELD], "happy")))


def _pace(values: np.ndarray) -> float:
    """Mean frequency of the head's roll, Hz: speed over size, whatever the size is. Gaze and breath do not roll it."""
    roll = values[15:-15, INDEX["headRoll"]]
    roll = roll - roll.mean()
    if roll.std() < np.deg2rad(0.05):
        return float("nan")
    return float(np.sqrt(((np.diff(roll) * FPS) ** 2).mean() / (roll**2).mean()) / (2 * np.pi))


def _lopsided(values: np.ndarray) -> float:
    """Difference of the two sides as a share of what they show, at the height of the beat; eyes left out."""
    pose = np.median(values[HELD], axis=0)
    left = [i for i, name in enumerate(CHANNELS) if name.endswith("Left") and not name.startswith("eye")]
    left = [i for i in left if i != MIRROR_ORDER[i] and CHANNELS[i] not in ("jawLeft", "mouthLeft")]
    right = MIRROR_ORDER[left]
    return float(np.abs(pose[left] - pose[right]).sum() / max((pose[left] + pose[right]).sum(), 1e-6))


def _blink_rate(values: np.ndarray) -> float:
    return 60 * len(blinks(lids(values), FPS)) / (len(values) / FPS)


def _gaze_travel(values: np.ndarray) -> float:
    """Degrees that the eyes travel in a second."""
    step = np.diff(gaze_degrees(values)[15:-15], axis=0)
    return float(np.hypot(*step.T).mean() * FPS)


def _head_size(values: np.ndarray) -> float:
    """Degrees that the head's angles stray from their course, yaw and roll, which the emotion does not move."""
    head = values[15:-15, [INDEX["headYaw"], INDEX["headRoll"]]]
    return float(np.rad2deg(head.std(axis=0).mean()))


def _tenseness(values: np.ndarray) -> float:
    """Squint, lowered brow and pressed lips in the calm before the beat."""
    names = [name + side for name in ("eyeSquint", "browDown", "mouthPress") for side in ("Left", "Right")]
    return float(values[CALM][:, [INDEX[name] for name in names]].mean())


def _abruptness(values: np.ndarray) -> float:
    """How early in its onset the rise is half done: share of the onset left at half height, 0.5 for a symmetric one."""
    curve = action(values, "happy")
    low, high = np.median(curve[CALM]), np.median(curve[HELD])
    window = curve[round(0.6 * FPS) : round(1.8 * FPS)]
    above = np.flatnonzero(window >= (low + high) / 2)
    if high - low < 0.03 or len(above) == 0 or above[0] == 0:
        return float("nan")
    i = above[0]
    at = 0.6 + (i - 1 + ((low + high) / 2 - window[i - 1]) / (window[i] - window[i - 1])) / FPS
    return 1 - (at - BEAT.start) / BEAT.onset


@dataclass(frozen=True)
class Knob:
    """A style knob's own measure of one performance, and its words."""

    measure: Callable[[np.ndarray], float]
    words: str


KNOBS = {
    "expressiveness": Knob(_strength, "strength at the height"),
    "tempo": Knob(_pace, "head roll's mean frequency, Hz"),
    "asymmetry": Knob(_lopsided, "sides' difference ÷ sum"),
    "blink_rate": Knob(_blink_rate, "blinks a minute"),
    "gaze": Knob(_gaze_travel, "eyes' travel, °/s"),
    "head_motion": Knob(_head_size, "head's spread, °"),
    "tension": Knob(_tenseness, "squint, brow and press at rest"),
    "deliberate": Knob(_abruptness, "onset left at half height"),
}


def levels(knob: str) -> tuple[float, ...]:
    """Five settings over a knob's range."""
    top = 1.0 if knob in ("tension", "deliberate") else 2.0
    return tuple(top * step / 4 for step in range(5))


def swept(performer: Performer, replications: int) -> dict[str, np.ndarray]:
    """By knob: (levels, seeds, measures). The same seeds at every setting; natural settings are performed once."""
    asked: dict[tuple[Style, int], Request] = {}
    for knob in STYLE_KNOBS:
        for level in levels(knob):
            for seed in range(replications):
                style = replace(Style(), **{knob: level})
                asked[style, seed] = Request((BEAT,), duration=4.2, seed=seed, style=style)
    values = dict(zip(asked, performer(list(asked.values())), strict=True))
    measured = {key: [KNOBS[knob].measure(clip) for knob in STYLE_KNOBS] for key, clip in values.items()}
    return {
        knob: np.array(
            [
                [measured[replace(Style(), **{knob: level}), seed] for seed in range(replications)]
                for level in levels(knob)
            ]
        )
        for knob in STYLE_KNOBS
    }


def leak(found: dict[str, np.ndarray]) -> np.ndarray:
    """(knobs, measures): what turning a knob through its range does to a measure, as a share of what the measure's own
    knob does to it; 1 on the diagonal.
    """
    low, natural, high = (np.array([mean(found[knob][at]) for knob in STYLE_KNOBS]) for at in (0, 2, -1))
    # Where the lowest setting leaves nothing to measure, the natural one stands in for it.
    change = np.where(np.isnan(low), 2 * (high - natural), high - low)
    return change / np.diag(change)


def mean(rows: np.ndarray) -> np.ndarray:
    """Means over the first axis of what could be measured; NaN where nothing could."""
    known = ~np.isnan(rows)
    return np.where(known.any(axis=0), np.nansum(rows, axis=0) / np.maximum(known.sum(axis=0), 1), np.nan)


def monotonic(rows: np.ndarray) -> Estimate:
    """Spearman correlation of setting and mean measure; rows: (seeds, levels)."""
    return bootstrap(rows, lambda some: rank_correlation(np.arange(len(some[0])), mean(np.array(some))))


def measure(setting: Setting) -> Section:
    """Each knob's own measure at five settings, and the matrix of what moves what."""
    section = Section("styles", "2. Obeys: style knobs")
    section.text.append(
        f"Five settings of each knob, the others natural, {setting.replications} seeds each, one 4.2 s performance of"
        " happy at 0.7. The matrix has a row for each knob and a column for each measure: how far turning that knob"
        " through its range moves the measure, as a share of what the measure's own knob does. Some of it is meant: the"
        " head joins large gaze shifts."
    )
    matrices = {}
    for row, performer in setting.rows.items():
        found = swept(performer, setting.replications)
        matrices[row] = leak(found)
        lines, facts = [], {}
        for place, knob in enumerate(STYLE_KNOBS):
            own = found[knob][:, :, place]
            order = monotonic(own.T)
            means = [bootstrap(level[~np.isnan(level)]) for level in own]
            lines.append((knob, KNOBS[knob].words, *(mean.text(2) for mean in means), order.text(2)))
            steady = bool(np.all(np.diff([mean.value for mean in means]) > 0))
            facts[knob] = {"means": means, "spearman": order, "monotonic": steady}
            if row == "model":
                section.target(f"{knob} moves its measure monotonically", steady)
        section.tables.append(
            Table(
                f"Each knob and its own measure, {row}",
                ("knob", "measure", "0", "¼", "½", "¾", "1 of the range", "Spearman"),
                lines,
            )
        )
        section.tables.append(
            Table(
                f"What moves what, {row}",
                ("turning", *STYLE_KNOBS),
                [(knob, *(f"{x:+.2f}" for x in line)) for knob, line in zip(STYLE_KNOBS, matrices[row], strict=True)],
            )
        )
        section.figures[row] = {"knobs": facts, "matrix": matrices[row]}
    others = np.abs(matrices["model"][~np.eye(len(STYLE_KNOBS), dtype=bool)])
    section.target("other measures move by less than a quarter (90 % of the matrix)", np.percentile(others, 90) < 0.25)
    section.pictures.append(
        Picture(
            "styles",
            "What turning a knob (row) does to each measure (column).",
            lambda f: _draw(f, matrices),
            (10, 4.6),
        )
    )
    return section


def _draw(figure, matrices: dict[str, np.ndarray]) -> None:
    for place, (row, matrix) in enumerate(matrices.items(), 1):
        axes = figure.add_subplot(1, len(matrices), place)
        axes.imshow(matrix, cmap="RdBu", vmin=-1, vmax=1)
        axes.set_title(row)
        axes.set_xticks(range(len(STYLE_KNOBS)), STYLE_KNOBS, rotation=60, ha="right", fontsize=8)
        axes.set_yticks(range(len(STYLE_KNOBS)), STYLE_KNOBS if place == 1 else [""] * len(STYLE_KNOBS), fontsize=8)
