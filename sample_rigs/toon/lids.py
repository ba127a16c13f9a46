"""Lids, lashes and the fold above them: curves seen from the front, in mm, for the left eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import mesh as make
from .mesh import Array, Mesh
from .pose import Pose


@dataclass(frozen=True)
class Lids:
    """The opening of an eye. Heights are above and below the line between the corners; a skew of 1 is even."""

    inner: tuple[float, float]
    outer: tuple[float, float]
    upper: float
    lower: float
    upper_skew: float = 0.85
    lower_skew: float = 1.15
    upper_round: float = 0.6
    lower_round: float = 0.7
    close_at: float = 0.14  # where the lids meet, from the lower edge (0) to the upper (1)
    smile_at: float = 0.5  # height of the closed eye of a smile, as a share of `upper`
    lash: float = 4.6  # thickness of the upper lash
    wing: tuple[float, float] = (6.0, 2.5)
    lower_lash: float = 1.0
    bulge: float = 2.4  # mm that a closed upper lid stands out, so that a squinting lower one passes behind it
    fold: float = 5.5  # distance of the fold from the lash; 0 for none

    def _heights(self, s: Array) -> tuple[Array, Array, Array]:
        """The line between the corners and the rest heights of both lids over it."""
        chord = np.array(self.inner) + s[:, None] * (np.array(self.outer) - np.array(self.inner))
        s = np.clip(s, 0, 1)
        up = self.upper * np.sin(np.pi * s**self.upper_skew).clip(0) ** self.upper_round
        low = -self.lower * np.sin(np.pi * s**self.lower_skew).clip(0) ** self.lower_round
        return chord, up, low

    def curves(self, pose: Pose, side: str, s: Array) -> tuple[Array, Array]:
        """Upper and lower edge at s, 0 inner .. 1 outer corner: (n, 2) each, x outwards and z."""
        chord, up, low = self._heights(s)
        gap = up - low
        t = np.clip(s, 0, 1)
        close, smile = pose.side("close", side), pose.side("smileEye", side)
        meet = low + self.close_at * gap
        arch = self.upper * self.smile_at * np.sin(np.pi * t) ** 0.9
        upper = up + close * (meet - up) + smile * (arch - up)
        lower = low + close * (meet - low) + smile * (arch - low)
        upper = upper + pose.side("wide", side) * 0.16 * gap
        upper = upper - pose.side("droop", side) * 0.5 * gap
        upper = upper - pose.side("lidIn", side) * 0.62 * gap * (1 - t) ** 0.9
        upper = upper - pose.side("lidOut", side) * 0.62 * gap * t**0.9
        lower = lower + pose.side("squint", side) * 0.42 * gap * (1 - 0.25 * (2 * t - 1) ** 2)
        lower = lower - pose.side("wide", side) * 0.05 * gap
        lower = np.minimum(lower, upper)
        zero = np.zeros_like(s)
        return chord + np.stack([zero, upper], 1), chord + np.stack([zero, lower], 1)

    def loop(self, pose: Pose, side: str, loop: Array) -> Array:
        """The whole edge: loop 0..1 along the lower lid outwards, 1..2 back along the upper."""
        upper, _ = self.curves(pose, side, np.clip(2 - loop, 0, 1))
        _, lower = self.curves(pose, side, np.clip(loop, 0, 1))
        return np.where((loop > 1)[:, None], upper, lower)

    def forward(self, pose: Pose, side: str, loop: Array) -> Array:
        """How far the edge comes forward, mm."""
        return self.bulge * pose.side("close", side) * np.sin(np.pi * np.clip(2 - loop, 0, 1)).clip(0) ** 0.4

    def lashes(self, pose: Pose, side: str, front, colour: Array, fold_colour: Array) -> Mesh:
        """Upper lash with its wing, lower lash and fold, in the coordinates of the left eye."""
        count = 17
        s = np.linspace(0.0, 1.0, count)
        upper, _ = self.curves(pose, side, s)
        shut = float(np.clip(pose.side("close", side), 0, 1))
        tail = upper[-1] + np.array([[0.45], [1.0]]) * np.array(self.wing) * [1.0, 1.0 - 1.3 * shut]
        line = np.concatenate([upper, tail])
        along = np.concatenate([s, [1.12, 1.3]])
        grown = np.interp(along, [0, 0.12, 0.45, 0.85, 1.0, 1.12, 1.3], [0.12, 0.42, 0.86, 1.0, 0.9, 0.55, 0.0])
        turn = np.radians(np.interp(along, [0, 0.5, 1.0, 1.3], [98, 88, 62, 40]) - 12 * shut)
        away = np.stack([np.cos(turn), np.sin(turn)], 1)
        top = line + away * (self.lash * (1 - 0.1 * shut) * grown)[:, None]
        bottom = line - away * 1.1 * (1 - 0.6 * shut)
        parts = [self._ribbon(bottom, top, front, 1.3 + self.bulge * shut, grown * 1.6, colour)]
        if self.lower_lash:
            on = np.linspace(0.42, 1.0, 11)
            _, low = self.curves(pose, side, on)
            thin = self.lower_lash * np.interp(on, [0.42, 0.75, 1.0], [0.1, 1.0, 0.7])
            parts.append(
                self._ribbon(
                    low - np.stack([0 * thin, thin], 1), low + np.array([0, 0.25]), front, 0.7, 0 * thin, colour
                )
            )
        if self.fold:
            on = np.linspace(0.14, 0.96, 12)
            rest, _ = self.curves(Pose(), side, on)
            now, _ = self.curves(pose, side, on)
            at = rest + np.maximum(0.38 * (now - rest), -0.5 * self.fold) + [0.8, self.fold + self.lash * 0.75]
            thin = 0.75 * np.sin(np.pi * np.linspace(0.04, 0.97, 12)) ** 0.6
            up = np.stack([0 * thin, thin], 1)
            parts.append(self._ribbon(at - up / 2, at + up / 2, front, 0.5, 0 * thin, fold_colour))
        return make.join(parts)

    @staticmethod
    def _ribbon(low: Array, high: Array, front, lift: float, flick: Array, colour: Array) -> Mesh:
        """A flat bar between two lines in front of the skin; its upper edge stands off by `flick` more."""
        n = len(low)
        middle = (low + high) / 2
        rows = []
        for line, out in (
            (low, -0.6),
            (low, lift),
            (middle, lift + 0.6 + flick * 0.6),
            (high, lift * 0.7 + flick),
            (high, -0.6),
        ):
            rows.append(np.stack([line[:, 0], front(line[:, 0], line[:, 1]) - out, line[:, 1]], 1))
        points = np.stack(rows, 1).reshape(-1, 3)
        k = len(rows)
        faces = [
            (r * k + c, r * k + c + 1, (r + 1) * k + c + 1, (r + 1) * k + c) for r in range(n - 1) for c in range(k - 1)
        ]
        return make.of(points, [tuple(reversed(f)) for f in faces], colour, "Paint", outlined=False)
