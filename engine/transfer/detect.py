"""Finding the points of a face on a mesh: it is drawn from several sides and MediaPipe looks at the drawings."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.transfer import mesh, refine
from engine.transfer.landmarks import CONTOURS, COUNT
from engine.transfer.raster import Picture, rasterise
from engine.transfer.warp import similarity
from engine.video.landmarker import tracking_library

Array = np.ndarray

SIZE = 288
"""Pixels of a drawing's side."""
_WINDOWS = (1.1, 0.6, 0.35, 0.2)
"""Shares of the meshes' height that a drawing shows, from the top down."""
_LOOKS = 3
"""Times that a face, once it is seen, is looked at from nearer and more from the front."""
_STRAIGHT = 0.997
"""Cosine of the angle within which a face looks straight at the viewer."""
_TILTED = np.radians(20)
"""How far a symmetric face looks up or down before it is tilted: the tracker errs by less on drawn faces."""
_SOLID = 0.35
"""A face's points in space differ from the sample's by less than this share of their spread."""
_GOOD, _FAIR = 0.12, 0.3
"""The detected points, laid over the sample's, differ by less than such a share of their spread: surely, perhaps."""
_EYE = 2.2
"""How much wider than its marks a part of an eye is at most."""
_AROUND = 40
"""Pixels around a point among which the front layer is looked for."""
_LAYER = 1.5
"""Depth of the front layer: it falls away by less than this for each pixel to the side."""
_CANDIDATES = 3
_SUN = np.array([0.35, -0.8, 0.5]) / np.linalg.norm([0.35, -0.8, 0.5])


class Found(NamedTuple):
    """turn: rotation (3, 3) from the mesh's space to one where the face looks along -y, z up; points (468, 3), in the
    mesh's space, on its surface; seen bool (468,): the point lies on the surface that the viewer sees.
    """

    turn: Array
    points: Array
    seen: Array


def turns() -> Iterator[Array]:
    """The ways a face may look, the usual ones first: standing in eight directions, then lying."""
    for degrees in (0, 180, 90, 270, 45, 315, 135, 225):
        yield _about_z(degrees)
    for tilt in (-90, 90):
        a = np.radians(tilt)
        lying = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
        for degrees in (0, 180):
            yield _about_z(degrees) @ lying


