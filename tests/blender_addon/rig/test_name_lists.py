"""Whole name lists as programs write them: how much of a performance each shows, and what of it stays over."""

import pytest

from blender_addon.rig.recognise import EXACT, SPELLING
from blender_addon.rig.resolve import resolve
from tests.blender_addon.rig.program_names import (
    CC_EXTENDED,
    CC_STANDARD,
    FACESHIFT,
    ICT,
    METAHUMAN,
    MMD,
    READY_PLAYER_ME,
    SHAPES,
    SRANIPAL,
    UNIFIED,
    VROID,
    driven_by,
    listed,
    mixes,
    shown,
)

LISTS = {
    "Character Creator, extended": (CC_EXTENDED, set()),
    "MetaHuman": (METAHUMAN, set()),
    "SRanipal": (
        SRANIPAL,
        {
            *(f"{name}{side}" for name in ("browOuterUp", "cheekSquint", "noseSneer") for side in ("Left", "Right")),
            *(f"mouth{name}{side}" for name in ("Dimple", "Press", "Stretch") for side in ("Left", "Right")),
            *("browInnerUp", "mouthShrugUpper"),
        },
    ),
    "Ready Player Me": (READY_PLAYER_ME, set()),
}


@pytest.mark.parametrize("name", LISTS)
def test_what_a_whole_list_shows(name: str) -> None:
    names, missing = LISTS[name]
    mapping = resolve(names)
    assert set(SHAPES) - set(mapping.levels) == missing
    assert set(mapping.sure.values()) <= {EXACT, SPELLING}


def test_ict_splits_what_apple_leaves_whole() -> None:
    assert driven_by("browInnerUp", ICT) == {"browInnerUp_L", "browInnerUp_R"}
    assert driven_by("cheekPuff", ICT) == {"cheekPuff_L", "cheekPuff_R"}
    mapping = resolve(ICT)
    assert set(SHAPES) - set(mapping.levels) == {"tongueOut"}
    assert "cheekSquintLeft" in mapping.left_out["cheekRaiser_L"]
    assert driven_by("cheekSquintLeft", ["cheekRaiser_L", "jawOpen"]) == {"cheekRaiser_L"}


def test_vrm_presets() -> None:
    old = listed("A I U E O Blink Blink_L Blink_R Joy Angry Sorrow Fun LookUp LookDown LookLeft LookRight Neutral")
    new = listed("aa ih ou ee oh blink blinkLeft blinkRight happy angry sad surprised relaxed lookLeft neutral")
    for names, smile in ((old, "Joy"), (new, "happy")):
        mapping = resolve(names)
        assert {"jawOpen", "mouthPucker", "mouthFunnel", "browDownLeft", "browInnerUp"} <= set(mapping.levels)
        assert smile in driven_by("mouthSmileLeft", names)
        assert not {"Blink", "blink", "Neutral", "neutral"} & set(mapping.keys)
    joy, fun = (mixes(old)[name] for name in ("Joy", "Fun"))
    assert joy == fun == {"mouthSmileLeft": 0.25, "mouthSmileRight": 0.25}, "two smiles share one"
    assert mixes(["Joy"])["Joy"] == {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}
    assert driven_by("eyeLookInRight", old) == {"LookLeft"}


def test_vroid_moves_parts_rather_than_the_whole_face() -> None:
    for prefix in ("", "Face.M_F00_000_00_", "face.m_f00_000_00_"):
        names = [prefix + (name.lower() if prefix[:1] == "f" else name) for name in VROID]
        mapping = resolve(names)
        used = {key.lower().rpartition("fcl_")[2] for key in mapping.keys}
        assert not any(name.startswith("all_") for name in used)
        assert {"brw_angry", "brw_sorrow", "eye_close_l", "eye_close_r", "mth_a", "mth_o", "mth_fun"} <= used
        assert "eye_close" not in used
    assert set(resolve([name for name in VROID if "ALL" in name]).keys) >= {"Fcl_ALL_Joy", "Fcl_ALL_Angry"}


def test_mmd() -> None:
    assert driven_by("eyeBlinkLeft", MMD) == {"ウィンク２"}
    assert driven_by("eyeBlinkRight", MMD) == {"ｳｨﾝｸ２右"}
    assert driven_by("eyeBlinkLeft", ["まばたき", "あ"]) == {"まばたき"}
    assert driven_by("jawOpen", MMD) == {"あ"}
    assert driven_by("browDownLeft", MMD) == {"怒り"}
    assert not {"笑い", "なごみ", "はぅ"} & set(resolve(MMD).keys)


def test_faceshift_reaches_every_channel_but_the_tongue() -> None:
    assert set(SHAPES) - shown(FACESHIFT) <= {"tongueOut", "mouthClose", "mouthPressLeft", "mouthPressRight"}
    assert driven_by("eyeWideLeft", FACESHIFT) == {"EyeOpen_L"}
    assert driven_by("browInnerUp", FACESHIFT) == {"BrowsU_C"}
    assert "LipsUpperOpen" in resolve(FACESHIFT).left_out


