"""Eyes: a white behind the lids and an iris that slides before it, turned by a bone or by shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import mesh as make
from .lids import Lids
from .mesh import Array, Mesh
from .pose import Pose


@dataclass(frozen=True)
class Eye:
    """The left iris: centre seen from the front, half width and height (mm)."""

    centre: tuple[float, float]
    iris: tuple[float, float]
    out: float = 8.0  # travel of a look to either side, mm
    up: float = 6.0
    down: float = 7.0
    behind: float = 1.8  # mm of the iris behind the skin
    white: float = 6.5  # mm of the white behind the skin
    pivot: float = 60.0  # mm of the bone behind the iris
    ball: bool = False  # whether iris and white lie on a ball about the bone, else they follow the skin

    def _depth(self, x: Array, z: Array, front, behind: float) -> Array:
        """The y of the iris or of the white, `behind` the skin."""
        if not self.ball:
            return front(x, z) + behind
        cx, cz = self.centre
        middle = float(front(np.array([cx]), np.array([cz]))[0]) + self.behind + self.pivot
        radius = self.pivot + self.behind - behind
        away = (x - cx) ** 2 + (z - cz) ** 2
        return middle - np.sqrt(np.clip(radius**2 - away, 9.0, None))

    def iris_mesh(self, pose: Pose, side: str, front) -> Mesh:
        """The iris, in the coordinates of its own side. Texture: the lower left quarter holds the iris."""
        sign = 1.0 if side == "Left" else -1.0
        rings, around = 4, 24
        turn = np.arange(around) * 2 * np.pi / around
        share = np.arange(1, rings + 1) / rings
        flat = np.concatenate([[[0.0, 0.0]], *(np.stack([np.cos(turn), np.sin(turn)], 1) * r for r in share)])
        small = 1.0 - 0.22 * pose.side("small", side)
        dx = pose.side("lookOut", side) * self.out
        dz = pose.side("lookUp", side) * (self.up if pose.side("lookUp", side) > 0 else self.down)
        at = flat * np.array(self.iris) * small + np.array(self.centre) + [dx, dz]
        y = self._depth(at[:, 0], at[:, 1], front, self.behind)
        points = np.stack([at[:, 0] * sign, y, at[:, 1]], 1)
        faces: list[tuple[int, ...]] = []
        for c in range(0, around, 2):
            faces.append((0, 1 + c, 1 + (c + 1) % around, 1 + (c + 2) % around))
        for r in range(rings - 1):
            for c in range(around):
                a, b = 1 + r * around + c, 1 + r * around + (c + 1) % around
                faces.append((a, a + around, b + around, b))
        if side == "Right":
            faces = [tuple(reversed(f)) for f in faces]
        # The light stands on the same side for both eyes, so that only the shape is mirrored.
        uv = np.stack([0.25 + 0.24 * flat[:, 0] * sign, 0.5 + 0.48 * flat[:, 1]], 1)
        return make.of(points, faces, uv, "Eye", outlined=False).hung("leftEye" if side == "Left" else "rightEye")

    def white_mesh(self, side: str, front, lids: Lids) -> Mesh:
        """The white of one eye, shaded below the upper lid. Texture: the right half."""
        sign = 1.0 if side == "Left" else -1.0
        s = np.linspace(-0.14, 1.14, 11)
        upper, lower = lids.curves(Pose({"wide": 1.0}), side, np.clip(s, 0.02, 0.98))
        along = np.array(lids.inner) + s[:, None] * (np.array(lids.outer) - np.array(lids.inner))
        rows = 7
        t = np.linspace(-0.18, 1.18, rows)[:, None]
        z = lower[:, 1] * (1 - t) + upper[:, 1] * t
        x = np.broadcast_to(along[:, 0], z.shape)
        y = self._depth(x.ravel(), z.ravel(), front, self.white)
        points = np.stack([x.ravel() * sign, y, z.ravel()], 1)
        n = len(s)
        faces = [
            (r * n + c, r * n + c + 1, (r + 1) * n + c + 1, (r + 1) * n + c)
            for r in range(rows - 1)
            for c in range(n - 1)
        ]
        if side == "Right":
            faces = [tuple(reversed(f)) for f in faces]
        u = np.broadcast_to(np.linspace(0.55, 0.95, n), z.shape).ravel()
        v = np.broadcast_to(np.clip(t, 0, 1) * 0.9 + 0.05, z.shape).ravel()
        return make.of(points, faces, np.stack([u, v], 1), "Eye", outlined=False).hung("head")

    def bone(self, front) -> tuple[Array, Array]:
        """Head and tail of the left eye's bone.

        It lies straight behind a ball, and behind a flat iris along the face's normal, so that the iris turns with the
        curve of the face.
        """
        x, z = self.centre
        at = front(np.array([x, x - 8.0, x + 8.0]), np.full(3, z))
        out = np.array([0.0 if self.ball else (at[2] - at[1]) / 16.0, -1.0, 0.0])
        out /= np.linalg.norm(out)
        head = np.array([x, at[0] + self.behind, z]) - out * self.pivot
        return head, head + out * 25.0
