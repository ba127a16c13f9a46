"""Each of Nova's shapes does what Apple's definition of the blend shape location says."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("bpy")

from mathutils.bvhtree import BVHTree

from blender_addon.export.expressions import gaze
from sample_rigs.head import anatomy as an
from sample_rigs.head.shapes.arkit import NAMES
from tests.sample_rigs.nova import Nova

LEFT, RIGHT = (1, 0, 0), (-1, 0, 0)
FORWARD, BACK = (0, -1, 0), (0, 1, 0)
UP, DOWN = (0, 0, 1), (0, 0, -1)

W, H = an.MOUTH_WIDTH, an.MOUTH_HEIGHT
# Places on the left half of the face, mm: the nearest visible skin is asked where it goes.
PLACES = {
    "mouth corner": (W, -29, H + 3),
    "upper lip": (9, -42, H + 3),
    "lower lip": (9, -43, H - 5),
    "upper middle": (0, -42, H + 3),
    "lower middle": (0, -43, H - 5),
    "chin": (0, -36, -95),
    "cheek": (44, -14, -54),
    "cheek apple": (42, -22, -36),
    "nose wing": (13, -42, -38),
    "inner brow": (17, -32, 30),
    "outer brow": (52, -18, 33),
    "upper lid": (39.5, -25, 12.2),
    "lower lid": (39.5, -25, -9.8),
}
# shape without its side -> (place, direction, least travel in mm); sided ones are asked on the left
MEANING = {
    "eyeBlink": [("upper lid", DOWN, 12), ("lower lid", UP, 3)],
    "eyeSquint": [("lower lid", UP, 4)],
    "eyeWide": [("upper lid", UP, 3)],
    "eyeLookUp": [("upper lid", UP, 1.5)],
    "eyeLookDown": [("upper lid", DOWN, 4)],
    "jawForward": [("chin", FORWARD, 4)],
    "jawLeft": [("chin", LEFT, 5)],
    "jawRight": [("chin", RIGHT, 5)],
    "jawOpen": [("chin", DOWN, 20), ("lower middle", DOWN, 20)],
    "mouthClose": [("lower middle", UP, 10)],
    "mouthFunnel": [("upper middle", FORWARD, 4), ("mouth corner", RIGHT, 4), ("lower middle", DOWN, 2)],
    "mouthPucker": [("upper middle", FORWARD, 4), ("mouth corner", RIGHT, 6)],
    "mouthLeft": [("upper middle", LEFT, 5)],
    "mouthRight": [("upper middle", RIGHT, 5)],
    "mouthSmile": [("mouth corner", UP, 8), ("mouth corner", LEFT, 8), ("cheek apple", UP, 3)],
    "mouthFrown": [("mouth corner", DOWN, 5)],
    "mouthDimple": [("mouth corner", BACK, 3), ("mouth corner", LEFT, 2)],
    "mouthStretch": [("mouth corner", LEFT, 6)],
    "mouthRollLower": [("lower middle", BACK, 2)],
    "mouthRollUpper": [("upper middle", BACK, 1.5)],
    "mouthShrugLower": [("lower middle", UP, 2), ("chin", UP, 2)],
    "mouthShrugUpper": [("upper middle", UP, 2)],
    "mouthPress": [("lower lip", UP, 1), ("upper lip", DOWN, 0.8)],
    "mouthLowerDown": [("lower lip", DOWN, 5)],
    "mouthUpperUp": [("upper lip", UP, 5)],
    "browDown": [("inner brow", DOWN, 8), ("inner brow", RIGHT, 3)],
    "browInnerUp": [("inner brow", UP, 5)],
    "browOuterUp": [("outer brow", UP, 5)],
    "cheekPuff": [("cheek", LEFT, 5), ("cheek", FORWARD, 4)],
    "cheekSquint": [("cheek apple", UP, 3), ("lower lid", UP, 3)],
    "noseSneer": [("nose wing", UP, 3)],
    "tongueOut": [("lower middle", DOWN, 2)],
}
GAZE = {"Up": UP, "Down": DOWN, "In": RIGHT, "Out": LEFT}


@pytest.fixture(scope="module")
def nova() -> Nova:
    return Nova()


def test_every_shape_is_asked() -> None:
    bare = {n.removesuffix("Left").removesuffix("Right") for n in NAMES}
    asked = set(MEANING) | {f"eyeLook{way}" for way in GAZE}
    assert bare <= {n.removesuffix("Left").removesuffix("Right") for n in asked}


@pytest.mark.parametrize("name", MEANING)
def test_the_skin_goes_where_the_definition_says(nova: Nova, name: str) -> None:
    shapes = nova.shapes["Nova Face"]
    offsets = shapes[name] if name in shapes else shapes[name + "Left"]
    for place, direction, least in MEANING[name]:
        vertex = np.argmin(np.linalg.norm(nova.face - PLACES[place], axis=1))
        assert np.linalg.norm(nova.face[vertex] - PLACES[place]) < 6.0, place
        assert offsets[vertex] @ np.array(direction) > least, (place, offsets[vertex].round(1))


@pytest.mark.parametrize("way", GAZE)
def test_the_pupil_goes_where_the_gaze_goes(nova: Nova, way: str) -> None:
    eyes = nova.points["Nova Eyes"]
    pupil = np.argmin(np.linalg.norm(eyes - an.EYE_CENTRE - [0, -an.EYE_RADIUS, 0], axis=1))
    travel = nova.shape(f"eyeLook{way}Left", "Nova Eyes")[pupil]
    assert 6.0 < travel @ np.array(GAZE[way]) < 15.0
    still = np.abs(nova.shape(f"eyeLook{way}Left", "Nova Eyes")[eyes[:, 0] < 0])
    assert still.max() < 1e-3


def test_the_eyes_turn_as_far_as_exports_say(nova: Nova) -> None:
    """A .vrm's range maps and a .vrma's gaze hold degrees, so that both must be those of the shapes."""
    eyes = nova.points["Nova Eyes"]
    pupil = np.argmin(np.linalg.norm(eyes - an.EYE_CENTRE - [0, -an.EYE_RADIUS, 0], axis=1))
    sight = eyes[pupil] - an.EYE_CENTRE

    def degrees(way: str) -> float:
        turned = sight + nova.shape(f"eyeLook{way}Left", "Nova Eyes")[pupil]
        # What lies along the axis does not turn.
        square = [1, 2] if way in ("Up", "Down") else [0, 1]
        before, after = sight[square], turned[square]
        return float(np.degrees(np.arccos(before @ after / np.linalg.norm(before) / np.linalg.norm(after))))

    assert degrees("Up") == pytest.approx(gaze().up, abs=0.1)
    assert degrees("Down") == pytest.approx(gaze().down, abs=0.1)
    assert (degrees("In") + degrees("Out")) / 2 == pytest.approx(gaze().horizontal, abs=0.1)


def _at(nova: Nova, place: tuple[float, float, float]) -> int:
    return int(np.argmin(np.linalg.norm(nova.face - place, axis=1)))


def _both(nova: Nova, *stems: str) -> np.ndarray:
    shapes = nova.shapes["Nova Face"]
    return sum(shapes[n] for stem in stems for n in (stem, stem + "Left", stem + "Right") if n in shapes)


def test_her_resting_mouth_is_friendly_and_says_nothing(nova: Nova) -> None:
    """Corners level with the middle look sullen, corners 3 mm above it smile."""
    line = nova.face[nova.group("lip line lower")]
    corners, middle = line[np.abs(line[:, 0]) > W - 3, 2], line[np.abs(line[:, 0]) < 8, 2]
    assert 1.5 < corners.mean() - middle.mean() < 2.5


@pytest.mark.parametrize(("stems", "share"), [(("mouthPress",), 0.5), (("mouthRollUpper", "mouthRollLower"), 0.55)])
def test_pressed_and_rolled_lips_are_thin(nova: Nova, stems: tuple[str, ...], share: float) -> None:
    top, bottom = _at(nova, (6, -42, H + an.LIP_UPPER - 1)), _at(nova, (6, -42, H - an.LIP_LOWER - 1))
    rest = nova.face[top, 2] - nova.face[bottom, 2]
    moved = nova.face + _both(nova, *stems)
    assert 0 < moved[top, 2] - moved[bottom, 2] < share * rest


def test_a_snarl_bares_the_upper_gum(nova: Nova) -> None:
    moved = nova.face + _both(nova, "mouthUpperUp", "mouthLowerDown")
    lip = moved[nova.group("lip line upper")]
    lip = lip[np.abs(lip[:, 0]) < 8]
    teeth = nova.points["Nova Mouth"][nova.material_points("Nova Mouth", "Nova Teeth")]
    upper = teeth[(np.abs(teeth[:, 0]) < 12) & (teeth[:, 1] < -22) & (teeth[:, 2] > H - 3)]
    assert lip[:, 2].min() > upper[:, 2].max()


def test_a_dimple_on_one_side_is_contempt_at_a_glance(nova: Nova) -> None:
    """One corner is drawn back and up, the other stays."""
    moved = nova.shape("mouthDimpleLeft") + 0.5 * nova.shape("mouthSmileLeft")
    one, other = (moved[_at(nova, (side * W, -29, H + 1.5))] for side in (1, -1))
    assert one[2] > 9.0 and one[1] > 7.0
    assert np.linalg.norm(other) < 1.0


def test_an_open_mouth_is_round(nova: Nova) -> None:
    moved = nova.face + nova.shape("jawOpen")
    lips = [nova.group("lip line " + name) for name in ("upper", "lower")]
    middle, aside = (
        np.subtract(*[np.interp(x, *moved[lip][np.argsort(nova.face[lip, 0])][:, [0, 2]].T) for lip in lips])
        for x in (0.0, 0.9 * W)
    )
    assert 0.3 * middle < aside < 0.7 * middle


PLAYED_TOGETHER = {
    "a smile": {"mouthSmile": 0.8, "cheekSquint": 0.75, "mouthLowerDown": 0.25, "mouthUpperUp": 0.25},
    "laughter": {"mouthSmile": 0.75, "cheekSquint": 0.75, "jawOpen": 0.4},
    "embarrassment": {"mouthSmile": 0.5, "mouthPress": 0.86, "mouthRollLower": 0.3, "mouthShrugLower": 0.3},
    "contempt": {"mouthSmile": 0.5, "mouthDimple": 0.9, "mouthPress": 0.16},
    "disgust": {"noseSneer": 1.0, "mouthFrown": 0.8, "mouthShrugLower": 0.73, "mouthUpperUp": 0.6},
    "fear": {"mouthStretch": 0.85, "jawOpen": 0.45, "mouthLowerDown": 0.25, "mouthUpperUp": 0.25},
    "a scornful laugh": {"noseSneer": 0.85, "mouthSmile": 0.72, "mouthUpperUp": 0.97},
}


@pytest.mark.parametrize("name", PLAYED_TOGETHER)
def test_skin_beside_the_corners_does_not_fold(nova: Nova, name: str) -> None:
    offsets = sum(value * _both(nova, stem) for stem, value in PLAYED_TOGETHER[name].items())
    corner = np.array([W, -29.0, H + 1.5])
    away = np.linalg.norm(nova.face[nova.quads].mean(1) - corner, axis=1)
    skin = [p.index for p in nova.objects["Nova Face"].data.polygons if p.material_index == 0]
    near = np.intersect1d(np.flatnonzero((away > 2.5) & (away < 18)), skin)
    turned = []
    for points in (nova.face, nova.face + offsets):
        a, b, c, d = (points[nova.quads[near, i]] for i in range(4))
        normal = np.cross(c - a, d - b)
        turned.append(normal / np.linalg.norm(normal, axis=1, keepdims=True))
    rest, moved = turned
    outside = rest[:, 1] < -0.2  # what faces the front, neither the lips' insides nor the skin's hollows
    assert (rest * moved).sum(1)[outside].min() > 0.0


def _brow(nova: Nova, **values: float) -> np.ndarray:
    """Where the left brow's inner end, middle and tail are, seen from the front: (x, z) rows, mm."""
    rest = nova.points["Nova Brows"]
    moved = rest + sum((v * nova.shape(n, "Nova Brows") for n, v in values.items()), np.zeros_like(rest))
    stroke = (rest[:, 0] > 0) & (rest[:, 2] > 22)
    thirds = ((16, 24), (34, 44), (54, 60))
    return np.array([moved[stroke & (rest[:, 0] > a) & (rest[:, 0] < b)][:, [0, 2]].mean(0) for a, b in thirds])