def _about_x(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _about_z(degrees: float) -> Array:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


class View(NamedTuple):
    """One drawing: pixels uint8 (SIZE, SIZE, 3), what each pixel shows, and how positions become pixels."""

    pixels: Array
    picture: Picture
    corner: Array
    scale: float

    def to_pixels(self, turned: Array) -> Array:
        """Pixel coordinates (n, 2) of points in the turned space."""
        return np.stack([(turned[:, 0] - self.corner[0]) * self.scale, (self.corner[1] - turned[:, 2]) * self.scale], 1)


class Mesh(NamedTuple):
    """What is looked at: points, colours (linear rgb) and unit normals (v, 3), triangles (t, 3), pieces (v,)."""

    points: Array
    triangles: Array
    colours: Array
    pieces: Array
    normals: Array

    def turned(self, turn: Array) -> "Mesh":
        return self._replace(points=self.points @ turn.T, normals=self.normals @ turn.T)


def draw(shape: Mesh, centre: Array, side: float, size: int = SIZE) -> View:
    """Draws a mesh that looks along -y, orthographically: a square `side` wide around `centre` (x, z)."""
    turned, triangles = shape.points, shape.triangles
    scale = size / side
    corner = np.array([centre[0] - side / 2, centre[1] + side / 2])
    flat = np.stack([(turned[:, 0] - corner[0]) * scale, (corner[1] - turned[:, 2]) * scale, -turned[:, 1] * scale], 1)
    near = (flat[triangles, :2].max(1) > 0).all(1) & (flat[triangles, :2].min(1) < size).all(1)
    which = np.flatnonzero(near)
    picture = rasterise(flat[triangles[which]], size)
    shown = np.where(picture.triangle >= 0, which[picture.triangle] if len(which) else -1, -1)
    picture = picture._replace(triangle=shown)
    lit = shape.colours * (0.3 + 0.7 * np.clip(shape.normals @ _SUN, 0, 1))[:, None]
    image = np.full((size, size, 3), 0.4)
    hit = shown >= 0
    image[hit] = (lit[triangles[shown[hit]]] * picture.weights[hit][..., None]).sum(1)
    return View((np.clip(image, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8), picture, corner, scale)


class Looker:
    """MediaPipe's landmarker for single pictures."""

    def __init__(self, model: Path) -> None:
        self._mediapipe = mediapipe = tracking_library()
        vision = mediapipe.tasks.vision
        options = vision.FaceLandmarkerOptions(
            base_options=mediapipe.tasks.BaseOptions(model_asset_buffer=model.read_bytes()),
            min_face_detection_confidence=0.2,
            min_face_presence_confidence=0.2,
        )
        self._landmarker: Any = vision.FaceLandmarker.create_from_options(options)

    def __enter__(self) -> "Looker":
        return self

    def __exit__(self, *error: object) -> None:
        self._landmarker.close()

    def look(self, pixels: Array) -> Array | None:
        """Points (468, 3): x, y in pixels, z in the same unit, positive towards the viewer; None without a face."""
        form = self._mediapipe.ImageFormat.SRGB
        found = self._landmarker.detect(
            self._mediapipe.Image(image_format=form, data=np.ascontiguousarray(pixels))
        ).face_landmarks
        if not found:
            return None
        rows = np.array([(point.x, point.y, -point.z) for point in found[0][:COUNT]])
        return rows * pixels.shape[1]


def find(
    points: Array,
    triangles: Array,
    colours: Array,
    sample: Array | None,
    model: Path,
    progress: Callable[[float], None] | None = None,
) -> Found | None:
    """The face on a mesh of any size and place; None when none is seen.

    colours (v, 3), linear rgb. sample: the sample head's points (468, 3), which tell a face from what merely looks
    like one; None takes what is seen first. model: MediaPipe's bundle.
    """
    pieces, normals = mesh.pieces(len(points), triangles), mesh.vertex_normals(points, triangles)
    whole = Mesh(points, triangles, colours, pieces, normals)
    with Looker(model) as looker:
        for candidate in _coarse(looker, whole, sample, progress):
            if found := _closer(looker, whole, sample, *candidate):
                return found
    return None


def _closer(looker: Looker, whole: Mesh, sample: Array | None, turn: Array, centre: Array, side: float) -> Found | None:
    """The face from nearer and more from the front; None when its points do not lie in space as a face's do."""
    found, middle = None, None
    for _ in range(_LOOKS):
        turned = whole.turned(turn)
        view = draw(turned, centre, side, 512)
        marks = looker.look(view.pixels)
        if marks is None:
            break
        if middle is not None:
            marks = _mirrored(marks, (middle - view.corner[0]) * view.scale)
        centre, side = _framed(marks, view)
        on, seen = _on_surface(turned, marks, view)
        if sample is None:
            found = Found(turn, on @ turn, seen)
            continue
        fit = similarity(sample, on)
        if np.median(np.linalg.norm(fit(sample) - on, axis=1)) > _SOLID * fit.scale * _spread(sample):
            break
        skin, faces = _skin(turned, on)
        plane = refine.mirror(on, skin, fit.scale)
        better = fit.rotation.T
        if plane is not None:
            # A symmetric mesh tells where it looks better than the tracker, which knows only people.
            better = refine.straight(plane[0])
            back = better @ fit.rotation[:, 1]
            tilt = np.arctan2(back[2], back[1])
            if abs(tilt) > _TILTED:
                better = _about_x(-tilt) @ better
        found = Found(turn, refine.refined(on, skin, faces, fit.scale, middle) @ turn, seen)
        straight = better[1, 1] > _STRAIGHT and better[0, 0] > _STRAIGHT
        if straight and (plane is None) == (middle is None):
            break
        # The next look is straight into the face.
        turn = better @ turn
        centre = (on.mean(0) @ better.T)[[0, 2]]
        middle = None if plane is None else plane[1]
        centre[0] = centre[0] if middle is None else middle
    return found


def _mirrored(marks: Array, middle: float) -> Array:
    """The marks (468, 3) of a face whose sides are alike around the pixel `middle`, both sides averaged."""
    other = marks[refine.partners()] * [-1.0, 1.0, 1.0] + [2 * middle, 0.0, 0.0]
    return (marks + other) / 2


def _skin(whole: Mesh, marks: Array) -> tuple[Array, Array]:
    """Points and triangles of the piece on which the marks lie, near them."""
    used = np.unique(whole.triangles)
    piece = np.bincount(whole.pieces[used[mesh.Tree(whole.points[used]).query(marks)[1]]]).argmax()
    middle = marks.mean(0)
    size = np.linalg.norm(np.ptp(marks, axis=0))
    near = (whole.pieces == piece) & (np.linalg.norm(whole.points - middle, axis=1) < 1.2 * size)
    kept, faces = np.unique(whole.triangles[near[whole.triangles].all(1)], return_inverse=True)
    return whole.points[kept], faces.reshape(-1, 3)


def _spread(points: Array) -> float:
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(1).mean()))


