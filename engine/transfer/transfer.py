"""The 52 face shapes of the sample head carried over to another mesh."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.channels import SHAPES
from engine.errors import FaceMimicError
from engine.transfer import detect, eye_planes, eyes, jaw, mesh, mouth, parts, symmetry, transport
from engine.transfer.landmarks import NAMED, lips_closed, trusted
from engine.transfer.opening import Opening
from engine.transfer.register import register
from engine.transfer.sides import sides as sides_of
from engine.transfer.source import Source, load_source
from engine.transfer.warp import Warp, similarity

Array = np.ndarray
Progress = Callable[[float], None]

FEWEST, MOST = 60, 2_000_000
"""Vertices of a mesh that can carry a face, and that fit into memory."""
_REACH = 45.0
"""mm from the sample's face beyond which nothing moves."""
_MOVES = 1e-3
"""mm below which a vertex does not move."""
_FINE = 5.0
"""Rings of the sample around lids and lips that are smoothed little."""
_UNSURE = 1e-4
"""How much is held to what was carried to it where that may be wrong; elsewhere up to 1."""
_FACE_POINTS = 7
"""Landmarks without which no face can be laid over another."""
_NO_FACE = "No face was found on this mesh. Place Landmarks lets you show where it is."
_NO_TRACKER = (
    "MediaPipe's face tracker is missing, so this mesh was not searched for a face. Press Download Face Tracker in "
    "FaceMimic's preferences, or press Place Landmarks and move them onto the face, which works without it."
)


class Face(NamedTuple):
    """A face found on a mesh. turn: rotation to a space where it looks along -y, z up. marks (468, 3): its points."""

    turn: Array
    marks: Array


class Transferred(NamedTuple):
    """vertices int (n,): those that move in any shape. deltas float32 (52, n, 3) in the mesh's space, by SHAPES.

    landmarks: the named points as they were used, (3,) each. turn, marks: as in Face. notes: sentences about what is
    missing.
    """

    vertices: Array
    deltas: Array
    landmarks: dict[str, Array]
    turn: Array
    marks: Array
    notes: list[str]


def find_face(
    points: Array, triangles: Array, colours: Array | None, model: Path | None, progress: Progress | None = None
) -> Face | None:
    """Looks for a face with MediaPipe; None when none is seen. Arguments as for `transfer`."""
    points, triangles = checked_mesh(points, triangles)
    if model is None:
        return None
    paint = np.full((len(points), 3), 0.6) if colours is None else colours
    found = detect.find(points, triangles, paint, load_source().landmarks, model, progress)
    return Face(found.turn, found.points) if found else None


def transfer(
    points: Array,
    triangles: Array,
    colours: Array | None = None,
    landmarks: Mapping[str, Array] | None = None,
    symmetric: bool = False,
    model: Path | None = None,
    progress: Progress | None = None,
) -> Transferred:
    """Makes face shapes for a mesh of any unit, place and turn; several objects are given as one mesh.

    points (v, 3), triangles int (t, 3), colours linear rgb (v, 3), which help to find the face. landmarks: named points
    that the artist placed, in the mesh's space; without any they are found with MediaPipe's bundle `model`.
    symmetric: both sides move alike. Raises FaceMimicError for a mesh or landmarks that cannot carry a face.
    """
    tell = progress or (lambda fraction: None)
    points, triangles = checked_mesh(points, triangles)
    of, kept = mesh.weld(points, triangles)
    rest, faces = points[kept], of[triangles]
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])]
    paint = None if colours is None else colours[kept]
    face = face_with(rest, faces, paint, landmarks or {}, model, lambda f: tell(0.3 * f))
    source = load_source()
    numbers, _ = trusted()
    fit = similarity(source.landmarks[numbers], face.marks[numbers] @ face.turn.T).inverse()
    marks = lips_closed(fit(face.marks @ face.turn.T))
    made = _Transfer(source, fit(rest @ face.turn.T), faces, marks, placed=bool(landmarks))
    deltas = made.run(symmetric, lambda f: tell(0.3 + 0.7 * f))
    most = np.max([np.abs(offsets).max(1) for offsets in deltas], axis=0)
    vertices = np.flatnonzero((most > _MOVES)[of])
    back = face.turn / fit.scale
    deltas = np.stack([(offsets[of[vertices]] @ back).astype(np.float32) for offsets in deltas])
    named = {name: face.marks[number] for name, number in NAMED.items()}
    return Transferred(vertices, deltas, named, face.turn, face.marks, made.notes)


