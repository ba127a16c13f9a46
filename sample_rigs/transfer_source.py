"""Writes what the engine transfers face shapes from: `python -m sample_rigs.transfer_source [path.npz]`.

Needs MediaPipe and its face landmarker, whose points on Nova's face it keeps.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from engine.channels import SHAPES
from engine.files import written_whole
from engine.transfer import detect
from engine.transfer.landmarks import CONTOURS
from engine.transfer.refine import partners
from engine.transfer.warp import similarity
from engine.video.landmarker import find_landmarker

from .head import anatomy as an
from .head import eyes, face, mouth
from .head.place import LID_INNER, LID_MARGIN, LIP_BORDER, LIP_CONTACT
from .head.shapes import arkit

OUT = Path(__file__).resolve().parent.parent / "engine" / "transfer" / "data" / "nova.npz"
Array = np.ndarray
JAW = ("jawForward", "jawLeft", "jawOpen", "jawRight")


def triangles_of(quads: Array) -> Array:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def labels(skin: face.Face) -> Array:
    """1, 2: upper, lower lip; 3, 4: upper, lower left lid; 5, 6: the right ones; 0 elsewhere."""
    label = np.zeros(len(skin.points), np.uint8)
    lips = skin.mouth_ring >= LIP_BORDER
    label[lips & (skin.mouth_side > 0)], label[lips & (skin.mouth_side < 0)] = 1, 2
    inner, outer = an.INNER_CANTHUS, an.OUTER_CANTHUS
    for first, side in ((3, 1.0), (5, -1.0)):
        x, z = (skin.points * [side, 1, 1] - an.EYE_CENTRE)[:, [0, 2]].T
        line = inner[1] + (x - inner[0]) * (outer[1] - inner[1]) / (outer[0] - inner[0])
        lid = (skin.eye_ring >= 4) & (skin.points[:, 0] * side > 0)
        label[lid & (z > line)], label[lid & (z <= line)] = first, first + 1
    return label


def settled(marks: Array, skin: face.Face, reach: float = 4.0, deep: float = 20.0, apart: float = 6.0) -> Array:
    """Marks (468, 3) in mm that lie on what is seen from the front, alike on both sides of Nova, who is symmetric.

    A mark that fell past an edge, into an eye or behind a cheek, lies more than `deep` mm behind skin that is no more
    than `reach` mm beside it. A mark whose partner lies more than `apart` mm elsewhere keeps its place.
    """
    shown = skin.points[~skin.hidden & (skin.eye_ring < LID_INNER) & (skin.mouth_ring <= LIP_CONTACT)]
    out = marks.copy()
    for number, mark in enumerate(marks):
        near = shown[np.linalg.norm((shown - mark)[:, [0, 2]], axis=1) < reach]
        if len(near) and mark[1] > near[:, 1].min() + deep:
            out[number] = near[near[:, 1].argmin()]
    other = out[partners()] * [-1.0, 1.0, 1.0]
    alike = np.linalg.norm(out - other, axis=1) < apart
    return np.where(alike[:, None], (out + other) / 2, out)


def find_points(skin: face.Face, balls: Array, ball_quads: Array) -> Array:
    """MediaPipe's 468 points on the skin; those of lids and lips are moved to their exact edges."""
    points = np.concatenate([skin.points, balls])
    quads = np.concatenate([skin.part.quads, ball_quads + len(skin.points)])
    colours = np.full((len(points), 3), 0.7)
    found = detect.find(points, triangles_of(quads), colours, None, find_landmarker())
    if found is None:
        raise SystemExit("MediaPipe sees no face on Nova.")
    marks = settled(found.points, skin)
    centre = skin.points[:, 0]
    for name, run in CONTOURS.items():
        upper = "Upper" in name
        if name.startswith("lid"):
            sign = 1.0 if name.endswith("Left") else -1.0
            ring = (skin.eye_ring == LID_MARGIN) & (centre * sign > 0)
            z = skin.points[:, 2] - an.EYE_CENTRE[2]
            rim = np.flatnonzero(ring)
            ends = rim[[np.argmin(np.abs(centre[rim])), np.argmax(np.abs(centre[rim]))]]
            line = np.interp(np.abs(centre), np.abs(centre[ends]), z[ends])
            edge = rim[(z[rim] >= line[rim]) if upper else (z[rim] <= line[rim])]
            edge = np.union1d(edge, ends)
        else:
            ring = LIP_CONTACT if name.endswith("Inner") else LIP_BORDER
            own = skin.mouth_side > 0 if upper else skin.mouth_side < 0
            edge = np.flatnonzero((skin.mouth_ring == ring) & (own | (skin.mouth_s > 0.999)))
        order = edge[np.argsort(np.abs(centre[edge]) if name.startswith("lid") else centre[edge])]
        marks[run] = detect.along(skin.points[order], marks[run])
    return marks


def jaw_motion(points: Array, offsets: Array) -> Array:
    """The rigid motion (3, 4) of the lower teeth."""
    fit = similarity(points, points + offsets)
    shift = (points + offsets).mean(0) - fit.rotation @ points.mean(0)
    return np.concatenate([fit.rotation, shift[:, None]], 1)


def main(path: Path = OUT) -> None:
    skin = face.build()
    shapes = arkit.face_shapes(skin)
    inside, balls = mouth.build(), eyes.build()
    arkit.mouth_shapes(inside)
    deltas = np.stack([shapes.get(name, np.zeros_like(skin.points)) for name in SHAPES])
    step = np.maximum(np.abs(deltas).max((1, 2)), 1e-3) / 32767
    teeth, tongue = inside.groups["lower teeth"], inside.groups["tongue"]
    arrays = {
        "points": skin.points.astype(np.float32),
        "triangles": triangles_of(skin.part.quads).astype(np.uint16),
        "names": np.array(SHAPES),
        "deltas": np.round(deltas / step[:, None, None]).astype(np.int16),
        "step": step,
        "label": labels(skin),
        "hidden": skin.hidden | (skin.mouth_ring > LIP_CONTACT) | (skin.eye_ring >= LID_INNER),
        "lid_ring": (skin.eye_ring - LID_MARGIN).astype(np.int8),
        "lip_ring": (skin.mouth_ring - LIP_CONTACT).astype(np.int8),
        "landmarks": find_points(skin, balls.points, balls.quads).astype(np.float32),
        "eye_centre": an.EYE_CENTRE,
        "eye_radius": np.array(an.EYE_RADIUS),
        "gaze": np.array([eyes.GAZE[way] for way in ("Up", "Down", "In", "Out")]),
        "jaw_names": np.array(JAW),
        "jaw": np.stack([jaw_motion(inside.points[teeth], inside.shapes[name][teeth]) for name in JAW]),
        "tongue": inside.points[tongue].astype(np.float32),
        "tongue_out": inside.shapes["tongueOut"][tongue].astype(np.float32),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as part:
        np.savez_compressed(part, **arrays)
    print(f"{path} ({path.stat().st_size / 1e6:.2f} MB)")


if __name__ == "__main__":
    main(*[Path(a) for a in sys.argv[1:]])
