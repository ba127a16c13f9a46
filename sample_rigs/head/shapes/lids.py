"""Lids: they turn about the eyeball's centre, so they slide over it and never through it."""

from __future__ import annotations

import numpy as np

from .. import anatomy as an
from ..place import lid_curve
from .soft import Array, smoothstep

# Turn of the lids' edges at 1.0, as shares of the opening: (upper, lower); + closes.
LIDS = {
    "eyeBlink": (0.82, -0.19),
    "eyeSquint": (0.14, -0.33),
    "cheekSquint": (0.0, -0.21),
    "eyeWide": (-0.22, 0.05),
    "eyeLookUp": (-0.12, -0.04),
    "eyeLookDown": (0.30, 0.10),
}
UPPER_REACH, LOWER_REACH = 46.0, 40.0  # degrees of skin that follow each edge
DOME = 3.4  # mm that a closing upper lid bulges above its edge, so that a squinting lower lid slips under it


def _clear(radius: Array, turn: Array, end: Array, ball: Array) -> Array:
    """The least end radius, from `end` up, whose chord stays outside the ball at every point between."""
    t = np.linspace(0.05, 1.0, 20)
    a = np.radians(turn)[:, None]
    end = end.copy()
    for _ in range(40):
        x = radius[:, None] * (1 - t) + end[:, None] * np.cos(a) * t
        y = end[:, None] * np.sin(a) * t
        short = (ball[:, None] - np.hypot(x, y)).max(1)
        end += np.where(short > 0, short * 1.1, 0.0)
    return end


class Lids:
    """The left eye in its own angles: along the slit (mm) and around it (degrees, up positive)."""

    def __init__(self) -> None:
        self.centre = an.EYE_CENTRE
        r = an.EYE_RADIUS
        curves = []
        for upper in (True, False):
            c = lid_curve(upper, 60)
            curves.append(np.stack([c[:, 0], -np.sqrt(r * r - (c**2).sum(1)), c[:, 1]], 1))
        slit = curves[0][-1] - curves[0][0]
        self.along = slit / np.linalg.norm(slit)
        out = np.array([0.0, -1.0, 0.0])
        self.out = out - (out @ self.along) * self.along
        self.out /= np.linalg.norm(self.out)
        self.up = np.cross(self.along, -self.out)
        if self.up[2] < 0:
            self.up = -self.up
        edges = []
        for curve in curves:
            u, a, _ = self.polar(self.centre + curve)
            order = np.argsort(u)
            edges.append((u[order], a[order]))
        self.edges = edges

    def polar(self, points: Array) -> tuple[Array, Array, Array]:
        q = points - self.centre
        x, y = q @ self.out, q @ self.up
        return q @ self.along, np.degrees(np.arctan2(y, x)), np.hypot(x, y)

    def unpolar(self, u: Array, angle: Array, radius: Array) -> Array:
        a = np.radians(angle)[:, None]
        outwards = np.cos(a) * self.out + np.sin(a) * self.up
        return self.centre + u[:, None] * self.along + radius[:, None] * outwards

    def opening(self, u: Array) -> tuple[Array, Array]:
        """Angles of the upper and the lower edge at u."""
        (uu, au), (ul, al) = self.edges
        return np.interp(u, uu, au), np.interp(u, ul, al)

    def offsets(self, points: Array, upper_share: float, lower_share: float, shell: float, lash: bool = False) -> Array:
        """Offsets (n, 3) of skin points near the left eye.

        `shell`: the skin's edge ends at least this far outside the eyeball all the way, since a shape key
        moves along a chord and the eyeball bulges across it. `lash`: all points ride rigidly on the upper
        edge, however far they stand off.
        """
        u, angle, radius = self.polar(points)
        top, low = self.opening(u)
        gap = top - low
        middle = low + gap * 0.4
        above = angle >= middle
        beyond = np.where(above, angle - top, low - angle).clip(0.0)
        reach = np.where(above, UPPER_REACH, LOWER_REACH)
        # Past the corners of the eye nothing turns; the last millimetres fade.
        follow = 1 - smoothstep(0, 1, beyond / reach)
        depth = radius - np.sqrt(np.maximum(an.EYE_RADIUS**2 - u**2, 1.0))
        follow *= 1 - smoothstep(3.0, 13.5, depth)
        follow *= (np.abs(angle) < 100) & (np.abs(u) < an.EYE_RADIUS)
        turn = -np.where(above, upper_share, lower_share) * gap * follow
        if lash:
            turn = -upper_share * gap
        ball = np.sqrt(np.maximum((an.EYE_RADIUS + shell) ** 2 - u**2, 1.0))
        # The lids swell alike above and below the slit, by what the upper edge needs, so that they meet.
        edge = np.sqrt(np.maximum((an.EYE_RADIUS + an.LID_THICKNESS * 0.9) ** 2 - u**2, 1.0))
        swell = _clear(edge, -max(upper_share, 0.0) * gap, edge, ball) - edge
        skin = radius > ball - 0.6
        end = np.where(skin, _clear(radius, turn, radius + swell * follow, ball), radius)
        if not lash:
            dome = smoothstep(0.0, 9.0, beyond) * (1 - smoothstep(14.0, 36.0, beyond)) * (1 - (u / an.EYE_RADIUS) ** 2)
            end += DOME * max(upper_share, 0.0) ** 2 * np.where(skin & above, dome * follow, 0.0)
        moved = self.unpolar(u, angle + turn, end)
        return np.where((np.abs(turn) > 1e-6)[:, None], moved - points, 0.0)