def face_with(
    points: Array,
    triangles: Array,
    colours: Array | None,
    landmarks: Mapping[str, Array],
    model: Path | None,
    progress: Progress | None = None,
) -> Face:
    """The face found on the mesh, drawn to the landmarks that the artist placed. Raises FaceMimicError without one."""
    found = find_face(points, triangles, colours, model, progress)
    sample = load_source().landmarks
    if found is None:
        if len(landmarks) < _FACE_POINTS:
            raise FaceMimicError(_NO_FACE if model else _NO_TRACKER, "face")
        numbers = [NAMED[name] for name in landmarks]
        places = np.stack(list(landmarks.values()))
        fit = similarity(sample[numbers], places)
        return Face(fit.rotation.T, Warp(fit(sample[numbers]), places)(fit(sample)))
    if not landmarks:
        return found
    numbers = [NAMED[name] for name in landmarks]
    others = [number for number in NAMED.values() if number not in numbers]
    before = found.marks[numbers + others]
    after = np.concatenate([np.stack(list(landmarks.values())), found.marks[others]])
    if np.allclose(before, after, atol=1e-6 * np.ptp(before)):
        return found
    return Face(found.turn, Warp(before, after)(found.marks))


def checked_mesh(points: Array, triangles: Array) -> tuple[Array, Array]:
    """Points as float64 and triangles as int. Raises FaceMimicError for a mesh that cannot carry a face."""
    points, triangles = np.asarray(points, float), np.asarray(triangles)
    if points.ndim != 2 or points.shape[1:] != (3,) or triangles.ndim != 2 or triangles.shape[1:] != (3,):
        raise FaceMimicError("A mesh needs points (n, 3) and triangles (m, 3).")
    if len(points) < FEWEST:
        raise FaceMimicError(
            f"The mesh has {len(points)} vertices; a face needs at least {FEWEST}. Choose the mesh of the face, or "
            "apply the modifier that gives it its detail."
        )
    if len(points) > MOST:
        raise FaceMimicError(
            f"The mesh has {_grouped(len(points))} vertices; at most {_grouped(MOST)} can be given face shapes. Apply "
            "a lower Subdivision or Multires level, or choose the mesh of the face."
        )
    if not np.isfinite(points).all() or not np.isfinite(triangles).all():
        raise FaceMimicError("The mesh has vertices at no number (NaN). Clean it up in Edit Mode first.")
    triangles = triangles.astype(int)
    if not len(triangles) or triangles.min() < 0 or triangles.max() >= len(points):
        raise FaceMimicError("The mesh has no faces, or faces of vertices that do not exist.")
    if np.ptp(points, axis=0).min() <= 0:
        raise FaceMimicError("The mesh is flat. A face needs depth: check the object's scale.")
    return points, triangles


