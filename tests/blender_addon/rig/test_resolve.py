"""Which shape key follows what: nothing moves twice, and what stays over is named."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_addon.rig.resolve import Expression, resolve
from blender_addon.rig.schemes import channels
from tests.blender_addon.rig.program_names import (
    FACESHIFT,
    MMD,
    SHAPES,
    UNIFIED,
    VISEMES,
    VROID,
    driven_by,
    mixes,
)

ANY_NAME = st.one_of(
    st.text(max_size=30),
    st.sampled_from([*SHAPES, *VROID, *MMD, *VISEMES, *FACESHIFT, *UNIFIED, "", ".", "L", "_", "!"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY_NAME, max_size=60, unique=True))
def test_any_names_give_a_mapping_that_is_accounted_for(names: list[str]) -> None:
    mapping = resolve(names)
    assert set(mapping.keys) <= set(names)
    assert set(mapping.left_out) <= set(names)
    assert not set(mapping.keys) & set(mapping.left_out)
    for parts, scheme in mapping.keys.values():
        assert all(set(mix) <= set(SHAPES) for _, mix in parts)
        assert scheme
    assert resolve(names).keys == mapping.keys


def test_full_arkit_is_not_doubled_by_presets_and_visemes() -> None:
    presets = ["blink", "Blink_L", "happy", "Joy", "aa", "ih", "ou", "E", "oh", "lookUp", "mouthOpen", "eyesClosed"]
    mapping = resolve([*SHAPES, *presets, *VISEMES])
    assert set(mapping.keys) == set(SHAPES)
    assert {"blink", "Blink_L", "happy", "Joy", "mouthOpen", "eyesClosed", "viseme_aa"} <= set(mapping.left_out)


def test_one_shape_for_both_eyes_takes_their_mean() -> None:
    assert mixes(["eyesClosed"])["eyesClosed"] == {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}
    assert mixes(["Blink"])["Blink"] == {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}
    assert set(resolve(["blink", "blink_l", "blink_r"]).keys) == {"blink_l", "blink_r"}


def test_two_spellings_of_one_shape_move_once() -> None:
    mapping = resolve(["jawOpen", "JawOpen", "eyeBlinkLeft", "EyeBlink_L"])
    assert set(mapping.keys) == {"jawOpen", "eyeBlinkLeft"}
    assert mapping.left_out == {
        "JawOpen": "means the same as jawOpen",
        "EyeBlink_L": "means the same as eyeBlinkLeft",
    }


def test_words_for_one_shape_do_not_move_it_twice() -> None:
    mapping = resolve(["Smile", "Grin", "Pucker", "Kiss", "Puff.L", "Puff.R", "ジト目", "じと目", "あ", "い", "う"])
    assert set(mapping.keys) == {"Smile", "Pucker", "Puff.L", "Puff.R", "ジト目", "あ", "い"}
    assert mapping.left_out["Grin"] == "means the same as Smile"


def test_a_whole_shape_goes_before_its_parts() -> None:
    parts = ["browInnerUpLeft", "browInnerUpRight", "cheekPuff_L", "cheekPuff_R"]
    assert set(resolve([*SHAPES, *parts]).keys) == set(SHAPES)
    assert set(resolve(parts).keys) == set(parts)
    assert set(resolve(["BrowInnerUp", *parts[:2], "EyeClosedLeft"]).keys) == {"BrowInnerUp", "EyeClosedLeft"}
    quadrants = [
        f"Genesis9__facs_bs_MouthFunnel{half}{side}" for half in ("Upper", "Lower") for side in ("Left", "Right")
    ]
    assert set(resolve(quadrants).keys) == set(quadrants)
    assert set(resolve([*quadrants, "Genesis9__facs_ctrl_MouthFunnel"]).keys) == {"Genesis9__facs_ctrl_MouthFunnel"}


def test_a_standards_own_name_goes_before_an_everyday_word() -> None:
    mapping = resolve([*SHAPES, "smile", "blink", "frown_L"])
    assert set(mapping.keys) == set(SHAPES)


def test_visemes_open_the_mouth_only_where_nothing_finer_does() -> None:
    assert driven_by("jawOpen", VISEMES) == {"viseme_aa"}
    assert driven_by("jawOpen", [*VISEMES, "mouthOpen", "mouthSmile"]) == {"mouthOpen"}
    assert driven_by("jawOpen", ["vrc.v_aa", "vrc.v_oh", "vrc.v_e", "vrc.blink_left"]) == {"vrc.v_aa"}
    assert driven_by("jawOpen", ["aa_02", "ow_08", "w_uw_07", "p_b_m_21"]) == {"aa_02"}


def test_schemes_are_mixed_on_one_mesh() -> None:
    names = [
        *(name for name in SHAPES if name.startswith("eye")),
        *["Fcl_MTH_A", "Fcl_MTH_I", "Fcl_MTH_U", "Fcl_BRW_Angry"],
        *["あ", "い", "う", "まばたき"],
        *["vrc.v_aa", "vrc.v_oh", "vrc.v_ou"],
    ]
    mapping = resolve(names)
    assert {"jawOpen", "mouthPucker", "browDownLeft", "eyeBlinkLeft"} <= set(mapping.levels)
    opening = [key for key, (parts, _) in mapping.keys.items() if any(mix.get("jawOpen", 0) > 0 for _, mix in parts)]
    assert len(opening) == 1, "three schemes' names for one mouth do not add up"


def test_expressions_bring_their_binds() -> None:
    names = ["m0", "m1", "m2", "brows"]
    stated = [
        Expression("a", {"m0": 1.0}),
        Expression("i", {"m1": 1.0}),
        Expression("o", {"m2": 0.5}),
        Expression("joy", {"m1": 0.5, "m2": 0.25}),
        Expression("angry", {"brows": 1.0, "gone": 1.0}),
        Expression("HandSign", {"m0": 1.0}),
    ]
    keys = mixes(names, stated)
    assert keys["m0"]["jawOpen"] == 1.0
    assert keys["m2"]["mouthFunnel"] == 0.5
    assert keys["m2"]["mouthSmileLeft"] == pytest.approx(0.125)
    assert keys["brows"] == {
        "browDownLeft": 0.5,
        "browDownRight": 0.5,
        "browInnerUp": -0.8,
        "mouthFrownLeft": -0.4,
        "mouthFrownRight": -0.4,
    }
    assert "gone" not in keys


def test_expressions_stay_out_of_a_full_arkit_mesh() -> None:
    stated = [Expression("happy", {"mouthSmileLeft": 1.0}), Expression("blink", {"eyeBlinkLeft": 1.0})]
    assert resolve(list(SHAPES), stated).keys == resolve(list(SHAPES)).keys


@pytest.mark.parametrize(("count", "follows"), [(52, "eyeBlinkLeft"), (10, "wink")])
def test_a_face_of_apple_s_names_follows_them_before_a_stated_blink(count: int, follows: str) -> None:
    names = [name for name in channels() if not name.startswith("head")][:count]
    mapping = resolve([*names, "wink"], [Expression("blinkLeft", {"wink": 1.0})])
    shown = {key for key, (parts, _) in mapping.keys.items() if any("eyeBlinkLeft" in mix for _, mix in parts)}
    assert shown == {follows}
