"""One piece of a character before Blender sees it, and how pieces are lofted, mirrored and joined.

Positions are millimetres: x to the character's left, y backwards, z up, the origin midway between the eyes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..head.part import grid_quads

Array = np.ndarray


@dataclass
class Mesh:
    """Points (n, 3), faces of three or four corners, texture coordinates (n, 2), a material for each face."""

    points: Array
    faces: list[tuple[int, ...]]
    uv: Array
    materials: list[str]
    weights: dict[str, Array] = field(default_factory=dict)  # bone -> (n,)
    groups: dict[str, Array] = field(default_factory=dict)  # label -> indices
    no_outline: Array | None = None  # (n,) bool: where the outline is not drawn

    def hung(self, bone: str) -> Mesh:
        """The same mesh, going wholly with one bone."""
        self.weights = {bone: np.ones(len(self.points))}
        return self


def of(points: Array, faces: Sequence[Sequence[int]], uv: Array, material: str, outlined: bool = True) -> Mesh:
    """A mesh of one material. uv: (n, 2), or one pair for all."""
    uv = np.broadcast_to(np.asarray(uv, float), (len(points), 2)).copy()
    still = np.full(len(points), not outlined)
    return Mesh(np.asarray(points, float), [tuple(f) for f in faces], uv, [material] * len(faces), no_outline=still)


def join(meshes: Sequence[Mesh]) -> Mesh:
    """Several meshes as islands of one."""
    starts = np.cumsum([0] + [len(m.points) for m in meshes])
    whole = Mesh(
        np.concatenate([m.points for m in meshes]),
        [tuple(int(v + at) for v in f) for m, at in zip(meshes, starts, strict=False) for f in m.faces],
        np.concatenate([m.uv for m in meshes]),
        [name for m in meshes for name in m.materials],
        no_outline=np.concatenate([_still(m) for m in meshes]),
    )
    for bone in dict.fromkeys(b for m in meshes for b in m.weights):
        whole.weights[bone] = np.concatenate([m.weights.get(bone, np.zeros(len(m.points))) for m in meshes])
    for m, at in zip(meshes, starts, strict=False):
        for label, points in m.groups.items():
            before = whole.groups.get(label, np.zeros(0, int))
            whole.groups[label] = np.concatenate([before, points + at]).astype(int)
    return whole


def _still(mesh: Mesh) -> Array:
    return mesh.no_outline if mesh.no_outline is not None else np.zeros(len(mesh.points), bool)


def mirrored(mesh: Mesh) -> Mesh:
    """The other side's copy; "left" in the names of bones and groups becomes "right"."""

    def other(name: str) -> str:
        return name.replace("left", "right").replace("Left", "Right")

    return Mesh(
        mesh.points * [-1.0, 1.0, 1.0],
        [tuple(reversed(f)) for f in mesh.faces],
        mesh.uv.copy(),
        list(mesh.materials),
        {other(k): v.copy() for k, v in mesh.weights.items()},
        {other(k): v.copy() for k, v in mesh.groups.items()},
        _still(mesh).copy(),
    )


def both(mesh: Mesh) -> Mesh:
    """A left piece and its mirror image."""
    return join([mesh, mirrored(mesh)])


def smooth_line(rows: Array, count: int) -> Array:
    """`count` points along a Catmull-Rom spline through the rows (n, k), evenly in the spline's own parameter."""
    rows = np.asarray(rows, float)
    p = np.concatenate([2 * rows[:1] - rows[1:2], rows, 2 * rows[-1:] - rows[-2:-1]])
    at = np.linspace(0, len(rows) - 1, count)
    i = np.minimum(at.astype(int), len(rows) - 2)
    t = (at - i)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def loft(sections: Array, caps: tuple[bool, bool] = (True, True)) -> tuple[Array, list[tuple[int, ...]]]:
    """Points and faces of a tube through sections (rows, columns, 3).

    Seen along the rows' direction the columns run counter-clockwise, so that faces look outwards. A cap closes an end
    by a fan of quads to its middle.
    """
    rows, columns, _ = sections.shape
    points = [sections.reshape(-1, 3)]
    faces = [tuple(int(v) for v in q) for q in grid_quads(rows, columns, wrap=True)]
    count = rows * columns
    for row, wanted, first in ((0, caps[0], True), (rows - 1, caps[1], False)):
        if not wanted:
            continue
        points.append(sections[row].mean(0)[None])
        base = row * columns
        for c in range(0, columns, 2):
            a, b, d = base + c, base + (c + 1) % columns, base + (c + 2) % columns
            faces.append((d, b, a, count) if first else (a, b, d, count))
        count += 1
    return np.concatenate(points), faces


def ellipses(
    centres: Array, rx: Array, ry: Array, around: int, side: Array, square: float = 2.0
) -> tuple[Array, Array, Array]:
    """Cross-sections (rows, around, 3) along a line of centres, and their tangents and second axes.

    rx: half widths along `side` made perpendicular to the line, ry: half depths across both.
    square: 2 for ellipses, more for rounded boxes.
    """
    centres = np.asarray(centres, float)
    tangent = np.gradient(centres, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    x = np.broadcast_to(side, centres.shape) - (np.asarray(side) * tangent).sum(1, keepdims=True) * tangent
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    y = np.cross(tangent, x)
    turn = np.arange(around) * 2 * np.pi / around
    c, s = np.cos(turn), np.sin(turn)
    grow = (np.abs(c) ** square + np.abs(s) ** square) ** (-1.0 / square)
    sections = centres[:, None] + (c * grow)[None, :, None] * (np.asarray(rx)[:, None, None] * x[:, None])
    sections = sections + (s * grow)[None, :, None] * (np.asarray(ry)[:, None, None] * y[:, None])
    return sections, tangent, y


def limb(
    rows: Sequence[Sequence[float]],
    around: int,
    count: int,
    side: Sequence[float],
    material: str,
    uv: Sequence[float],
    caps: tuple[bool, bool] = (True, True),
    square: float = 2.0,
) -> Mesh:
    """A smooth tube through rows (x, y, z, half width along `side`, half depth)."""
    line = smooth_line(np.asarray(rows, float), count)
    sections, _, _ = ellipses(line[:, :3], line[:, 3], line[:, 4], around, np.asarray(side, float), square)
    points, faces = loft(sections, caps)
    return of(points, faces, np.asarray(uv, float), material)
