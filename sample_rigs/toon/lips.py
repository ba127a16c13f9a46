"""The mouth: where the lips' edges go, what lies behind them, and how jaw and cheeks follow. All in mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..head.shapes.soft import smoothstep
from . import mesh as make
from .mesh import Array, Mesh
from .pose import Pose

Swell = tuple[str, tuple[float, float, float], float, tuple[float, float, float]]


@dataclass(frozen=True)
class Lips:
    """S runs from -1 at the right corner over 0 to 1 at the left one; side is +1 on the upper lip, -1 on the lower."""

    height: float
    width: float  # half
    steps: int  # around half a mouth, from below the lip's middle over the corner to above it
    smile: float = 1.6  # how far the corners lie above the middle at rest
    cat: float = 0.0  # depth of a cat's double bow
    chin: float = -80.0  # height where the jaw moves fully
    line: float = 0.55  # half thickness of the drawn line
    teeth: float = 3.2
    tongue: float = 8.0  # half width
    hold: float = 0.0  # mm that a lower lip stays in front of the sculpt for each mm that it goes down
    room: float = 1.0  # height of the mouth's inside, as a share of what a human face has; half of it for depth
    swells: tuple[Swell, ...] = ()  # amount's name, centre on the left, radius, push

    @property
    def S(self) -> Array:
        k = np.arange(self.steps)
        c = (self.steps - 1) / 2
        half = np.sin(np.pi / 2 * (1 - np.abs(k - c) / c))
        return np.concatenate([half, -half])

    @property
    def side(self) -> Array:
        half = np.sign(np.arange(self.steps) - (self.steps - 1) / 2)
        return np.concatenate([half, half])

    def edges(self, pose: Pose) -> Array:
        """x, z and the push backwards of every step around the mouth: (2 * steps, 3)."""
        return self.curve(pose, self.S, self.side)

    def curve(self, pose: Pose, S: Array, side: Array | float) -> Array:
        """The lips' edge at S: (n, 3), x, z and push backwards."""
        side = np.broadcast_to(side, S.shape)
        # A cat's bow hangs from the nose; the lower lip loses it when the mouth opens.
        shut = np.where(
            side < 0, np.clip(1 - (pose.side("lower", "Left") + pose.side("lower", "Right")) / 8, 0, 1), 1.0
        )
        bow = self.smile * S**2 + shut * self.cat * (np.cos(2 * np.pi * S) - 1) / 2
        x, z, y = self.width * S, self.height + bow, np.zeros_like(S)
        corner = smoothstep(0.0, 1.0, np.abs(S)) ** 1.2
        box = 0.5 / (1.0 + pose.get("square"))
        oval = np.clip(1 - S**2, 0, 1) ** box
        left = smoothstep(-0.45, 0.45, S)
        for name, share in (("Left", left), ("Right", 1 - left)):
            sign = 1.0 if name == "Left" else -1.0
            z = z + share * corner * pose.side("corner", name)
            x = x + sign * share * corner * pose.side("cornerOut", name)
            y = y + share * corner * pose.side("cornerBack", name)
            z = z + share * oval * np.where(side > 0, pose.side("upper", name), -pose.side("lower", name)) * (side != 0)
            # The jaw carries a lip with it that would slide under the chin otherwise.
            y = y - share * oval * self.hold * pose.side("lower", name) * (side < 0)
        x = x * (1 + pose.get("widen")) + pose.get("slide")
        # Upper lips bend into a hat where the corners stay low, into a bowl where they rise.
        z = z + pose.get("raise") + pose.get("bend") * (1 - S**2)
        y = y - pose.get("pout") * oval
        y = y + oval * np.where(side > 0, pose.get("rollUpper"), pose.get("rollLower")) * (side != 0)
        if (np.any(side < 0)) and pose.side("lower", "Left") + pose.side("lower", "Right") >= 0:
            upper = self.curve(pose, S, 1.0)[:, 1]
            z = np.where(side < 0, np.minimum(z, upper), z)
        return np.stack([x, z, y], 1)

    def jaw(self, p: Array, pose: Pose) -> Array:
        """What the skin of chin and jaw does, seen from the front: (n, 2)."""
        low = smoothstep(self.height + 2, self.chin, p[:, 2]) * smoothstep(20.0, -14.0, p[:, 1])
        low *= smoothstep(self.chin - 42, self.chin - 14, p[:, 2])
        return np.stack([low * pose.get("jawSide"), -low * pose.get("jaw")], 1)

    def back(self, p: Array, pose: Pose) -> Array:
        """How far chin and lower lip move backwards (n,)."""
        low = smoothstep(self.height + 6, self.chin + 6, p[:, 2]) * smoothstep(20.0, -14.0, p[:, 1])
        low *= smoothstep(self.chin - 42, self.chin - 14, p[:, 2])
        return low * (0.25 * pose.get("jaw") - pose.get("jawForward"))

    def inside(self, pose: Pose, front, inks: dict[str, Array]) -> Mesh:
        """The drawn lines of the lips, teeth and tongue. inks: texture places of "line", "teeth", "tongue"."""
        S = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 29))
        upper, lower = self.curve(pose, S, 1.0), self.curve(pose, S, -1.0)
        parts = [
            self._line(upper, self.line * (1 - 0.35 * S**2), 1.0, front, inks["line"]),
            self._line(lower, 0.6 * self.line * (1 - 0.9 * S**2), -1.0, front, inks["line"]),
        ]
        if self.teeth:
            parts.append(self._teeth(pose, front, inks["teeth"]))
        parts.append(self._tongue(pose, front, inks["tongue"]))
        return make.join(parts)

    @staticmethod
    def _line(edge: Array, thick: Array, way: float, front, ink: Array) -> Mesh:
        n = len(edge)
        rows = []
        for out, share in ((-1.6, -0.2), (0.35, -0.2), (0.35, 1.0), (-0.5, 1.0)):
            x, z = edge[:, 0], edge[:, 1] + way * share * thick
            rows.append(np.stack([x, front(x, z) - out + edge[:, 2], z], 1))
        points = np.stack(rows, 1).reshape(-1, 3)
        faces = [
            (r * 4 + c, r * 4 + c + 1, (r + 1) * 4 + c + 1, (r + 1) * 4 + c) for r in range(n - 1) for c in range(3)
        ]
        faces = [tuple(reversed(f)) for f in faces] if way > 0 else faces
        return make.of(points, faces, ink, "Paint", outlined=False)

    def _teeth(self, pose: Pose, front, ink: Array) -> Mesh:
        S = np.linspace(-0.86, 0.86, 13)
        upper, lower = self.curve(pose, S, 1.0), self.curve(pose, S, -1.0)
        top = upper[:, 1] + 1.4
        gap = np.maximum(upper[:, 1] - lower[:, 1], 0.0)
        bottom = upper[:, 1] + 0.9 - np.minimum((self.teeth + 0.9) * (1 - 0.45 * S**2), 0.9 + 0.5 * gap)
        rows = []
        for z, back in ((top, 4.0), (bottom, 4.2), (bottom, 6.0)):
            y = front(0 * S + upper[6, 0], 0 * S + self.height) + back + 5.0 * S**2 + upper[:, 2] * 0.7
            rows.append(np.stack([upper[:, 0] * 0.96, y, z], 1))
        points = np.stack(rows, 1).reshape(-1, 3)
        faces = [(r * 3 + c, (r + 1) * 3 + c, (r + 1) * 3 + c + 1, r * 3 + c + 1) for r in range(12) for c in range(2)]
        return make.of(points, [tuple(reversed(f)) for f in faces], ink, "Paint", outlined=False)

    def _tongue(self, pose: Pose, front, ink: Array) -> Mesh:
        rows, around = 7, 8
        t = np.linspace(0, 1, rows)
        middle = np.zeros(1)
        upper, lower = self.curve(pose, middle, 1.0)[0], self.curve(pose, middle, -1.0)[0]
        gap = max(upper[1] - lower[1], 0.0)
        # Behind the lower lip, which on a muzzle lies well behind the upper one.
        above, below = front(np.zeros(2), np.array([self.height, lower[1] + 1.5]))
        lip = float(np.clip(below, above, above + 10.0)) - self.hold * pose.get("lower")
        out = pose.get("tongue")
        # It lies deep while the mouth is shut, and comes up to the lower lip as it opens.
        open_ = min(gap / 8.0, 1.0)
        reach = 3.5 + 9.0 * (1 - open_) * (1 - out) - out * 22.0
        root = 15 * (1 + self.room)
        y = lip + root + (reach - root) * t
        z = lower[1] - 4.0 + 6.0 * open_ + 0.28 * max(gap - 6.0, 0.0) * np.sin(np.pi * (0.25 + 0.5 * t)) * (1 - 0.4 * t)
        z = z + out * (2.6 - 0.0 * t) - out * 26.0 * np.clip(t - 0.55, 0, 1) ** 1.5
        narrow = 1 + pose.get("widen")
        half = self.tongue * min(narrow, 1.0) * np.sqrt(np.clip(1 - t**4, 0.03, 1)) * (1 - 0.1 * t)
        centres = np.stack([0 * t + lower[0], y, z], 1)
        thick = np.interp(t, [0, 0.8, 1], [3.4, 2.6, 1.2])
        sections, _, _ = make.ellipses(centres, half, thick, around, np.array([1.0, 0, 0]))
        points, faces = make.loft(sections)
        return make.of(points, faces, ink, "Paint", outlined=False)