def _grouped(number: int) -> str:
    """A number with spaces between its thousands that no line break parts."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


class _Transfer:
    """One mesh's transfer, in the sample's space: millimetres, the face looking along -y."""

    def __init__(self, source: Source, points: Array, triangles: Array, marks: Array, placed: bool) -> None:
        """placed: whether the artist put the marks there, for what is said where no face lies below them."""
        self.source, self.marks = source, marks
        self.points, self.triangles = points, triangles
        self.notes: list[str] = []
        self.pieces = mesh.pieces(len(points), triangles)
        used = np.unique(triangles)
        near = used[mesh.Tree(points[used]).query(marks)[1]]
        self.skin_piece = int(np.bincount(self.pieces[near]).argmax())
        close = mesh.Tree(marks).query(points)[0] < _REACH + 30
        inside = close & (self.pieces == self.skin_piece)
        whole = inside[triangles].all(1)
        self.skin = np.unique(triangles[whole])
        number = np.full(len(points), -1)
        number[self.skin] = np.arange(len(self.skin))
        self.faces = number[triangles[whole]]
        if len(self.skin) < FEWEST:
            raise FaceMimicError(
                "The landmarks do not lie on a face of this mesh. Move them onto it and try again."
                if placed
                else _NO_FACE,
                "face",
            )
        self.skin_points = points[self.skin]
        self.opening = Opening.of(source, self.skin_points, self.faces, marks)
        self.mouth = self.opening.edges
        if self.mouth:
            self.marks = mouth.marked(marks, self.skin_points, self.mouth, source, self.opening.own)
        # Where the face was cut out of a larger skin, nothing may move.
        cut = np.unique(triangles[~whole & (self.pieces[triangles[:, 0]] == self.skin_piece)])
        self.still = np.isin(self.skin, cut)

    def run(self, symmetric: bool, tell: Progress) -> Array:
        """Deltas of all vertices (52, v, 3)."""
        source = self.source
        own = sides_of(source.points, source.triangles, source.landmarks, self.opening.own if self.mouth else None)
        sides = sides_of(self.skin_points, self.faces, self.marks, self.mouth)
        registered = self._register(own, sides, tell)
        exact, soft = transport.between(source, registered)
        values = transport.carried(source, registered, exact, soft, self.opening.slide(own[:, 0], registered))
        tell(0.6)
        away = mesh.Tree(registered).query(self.skin_points)[0]
        fine = self._fine(registered)
        place, sure = transport.match(source, own, registered, self.skin_points, self.faces, sides, fine)
        tell(0.65)
        rings = place.mix(source.lid_ring[:, None])
        still = self.still | (away > _REACH)
        weight = np.where(still, 1.0, np.maximum(sure**2, _UNSURE))
        deltas = np.where(still[:, None], 0.0, place.mix(values))
        strengths, lining = self.opening.part(values, deltas, weight, soft)
        jaws = {name: jaw.moved(source, name, soft, strengths[name]) for name in source.jaw}
        deltas = transport.filled(deltas, weight, self.skin_points, self.faces, fine)
        deltas = self.opening.posed(deltas, jaws)
        tell(0.75)
        found = parts.find_parts(
            self.points, self.pieces, self.skin_piece, self.skin_points, self.marks, self.mouth is not None
        )
        found = eye_planes.with_planes(found, self.points, self.triangles, self.pieces, self.skin_piece, self.marks)
        skin = eyes.Skin(self.skin_points, self.faces, sides[:, 1], rings[:, 0], self.marks)
        drawn = eyes.move_lids(deltas, skin, self.points, self.triangles, found, source)
        if symmetric:
            plane, unlike = symmetry.midplane(self.marks, self.skin_points), eyes.unlike(found, drawn)
            kept = deltas[unlike]
            deltas = symmetry.symmetric(deltas, self.skin_points, self.faces, sides, *plane)
            deltas[unlike] = kept
        tell(0.9)
        out = np.zeros((len(SHAPES), len(self.points), 3))
        out[:, self.skin] = deltas
        del deltas
        parts.move_parts(
            found,
            self.points,
            self.triangles,
            self.skin,
            out,
            source,
            jaws,
            self.marks,
            self.mouth and self.mouth.among(self.skin),
            self.skin[lining],
            drawn,
        )
        self._tell_missing(found)
        tell(1.0)
        return out

    def _register(self, own_sides: Array, sides: Array, tell: Progress) -> Array:
        source, numbers_reach = self.source, trusted()
        numbers, reach = numbers_reach
        own = lips_closed(source.landmarks)
        _, once = np.unique(np.round(own[numbers], 3), axis=0, return_index=True)
        numbers, reach = numbers[once], reach[once]
        first = Warp(own[numbers], self.marks[numbers], 2 * reach)
        surface = mesh.samples(self.skin_points, self.faces, 1.5)
        fine = numbers[reach < 1]
        pinned = mesh.Tree(source.points).query(own[fine])[1]
        return register(
            source,
            first,
            (pinned, self.marks[fine]),
            mouth.pinned(self.opening.own, self.mouth, self.skin_points),
            surface,
            (own_sides, surface.spread(sides)),
            lambda f: tell(0.1 + 0.5 * f),
        )

    def _fine(self, registered: Array) -> Array:
        """Vertices near lids and lips, bool (n,)."""
        source = self.source
        near = (np.abs(source.lid_ring) < _FINE) | (np.abs(source.lip_ring) < _FINE)
        return near[mesh.Tree(registered).query(self.skin_points)[1]]

    def _tell_missing(self, found: parts.Parts) -> None:
        self.notes += eyes.missing(self.marks, found)
        if self.mouth is None:
            self.notes.append(
                "This mouth is closed in the mesh: its shapes move the skin around it but do not open it."
            )
        if not len(found.lower_teeth):
            self.notes.append("No lower teeth were found: none follow the jaw.")
        if not len(found.tongue):
            self.notes.append("No tongue was found: tongueOut only parts the lips.")