def test_her_brows_rest_in_an_arch_and_tell_anger_from_sorrow(nova: Nova) -> None:
    inner, middle, tail = _brow(nova)[:, 1]
    assert middle > inner + 1.5 and middle > tail + 1.5
    assert abs(inner - tail) < 3.0
    inner, middle, _ = _brow(nova, browDownLeft=1.0)[:, 1]
    assert middle > inner + 7.0
    inner, middle, tail = _brow(nova, browInnerUp=0.9, browDownLeft=0.35, browDownRight=0.35)[:, 1]
    assert inner > middle + 1.0 > tail + 3.0


def test_no_lock_hides_a_brow(nova: Nova) -> None:
    """Seen from the front no hair comes down to the inner two thirds of a raised brow."""
    hair = nova.points["Nova Hair"]
    front = hair[(np.abs(hair[:, 0]) < 50) & (hair[:, 1] < 10)]
    brows = nova.points["Nova Brows"] + sum(
        nova.shape(n, "Nova Brows") for n in ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
    )
    inner = brows[np.abs(brows[:, 0]) < 48]
    for x in np.arange(-45.0, 46.0, 5.0):
        lock, brow = (p[np.abs(p[:, 0] - x) < 4] for p in (front, inner))
        if len(lock) and len(brow):
            assert lock[:, 2].min() > brow[:, 2].max(), x


