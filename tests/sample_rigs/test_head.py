"""Nova as committed: her mesh, her 52 shapes, her armature."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from sample_rigs.head import anatomy as an  # noqa: E402
from sample_rigs.head.shapes.arkit import NAMES  # noqa: E402
from tests.sample_rigs.nova import BLEND, Nova  # noqa: E402

REQUIRED_BONES = {"hips", "spine", "head"} | {
    side + limb
    for side in ("left", "right")
    for limb in ("UpperLeg", "LowerLeg", "Foot", "UpperArm", "LowerArm", "Hand")
}
SLIDES = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
UPPER_FACE = ("eye", "brow", "cheekSquint")


@pytest.fixture(scope="module")
def nova() -> Nova:
    return Nova()


@pytest.fixture(scope="module")
def partner(nova: Nova) -> np.ndarray:
    """The vertex on the other side of the face, found by place."""
    from scipy.spatial import cKDTree

    distance, index = cKDTree(nova.face).query(nova.face * [-1, 1, 1])
    assert distance.max() < 0.01, "the face is not symmetric"
    return index


def test_the_52_names_over_all_meshes(nova: Nova) -> None:
    found = {name for shapes in nova.shapes.values() for name in shapes}
    assert found == set(NAMES)
    assert len(NAMES) == len(set(NAMES)) == 52


@pytest.mark.parametrize("name", NAMES)
def test_shape_moves_its_own_region(nova: Nova, name: str) -> None:
    moved = [(nova.points[m], np.linalg.norm(s[name], axis=1)) for m, s in nova.shapes.items() if name in s]
    assert max(d.max() for _, d in moved) > 2.0, "moves nothing to speak of"
    for points, distance in moved:
        assert distance.max() < 60.0
        assert np.isfinite(distance).all()
        at = points[distance > 0.25]
        if not len(at):
            continue
        if name.startswith(UPPER_FACE):
            assert at[:, 2].min() > -62.0
        if name.startswith(("jaw", "mouth", "tongue", "cheekPuff")):
            assert at[:, 2].max() < 10.0
        sided = name.endswith(("Left", "Right")) and name not in SLIDES
        sign = 1.0 if name.endswith("Left") else -1.0
        if sided and name.startswith("eye"):
            assert (at[:, 0] * sign).min() > 0.0
        elif sided:
            side = points[:, 0] * sign
            assert distance[side > 3].max() > 2.5 * distance[side < -16].max(initial=0.0)


@pytest.mark.parametrize("name", [n for n in NAMES if n.endswith("Left")])
def test_left_and_right_mirror_each_other(nova: Nova, partner: np.ndarray, name: str) -> None:
    other = name.removesuffix("Left") + "Right"
    if name in nova.shapes["Nova Face"]:
        left, right = nova.shape(name), nova.shape(other)
        assert np.abs(left[partner] * [-1, 1, 1] - right).max() < 0.02
    else:
        assert name in nova.shapes["Nova Eyes"]


@pytest.mark.parametrize("name", [n for n in NAMES if not n.endswith(("Left", "Right"))])
def test_single_shapes_are_even(nova: Nova, partner: np.ndarray, name: str) -> None:
    offsets = nova.shape(name)
    assert np.abs(offsets[partner] * [-1, 1, 1] - offsets).max() < 0.02


@pytest.mark.parametrize("side", ["Left", "Right"])
@pytest.mark.parametrize("value", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_lids_stay_outside_the_eyeball(nova: Nova, side: str, value: float) -> None:
    lid = nova.group(f"lid {side}")
    centre = an.EYE_CENTRE * [1 if side == "Left" else -1, 1, 1]
    for name in ("eyeBlink", "eyeSquint", "eyeWide", "eyeLookUp", "eyeLookDown"):
        at = nova.face[lid] + value * nova.shape(name + side)[lid]
        assert np.linalg.norm(at - centre, axis=1).min() > an.EYE_RADIUS + 0.1, name


@pytest.mark.parametrize("side", ["Left", "Right"])
@pytest.mark.parametrize(
    "names",
    [
        ("cheekSquint",),
        ("cheekSquint", "eyeSquint"),
        ("eyeBlink", "eyeSquint"),
        ("eyeBlink", "eyeSquint", "cheekSquint"),
        ("eyeSquint", "eyeWide"),
        ("eyeSquint", "cheekSquint", "eyeLookDown"),
    ],
)
def test_lids_that_move_together_stay_outside_the_eyeball(nova: Nova, side: str, names: tuple[str, ...]) -> None:
    lid = nova.group(f"lid {side}")
    centre = an.EYE_CENTRE * [1 if side == "Left" else -1, 1, 1]
    for value in (0.5, 1.0):
        at = nova.face[lid] + value * sum(nova.shape(name + side)[lid] for name in names)
        assert np.linalg.norm(at - centre, axis=1).min() > an.EYE_RADIUS + 0.1


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_a_squinting_lower_lid_slips_under_a_closed_upper_one(nova: Nova, side: str) -> None:
    """Where both lids lie over one another, in the middle of the eye, the upper one is in front."""
    lid = nova.group(f"lid {side}")
    rest, x = nova.face[lid], an.EYE_CENTRE[0] * (1 if side == "Left" else -1)
    moved = (
        rest
        + sum(nova.shape(n + side)[lid] for n in ("eyeBlink", "eyeSquint"))
        + 0.6 * nova.shape("cheekSquint" + side)[lid]
    )
    middle = np.abs(rest[:, 0] - x) < 8
    upper, lower = moved[middle & (rest[:, 2] > 4)], moved[middle & (rest[:, 2] < -2)]
    below = lower[lower[:, 2] > upper[:, 2].min() + 2.0]
    assert len(below), "the lids do not meet"
    near = np.argmin(np.linalg.norm(below[:, None, [0, 2]] - upper[None][..., [0, 2]], axis=2), axis=1)
    assert (below[:, 1] - upper[near, 1]).min() > -0.6


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_blink_closes_the_eye(nova: Nova, side: str) -> None:
    edge = nova.group(f"lid edge {side}")
    rest, closed = nova.face[edge], nova.face[edge] + nova.shape("eyeBlink" + side)[edge]

    def opening(points: np.ndarray) -> float:
        inner, outer = rest[np.argsort(np.abs(rest[:, 0]))[[0, -1]]]
        along = (rest[:, 0] - inner[0]) / (outer[0] - inner[0])
        above = rest[:, 2] >= inner[2] + along * (outer[2] - inner[2])
        upper, lower = points[above], points[~above]
        at = np.linspace(*np.quantile(rest[:, 0], [0.08, 0.92]), 15)
        a, b = (np.interp(at, *p[np.argsort(p[:, 0])][:, [0, 2]].T) for p in (upper, lower))
        return (a - b).max()

    assert opening(rest) > 15.0
    assert opening(closed) < 1.2


def test_jaw_opens_and_mouth_close_seals(nova: Nova) -> None:
    upper, lower = nova.group("lip line upper"), nova.group("lip line lower")
    jaw, close = nova.shape("jawOpen"), nova.shape("mouthClose")

    def gap(offsets: np.ndarray) -> np.ndarray:
        moved = nova.face + offsets
        a, b = moved[upper], moved[lower]
        return np.linalg.norm(a[:, None] - b[None], axis=2).min(1)

    assert gap(0 * jaw).max() < 1.5
    assert gap(jaw).max() > 22.0
    for value in (0.5, 1.0):
        assert gap(value * (jaw + close)).max() < 2.5
    chin = np.argmin(np.abs(nova.face[:, 0]) + np.abs(nova.face[:, 2] + 100) + 0.2 * (nova.face[:, 1] + 40))
    assert (jaw + close)[chin, 2] < -12.0, "the jaw stays down behind sealed lips"


def test_every_face_is_a_quad(nova: Nova) -> None:
    assert nova.sizes == {4}
    assert 5000 < len(nova.face) < 16000


def test_only_the_neck_is_open(nova: Nova) -> None:
    assert nova.uses.max() == 2
    border = np.unique(nova.edges[nova.uses == 1])
    assert len(border) > 20
    assert nova.face[border, 2].max() < -150.0


def test_no_quad_is_collapsed(nova: Nova) -> None:
    a, b, c, d = (nova.face[nova.quads[:, i]] for i in range(4))
    area = np.linalg.norm(np.cross(c - a, d - b), axis=1) / 2
    assert area.min() > 0.002


def test_eyeballs_lie_behind_the_skin(nova: Nova) -> None:
    for sign in (1.0, -1.0):
        ball = nova.points["Nova Eyes"]
        ball = ball[ball[:, 0] * sign > 0]
        reach = np.linalg.norm(ball - an.EYE_CENTRE * [sign, 1, 1], axis=1)
        assert reach.max() < an.EYE_RADIUS + 0.7


def test_humanoid_bones(nova: Nova) -> None:
    rig = nova.objects["Nova"]
    names = set(rig.data.bones.keys())
    assert names >= REQUIRED_BONES | {"neck", "chest", "jaw", "leftEye", "rightEye"}
    for bone in rig.data.bones:
        if bone.name.startswith("left"):
            other = rig.data.bones["right" + bone.name[4:]]
            flipped = np.array(other.head_local) * [-1, 1, 1]
            assert np.allclose(bone.head_local, flipped, atol=1e-5)
    assert rig.data.bones["leftHand"].head_local.x > 0.3
    eye = np.array(rig.data.bones["leftEye"].head_local) * 1000 - [0, 0, an.ORIGIN_HEIGHT]
    assert np.allclose(eye, an.EYE_CENTRE, atol=0.05)


def test_weights_sum_to_one(nova: Nova) -> None:
    bones = set(nova.objects["Nova"].data.bones.keys())
    for name in nova.points:
        obj = nova.objects[name]
        deform = {g.index for g in obj.vertex_groups if g.name in bones}
        assert obj.find_armature() is not None
        for vertex in obj.data.vertices:
            weights = [g.weight for g in vertex.groups if g.group in deform]
            assert abs(sum(weights) - 1.0) < 2e-3
            assert len(weights) <= 4


def test_the_file_is_small_and_at_rest(nova: Nova) -> None:
    assert BLEND.stat().st_size < 5_000_000
    assert not bpy.data.actions
    assert not bpy.data.images or all(i.source == "VIEWER" for i in bpy.data.images)
    assert not bpy.data.libraries
    for obj in nova.objects.values():
        if obj.type == "MESH" and obj.data.shape_keys:
            assert all(block.value == 0.0 for block in obj.data.shape_keys.key_blocks)
    assert bpy.context.view_layer.objects.active.name == "Nova Face"


def test_she_stands_on_the_ground_facing_minus_y(nova: Nova) -> None:
    body = nova.points["Nova Body"] + [0, 0, an.ORIGIN_HEIGHT]
    assert abs(body[:, 2].min()) < 4.0
    hair = nova.points["Nova Hair"][:, 2].max() + an.ORIGIN_HEIGHT
    assert 1500 < hair < 1680
    nose = nova.face[np.argmin(nova.face[:, 1])]
    assert abs(nose[0]) < 3.0
