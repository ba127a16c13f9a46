"""1. Recognised: does an onlooker name the emotion that was asked?"""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from engine.channels import CHANNELS, INDEX
from engine.evaluate.intervals import bootstrap
from engine.evaluate.reader import (
    BASIC,
    core_units,
    du_emotions,
    expected_units,
    ideal_pose,
    named,
    unit_channels,
    variants_of,
)
from engine.evaluate.setting import Performer, Section, Setting, Table
from engine.request import Beat, Request

STRONG, WEAK = 0.8, 0.3
VARIANT_CHANCE = 0.35
FACE = np.array([not name.startswith(("eyeLook", "eyeBlink", "head")) for name in CHANNELS])
LEFTMOST = np.array([INDEX[name.replace("Right", "Left")] for name in CHANNELS])
"""The left channel of each pair, for noise that both sides share."""
START, ONSET, HOLD, OFFSET = 0.2, 0.4, 0.6, 0.4


def request_for(emotion: str, intensity: float, seed: int, guidance: float | None = None) -> Request:
    """A short beat of an emotion, 1.6 s."""
    beat = Beat({emotion: 1.0}, intensity, START, ONSET, HOLD, OFFSET)
    return Request((beat,), duration=START + ONSET + HOLD + OFFSET, seed=seed, guidance=guidance)


def apex(values: np.ndarray, fps: float = 60.0) -> np.ndarray:
    """The pose held at the beat's height, (55,): medians, so that a blink or a glance does not count."""
    return np.median(values[round((START + ONSET) * fps) : round((START + ONSET + HOLD) * fps)], axis=0)


def apexes(performer: Performer, emotions: Iterable[str], intensity: float, seeds: int) -> dict[str, np.ndarray]:
    """Held poses by emotion, (seeds, 55) each. Every emotion has seeds of its own."""
    names = list(emotions)
    asked = [
        request_for(name, intensity, 1000 * place + seed) for place, name in enumerate(names) for seed in range(seeds)
    ]
    poses = [apex(values) for values in performer(asked)]
    return {name: np.stack(poses[place * seeds : (place + 1) * seeds]) for place, name in enumerate(names)}


def answers(poses: dict[str, np.ndarray], among: tuple[str, ...]) -> dict[str, list[str]]:
    """What the reader says of each pose, by what was asked."""
    return {name: [named(pose, among) for pose in rows] for name, rows in poses.items()}


def noise_of(poses: dict[str, np.ndarray]) -> tuple[float, float]:
    """How performances of one emotion differ: relative spread of what its core units show, which are always shown, and
    absolute restlessness of channels that none of its units move.
    """
    shown, still = [], []
    for name, rows in poses.items():
        core = unit_channels(core_units(name)) > 0
        any_unit = unit_channels([*expected_units(name), *core_units(name), *variants_of(name)]) > 0
        means, spreads = rows.mean(axis=0), rows.std(axis=0)
        shown += list((spreads / np.maximum(means, 1e-6))[core & (means > 0.2)])
        still += list(np.sqrt((rows**2).mean(axis=0))[~any_unit & FACE])
    return float(np.median(shown)) if shown else 0.0, float(np.median(still))


def ideal(emotions: Iterable[str], noise: tuple[float, float], seeds: int) -> dict[str, np.ndarray]:
    """Template poses with variants as common as Du et al. say, and with `noise` as noise_of gives it."""
    rng = np.random.default_rng(0)
    poses: dict[str, np.ndarray] = {}
    for name in emotions:
        rows = []
        for _ in range(seeds):
            some = tuple(unit for unit in variants_of(name) if rng.random() < VARIANT_CHANCE)
            pose = ideal_pose(name, STRONG, some, "Left" if rng.random() < 0.5 else "Right")
            # Both sides of a face vary together.
            relative, still = rng.normal(0, 1, (2, len(CHANNELS)))[:, LEFTMOST]
            moved = pose * (1 + noise[0] * relative) + noise[1] * np.abs(still) * (FACE & (pose == 0))
            rows.append(np.clip(moved, 0, 1))
        poses[name] = np.stack(rows)
    return poses


def share_right(said: dict[str, list[str]]) -> dict[str, float]:
    """Share of right answers by emotion."""
    return {name: float(np.mean([word == name for word in words])) for name, words in said.items()}