def test_unified_expressions() -> None:
    assert set(SHAPES) <= shown(UNIFIED)
    assert driven_by("eyeBlinkLeft", UNIFIED) == {"EyeClosedLeft"}
    assert driven_by("mouthFunnel", UNIFIED) == {"LipFunnel"}
    assert driven_by("mouthLeft", UNIFIED) == {"MouthUpperLeft", "MouthLowerLeft"}
    assert driven_by("mouthFunnel", ["LipFunnelUpper", "LipFunnelLower", "EyeClosedLeft"]) == {
        "LipFunnelUpper",
        "LipFunnelLower",
    }


def test_one_channel_moves_several_shapes_of_cc4() -> None:
    names = [
        f"Mouth_{form}_{place}_{side}" for form in ("Funnel", "Pucker") for place in ("Up", "Down") for side in "LR"
    ]
    names += [f"{name}_{side}" for name in ("Eye_Blink", "Brow_Drop", "Mouth_Smile", "Cheek_Raise") for side in "LR"]
    names += ["Jaw_Open", "Mouth_L", "Mouth_R", "Eye_L_Look_R"]
    assert driven_by("mouthFunnel", names) == {name for name in names if "Funnel" in name}
    assert driven_by("mouthLeft", names) == {"Mouth_L"}
    assert driven_by("eyeLookInLeft", names) == {"Eye_L_Look_R"}
    assert driven_by("eyeBlinkRight", names) == {"Eye_Blink_R"}


def test_reallusions_shapes_are_not_doubled_by_its_visemes_and_its_whole_mouths() -> None:
    mapping = resolve(CC_EXTENDED)
    used = set(mapping.keys)
    assert {name for name in used if name.startswith("V_")} == {"V_Tongue_Out"}, "which nothing else shows"
    assert len({name for name in used if "Funnel" in name}) == 4
    assert not {"Mouth_Up", "Mouth_Down", "Jaw_Up", "Head_Turn_L", "Mouth_Blow_L", "Brow_Compress_L"} & used


def test_reallusions_standard_set() -> None:
    mapping = resolve(CC_STANDARD)
    assert {"eyeBlinkLeft", "mouthPucker", "mouthFunnel", "mouthRollUpper", "mouthRollLower", "cheekPuff"} <= shown(
        CC_STANDARD
    )
    assert {"Mouth_Smile", "Eye_Blink", "Brow_Raise_L"} <= set(mapping.left_out)


def test_traditional_reallusion_names_carry_a_number() -> None:
    names = ["A01_Brow_Inner_Up", "A02_Brow_Down_Left", "A14_Eye_Blink_Left", "A25_Jaw_Open", "A38_Mouth_Smile_Left"]
    names += ["A20_Cheek_Puff", "A37_Mouth_Close"]
    assert driven_by("browInnerUp", names) == {"A01_Brow_Inner_Up"}
    assert driven_by("eyeBlinkLeft", names) == {"A14_Eye_Blink_Left"}
    assert len(resolve(names).keys) == len(names)


def test_metahuman_gaze_is_absolute() -> None:
    names = [
        f"CTRL_expressions_{name}"
        for name in listed(
            "eyeBlinkL eyeBlinkR eyeLookLeftL eyeLookRightL eyeLookLeftR eyeLookRightR browDownL browDownR jawOpen "
            "mouthCornerPullL mouthCornerPullR mouthFunnelUL mouthFunnelUR mouthFunnelDL mouthFunnelDR"
        )
    ]
    assert driven_by("eyeLookInLeft", names) == {"CTRL_expressions_eyeLookRightL"}
    assert driven_by("eyeLookOutRight", names) == {"CTRL_expressions_eyeLookRightR"}
    assert len(driven_by("mouthFunnel", names)) == 4
    assert driven_by("eyeBlinkLeft", names) == {"CTRL_expressions_eyeBlinkL"}


def test_sranipal() -> None:
    names = listed(
        "Eye_Left_Blink Eye_Right_Blink Eye_Left_Left Jaw_Open Mouth_Ape_Shape Mouth_Pout Mouth_Upper_Inside"
    )
    assert driven_by("eyeLookOutLeft", names) == {"Eye_Left_Left"}
    assert mixes(names)["Jaw_Open"] == {"jawOpen": 1.0, "mouthClose": -1.0}


def test_gaze_of_sranipal_is_that_of_the_eye_that_it_names() -> None:
    keys = resolve(SRANIPAL).keys
    assert keys["Eye_Right_Left"][0] == [(1.0, {"eyeLookInRight": 1.0})]
    assert keys["Jaw_Open"][0] == [(1.0, {"jawOpen": 1.0, "mouthClose": -1.0})]
