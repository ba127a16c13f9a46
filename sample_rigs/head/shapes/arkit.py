"""The 52 shapes of every part, put together."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from ..face import Face
from ..part import Part
from ..place import edges_of
from . import jaw, lips, regions, tongue
from .lids import LIDS, Lids
from .soft import Array

SIDED = (
    "eyeBlink",
    "eyeLookDown",
    "eyeLookIn",
    "eyeLookOut",
    "eyeLookUp",
    "eyeSquint",
    "eyeWide",
)
NAMES = (
    *(f"{n}{side}" for side in ("Left", "Right") for n in SIDED),
    "jawForward",
    "jawLeft",
    "jawRight",
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthLeft",
    "mouthRight",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "noseSneerLeft",
    "noseSneerRight",
    "tongueOut",
)
SHELL = 0.5  # mm between the moving lid's skin and the eyeball


def _lid_offsets(face: Face, lids: Lids, name: str) -> Array:
    offsets = lids.offsets(face.points, *LIDS[name], shell=SHELL)
    offsets[(face.points[:, 0] < 0) | (face.mouth_ring >= 0)] = 0.0
    # The wet edge behind the skin's edge keeps the lid's thickness, the lining fades behind it.
    left = face.points[:, 0] > 0
    margin = np.flatnonzero((face.eye_ring == 8) & left)
    tree = cKDTree(face.points[margin])
    for ring, share in ((9, 1.0), (10, 0.75), (11, 0.3), (12, 0.0), (13, 0.0), (14, 0.0)):
        idx = np.flatnonzero((face.eye_ring == ring) & left)
        if ring <= 11 and len(idx) == len(margin):
            _, near = tree.query(face.points[idx])
            if ring == 9:
                ring9 = margin[near]
                offsets[idx] = offsets[ring9]
                order = idx
            else:
                offsets[idx] = offsets[order] * share
        else:
            offsets[idx] = 0.0
    return offsets


def face_shapes(face: Face) -> dict[str, Array]:
    edges = edges_of(face.part.quads)
    lids, mouth, pulled = Lids(), lips.Lips(face, edges), lips.Lips(face, edges, corners_ride=True)
    out: dict[str, Array] = {}

    def sided(name: str, left: Array) -> None:
        for side, value in (("Left", left), ("Right", face.mirror(left))):
            out[name + side] = out.get(name + side, 0) + value

    for name in LIDS:
        sided(name, _lid_offsets(face, lids, name))
    for name, lip in lips.ONE_SIDED.items():
        sided(name, pulled.shape(lip))
    for name, lip in lips.WHOLE.items():
        out[name] = face.even(mouth.shape(lip))
    for name, pushes in regions.LEFT.items():
        sided(name, regions.offsets(face, pushes, both_sides=False))
    for name, pushes in regions.WHOLE.items():
        out[name] = out.get(name, 0) + face.even(regions.offsets(face, pushes, both_sides=True))
    sideways = mouth.shape(lips._sideways)
    out["mouthLeft"], out["mouthRight"] = sideways, face.mirror(sideways)
    weight = face.even(np.repeat(jaw.follow(face, edges)[:, None], 3, 1) * [0, 1, 1])[:, 1]
    for name, offsets in jaw.motions(face.points, weight).items():
        out[name] = offsets
    out["jawRight"] = face.mirror(out["jawLeft"])
    out["jawOpen"] = face.even(out["jawOpen"])
    out["mouthClose"] = face.even(mouth.close(out["jawOpen"]))
    return out


def mouth_shapes(part: Part) -> None:
    """Lower teeth and tongue follow the jaw; the tongue comes out on its own shape."""
    weight = np.zeros(len(part.points))
    weight[part.groups["lower teeth"]] = 1.0
    weight[part.groups["tongue"]] = tongue.jaw_follow(part.points[part.groups["tongue"]])
    for name, offsets in jaw.motions(part.points, weight).items():
        part.shapes[name] = offsets
    out = np.zeros_like(part.points)
    idx = part.groups["tongue"]
    out[idx] = tongue.out(part.points[idx])
    part.shapes["tongueOut"] = out


def brow_shapes(part: Part, face: Face) -> None:
    """Brows ride on the skin below them; lashes turn with the upper lid."""
    skin = np.flatnonzero(~face.hidden & (face.eye_ring < 7) & (face.mouth_ring < 0))
    tree = cKDTree(face.points[skin])
    brow = part.groups["brow"]
    distance, near = tree.query(part.points[brow], k=6)
    weight = 1.0 / (distance + 0.5) ** 2
    weight /= weight.sum(1, keepdims=True)
    lids = Lids()
    for name, offsets in face.part.shapes.items():
        value = np.zeros_like(part.points)
        value[brow] = (offsets[skin][near] * weight[..., None]).sum(1)
        value[np.abs(value) < 1e-4] = 0.0
        for side, sign in (("Left", 1.0), ("Right", -1.0)):
            base = name.removesuffix(side)
            if name.endswith(side) and base in LIDS:
                idx = np.intersect1d(part.groups["lash"], part.groups[side.lower()])
                flip = np.array([sign, 1.0, 1.0])
                value[idx] = lids.offsets(part.points[idx] * flip, *LIDS[base], shell=SHELL, lash=True) * flip
        if np.abs(value).max() > 0.02:
            part.shapes[name] = value
