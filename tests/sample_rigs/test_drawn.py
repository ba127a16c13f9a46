"""Aki and Pip as committed: what holds for every drawn character."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Vector  # noqa: E402
from mathutils.bvhtree import BVHTree  # noqa: E402

from sample_rigs.head.shapes.arkit import NAMES as ARKIT  # noqa: E402
from tests.sample_rigs.drawn import Drawn, mirror_partner, normals  # noqa: E402

PRESETS = ("happy", "angry", "sad", "relaxed", "surprised", "aa", "ih", "ou", "ee", "oh")
PRESETS += ("blink", "blinkLeft", "blinkRight", "lookUp", "lookDown", "lookLeft", "lookRight")
SPARSE = ["A", "I", "U", "E", "O", "Blink", "Blink_L", "Blink_R", "Joy", "Angry", "Sorrow", "Fun", "Surprised"]
SHAPES = {"aki": {*ARKIT, *PRESETS}, "pip": set(SPARSE)}
OPPOSITE = {"lookLeft": "lookRight", "lookRight": "lookLeft", "jawLeft": "jawRight", "jawRight": "jawLeft"}
OPPOSITE |= {"mouthLeft": "mouthRight", "mouthRight": "mouthLeft", "Blink_L": "Blink_R", "Blink_R": "Blink_L"}
REQUIRED_BONES = {"hips", "spine", "head"} | {
    side + limb
    for side in ("left", "right")
    for limb in ("UpperLeg", "LowerLeg", "Foot", "UpperArm", "LowerArm", "Hand")
}


@pytest.fixture(scope="module", params=["aki", "pip"])
def drawn(request: pytest.FixtureRequest) -> Drawn:
    return Drawn(request.param)


def other_side(name: str) -> str:
    if name in OPPOSITE:
        return OPPOSITE[name]
    for one, two in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(one):
            return name.removesuffix(one) + two
    return name


def test_the_names_are_complete_and_no_others(drawn: Drawn) -> None:
    assert drawn.names == SHAPES[drawn.path.stem]


def test_every_shape_shows_and_none_leaps(drawn: Drawn) -> None:
    for name in drawn.names:
        reach = max(np.linalg.norm(s[name], axis=1).max() for s in drawn.shapes.values() if name in s)
        assert 1.2 < reach < 45.0, (name, reach)


@pytest.mark.parametrize("label", ["Face", "Eyes"])
def test_every_shape_has_its_mirror_image(drawn: Drawn, label: str) -> None:
    partner = mirror_partner(drawn.points[label])
    for name, offsets in drawn.shapes[label].items():
        other = drawn.shapes[label][other_side(name)]
        # Vertices that share a place may be told apart no further than by their shapes.
        distance = np.abs(offsets[partner] * [-1, 1, 1] - other).max(1)
        assert np.quantile(distance, 0.99) < 0.05, name


def test_left_is_the_characters_own_left(drawn: Drawn) -> None:
    slides = ("jawLeft", "jawRight", "mouthLeft", "mouthRight", "lookLeft", "lookRight")
    for shapes, points in ((drawn.shapes[label], drawn.points[label]) for label in ("Face", "Eyes")):
        for name, offsets in shapes.items():
            if other_side(name) == name or name in slides:
                continue
            side = 1.0 if name.endswith(("Left", "_L")) else -1.0
            travel = np.linalg.norm(offsets, axis=1)
            own, far = travel[points[:, 0] * side > 2], travel[points[:, 0] * side < -12]
            assert own.max() > 4 * far.max(initial=0.0), name


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_blinks_close_the_lids(drawn: Drawn, side: str) -> None:
    one = {"aki": f"eyeBlink{side}", "pip": f"Blink_{side[0]}"}[drawn.path.stem]
    both = {"aki": "blink", "pip": "Blink"}[drawn.path.stem]
    assert drawn.lid_gap({}, side) > 25.0
    for name in (one, both):
        assert abs(drawn.lid_gap({name: 1.0}, side)) < 0.6, name
        assert drawn.lid_gap({name: 0.5}, side) > 8.0, name


def test_mouth_close_seals_the_open_jaw() -> None:
    aki = Drawn("aki")
    assert aki.mouth_gap({"jawOpen": 1.0}) > 18.0
    for value in (0.5, 1.0):
        assert aki.mouth_gap({"jawOpen": value, "mouthClose": value}) < 0.6


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_lids_stay_in_front_of_the_iris(drawn: Drawn, side: str) -> None:
    """A blink moves along chords while the skin bulges: at no moment does the eye come through the lid."""
    iris = drawn.points["Eyes"][drawn.group(f"{side.lower()}Eye", "Eyes")]
    edge = drawn.group(f"lid edge {side}")
    blink = {"aki": "blink", "pip": "Blink"}[drawn.path.stem]
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        lid = drawn.posed({blink: value})[edge]
        away = np.hypot(*(lid[:, None, [0, 2]] - iris[None, :, [0, 2]]).transpose(2, 0, 1))
        depth = iris[None, :, 1] - lid[:, None, 1]
        assert depth[away < 1.2].min(initial=9.0) > 0.3, value


def _surface(drawn: Drawn, weights: dict[str, float]) -> BVHTree:
    return BVHTree.FromPolygons(drawn.posed(weights).tolist(), drawn.skin_faces().tolist())


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_a_squinting_lower_lid_hides_behind_a_closed_one(drawn: Drawn, side: str) -> None:
    """With the line that is drawn on it, which stands off by 0.7 mm; else a closed eye has two lines."""
    weights = {
        "aki": {"eyeBlink" + side: 1.0, "eyeSquint" + side: 0.5, "cheekSquint" + side: 0.7},
        "pip": {"Blink": 1.0, "Joy": 1.0},
    }[drawn.path.stem]
    surface, at = _surface(drawn, weights), drawn.posed(weights)
    edge = drawn.group(f"lid edge {side}")
    inner, outer = (abs(p[0]) for p in (drawn.look.LIDS.inner, drawn.look.LIDS.outer))
    along = (np.abs(drawn.face[edge, 0]) - inner) / (outer - inner)
    lower = edge[(along > 0.4) & (along < 0.8) & (drawn.face[edge, 2] < drawn.look.LIDS.outer[1] - 5)]
    assert len(lower) > 2
    for point in at[lower]:
        hit = surface.ray_cast((point[0], -200.0, point[2]), (0.0, 1.0, 0.0))[0]
        assert hit is not None and hit[1] < point[1] - 0.7, point.round(1)


OPEN_WIDE = {
    "aki": [{"jawOpen": 1.0}, {"mouthSmileLeft": 0.75, "mouthSmileRight": 0.75, "jawOpen": 0.4}, {"surprised": 1.0}],
    "pip": [{"Joy": 1.0, "A": 1.0}, {"Joy": 0.8, "A": 0.5}, {"Surprised": 1.0}, {"O": 1.0}, {"A": 1.0}],
}


@pytest.mark.parametrize("yaw", [0.0, 40.0])
def test_nothing_of_the_mouth_comes_out_below_the_lower_lip(drawn: Drawn, yaw: float) -> None:
    mesh = drawn.object("Face").data
    slot = mesh.materials.find(f"{drawn.title} Mouth")
    lining = {v for p in mesh.polygons if p.material_index == slot for v in p.vertices}
    lips = drawn.group("lip edge")
    inside = np.array(sorted(lining - set(lips.tolist())))
    towards = Vector((np.sin(np.radians(yaw)), -np.cos(np.radians(yaw)), 0.0))
    for weights in OPEN_WIDE[drawn.path.stem]:
        surface, at = _surface(drawn, weights), drawn.posed(weights)
        for point in at[inside[at[inside, 2] < at[lips, 2].min() - 0.5]]:
            distance = surface.ray_cast(Vector(point) + 300 * towards, -towards)[3]
            assert distance is not None and distance < 299.9, (weights, point.round(1))


def test_no_skin_turns_over(drawn: Drawn) -> None:
    """At 1.0 no quad of the visible skin faces the other way; what is folded away may shrink to a line."""
    quads = drawn.skin_faces()
    before, _ = normals(drawn.face, quads)
    for name, offsets in drawn.shapes["Face"].items():
        if name == "mouthClose":  # ARKit's corrective: without an open jaw it pulls the lips across one another
            continue
        after, area = normals(drawn.face + offsets, quads)
        turned = ((before * after).sum(1) < -0.4) & (area > 2.0)
        assert not turned.any(), (name, int(turned.sum()), drawn.face[quads[turned]].mean((0, 1)).round())


def test_the_mouth_is_shut_at_rest_and_vowels_open_it(drawn: Drawn) -> None:
    wide, small = {"aki": ("aa", "ih"), "pip": ("A", "I")}[drawn.path.stem]
    assert drawn.mouth_gap({}) < 0.1
    assert drawn.mouth_gap({wide: 1.0}) > 14.0
    assert 2.0 < drawn.mouth_gap({small: 1.0}) < 0.6 * drawn.mouth_gap({wide: 1.0})


def test_pursed_vowels_are_narrow_and_spread_ones_wide(drawn: Drawn) -> None:
    pursed, spread = {"aki": (("ou", "oh"), ("ih", "ee")), "pip": (("U", "O"), ("I", "E"))}[drawn.path.stem]
    corner = drawn.corner("Left")
    assert all(drawn.shapes["Face"][name][corner, 0] < -3.0 for name in pursed)
    assert all(drawn.shapes["Face"][name][corner, 0] > 1.5 for name in spread)


def test_emotions_read_from_corners_and_brows(drawn: Drawn) -> None:
    happy, angry, sad, surprised = {
        "aki": ("happy", "angry", "sad", "surprised"),
        "pip": ("Joy", "Angry", "Sorrow", "Surprised"),
    }[drawn.path.stem]
    corner, brow = drawn.corner("Left"), drawn.group("brow Left")
    order = brow[np.argsort(drawn.face[brow, 0])]
    inner, outer = order[: len(order) // 5], order[-len(order) // 5 :]

    def rise(name: str, at) -> float:
        return float(np.mean(drawn.shapes["Face"][name][at, 2]))

    assert rise(happy, corner) > 3.0 and rise(sad, corner) < -3.0 and rise(angry, corner) < -2.0
    assert rise(angry, inner) < -5.0 < rise(angry, outer)
    assert rise(sad, inner) > 5.0 and rise(sad, outer) < 0.0
    assert rise(surprised, inner) > 4.0 and rise(surprised, outer) > 3.0
    assert drawn.lid_gap({surprised: 1.0}, "Left") > drawn.lid_gap({}, "Left") + 3.0
    assert drawn.lid_gap({happy: 1.0}, "Left") < 0.75 * drawn.lid_gap({}, "Left")
    assert drawn.mouth_gap({surprised: 1.0}) > 10.0


def test_humanoid_bones_stand_in_a_mirrored_t_pose(drawn: Drawn) -> None:
    bones = drawn.objects[drawn.title].data.bones
    assert set(bones.keys()) >= REQUIRED_BONES | {"neck", "chest", "leftEye", "rightEye"}
    for bone in bones:
        if bone.name.startswith("left"):
            other = bones["right" + bone.name[4:]]
            assert np.allclose(np.array(bone.head_local) * [-1, 1, 1], other.head_local, atol=1e-5)
    arm, hand = bones["leftUpperArm"].head_local, bones["leftHand"].head_local
    assert hand.x > arm.x + 0.1
    assert abs(hand.z - arm.z) < 0.02


def test_eye_bones_lie_behind_their_irises(drawn: Drawn) -> None:
    bone = drawn.objects[drawn.title].data.bones["leftEye"]
    head = np.array(bone.head_local) * 1000 / drawn.look.SIZE - [0, 0, drawn.look.GROUND]
    wanted, _ = drawn.look.EYE.bone(drawn.look.face().skin.front)
    assert np.abs(head - wanted).max() < 0.2


def test_weights_sum_to_one_over_four_bones_at_most(drawn: Drawn) -> None:
    bones = set(drawn.objects[drawn.title].data.bones.keys())
    for label in drawn.points:
        obj = drawn.object(label)
        deform = {g.index for g in obj.vertex_groups if g.name in bones}
        assert obj.find_armature() is drawn.objects[drawn.title]
        for vertex in obj.data.vertices:
            weights = [g.weight for g in vertex.groups if g.group in deform]
            assert abs(sum(weights) - 1.0) < 4e-3, (label, vertex.index)
            assert len(weights) <= 4


def test_texture_coordinates_are_inside_the_images(drawn: Drawn) -> None:
    for label in drawn.points:
        mesh = drawn.object(label).data
        flat = np.empty(len(mesh.loops) * 2, np.float32)
        mesh.uv_layers[0].data.foreach_get("uv", flat)
        assert flat.min() >= 0.0 and flat.max() <= 1.0, label


def test_the_file_is_small_packed_and_at_rest(drawn: Drawn) -> None:
    assert drawn.path.stat().st_size < 1_600_000
    assert not bpy.data.actions
    assert not bpy.data.libraries
    images = [i for i in bpy.data.images if i.source == "FILE"]
    assert images and all(i.packed_file for i in images)
    for obj in drawn.objects.values():
        if obj.type == "MESH" and obj.data.shape_keys:
            assert all(block.value == 0.0 for block in obj.data.shape_keys.key_blocks)
    assert bpy.context.view_layer.objects.active == drawn.object("Face")


def test_they_stand_on_the_ground_facing_minus_y(drawn: Drawn) -> None:
    feet = drawn.points["Body"][:, 2].min() + drawn.look.GROUND
    assert -4.0 < feet < 6.0
    iris = drawn.points["Eyes"][drawn.group("leftEye", "Eyes")]
    assert iris[:, 1].max() < 0.0


def test_the_outline_leaves_the_mesh_alone(drawn: Drawn) -> None:
    """It is a modifier after the armature, so that exports carry the plain mesh."""
    for label in ("Face", "Body"):
        kinds = [m.type for m in drawn.object(label).modifiers]
        assert kinds == ["ARMATURE", "NODES"]