def _framed(marks: Array, view: View) -> tuple[Array, float]:
    """Centre and side of a drawing that shows the marks well."""
    low, high = marks[:, :2].min(0) / view.scale, marks[:, :2].max(0) / view.scale
    middle = (low + high) / 2
    return np.array([view.corner[0] + middle[0], view.corner[1] - middle[1]]), 1.7 * float((high - low).max())


def _coarse(
    looker: Looker, whole: Mesh, sample: Array | None, progress: Callable[[float], None] | None
) -> list[tuple[Array, Array, float]]:
    """The turn, centre and side of drawings that show a face, the best one first."""
    seen: list[tuple[float, int, tuple[Array, Array, float]]] = []
    for number, turn in enumerate(turns()):
        turned = whole.turned(turn)
        low, high = turned.points.min(0), turned.points.max(0)
        for window in _WINDOWS:
            if progress:
                progress(number / 12)
            side = max(window * float(high[2] - low[2]), 0.02 * float((high - low).max()))
            centre = np.array([np.median(turned.points[:, 0]), high[2] + 0.05 * side - side / 2])
            view = draw(turned, centre, side)
            marks = looker.look(view.pixels)
            if marks is None:
                continue
            error = 0.0 if sample is None else _misfit(sample[:, [0, 2]], marks[:, :2] * [1, -1])
            seen.append((error, len(seen), (turn, *_framed(marks, view))))
            if error < _GOOD:
                return [one for _, _, one in sorted(seen)[:_CANDIDATES]]
    return [one for error, _, one in sorted(seen)[:_CANDIDATES] if error < _FAIR]


def _misfit(sample: Array, seen: Array) -> float:
    """How unlike two sets of points in the plane are, after the best upright scaling: a share of their spread."""
    a, b = sample - sample.mean(0), seen - seen.mean(0)
    fit = similarity(np.pad(a, ((0, 0), (0, 1))), np.pad(b, ((0, 0), (0, 1))))
    if fit.rotation[0, 0] < 0.7:
        return np.inf
    rest = fit(np.pad(a, ((0, 0), (0, 1))))[:, :2] - b
    return float(np.sqrt((rest**2).sum() / (b**2).sum()))


def _on_surface(shape: Mesh, marks: Array, view: View) -> tuple[Array, Array]:
    """The points (468, 3) of the skin under the marks, and which of them are seen."""
    triangles, size = shape.triangles, len(view.pixels)
    of = shape.pieces[triangles[:, 0]]
    pixel = np.clip(marks[:, :2].astype(int), 0, size - 1)
    hit = view.picture.triangle[pixel[:, 1], pixel[:, 0]]
    skin = np.bincount(of[hit[hit >= 0]]).argmax()
    flat = np.concatenate([view.to_pixels(shape.points), -shape.points[:, 1:2] * view.scale], 1)

    def layer(shown: Array) -> Picture:
        which = np.flatnonzero(shown)
        picture = rasterise(flat[triangles[which]], size)
        owner = np.where(picture.triangle >= 0, which[picture.triangle], -1)
        return picture._replace(triangle=np.where((owner >= 0) & (of[owner] == skin), owner, -1))

    # Points may be seen through hair and lashes; but where lids end is where the eyeball hides the skin.
    eyes = np.zeros(len(triangles), bool)
    marks = marks.copy()
    for side in ("Left", "Right"):
        rim = marks[CONTOURS[f"lidUpper{side}"] + CONTOURS[f"lidLower{side}"], :2]
        reach = 0.2 * np.ptp(rim[:, 0])
        x, y = np.clip(np.stack([rim.mean(0) - reach, rim.mean(0) + reach + 1], 1).astype(int), 0, size)
        inside = view.picture.triangle[y[0] : y[1], x[0] : x[1]]
        eyes |= np.isin(of, _eye_pieces(flat, triangles, of, inside[inside >= 0], skin, float(np.ptp(rim[:, 0]))))
    shown = rasterise(flat[triangles[eyes | (of == skin)]], size).triangle
    eyeball = (shown >= 0) & eyes[np.flatnonzero(eyes | (of == skin))[shown]]
    for side in ("Left", "Right"):
        _to_opening(marks, eyeball, CONTOURS[f"lidUpper{side}"], CONTOURS[f"lidLower{side}"])
    lids = np.isin(np.arange(COUNT), [number for name in CONTOURS if "lid" in name for number in CONTOURS[name]])
    on, seen = np.empty((COUNT, 3)), np.empty(COUNT, bool)
    for shown, chosen in ((eyes | (of == skin), lids), (of == skin, ~lids)):
        picture = layer(shown)
        at, seen[chosen] = _front(picture, marks[chosen, :2])
        corners = triangles[picture.triangle[at]]
        on[chosen] = (shape.points[corners] * picture.weights[at][..., None]).sum(1)
    return on, seen


