"""What the drawn heads show: single shapes, random combinations, the simulator's frames, sealed lips, gaze, blinks."""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

from engine.channels import CHANNELS, INDEX, SHAPES
from engine.performance.performer import perform
from engine.takes.eyes import looks
from engine.train.examples import draw_style, draw_timeline
from engine.video.decoder import outputs

KINDS = ("neutral", "single", "combination", "performed", "sealed", "gaze", "reserved")
SHARES = {"neutral": 0.1, "single": 0.27, "combination": 0.26, "performed": 0.25, "sealed": 0.05, "gaze": 0.07}
LEARNED = {"neutral": 0.06, "single": 0.2, "combination": 0.38, "performed": 0.24, "sealed": 0.05, "gaze": 0.07}
"""How much there is of each kind to test with, and to learn from: combinations are the hardest to read."""
_OUT, _UP, _DOWN = np.radians(34.0), np.radians(24.0), np.radians(32.0)


class Expressions:
    """Draws expressions; one source of performed frames for many draws."""

    def __init__(self, rng: np.random.Generator, shares: dict[str, float] = SHARES) -> None:
        self._rng, self._shares = rng, shares
        self._frames: list[np.ndarray] = []

    def draw(self, kind: str | None = None) -> tuple[np.ndarray, str]:
        """Channels float32 (55,) with the head at 0, and the kind; training's kinds only unless `kind` is given."""
        rng = self._rng
        while True:
            chosen = kind or str(rng.choice(list(self._shares), p=list(self._shares.values())))
            values = getattr(self, f"_{chosen}")()
            if chosen in ("single", "combination", "sealed", "reserved"):
                if rng.random() < 0.45:
                    values += self._looking(rng.random() < 0.5)
                if rng.random() < 0.12:
                    self._blink(values)
            values = without_opposites(np.clip(values, 0, 1))
            if (chosen == "reserved") == is_reserved(values):
                return values.astype(np.float32), chosen

    def _neutral(self) -> np.ndarray:
        return np.zeros(len(CHANNELS))

    def _single(self) -> np.ndarray:
        values = self._neutral()
        names = [name for group in _groups().values() for name in group]
        self._add(values, str(self._rng.choice(names)), self._rng.uniform(0.15, 1.0))
        return values

    def _combination(self) -> np.ndarray:
        values = self._neutral()
        rng, groups = self._rng, _groups()
        for group in rng.choice(list(groups), rng.integers(1, len(groups) + 1), replace=False):
            for name in rng.choice(groups[group], 1 + int(rng.random() < 0.3), replace=False):
                self._add(values, str(name), rng.uniform(0.1, 1.0))
        return values

    def _reserved(self) -> np.ndarray:
        values = self._combination() * (self._rng.random(len(CHANNELS)) < 0.5)
        for name in _table()["reserved"][self._rng.integers(len(_table()["reserved"]))]:
            self._add(values, name, self._rng.uniform(0.4, 1.0))
        return values

    def _sealed(self) -> np.ndarray:
        """Lips closed over an open jaw."""
        values = self._combination() * (self._rng.random(len(CHANNELS)) < 0.3)
        values[INDEX["jawOpen"]] = self._rng.uniform(0.2, 0.9)
        values[INDEX["mouthClose"]] = values[INDEX["jawOpen"]] * self._rng.uniform(0.75, 1.0)
        return values

    def _gaze(self) -> np.ndarray:
        values = self._looking(True)
        if self._rng.random() < 0.35:
            self._blink(values)
        return values

    def _looking(self, wide: bool) -> np.ndarray:
        rng = self._rng
        spread = 1.0 if wide else 0.3
        yaw = spread * rng.uniform(-_OUT, _OUT)
        pitch = spread * rng.uniform(-_DOWN, _UP)
        values = looks(np.array([yaw]), np.array([pitch]))[0]
        if rng.random() < 0.15:
            # Eyes converge on something near.
            near = rng.uniform(0, np.radians(5)) / 0.6
            for side in ("Left", "Right"):
                turned = values[INDEX["eyeLookOut" + side]] - values[INDEX["eyeLookIn" + side]] - near
                values[INDEX["eyeLookOut" + side]], values[INDEX["eyeLookIn" + side]] = max(turned, 0), max(-turned, 0)
        return values

    def _blink(self, values: np.ndarray) -> None:
        rng = self._rng
        depth = 1.0 if rng.random() < 0.5 else rng.uniform(0.1, 1.0)
        sides = ("Left", "Right") if rng.random() < 0.85 else (str(rng.choice(["Left", "Right"])),)
        for side in sides:
            values[INDEX["eyeBlink" + side]] = depth * rng.uniform(0.93, 1.0)

    def _add(self, values: np.ndarray, name: str, strength: float) -> None:
        """One channel or both its sides, mostly about alike."""
        rng = self._rng
        if name in INDEX:
            values[INDEX[name]] = strength
            return
        left, right = 1.0, 1.0
        kind = rng.random()
        if kind < 0.25:
            left, right = (1.0, 0.0) if rng.random() < 0.5 else (0.0, 1.0)
        elif kind < 0.7:
            left, right = rng.uniform(0.7, 1.0, 2)
        values[INDEX[name + "Left"]] = strength * left
        values[INDEX[name + "Right"]] = strength * right

    def _performed(self) -> np.ndarray:
        rng = self._rng
        if not self._frames:
            frames = 240
            talking = bool(rng.random() < 0.35)
            values = perform(rng, draw_timeline(rng, frames / 60), frames, draw_style(rng), talking=talking)
            self._frames = list(values[rng.choice(frames, 16, replace=False)])
        values = self._frames.pop().astype(float)
        values[len(SHAPES) - 1 :] = 0  # neither the tongue nor the head
        return values


def without_opposites(values: np.ndarray) -> np.ndarray:
    """Values (55,) that look the same, with nothing of a channel and its opposite (jawLeft, jawRight) at once."""
    values = values.copy()
    for plus, minus in outputs():
        if minus:
            shared = min(values[INDEX[plus]], values[INDEX[minus]])
            values[INDEX[plus]] -= shared
            values[INDEX[minus]] -= shared
    return values


def is_reserved(values: np.ndarray) -> bool:
    """Whether a combination is one of those that training never shows."""
    return any(_strength(values, one) > 0.15 and _strength(values, two) > 0.15 for one, two in _table()["reserved"])


def _strength(values: np.ndarray, name: str) -> float:
    return float(max(values[i] for full, i in INDEX.items() if full.startswith(name)))


@cache
def _table() -> dict:
    return tomllib.loads(Path(__file__).with_name("expressions.toml").read_text("utf-8"))


def _groups() -> dict[str, list[str]]:
    return _table()["groups"]
