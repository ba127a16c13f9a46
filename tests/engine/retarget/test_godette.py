"""A real avatar with fifteen shapes: happy, angry, sad and surprised, blinks, looks and talks."""

import numpy as np
import pytest

from engine.channels import INDEX, SHAPES
from engine.retarget.controls import Mesh, controls_of, pose
from engine.retarget.retarget import missing_channels, retarget
from tests.engine.retarget.conftest import FEELINGS, Show, clip_of, random_clip

MOUTHS = {"ah", "ih", "uu", "ee", "oh"}


def look_of(mesh: Mesh, name: str) -> dict[str, float]:
    control = next(one for one in controls_of([mesh]) if one.name == name)
    return {channel: gain for channel, gain in zip(SHAPES, control.look.tolist(), strict=True) if gain > 0.05}


def test_brows_with_a_name_that_nothing_knows_are_found_by_what_they_move(godette: Mesh) -> None:
    look = look_of(godette, "angled_eyebrows")
    assert look.keys() == {"browDownLeft", "browDownRight"}
    assert look["browDownLeft"] > 0.5


def test_a_vowel_that_is_drawn_wide_is_no_pucker(godette: Mesh) -> None:
    wide = look_of(godette, "uu")
    assert wide["mouthSmileLeft"] > 0.1
    assert wide.get("mouthPucker", 0) < 0.3
    round_ = look_of(godette, "oh")
    assert round_["mouthFunnel"] > 0.3
    assert round_["jawOpen"] > 0.4


def test_a_vowel_whose_corners_rise_is_a_smile(godette: Mesh) -> None:
    assert look_of(godette, "uu")["mouthSmileLeft"] > 0.3
    assert look_of(godette, "ee").get("mouthSmileLeft", 0) < 0.15


def test_expressions_that_her_shapes_explain_are_not_used(godette: Mesh) -> None:
    names = {control.name for control in controls_of([godette])}
    assert "sorrow" in names
    assert not {"joy", "angry", "fun"} & names


@pytest.mark.parametrize(
    ("feeling", "wanted", "unwanted"),
    [
        ("happy", {"ih": 0.6, "uu": 0.4}, {"angled_eyebrows", "HideBlush", "oh", "ah", "blink_left"}),
        ("angry", {"angled_eyebrows": 0.7, "blink_left": 0.1}, {"HideBlush", *MOUTHS - {"ee"}}),
        ("sad", {"HideBlush": 0.6, "look_down": 0.4, "blink_left": 0.15}, {"ih", "ah", "oh"}),
        ("surprised", {"oh": 0.4}, {"angled_eyebrows", "HideBlush", "ih", "blink_left"}),
    ],
)
def test_her_feelings_are_told_apart(
    show: Show, godette: Mesh, feeling: str, wanted: dict[str, float], unwanted: set[str]
) -> None:
    shown = show(godette, FEELINGS[feeling])
    assert all(shown.get(name, 0) > least for name, least in wanted.items()), shown
    assert all(shown.get(name, 0) < 0.12 for name in unwanted), shown


def test_fear_and_surprise_leave_her_blush_whole(show: Show, godette: Mesh) -> None:
    """Half hidden, it breaks into shards."""
    fear = {"browInnerUp": 0.8, "browOuterUp": 0.3, "browDown": 0.3, "eyeWide": 0.5, "mouthStretch": 0.6}
    for feeling in (fear, {**FEELINGS["surprised"], "browInnerUp": 0.9, "browOuterUp": 0.6, "eyeWide": 0.4}):
        assert "HideBlush" not in show(godette, feeling)


def test_she_blinks_and_looks_exactly(show: Show, godette: Mesh) -> None:
    assert show(godette, {"eyeBlink": 1.0}) == pytest.approx({"blink_left": 1, "blink_right": 1}, abs=1e-4)
    assert show(godette, {"eyeBlinkRight": 0.7}) == pytest.approx({"blink_right": 0.7}, abs=1e-4)
    for way, gains in {
        "left": {"eyeLookOutLeft": 0.8, "eyeLookInRight": 0.8},
        "right": {"eyeLookInLeft": 0.8, "eyeLookOutRight": 0.8},
        "up": {"eyeLookUp": 0.8},
        "down": {"eyeLookDown": 0.8},
    }.items():
        assert show(godette, gains) == pytest.approx({f"look_{way}": 0.8}, abs=1e-3)


def test_she_talks_without_feeling(show: Show, godette: Mesh) -> None:
    for gains in ({"jawOpen": 0.5, "mouthLowerDown": 0.2}, {"mouthFunnel": 0.6, "jawOpen": 0.3}):
        shown = show(godette, gains)
        assert shown.keys() <= MOUTHS
        assert max(shown.values()) > 0.4
    assert show(godette, {"mouthPress": 0.4}) == {}


def test_her_broadest_smile_is_no_more_than_one_mouth(show: Show, godette: Mesh) -> None:
    broad = {"mouthSmile": 1.0, "mouthUpperUp": 0.6, "mouthLowerDown": 0.6, "mouthStretch": 0.5, "cheekSquint": 0.8}
    vowels = {name: amount for name, amount in show(godette, broad).items() if name in MOUTHS}
    assert max(vowels.values()) > 0.7
    assert sum(vowels.values()) < 1.4
    looks = sum(amount * pose(look_of(godette, name)) for name, amount in vowels.items())
    assert looks.max() <= 1


def test_what_she_lacks_is_said(godette: Mesh) -> None:
    missing = set(missing_channels([godette]))
    assert {"mouthSmileLeft", "browInnerUp", "jawOpen"} <= missing
    assert not {name for name in missing if name.startswith(("eyeBlink", "eyeLook"))}


def test_a_take_is_smooth_and_the_same_again(godette: Mesh) -> None:
    clip = random_clip(240)
    moved = float(np.linalg.norm(np.diff(clip.values, axis=0), axis=1).max())
    first, second = (retarget(clip, [godette]).weights[0] for _ in range(2))
    for key, curve in first.items():
        assert curve.tobytes() == second[key].tobytes()
        assert 0 <= curve.min() <= curve.max() <= 1
        assert np.abs(np.diff(curve)).max() < 2.5 * moved, key


def test_a_blink_within_her_sadness_closes_the_lids_once(godette: Mesh) -> None:
    """Sorrow and look_down lower her lids too; with the blink on top they close, and no further."""
    rise = np.linspace(0, 1, 30)
    clip = clip_of(FEELINGS["sad"], np.ones(30))
    clip.values[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = rise[:, None]
    lids = retarget(clip, [godette]).weights[0]["blink_left"]
    assert (np.diff(lids) >= -1e-4).all()
    assert 0.85 < lids[-1] <= 1
