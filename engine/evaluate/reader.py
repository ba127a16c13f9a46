"""An onlooker who knows FACS: reads action units from a pose, and emotions from units.

Independent of the simulator: its own table (reader.toml), its own way of reading.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from engine.channels import INDEX

BASIC = ("happy", "sad", "fearful", "angry", "surprised", "disgusted", "contemptuous")
STRENGTHS = np.linspace(0.12, 1.3, 25)
"""Overall strengths that the reader tries for an expression."""


@dataclass(frozen=True)
class Reading:
    """Units of one pose. both: by unit, what both sides share; one: by unit, what one side shows beyond the other."""

    both: np.ndarray
    one: np.ndarray


@cache
def table() -> dict:
    """reader.toml."""
    return tomllib.loads(Path(__file__).with_name("reader.toml").read_text("utf-8"))


@cache
def unit_numbers() -> tuple[int, ...]:
    """FACS numbers of the units that are read, in the order of Reading's arrays."""
    return tuple(int(number) for number in table()["units"])


@cache
def du_emotions() -> tuple[str, ...]:
    """The 21 emotions of Du et al."""
    return tuple(table()["du"])


@cache
def _half(side: str) -> tuple[tuple[int, ...], np.ndarray]:
    """Channels of one side of the face, and what each unit shows there, (channels, units)."""
    names = sorted({name for gains in table()["units"].values() for name in gains})
    matrix = np.array([[gains.get(name, 0.0) for gains in table()["units"].values()] for name in names])
    return tuple(INDEX[name] if name in INDEX else INDEX[name + side] for name in names), matrix


def read_units(pose: np.ndarray) -> Reading:
    """Units of a pose (55,), about 0..1, as the non-negative mix that explains each half of the face best."""
    sides = []
    for side in ("Left", "Right"):
        channels, matrix = _half(side)
        sides.append(nnls(matrix, np.clip(pose[list(channels)], 0, None).astype(float))[0])
    left, right = sides
    return Reading(np.minimum(left, right), np.abs(left - right))


@dataclass(frozen=True)
class Template:
    """One way of showing an emotion: by unit, the chance that it is shown and its share of the strength."""

    emotion: str
    chance: np.ndarray
    share: np.ndarray
    one_sided: bool = False


@cache
def templates() -> tuple[Template, ...]:
    """Every way of showing every emotion in reader.toml."""
    ways = [Template(name, *_row(row["core"], row["variants"])) for name, row in table()["du"].items()]
    ways += [
        Template(name, *_row(units, table()["du"][name]["core"] + table()["du"][name]["variants"]))
        for name, units in table()["emfacs"].items()
    ]
    ways += [Template(name, *_row(units, []), one_sided=True) for name, units in table()["one_sided"].items()]
    return tuple(ways)


def _row(core: list[int], variants: list[int]) -> tuple[np.ndarray, np.ndarray]:
    chance = np.full(len(unit_numbers()), table()["chance"]["other"])
    share = np.ones(len(unit_numbers()))
    for kind, units in (("variant", variants), ("core", core)):
        for unit in units:
            chance[unit_numbers().index(unit)] = table()["chance"][kind]
    if 1 in core and 4 in [*core, *variants]:
        share[unit_numbers().index(4)] = table()["strength"]["brow_against_brow"]
    return chance, share


def scores(pose: np.ndarray) -> dict[str, float]:
    """Log likelihood of a pose (55,) by emotion: of its best way and its best overall strength."""
    reading = read_units(pose)
    law = table()["strength"]
    # How restless absent units may be depends on what is seen, not on what is supposed.
    still = law["still"] + law["still_share"] * float(min(1.0, (reading.both + reading.one).max()))
    found: dict[str, float] = {}
    for way in templates():
        shown, rest = (reading.one, reading.both) if way.one_sided else (reading.both, reading.one)
        likelihood = _likelihood(shown, still, way) + _stillness(rest, still)
        found[way.emotion] = max(found.get(way.emotion, -np.inf), float(likelihood.max()))
    return found


def _likelihood(units: np.ndarray, still: float, way: Template) -> np.ndarray:
    """By STRENGTHS: each unit is either shown, near its share of the strength, or absent."""
    at = STRENGTHS[:, None] * way.share
    shown = _normal(units - at, table()["strength"]["spread"] * at + still)
    return np.log(way.chance * shown + (1 - way.chance) * _normal(units, still) + 1e-12).sum(axis=1)


def _stillness(units: np.ndarray, still: float) -> float:
    """The likelihood of what should not be there: sides that differ, or agree where they should not."""
    other = table()["chance"]["other"]
    return float(np.log((1 - other) * _normal(units, still) + other + 1e-12).sum())


def _normal(x: np.ndarray, spread: np.ndarray | float) -> np.ndarray:
    return np.exp(-0.5 * (x / spread) ** 2) / (spread * np.sqrt(2 * np.pi))


def named(pose: np.ndarray, among: tuple[str, ...]) -> str:
    """The emotion that the reader sees first in a pose (55,)."""
    found = scores(pose)
    return max(among, key=lambda name: found[name])


def ideal_pose(emotion: str, strength: float, variants: tuple[int, ...] = (), side: str = "Left") -> np.ndarray:
    """The pose (55,) of an emotion's core units and the given variants, as reader.toml has them."""
    if emotion in table()["one_sided"]:
        return _pose(dict.fromkeys(table()["one_sided"][emotion], strength), (side,))
    core = table()["du"][emotion]["core"]
    amounts = dict.fromkeys((*core, *variants), strength)
    if 1 in amounts and 4 in amounts:
        amounts[4] *= table()["strength"]["brow_against_brow"]
    return _pose(amounts, ("Left", "Right"))


def _pose(amounts: dict[int, float], sides: tuple[str, ...]) -> np.ndarray:
    pose = np.zeros(len(INDEX))
    for unit, amount in amounts.items():
        for name, gain in table()["units"][str(unit)].items():
            for channel in [name] if name in INDEX else [name + side for side in sides]:
                pose[INDEX[channel]] += gain * amount
    return np.clip(pose, 0, 1).astype(np.float32)


def variants_of(emotion: str) -> tuple[int, ...]:
    """Units that some people add to an emotion."""
    return tuple(table()["du"].get(emotion, {}).get("variants", ()))


def core_units(emotion: str) -> list[int]:
    """Units that nearly everybody shows."""
    return table()["one_sided"].get(emotion) or table()["du"][emotion]["core"]


def expected_units(emotion: str) -> list[int]:
    """Units that an onlooker expects of an emotion: its core and its EMFACS prototype."""
    return sorted({*core_units(emotion), *table()["emfacs"].get(emotion, ())})


def unit_channels(units: list[int]) -> np.ndarray:
    """Gains (55,) that weigh a pose by how much it shows of some units; they sum to 1."""
    gains = _pose(dict.fromkeys(units, 1.0), ("Left", "Right"))
    return gains / gains.sum()
