"""The sample head's shapes carried over to the sample head itself, turned, scaled and cut up: the answer is known."""

import numpy as np
import pytest

from engine.channels import INDEX, SHAPES, mirrored_name
from engine.errors import FaceMimicError
from engine.transfer import transfer as transfer_module
from engine.transfer.landmarks import NAMED, checked, guessed
from engine.transfer.source import load_source
from engine.transfer.transfer import checked_mesh, face_with, transfer

TURN = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
SCALE, SHIFT = 0.004, np.array([3.0, -2.0, 1.5])


def there(points):
    """A place as the artist has it: metres, moved and turned."""
    return SCALE * points @ TURN.T + SHIFT


def ball(centre, radius, rows=8, columns=12):
    """A sphere's points and triangles."""
    a = np.linspace(0.05, np.pi - 0.05, rows)[:, None]
    b = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
    flat = np.stack(np.broadcast_arrays(np.sin(a) * np.cos(b), -np.cos(a) + 0 * b, np.sin(a) * np.sin(b)), -1)
    grid = np.arange(rows * columns).reshape(rows, columns)
    right = np.roll(grid, -1, 1)
    quads = [grid[:-1], right[:-1], right[1:], grid[1:]]
    c = [q.ravel() for q in quads]
    return centre + radius * flat.reshape(-1, 3), np.concatenate([np.stack(c[:3], 1), np.stack([c[0], c[2], c[3]], 1)])


@pytest.fixture(scope="module")
def given():
    """The artist's mesh: the skin and two eyeballs, its vertices in another order."""
    source = load_source()
    left, faces = ball(source.eye_centre, source.eye_radius)
    right, _ = ball(source.eye_centre * [-1, 1, 1], source.eye_radius)
    n, m = len(source.points), len(left)
    points = np.concatenate([source.points, left, right])
    triangles = np.concatenate([source.triangles, faces + n, faces + n + m])
    order = np.random.default_rng(3).permutation(len(points))
    back = np.argsort(order)
    landmarks = {name: there(source.landmarks[number]) for name, number in NAMED.items()}
    return there(points[order]), back[triangles], back, landmarks


@pytest.fixture(scope="module")
def made(given):
    """What the transfer answers, as offsets of all vertices in the sample's own order and space (52, v, 3)."""
    points, triangles, back, landmarks = given
    answer = transfer(points, triangles, landmarks=landmarks, symmetric=True)
    whole = np.zeros((52, len(points), 3))
    whole[:, answer.vertices] = answer.deltas
    return whole[:, back] @ TURN / SCALE, answer


def likeness(one, other):
    return float((one * other).sum() / (np.linalg.norm(one) * np.linalg.norm(other)))


def test_a_turned_and_scaled_head_gets_its_own_shapes_back(made):
    source, (deltas, _) = load_source(), made
    skin = deltas[:, : len(source.points)]
    known = [number for number, name in enumerate(SHAPES) if not name.startswith(("eyeLookIn", "eyeLookOut"))]
    alike = {SHAPES[number]: likeness(skin[number], source.deltas[number]) for number in known}
    assert np.mean(list(alike.values())) > 0.97, alike
    assert min(alike.values()) > 0.85, alike


def test_lids_close_and_lips_seal(made):
    source, (deltas, _) = load_source(), made
    left = source.points[:, 0] > 0
    rim = (source.lid_ring == 0) & left
    upper, lower = rim & (source.label == 3), rim & (source.label == 4)
    shut = source.points + deltas[INDEX["eyeBlinkLeft"], : len(source.points)]

    def opening(points, above, below):
        away = np.linalg.norm(points[above][:, None] - points[below][None], axis=2)
        return away.min(1).max()

    assert opening(shut, upper, lower) < 0.12 * opening(source.points, upper, lower)
    line = source.lip_ring == 0
    over, under = line & (source.label == 1), line & (source.label == 2)
    jaw = source.points + deltas[INDEX["jawOpen"], : len(source.points)]
    sealed = jaw + deltas[INDEX["mouthClose"], : len(source.points)]
    assert opening(jaw, over, under) > 15
    assert opening(sealed, over, under) < 2.5


def test_eyeballs_turn_and_nothing_else_of_them_moves(made):
    source, (deltas, answer) = load_source(), made
    count = len(source.points)
    eye = slice(count, count + 96)
    turned = ball(source.eye_centre, source.eye_radius)[0] + deltas[INDEX["eyeLookUpLeft"], eye]
    assert np.linalg.norm(turned - source.eye_centre, axis=1) == pytest.approx(source.eye_radius, abs=0.1)
    assert deltas[INDEX["eyeLookUpLeft"], eye, 2].max() > 5
    still = [number for number, name in enumerate(SHAPES) if not name.startswith("eyeLook")]
    assert not deltas[still, eye].any()
    assert answer.notes == [
        "No lower teeth were found: none follow the jaw.",
        "No tongue was found: tongueOut only parts the lips.",
    ]


def test_symmetric_shapes_mirror_each_other(made):
    source, (deltas, _) = load_source(), made
    skin = deltas[:, : len(source.points)]
    flip = np.array([-1.0, 1.0, 1.0])
    partner = np.argmin(np.linalg.norm(source.points[:400, None] - (source.points * flip)[None], axis=2), axis=1)
    for name in ("mouthSmileLeft", "jawLeft", "browInnerUp"):
        other = skin[INDEX[mirrored_name(name)]][partner] * flip
        assert np.abs(skin[INDEX[name], :400] - other).max() < 0.25


