"""Prints what cuts into what on faces that were given shapes: `python -m benchmarks.transfer_contacts`.

On Aki and Pip, and on a real head and Godette where ../shared is. For each: how much of the eyes a blink leaves in
sight, how deep lids go into the eyes half-way and at full strength, and how deep lips go into the teeth in any shape of
the mouth; seen from the front, in mm of a head of a person's size.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bpy
import numpy as np

from benchmarks.transfer import HEAD, real_head
from blender_addon.rig.face_mesh import face_mesh
from engine.channels import INDEX, SHAPES
from engine.transfer import drawn_eyes, mesh, parts
from engine.transfer.landmarks import NAMED, lid_edges, trusted
from engine.transfer.raster import rasterise
from engine.transfer.source import load_source
from engine.transfer.transfer import transfer
from engine.transfer.warp import similarity
from engine.video.landmarker import find_landmarker

RIGS = Path(__file__).resolve().parents[1] / "sample_rigs"
GODETTE = HEAD.parent / "Godette_vrm_v4.vrm"
FINE = 0.15
"""mm of a pixel."""
FACES = 0.3
"""Cosine of the angle within which skin faces the viewer."""
DEEPEST = 8.0
"""mm behind a surface from which skin is taken to lie elsewhere."""
ON_SKIN = "laid on the skin"
LIDS = ("eyeBlink", "eyeSquint", "eyeWide", "eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut")
Array = np.ndarray


class Made(NamedTuple):
    """A mesh and its shapes in the sample's space, mm: points (v, 3), triangles (t, 3), deltas (52, v, 3).

    skin, teeth: vertices; eyes: vertices by side; marks (468, 3).
    """

    points: Array
    triangles: Array
    deltas: Array
    skin: Array
    teeth: Array
    eyes: dict[str, Array]
    marks: Array


def subjects() -> Iterator[tuple[str, Array, Array, Array | None]]:
    """Names, points, triangles and colours of the faces, without shapes."""
    for name in ("aki", "pip"):
        bpy.ops.wm.open_mainfile(filepath=str(RIGS / f"{name}.blend"))
        yield name.title(), *opened()
    if HEAD.exists():
        yield "a real head", *real_head(), None
    if GODETTE.exists():
        bpy.ops.wm.read_factory_settings(use_empty=True)
        with tempfile.TemporaryDirectory() as room:
            copy = shutil.copy(GODETTE, Path(room) / "godette.glb")
            bpy.ops.import_scene.gltf(filepath=str(copy))
        yield "Godette", *opened()


def opened() -> tuple[Array, Array, Array]:
    for obj in bpy.data.objects:
        data: Any = obj.data
        if obj.type == "MESH" and data.shape_keys:
            obj.shape_key_clear()
    whole = face_mesh(next(obj for obj in bpy.data.objects if obj.type == "ARMATURE"))
    return whole.points, whole.triangles, whole.colours


def made(points: Array, triangles: Array, colours: Array | None) -> Made:
    of, kept = mesh.weld(points, triangles)
    answer = transfer(points, triangles, colours, symmetric=True, model=find_landmarker())
    numbers, _ = trusted()
    fit = similarity(load_source().landmarks[numbers], answer.marks[numbers] @ answer.turn.T).inverse()
    whole = np.zeros((len(SHAPES), len(points), 3))
    whole[:, answer.vertices] = answer.deltas @ (fit.scale * fit.rotation @ answer.turn).T
    at, marks = fit(points @ answer.turn.T)[kept], fit(answer.marks @ answer.turn.T)
    faces = of[triangles]
    pieces = mesh.pieces(len(at), faces)
    used = np.unique(faces)
    skin = np.bincount(pieces[used[mesh.Tree(at[used]).query(marks)[1]]]).argmax()
    own = np.flatnonzero(pieces == skin)
    found = parts.find_parts(at, pieces, int(skin), at[own], marks)
    worn = [found.on_skin, *found.lip_lines, *(ball.vertices for ball in found.balls.values())]
    near = np.linalg.norm(at - found.mouth, axis=1) < 45
    near &= ~np.isin(pieces, pieces[~near])
    teeth = np.setdiff1d(np.flatnonzero(near & (pieces != skin)), np.concatenate(worn))
    eyes = {side: ball.vertices for side, ball in found.balls.items()}
    return Made(at, faces, whole[:, kept], own, teeth, eyes, marks)


def front(points: Array, triangles: Array, low: Array, size: int) -> tuple[Array, Array]:
    """Which triangle each pixel of a square above and right of `low` (x, z) shows, and its y."""
    flat = np.stack([points[:, 0] - low[0], low[1] + size * FINE - points[:, 2], -points[:, 1]], 1) / FINE
    seen = rasterise(flat[triangles], size)
    return seen.triangle, -seen.depth * FINE


def of(face: Made, vertices: Array) -> Array:
    """The triangles that these vertices make."""
    inside = np.zeros(len(face.points), bool)
    inside[vertices] = True
    return face.triangles[inside[face.triangles].all(1)]


def window(cloud: Array) -> tuple[Array, int]:
    low, high = cloud[:, [0, 2]].min(0) - 4, cloud[:, [0, 2]].max(0) + 4
    return low, int((high - low).max() / FINE)


class Skin:
    """The outer skin around some place, as samples that follow a shape."""

    def __init__(self, face: Made, low: Array, size: int, behind: Array) -> None:
        triangles = of(face, face.skin)
        middle = face.points[triangles].mean(1)[:, [0, 2]]
        near = ((middle > low) & (middle < low + size * FINE)).all(1)
        spread = mesh.samples(face.points, triangles[near], 0.4, mesh.vertex_normals(face.points, triangles))
        outer = (spread.normals[:, 1] < -FACES) & (_sunk(spread.points, behind, low, np.inf) < 0.05)
        outer &= _sunk(spread.points, front(face.points, triangles[near], low, size)[1], low, np.inf) < 0.5
        self.vertices, self.weights = spread.vertices[outer], spread.weights[outer]

    def at(self, values: Array) -> Array:
        return (values[self.vertices] * self.weights[..., None]).sum(1)


def _sunk(places: Array, surface: Array, low: Array, deepest: float = DEEPEST) -> Array:
    """mm of each place behind a surface, y of pixels; 0 where there is none or it lies deeper than `deepest`."""
    size = len(surface)
    column = ((places[:, 0] - low[0]) / FINE).astype(int)
    row = ((low[1] + size * FINE - places[:, 2]) / FINE).astype(int)
    inside = (column >= 0) & (column < size) & (row >= 0) & (row < size)
    deep = np.full(len(places), -np.inf)
    deep[inside] = places[inside, 1] - surface[row[inside], column[inside]]
    return np.where((deep > 0) & (deep < deepest), deep, 0.0)


def eye(face: Made, side: str) -> tuple[float, float, str, float]:
    """Share of the eye in sight in a blink; the deepest that a lid goes into it, mm, and in which shape; its width."""
    rim = np.concatenate(lid_edges(face.marks, side))
    low, size = window(rim)
    ball = of(face, face.eyes[side])
    both = np.concatenate([of(face, face.skin), ball])
    owner = np.repeat([False, True], [len(both) - len(ball), len(ball)])

    def seen(points: Array) -> int:
        shown = front(points, both, low, size)[0]
        return int(owner[shown[shown >= 0]].sum())

    left = seen(face.points + face.deltas[INDEX[f"eyeBlink{side}"]]) / max(seen(face.points), 1)
    width = float(np.ptp(rim[:, 0]))
    if drawn_eyes.opening(face.points, of(face, face.skin), face.marks, side).closed:
        return left, 0.0, ON_SKIN, width
    rest = front(face.points, ball, low, size)[1]
    skin = Skin(face, low, size, rest)
    worst, where = 0.0, ""
    for name in LIDS:
        for share in (0.5, 1.0):
            moved = face.points + share * face.deltas[INDEX[name + side]]
            deep = _sunk(skin.at(moved), front(moved, ball, low, size)[1], low).max(initial=0.0)
            if deep > worst:
                worst, where = float(deep), f"{name} {share:g}"
    return left, worst, where, width


def lips(face: Made) -> tuple[float, str]:
    """The deepest that lips go into the teeth, mm, and in which shape."""
    mouth = face.marks[[NAMED["mouthCornerLeft"], NAMED["mouthCornerRight"], NAMED["noseBase"], NAMED["chinFront"]]]
    low, size = window(mouth)
    teeth = of(face, face.teeth)
    skin = Skin(face, low, size, front(face.points, teeth, low, size)[1])
    worst, where = 0.0, ""
    for name in SHAPES:
        if not name.startswith(("mouth", "jaw", "cheek", "nose")):
            continue
        moved = face.points + face.deltas[INDEX[name]]
        if name == "mouthClose":
            moved = moved + face.deltas[INDEX["jawOpen"]]
        deep = _sunk(skin.at(moved), front(moved, teeth, low, size)[1], low).max(initial=0.0)
        if deep > worst:
            worst, where = float(deep), name
    return worst, where


def main() -> None:
    print("\nWhat cuts into what after a transfer")
    print(
        f"{'':<14}{'eye in sight':>13}{'lid in eye':>12}{'of its width':>14}  {'where':<18}{'lip in teeth':>13}  where"
    )
    for name, points, triangles, colours in subjects():
        face: Any = made(points, triangles, colours)
        sides = [eye(face, side) for side in face.eyes]
        left = max(side[0] for side in sides)
        _, deep, where, width = max(sides, key=lambda side: side[1])
        flat = where == ON_SKIN
        cut, shape = lips(face) if len(face.teeth) and not flat else (0.0, ON_SKIN if flat else "no teeth")
        print(f"{name:<14}{left:>12.1%} {deep:>9.2f} mm{deep / width:>13.1%}   {where:<18}{cut:>10.2f} mm  {shape}")


if __name__ == "__main__":
    main()
