"""6. Long: does one see where the model's windows meet?"""

import copy
import itertools

import numpy as np

from engine.channels import CHANNELS, HEAD
from engine.evaluate.intervals import bootstrap
from engine.evaluate.reader import BASIC
from engine.evaluate.setting import Section, Setting, Table, performer_of
from engine.model.flow import windows
from engine.model.generate import STEPS
from engine.model.network import Config
from engine.request import Beat, Request

SECONDS, BEATS = 60.0, 12
NEAR = 3
"""Frames to each side of a joint that count as at it."""
MOVED = 7
"""Steps by which windows are moved on to see what the same frames of the same performances are like without joints."""
BESIDE = "model, beside that"
SLIGHT = 0.02
"""Share by which motion may differ between the two."""


def long_request(seed: int) -> Request:
    """A minute with twelve beats at drawn times, so that joints and beats are independent."""
    rng = np.random.default_rng((seed, 8))
    beats = tuple(
        Beat.spanning(
            {str(rng.choice(BASIC)): 1.0},
            float(rng.uniform(0.4, 1.0)),
            5.0 * i + float(rng.uniform(0, 2)),
            float(rng.uniform(2, 4)),
        )
        for i in range(BEATS)
    )
    return Request(beats, duration=SECONDS, seed=seed)


def ratios(values: np.ndarray, config: Config) -> dict[str, float]:
    """Mean energy of motion at joints, and in overlaps, over that elsewhere; by kind of difference.

    Windows are those of the last step, which has the last word.
    """
    spans = windows(len(values), config.window * config.patch, config.patch, STEPS - 1)
    joint, overlap = np.zeros(len(values), bool), np.zeros(len(values), bool)
    for before, after in itertools.pairwise(spans):
        overlap[after.start : before.stop] = True
        for edge in (after.start, before.stop):
            joint[max(0, edge - NEAR) : edge + NEAR] = True
    head = [CHANNELS.index(name) for name in HEAD]
    scale = np.where(np.isin(np.arange(len(CHANNELS)), head), 0.2, 1.0)
    found = {}
    for name, order in (("speed", 1), ("acceleration", 2)):
        energy = (np.diff(values / scale, order, axis=0) ** 2).mean(axis=1)
        at, over = joint[order:], overlap[order:]
        # Blinks are most of the energy; the root keeps single ones from deciding.
        found[f"{name} at joints"] = float(np.sqrt(energy[at]).mean() / np.sqrt(energy[~at]).mean())
        found[f"{name} in overlaps"] = float(np.sqrt(energy[over]).mean() / np.sqrt(energy[~over]).mean())
    return found


def measure(setting: Setting) -> Section:
    """Motion at joints and in overlaps against elsewhere."""
    section = Section("long", "6. Long")
    asked = [long_request(seed) for seed in range(setting.replications)]
    config = setting.generator.network.config
    section.text.append(
        f"{setting.replications} performances of {SECONDS:g} s with {BEATS} beats. Speed and acceleration within {NEAR}"
        " frames of where a window begins or ends at the last step, and where two windows overlap, as a ratio to"
        " elsewhere: 1 is no trace. The simulator, which has no windows, shows what chance does at the same frames, and"
        " so do the same performances of the model with their windows moved. “Model, beside that” is the model's ratio"
        " over theirs, performance by performance, which leaves only what the windows do."
    )
    moved = copy.copy(setting.generator)
    moved.placement = MOVED
    performers = {**setting.rows, "model, windows moved": performer_of(moved)}
    each = {row: [ratios(values, config) for values in performer(asked)] for row, performer in performers.items()}
    each[BESIDE] = [
        {name: one[name] / other[name] for name in one}
        for one, other in zip(each["model"], each["model, windows moved"], strict=True)
    ]
    rows = []
    for row, found in each.items():
        facts = {name: bootstrap([one[name] for one in found]) for name in found[0]}
        section.figures[row] = facts
        rows.append((row, *(fact.text(2) for fact in facts.values())))
    section.tables.append(Table("Energy of motion, ratio to elsewhere", ("performer", *section.figures["model"]), rows))
    for name, fact in section.figures["model"].items():
        chance = section.figures["simulator"][name]
        section.target(
            f"{name} as elsewhere", fact.low <= max(1.05, chance.high) and fact.high >= min(0.95, chance.low)
        )
        beside = section.figures[BESIDE][name]
        section.target(
            f"{name} as with windows elsewhere, to {SLIGHT:.0%}",
            beside.low <= 1 + SLIGHT and beside.high >= 1 - SLIGHT,
        )
    return section