def test_lower_teeth_and_tongue_follow_the_jaw_and_upper_teeth_stay(nova: Nova) -> None:
    inside, offsets = nova.points["Nova Mouth"], nova.shape("jawOpen", "Nova Mouth")
    drop = -offsets[:, 2]
    front = inside[:, 1] < -20
    assert drop[front & (inside[:, 2] < H - 8)].min() > 15.0
    assert np.abs(drop[inside[:, 2] > H + 2]).max() < 0.01


def test_the_tongue_comes_out_past_the_lips(nova: Nova) -> None:
    inside = nova.points["Nova Mouth"] + nova.shape("tongueOut", "Nova Mouth")
    lips = nova.face[nova.group("lip line lower")]
    assert inside[:, 1].min() < lips[:, 1].min() - 15.0


def test_brows_ride_on_the_skin(nova: Nova) -> None:
    for name in ("browInnerUp", "browDownLeft", "browOuterUpRight"):
        assert np.abs(nova.shape(name, "Nova Brows")).max() > 5.0
    lashes = nova.shape("eyeBlinkLeft", "Nova Brows")
    assert lashes[:, 2].min() < -12.0


AROUND_THE_MOUTH = [n for n in NAMES if n.startswith(("mouth", "jaw", "cheekPuff", "noseSneer"))]


