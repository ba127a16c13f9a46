"""A whole face in a pose, as meshes; and the shapes that poses make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..head.shapes.soft import smoothstep
from . import brows, mesh
from .eyes import Eye
from .mesh import Array, Mesh
from .pose import Pose
from .skin import Skin


@dataclass
class Face:
    """Skin, lids, lips, brows and eyes. inks: places in the paint texture, by what is drawn with them."""

    skin: Skin
    eye: Eye
    brow: Array
    inks: dict[str, Array]
    neck: tuple[float, float]  # heights between which the skin passes from the neck bone to the head's

    def drawn(self, pose: Pose) -> Mesh:
        """The skin and all that is drawn on it."""
        lids, front, inks = self.skin.lids, self.skin.front, self.inks
        skin = self.skin.mesh(pose)
        head = smoothstep(*self.neck, self.skin.points[:, 2])
        skin.weights = {"head": head, "neck": 1 - head}
        parts = [skin, self.skin.lips.inside(pose, front, inks).hung("head")]
        for side in ("Left", "Right"):
            lashes = lids.lashes(pose, side, front, inks["lash"], inks["fold"])
            lashes.groups[f"lashes {side}"] = np.arange(len(lashes.points))
            strokes = brows.brow(self.brow, pose, side, front, inks["brow"])
            strokes.groups[f"brow {side}"] = np.arange(len(strokes.points))
            one = mesh.join([lashes, strokes]).hung("head")
            if side == "Right":
                groups = one.groups
                one = mesh.mirrored(one)
                one.groups, one.weights = groups, {"head": np.ones(len(one.points))}
            parts.append(one)
        return mesh.join(parts)

    def eyes(self, pose: Pose) -> Mesh:
        """Both eyes."""
        front = self.skin.front
        parts = [self.eye.white_mesh(side, front, self.skin.lids) for side in ("Left", "Right")]
        parts += [self.eye.iris_mesh(pose, side, front) for side in ("Left", "Right")]
        return mesh.join(parts)


def shapes(make, poses: Mapping[str, Pose], still: float = 0.02) -> dict[str, Array]:
    """Offsets (n, 3) in mm of each pose that moves the mesh which `make` draws; less than `still` is no move."""
    rest = make(Pose()).points
    found = {}
    for name, pose in poses.items():
        offsets = make(pose).points - rest
        offsets[np.abs(offsets).max(1) < still] = 0.0
        if offsets.any():
            found[name] = offsets
    return found
