"""6. Long: does one see where the model's windows meet?"""

import itertools

import numpy as np

from engine.channels import CHANNELS, HEAD
from engine.evaluate.intervals import bootstrap
from engine.evaluate.reader import BASIC
from engine.evaluate.setting import Section, Setting, Table
from engine.model.flow import windows
from engine.request import Beat, Request

SECONDS, BEATS = 60.0, 12
NEAR = 3
"""Frames to each side of a joint that count as at it."""


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


def ratios(values: np.ndarray, config) -> dict[str, float]:
    """Mean energy of motion at joints, and in overlaps, over that elsewhere; by kind of difference."""
    spans = windows(len(values), config.window * config.patch, config.patch)
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
        f"{setting.replications} performances of {SECONDS:g} s with {BEATS} beats. Speed and acceleration within"
        f" {NEAR} frames of where a window begins or ends, and where two windows overlap, as a ratio to elsewhere: 1 is"
        " no trace. The simulator, which has no windows, shows what chance does at the same frames."
    )
    rows = []
    for row, performer in setting.rows.items():
        each = [ratios(values, config) for values in performer(asked)]
        facts = {name: bootstrap([one[name] for one in each]) for name in each[0]}
        section.figures[row] = facts
        rows.append((row, *(fact.text(2) for fact in facts.values())))
    section.tables.append(Table("Energy of motion, ratio to elsewhere", ("performer", *section.figures["model"]), rows))
    for name, fact in section.figures["model"].items():
        chance = section.figures["simulator"][name]
        section.target(
            f"{name} as elsewhere", fact.low <= max(1.05, chance.high) and fact.high >= min(0.95, chance.low)
        )
    return section