@pytest.mark.parametrize("name", AROUND_THE_MOUTH)
def test_no_tooth_comes_through_the_skin(nova: Nova, name: str) -> None:
    """Where skin lies before or behind a tooth, seen from the front, it lies before it."""
    face = nova.face + nova.shape(name)
    inside = nova.points["Nova Mouth"] + nova.shapes["Nova Mouth"].get(name, 0)
    mesh = nova.objects["Nova Face"].data
    outer = {v for p in mesh.polygons if p.material_index == 0 for v in p.vertices}
    skin = face[sorted(v for v in outer if nova.face[v, 1] < -25 and abs(nova.face[v, 2] - H) < 40)]
    teeth = inside[nova.material_points("Nova Mouth", "Nova Teeth")]
    teeth = teeth[teeth[:, 1] < -22]
    away = np.hypot(*(teeth[:, None, [0, 2]] - skin[None, :, [0, 2]]).transpose(2, 0, 1))
    depth = teeth[:, None, 1] - skin[None, :, 1]
    assert depth[away < 1.2].min(initial=9.0) > 0.2


@pytest.mark.parametrize("name", AROUND_THE_MOUTH)
def test_no_mouth_lining_comes_through_the_skin(nova: Nova, name: str) -> None:
    """Seen from the front, the lining that meets skin before or behind it lies behind it."""
    # mouthClose is a corrective of an open jaw and means nothing alone.
    face = nova.face + nova.shape(name) + (nova.shape("jawOpen") if name == "mouthClose" else 0)
    mesh = nova.objects["Nova Face"].data
    lining = mesh.materials.find("Nova Mouth Lining")
    front = (face[nova.quads, 1] < -10).all(1)
    skin = [p.vertices[:] for p in mesh.polygons if p.material_index != lining and front[p.index]]
    surface = BVHTree.FromPolygons(face.tolist(), skin)
    for point in face[nova.material_points("Nova Face", "Nova Mouth Lining")]:
        hit = surface.ray_cast((point[0], -200.0, point[2]), (0.0, 1.0, 0.0))[0]
        assert hit is None or hit[1] < point[1] + 0.05, point.round(1)