def test_a_mouth_without_an_opening_is_told(made):
    marks = load_source().landmarks
    x, z = np.meshgrid(np.linspace(-70, 70, 24), np.linspace(marks[:, 2].min(), marks[:, 2].max(), 30))
    away = np.hypot(x[..., None] - marks[:, 0], z[..., None] - marks[:, 2])
    weight = 1 / (away + 2) ** 4
    mask = np.stack([x, (weight * marks[:, 1]).sum(-1) / weight.sum(-1), z], -1).reshape(-1, 3)
    grid = np.arange(24 * 30).reshape(30, 24)
    a, b, c, d = (one.ravel() for one in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    landmarks = {name: marks[number] for name, number in NAMED.items()}
    said = "This mouth is closed in the mesh: its shapes move the skin around it but do not open it."
    shut = transfer(mask, faces, landmarks=landmarks)
    assert said in shut.notes
    assert not shut.deltas[INDEX["mouthClose"]].any()
    fall = dict(zip(shut.vertices, shut.deltas[INDEX["jawOpen"], :, 2], strict=True))
    lips, chin = (np.linalg.norm(mask - marks[NAMED[name]], axis=1).argmin() for name in ("lipLowerEdge", "chin"))
    assert fall[chin] < 1.2 * fall[lips] < 0
    assert said not in made[1].notes


def test_without_a_tracker_a_mesh_needs_landmarks(given):
    points, triangles, _, landmarks = given
    with pytest.raises(FaceMimicError, match=r"tracker is missing.*Download Face Tracker.*Place Landmarks") as said:
        transfer(points, triangles)
    assert "found" not in str(said.value)
    few = {name: landmarks[name] for name in list(landmarks)[:3]}
    with pytest.raises(FaceMimicError, match="Place Landmarks"):
        transfer(points, triangles, landmarks=few)


def test_only_landmarks_that_were_placed_are_said_to_lie_wrong(given, monkeypatch):
    points, triangles, _, landmarks = given
    cube = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * 0.01 + points.mean(0)
    faces = np.array([[0, 1, 2], [1, 3, 2], [4, 6, 5], [5, 6, 7], [0, 4, 1], [1, 4, 5], [2, 3, 6], [3, 7, 6]])
    crowd = np.concatenate([cube + 0.02 * np.array([i, 0, j]) for i in range(3) for j in range(4)])
    blocks = np.concatenate([faces + 8 * number for number in range(12)])
    with pytest.raises(FaceMimicError, match="landmarks do not lie on a face"):
        transfer(crowd, blocks, landmarks=landmarks)
    seen = face_with(points, triangles, None, landmarks, None)
    monkeypatch.setattr(transfer_module, "find_face", lambda *_: seen)
    with pytest.raises(FaceMimicError, match="No face was found on this mesh"):
        transfer(crowd, blocks)


def test_too_few_and_too_many_vertices_are_told_apart():
    with pytest.raises(FaceMimicError, match=r"has 8 vertices; a face needs at least 60\. Choose") as few:
        checked_mesh(np.zeros((8, 3)), np.zeros((1, 3), int))
    assert "lower" not in str(few.value)
    with pytest.raises(FaceMimicError, match=r"has 2\s000\s001 vertices; at most 2\s000\s000 .* lower Subdivision"):
        checked_mesh(np.zeros((2_000_001, 3), np.float32), np.zeros((1, 3), int))


@pytest.mark.parametrize("spoil", ["few", "flat", "nan", "strange faces"])
def test_a_mesh_that_cannot_carry_a_face_is_refused(given, spoil):
    points, triangles, _, landmarks = given
    points, triangles = points.copy(), triangles.copy()
    if spoil == "few":
        points, triangles = points[:20], triangles[:1] * 0
    elif spoil == "flat":
        points[:, 1] = 0
    elif spoil == "nan":
        points[7] = np.nan
    else:
        triangles[5, 0] = len(points)
    with pytest.raises(FaceMimicError, match=r"vertices|flat"):
        transfer(points, triangles, landmarks=landmarks)


def test_landmarks_are_checked_by_name_and_number():
    with pytest.raises(FaceMimicError, match="no landmark “nose”"):
        checked({"nose": [0, 0, 0]})
    with pytest.raises(FaceMimicError, match="“chin”"):
        checked({"chin": [0, 0]})
    with pytest.raises(FaceMimicError, match="“chin”"):
        checked({"chin": [0, float("nan"), 0]})
    assert checked({"chin": [1, 2, 3]})["chin"].tolist() == [1, 2, 3]


def test_an_unseen_face_is_guessed_at_the_head_of_an_upright_figure():
    source = load_source()
    head = source.points[source.points[:, 2] > source.landmarks[NAMED["chin"], 2]]
    guess = guessed(2.0 * head + 100)
    truth = 2.0 * source.landmarks[NAMED["noseTip"]] + 100
    assert np.linalg.norm(guess["noseTip"] - truth) < 0.1 * 2 * np.ptp(head[:, 2])