def confusions(said: dict[str, list[str]], least: float = 0.1) -> list[str]:
    """What is taken for what at least this often, most often first."""
    found = [
        (count / len(words), name, word)
        for name, words in said.items()
        for word, count in Counter(words).items()
        if word != name and count / len(words) >= least
    ]
    return [f"{name} → {word} {share:.0%}" for share, name, word in sorted(found, reverse=True)]


def measure(setting: Setting) -> Section:
    """Names the asked emotion at two strengths, among 7 and among 21."""
    section = Section("recognised", "1. Recognised")
    compound_seeds = max(setting.replications, 3 * setting.seeds // 8)
    section.text.append(
        "A reader with its own table of action units (engine/evaluate/reader.toml) names the emotion from the pose held"
        f" at a beat's height. {setting.seeds} seeds of each basic emotion,"
        f" {compound_seeds} of each of the 21 of Du et al. “Ideal” is the same reader on"
        " its own template poses, as strong and with the noise that the model's performances have: its ceiling."
    )
    rows, per_emotion, mistaken = [], [], []
    shares: dict[str, dict[str, float]] = {}
    everything: dict[str, dict[str, np.ndarray]] = {}
    for row, performer in setting.rows.items():
        everything[row] = apexes(performer, (*du_emotions(), "contemptuous"), STRONG, compound_seeds)
        strong = apexes(performer, BASIC, STRONG, setting.seeds)
        weak = apexes(performer, BASIC, WEAK, setting.seeds)
        _count(section, row, strong, weak, everything[row], shares, rows, mistaken)
    noise = noise_of(everything["model"])
    ideal_poses = ideal((*du_emotions(), "contemptuous"), noise, setting.seeds)
    section.figures["noise"] = noise
    strong = {name: ideal_poses[name] for name in BASIC}
    _count(section, "ideal", strong, None, ideal_poses, shares, rows, mistaken)
    for name in du_emotions():
        per_emotion.append((name, *(f"{shares[row][name]:.0%}" for row in ("ideal", *setting.rows))))
    section.tables += [
        Table("Share named first, with 95 % intervals", ("performer", "7 at 0.8", "7 at 0.3", "21 at 0.8"), rows),
        Table("By emotion, among 21", ("asked", "ideal", *setting.rows), per_emotion),
        Table("Taken for another in a tenth or more of the cases", ("performer", "confusions"), mistaken),
    ]
    section.figures["compound_seeds"] = compound_seeds
    model, ceiling = section.figures["model"], section.figures["ideal"]
    section.target("7 at 0.8 named first in ≥ 97 %", model["seven"].value >= 0.97)
    section.target("7 at 0.3 named first in ≥ 75 %", model["seven_weak"].value >= 0.75)
    section.target("21 within 5 points of the ceiling", model["du"].value >= ceiling["du"].value - 0.05)
    return section


def _count(
    section: Section,
    row: str,
    strong: dict[str, np.ndarray],
    weak: dict[str, np.ndarray] | None,
    all_poses: dict[str, np.ndarray],
    shares: dict[str, dict[str, float]],
    rows: list,
    mistaken: list,
) -> None:
    seven = answers(strong, BASIC)
    du = answers({name: all_poses[name] for name in du_emotions()}, du_emotions())
    shares[row] = share_right(du)
    facts = {"seven": _right(seven), "du": _right(du), "by_emotion": share_right(seven), "du_by_emotion": shares[row]}
    if weak is not None:
        said = answers(weak, BASIC)
        facts |= {"seven_weak": _right(said), "weak_by_emotion": share_right(said)}
        mistaken.append((f"{row}, 7 at 0.3", ", ".join(confusions(said)) or "none"))
    mistaken.append((f"{row}, 7 at 0.8", ", ".join(confusions(seven, 0.03)) or "none"))
    mistaken.append((f"{row}, 21 at 0.8", ", ".join(confusions(du)) or "none"))
    section.figures[row] = facts
    rows.append(
        (
            row,
            facts["seven"].text(3),
            facts["seven_weak"].text(3) if weak is not None else "",
            facts["du"].text(3),
        )
    )


def _right(said: dict[str, list[str]]):
    return bootstrap([float(word == name) for name, words in said.items() for word in words])
