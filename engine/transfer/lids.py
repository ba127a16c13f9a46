"""Lids that turn about a round eyeball, by the target's own measures.

How far a lid has to go and how much of its skin is folded away under the brow differs so much between faces that the
sample's lids are no guide: the edge of each lid is turned by a share of the opening, and the skin follows the less, the
longer the way to it over the surface, which is long through a fold.
"""

import numpy as np

from engine.transfer import mesh
from engine.transfer.landmarks import lid_edges
from engine.transfer.parts import Ball

Array = np.ndarray

SHARES = {
    "eyeBlink": (0.8, -0.2),
    "eyeSquint": (0.14, -0.24),
    "eyeWide": (-0.24, 0.06),
    "eyeLookUp": (-0.14, -0.05),
    "eyeLookDown": (0.36, 0.1),
}
"""How far the upper and the lower lid turn down, as shares of the opening."""
_REACH = 1.15
"""Share of the opening's height over which the skin of a lid follows its edge."""
_LEAST, _MOST = 7.0, 16.0
"""mm of that, at least and at most."""
_EDGE, _LOOSE, _FOLD = 2.0, 0.02, 3.0
"""mm around its edge within which a lid goes exactly where it is turned; how little it is held to that further away;
mm over which it is smoothed there.
"""


def fits(ball: Ball, marks: Array, side: str) -> bool:
    """Whether the edges of the lids lie around this eyeball as around one that they can slide on."""
    rim = np.concatenate(lid_edges(marks, side))
    away = np.linalg.norm(rim - ball.centre, axis=1) / ball.radius
    return ball.round and bool(0.85 < np.median(away) < 1.35 and away.max() < 1.8)


def turned(points: Array, triangles: Array, lids: Array, ball: Ball, marks: Array, side: str) -> dict[str, Array]:
    """Offsets (n, 3) of the skin for each of SHARES. lids (n,): 1 on the upper lid, -1 on the lower, fading to 0."""
    upper, lower = lid_edges(marks, side)
    frame = _frame(upper, ball.centre)
    along, angle, radius = _polar(points, ball.centre, frame)
    top, low = (_angle_at(edge, along, ball.centre, frame) for edge in (upper, lower))
    gap = np.maximum(top - low, 0.0)
    tall = float(np.linalg.norm(upper - lower, axis=1).max())
    reach = np.clip(_REACH * tall, _LEAST, _MOST)
    near = np.linalg.norm(points - ball.centre, axis=1) < 2.2 * ball.radius
    follow, fixed = np.zeros(len(points)), np.ones(len(points))
    tree = mesh.Tree(points)
    for edge, own in ((upper, lids > 0), (lower, lids < 0)):
        seeds = np.unique(tree.query(edge)[1])
        ways = mesh.surface_distance(points, triangles, seeds, reach)
        t = np.clip(np.where(np.isfinite(ways), ways, reach) / reach, 0, 1)
        follow = np.where(own & near, 1 - t * t * (3 - 2 * t), follow)
        fixed = np.where(own & near & (t < 1), np.maximum(np.exp(-((reach * t / _EDGE) ** 2)), _LOOSE), fixed)
    offsets = np.empty((len(SHARES), len(points), 3))
    for number, (falls, sinks) in enumerate(SHARES.values()):
        turn = -np.where(lids > 0, falls, sinks) * gap * follow
        offsets[number] = _unpolar(along, angle + turn, radius, ball.centre, frame) - points
    # The opening ends at once where its corners are, which would fold the skin above and below them.
    moving = np.flatnonzero(follow > 0)
    close = np.isin(triangles, moving).any(1)
    kept, own = np.unique(triangles[close], return_inverse=True)
    part = points[kept], own.reshape(-1, 3)
    offsets[:, kept] = mesh.smooth(offsets[:, kept], fixed[kept], *part, np.full(len(kept), _FOLD))
    return dict(zip(SHARES, offsets, strict=True))


def _frame(upper: Array, centre: Array) -> Array:
    """Rows: along the slit, out of the eye, up."""
    along = upper[-1] - upper[0]
    along = along / np.linalg.norm(along)
    out = (upper[0] + upper[-1]) / 2 - centre
    out = out - (out @ along) * along
    out = out / np.linalg.norm(out)
    up = np.cross(along, out)
    return np.stack([along, out, up if up[2] > 0 else -up])


def _polar(points: Array, centre: Array, frame: Array) -> tuple[Array, Array, Array]:
    u, x, y = frame @ (points - centre).T
    return u, np.arctan2(y, x), np.hypot(x, y)


def _unpolar(u: Array, angle: Array, radius: Array, centre: Array, frame: Array) -> Array:
    return centre + np.stack([u, radius * np.cos(angle), radius * np.sin(angle)], 1) @ frame


def _angle_at(edge: Array, along: Array, centre: Array, frame: Array) -> Array:
    u, angle, _ = _polar(edge, centre, frame)
    order = np.argsort(u)
    return np.interp(along, u[order], angle[order])
