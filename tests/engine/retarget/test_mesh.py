"""What shapes are seen to do on a mesh, however it lies and however large it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.channels import INDEX, SHAPES
from engine.retarget.controls import pose
from engine.retarget.mesh import Moved, seen_looks

NAMED = {
    "blink_left": pose({"eyeBlinkLeft": 1}),
    "blink_right": pose({"eyeBlinkRight": 1}),
    "aa": pose({"jawOpen": 0.7}),
    "u": pose({"mouthPucker": 0.9}),
    "joy": pose({"mouthSmile": 0.9, "cheekSquint": 0.6}),
}


def face() -> Moved:
    """Eyes at the height 1, brows above and a mouth below, each a ring of points; x to the left, y up."""
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles), np.zeros(16)], 1)
    parts = {
        "left": ring * (0.3, 0.2, 0) + (1, 1, 0),
        "right": ring * (0.3, 0.2, 0) + (-1, 1, 0),
        "brow_left": ring * (0.4, 0.02, 0) + (1, 1.6, 0),
        "brow_right": ring * (0.4, 0.02, 0) + (-1, 1.6, 0),
        "mouth": ring * (0.5, 0.05, 0) + (0, -0.5, 0),
    }
    points = np.concatenate(list(parts.values()))
    place = {name: slice(16 * number, 16 * number + 16) for number, name in enumerate(parts)}
    moved = {name: np.zeros_like(points) for name in (*NAMED, "slant", "raise", "ear")}
    top = np.maximum(ring[:, 1], 0)
    for side in ("left", "right"):
        moved[f"blink_{side}"][place[side], 1] = -0.4 * top
        moved["joy"][place[side], 1] = -0.4 * top
        inner = np.sign(parts[f"brow_{side}"][:, 0]) * ring[:, 0]
        moved["slant"][place[f"brow_{side}"], 1] = 0.2 * inner
        moved["raise"][place[f"brow_{side}"], 1] = 0.2
    moved["aa"][place["mouth"], 1] = 0.3 * ring[:, 1]
    moved["u"][place["mouth"], 0] = 0.3 * ring[:, 0]
    moved["joy"][place["mouth"], 0] = 0.2 * ring[:, 0]
    moved["ear"][0, 2] = 1
    return Moved(points, moved)


def seen(mesh: Moved) -> dict[str, dict[str, float]]:
    found = seen_looks(mesh, NAMED, ["aa", "u", "joy"])
    return {
        name: {channel: gain for channel, gain in zip(SHAPES, look.tolist(), strict=True) if gain > 0.05}
        for name, look in found.items()
    }


def test_a_joy_that_closes_the_eyes_is_known_to() -> None:
    assert seen(face())["joy"]["eyeBlinkLeft"] == pytest.approx(1)
    assert seen(face())["joy"]["eyeBlinkRight"] == pytest.approx(1)


def test_brows_are_read_by_their_inner_ends() -> None:
    assert seen(face())["slant"].keys() == {"browDownLeft", "browDownRight"}
    assert seen(face())["raise"].keys() == {"browInnerUp", "browOuterUpLeft", "browOuterUpRight"}
    opposite = face()
    opposite.moved["slant"] *= -1  # pyright: ignore[reportIndexIssue]
    assert seen(opposite)["slant"].keys() == {"browInnerUp"}


def test_what_moves_neither_brows_nor_a_known_part_stays_unknown() -> None:
    assert "ear" not in seen(face())


def test_a_vowel_that_widens_the_mouth_is_not_a_pucker() -> None:
    told = seen(face())
    assert told["u"].get("mouthPucker", 0) < 0.6
    assert told["u"].get("mouthSmileLeft", 0) > 0.1
    assert told["aa"]["jawOpen"] > 0.5


def test_names_of_one_movement_are_trusted() -> None:
    told = seen(face())
    assert told["blink_left"] == {"eyeBlinkLeft": 1}
    assert told["blink_right"] == {"eyeBlinkRight": 1}


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_it_does_not_matter_how_the_mesh_lies(seed: int, size: float) -> None:
    turn = Rotation.random(random_state=seed).as_matrix() * size
    shift = np.random.default_rng(seed).normal(size=3) * size
    mesh = face()
    lying = Moved(mesh.points @ turn.T + shift, {name: delta @ turn.T for name, delta in mesh.moved.items()})
    straight, told = seen_looks(mesh, NAMED, ["aa", "u", "joy"]), seen_looks(lying, NAMED, ["aa", "u", "joy"])
    assert straight.keys() == told.keys()
    for name, look in straight.items():
        np.testing.assert_allclose(told[name], look, atol=1e-6, err_msg=name)


def test_a_mesh_without_a_blink_is_taken_at_its_word() -> None:
    mesh = face()
    told = {name: look for name, look in NAMED.items() if not name.startswith("blink")}
    found = seen_looks(mesh, told, ["aa", "u", "joy"])
    assert found.keys() == told.keys()
    assert all((found[name] == told[name]).all() for name in told)


@pytest.mark.parametrize("broken", ["still", "one point", "empty"])
def test_meshes_that_show_nothing_are_taken_at_their_word(broken: str) -> None:
    mesh = face()
    count = {"still": len(mesh.points), "one point": 1, "empty": 0}[broken]
    scale = 0.0 if broken == "still" else 1.0
    moved = {name: scale * delta[:count] for name, delta in mesh.moved.items()}
    found = seen_looks(Moved(mesh.points[:count], moved), NAMED, ["aa", "u", "joy"])
    assert found["u"][INDEX["mouthPucker"]] == pytest.approx(0.9)


@pytest.mark.parametrize(("rise", "shown", "hidden"), [(0.3, "Smile", "Frown"), (-0.3, "Frown", "Smile")])
def test_corners_tell_a_smile_from_a_frown(rise: float, shown: str, hidden: str) -> None:
    mesh = face()
    mouth = slice(64, 80)
    corners = np.abs(mesh.points[mouth, 0]) > 0.4
    mesh.moved["u"][mouth, 1] += rise * corners  # pyright: ignore[reportIndexIssue]
    told = seen(mesh)["u"]
    assert told.get(f"mouth{shown}Left", 0) > 0.4
    assert told.get(f"mouth{hidden}Left", 0) < 0.1


def test_a_mouth_that_only_stretches_is_taken_at_its_word() -> None:
    mesh = face()
    for name in ("aa", "u", "joy"):
        mesh.moved[name][64:80] = 0.2 * mesh.points[64:80]  # pyright: ignore[reportIndexIssue]
    told = seen(mesh)
    assert told["u"] == {"mouthPucker": pytest.approx(0.9)}


@pytest.mark.filterwarnings("error")
def test_eyes_in_one_place_measure_nothing() -> None:
    mesh = face()
    mesh.points[:32] = 0.0
    told = {name: look for name, look in NAMED.items() if name.startswith("blink")}
    assert seen_looks(mesh, told, []).keys() == told.keys()