def _eye_pieces(flat: Array, triangles: Array, of: Array, seen: Array, skin: Any, width: float) -> list[int]:
    """The pieces of an eye: those `seen` (triangles) where its middle is, and those that surround them, as the white.

    Hair hangs over eyes too, but no part of an eye is much wider than its marks, `width` pixels.
    """
    numbers = np.setdiff1d(np.unique(of), [skin])
    boxes: dict[int, Array] = {}
    for piece in numbers:
        corners = flat[np.unique(triangles[of == piece]), :2]
        box = np.stack([corners.min(0), corners.max(0)])
        if np.ptp(box, axis=0).max() < _EYE * width:
            boxes[int(piece)] = box
    middle = [piece for piece in boxes if piece in of[seen]]
    slack = 0.05 * width

    def surrounds(outer: Array, inner: Array) -> bool:
        return bool((outer[0] < inner[0] + slack).all() and (outer[1] > inner[1] - slack).all())

    return [one for one in boxes if one in middle or any(surrounds(boxes[one], boxes[other]) for other in middle)]


def _to_opening(marks: Array, eyeball: Array, upper: list[int], lower: list[int]) -> None:
    """Moves an eye's marks onto the rim of the eyeball in sight, bool (size, size), where that looks like an eye."""
    rim = marks[upper + lower, :2]
    low, high = rim.min(0), rim.max(0)
    width = float(high[0] - low[0])
    room = np.array([0.5, 0.7]) * width
    left, top = np.maximum(low - room, 0).astype(int)
    right, bottom = (high + room).astype(int)
    seen = eyeball[top:bottom, left:right]
    columns = np.flatnonzero(seen.any(0))
    if not 0.5 * width < len(columns) < 1.9 * width or len(columns) < 8:
        return
    x = columns + left + 0.5
    over = seen[:, columns].argmax(0) + top - 0.5
    under = len(seen) - seen[::-1][:, columns].argmax(0) + top + 0.5
    corner = [np.array([x[end], (over[end] + under[end]) / 2]) for end in (0, -1)]
    for run, height in ((upper, over), (lower, under)):
        curve = np.concatenate([[corner[0]], np.stack([x, height], 1), [corner[1]]])
        if marks[run[0], 0] > marks[run[-1], 0]:
            curve = curve[::-1]
        marks[run, :2] = along(curve, marks[run, :2])


def along(curve: Array, run: Array) -> Array:
    """Points of a polyline (n, d) at the same shares of its length at which the points of `run` lie on theirs."""

    def shares(line: Array) -> Array:
        length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        return length / length[-1]

    at = shares(run)
    return np.stack([np.interp(at, shares(curve), axis) for axis in curve.T], 1)


def _front(layer: Picture, marks: Array) -> tuple[tuple[Array, Array], Array]:
    """The pixel (rows, columns) nearest to each mark that shows the front of the surface, and whether it is near.

    A slit between lips lets a point fall deep behind the skin; what lies around it tells.
    """
    rows, columns = np.nonzero(layer.triangle >= 0)
    away, near = mesh.Tree(np.stack([columns + 0.5, rows + 0.5], 1)).query(marks, k=_AROUND)
    depth = layer.depth[rows[near], columns[near]]
    front = depth > depth.max(1, keepdims=True) - _LAYER * np.maximum(away[:, -1:] - away[:, :1], 1.0)
    chosen = near[np.arange(len(near)), np.argmax(front, axis=1)]
    return (rows[chosen], columns[chosen]), away[:, 0] < 1.5
