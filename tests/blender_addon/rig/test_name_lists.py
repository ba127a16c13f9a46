"""Whole name lists as programs write them: how much of a performance each shows, and what of it stays over."""

import pytest

from blender_addon.rig.schemes import EXACT, GUESS, SPELLING, MeshMapping, channels, recognise, resolve

SHAPES = channels()[:52]


def sided(text: str) -> list[str]:
    """Names between spaces; * stands for L and R."""
    return [name.replace("*", side) for name in text.split() for side in ("LR" if "*" in name else "L")]


CC_EXTENDED = sided(
    "Brow_Raise_Inner_* Brow_Raise_Outer_* Brow_Drop_* Brow_Compress_* Eye_Blink_* Eye_Squint_* Eye_Wide_* "
    "Eye_*_Look_L Eye_*_Look_R Eye_*_Look_Up Eye_*_Look_Down Eyelash_Upper_Up_* Eyelash_Lower_Down_* Nose_Sneer_* "
    "Nose_Nostril_Raise_* Nose_Nostril_Dilate_* Nose_Crease_* Nose_Nostril_Down_* Nose_Nostril_In_* Nose_Tip_* "
    "Nose_Tip_Up Nose_Tip_Down Cheek_Raise_* Cheek_Suck_* Cheek_Puff_* Mouth_Smile_* Mouth_Smile_Sharp_* Mouth_Frown_* "
    "Mouth_Stretch_* Mouth_Dimple_* Mouth_Press_* Mouth_Tighten_* Mouth_Blow_* Mouth_Pucker_Up_* Mouth_Pucker_Down_* "
    "Mouth_Funnel_Up_* Mouth_Funnel_Down_* Mouth_Roll_In_Upper_* Mouth_Roll_In_Lower_* Mouth_Roll_Out_Upper_* "
    "Mouth_Roll_Out_Lower_* Mouth_Push_Upper_* Mouth_Push_Lower_* Mouth_Pull_Upper_* Mouth_Pull_Lower_* Mouth_Up "
    "Mouth_Down Mouth_L Mouth_R Mouth_Upper_L Mouth_Upper_R Mouth_Lower_L Mouth_Lower_R Mouth_Shrug_Upper "
    "Mouth_Shrug_Lower Mouth_Drop_Upper Mouth_Drop_Lower Mouth_Up_Upper_* Mouth_Down_Lower_* Mouth_Chin_Up Mouth_Close "
    "Mouth_Contract Tongue_Bulge_* Jaw_Open Jaw_Forward Jaw_Backward Jaw_L Jaw_R Jaw_Up Jaw_Down Neck_Swallow_Up "
    "Neck_Swallow_Down Neck_Tighten_* Head_Turn_Up Head_Turn_Down Head_Turn_L Head_Turn_R Head_Tilt_L Head_Tilt_R "
    "V_Open V_Explosive V_Dental_Lip V_Tight_O V_Tight V_Wide V_Affricate V_Lip_Open V_Tongue_up V_Tongue_Raise "
    "V_Tongue_Out V_Tongue_Narrow V_Tongue_Lower V_Tongue_Curl_U V_Tongue_Curl_D"
)
CC_STANDARD = sided(
    "Brow_Raise_Inner_* Brow_Raise_Outer_* Brow_Drop_* Brow_Raise_* Eye_Wide_* Eye_Squint_* Eye_Blink Eye_Blink_* "
    "Nose_Scrunch Nose_Flank_Raise_* Cheek_Raise_* Cheek_Blow_* Mouth_Blow Mouth_Pucker Mouth_Pucker_Open Mouth_Widen "
    "Mouth_Widen_Sides Mouth_Smile Mouth_Smile_* Mouth_Frown Mouth_Frown_* Mouth_Dimple_* Mouth_Plosive "
    "Mouth_Lips_Tight Mouth_Lips_Tuck Mouth_Lips_Open Mouth_Lips_Part Mouth_Bottom_Lip_Down Mouth_Top_Lip_Up "
    "Mouth_Top_Lip_Under Mouth_Bottom_Lip_Under Mouth_Snarl_Upper_* Mouth_Snarl_Lower_* Mouth_Bottom_Lip_Bite "
    "Mouth_Down Mouth_Up Mouth_L Mouth_R Mouth_Skewer Mouth_Open"
)
METAHUMAN = [
    "CTRL_expressions_" + name
    for name in sided(
        "browDown* browLateral* browRaiseIn* browRaiseOuter* earUp* eyeBlink* eyeLidPress* eyeWiden* eyeSquintInner* "
        "eyeCheekRaise* eyeFaceScrunch* eyeUpperLidUp* eyeRelax* eyeLookUp* eyeLookDown* eyeLookLeft* eyeLookRight* "
        "eyePupilWide* noseWrinkle* noseNostrilDepress* noseNostrilDilate* noseNasolabialDeepen* mouthCheekSuck* "
        "mouthCheekBlow* mouthLipsBlow* mouthLeft mouthRight mouthUp mouthDown mouthUpperLipRaise* "
        "mouthLowerLipDepress* mouthCornerPull* mouthStretch* mouthStretchLipsClose* mouthDimple* mouthCornerDepress* "
        "mouthPressU* mouthPressD* mouthLipsPurseU* mouthLipsPurseD* mouthLipsTowardsU* mouthLipsTowardsD* "
        "mouthFunnelU* mouthFunnelD* mouthLipsTogetherU* mouthLipsTogetherD* mouthUpperLipBite* mouthLowerLipBite* "
        "mouthUpperLipRollIn* mouthLowerLipRollIn* mouthSharpCornerPull* jawOpen jawLeft jawRight jawFwd jawBack "
        "jawClenchL jawChinRaiseD* jawChinRaiseU* tongueUp tongueDown tongueOut tongueIn neckStretchL"
    )
]
SRANIPAL = sided(
    "Eye_Left_Blink Eye_Left_Wide Eye_Left_Right Eye_Left_Left Eye_Left_Up Eye_Left_Down Eye_Right_Blink "
    "Eye_Right_Wide Eye_Right_Right Eye_Right_Left Eye_Right_Up Eye_Right_Down Eye_Frown Eye_Left_Squeeze "
    "Eye_Right_Squeeze Jaw_Right Jaw_Left Jaw_Forward Jaw_Open Mouth_Ape_Shape Mouth_Upper_Right Mouth_Upper_Left "
    "Mouth_Lower_Right Mouth_Lower_Left Mouth_Upper_Overturn Mouth_Lower_Overturn Mouth_Pout Mouth_Smile_Right "
    "Mouth_Smile_Left Mouth_Sad_Right Mouth_Sad_Left Cheek_Puff_Right Cheek_Puff_Left Cheek_Suck Mouth_Upper_UpRight "
    "Mouth_Upper_UpLeft Mouth_Lower_DownRight Mouth_Lower_DownLeft Mouth_Upper_Inside Mouth_Lower_Inside "
    "Mouth_Lower_Overlay Tongue_LongStep1 Tongue_Left Tongue_Right Tongue_Up Tongue_Down Tongue_Roll Tongue_LongStep2"
)
READY_PLAYER_ME = [
    *SHAPES,
    *(f"viseme_{name}" for name in sided("sil PP FF TH DD kk CH SS nn RR aa E I O U")),
    *sided("mouthOpen mouthSmile eyesClosed eyesLookUp eyesLookDown"),
]
HOBBY = sided("Smile.* Blink.* Brows.Up Frown Mouth.Open Puff Tongue Pout Squint Fangs Ears.Back")


def both(names: list[str]) -> tuple[MeshMapping, set[str]]:
    mapping = resolve(names)
    return mapping, set(mapping.levels)


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
    mapping, shown = both(names)
    assert set(SHAPES) - shown == missing
    assert set(mapping.sure.values()) <= {EXACT, SPELLING}


def test_reallusions_shapes_are_not_doubled_by_its_visemes_and_its_whole_mouths() -> None:
    mapping, _ = both(CC_EXTENDED)
    used = set(mapping.keys)
    assert {name for name in used if name.startswith("V_")} == {"V_Tongue_Out"}, "which nothing else shows"
    assert len({name for name in used if "Funnel" in name}) == 4
    assert not {"Mouth_Up", "Mouth_Down", "Jaw_Up", "Head_Turn_L", "Mouth_Blow_L", "Brow_Compress_L"} & used


def test_reallusions_standard_set() -> None:
    mapping, shown = both(CC_STANDARD)
    assert {"eyeBlinkLeft", "mouthPucker", "mouthFunnel", "mouthRollUpper", "mouthRollLower", "cheekPuff"} <= shown
    assert {"Mouth_Smile", "Eye_Blink", "Brow_Raise_L"} <= set(mapping.left_out)


def test_gaze_of_sranipal_is_that_of_the_eye_that_it_names() -> None:
    keys = resolve(SRANIPAL).keys
    assert keys["Eye_Right_Left"][0] == [(1.0, {"eyeLookInRight": 1.0})]
    assert keys["Jaw_Open"][0] == [(1.0, {"jawOpen": 1.0, "mouthClose": -1.0})]


@pytest.mark.parametrize("after", ["", ".001", "_BS", "_shape", "_v2"])
@pytest.mark.parametrize("before", ["", "Face.", "Head_", "Body|Face:", "blendShape2."])
def test_prefixes_and_suffixes(before: str, after: str) -> None:
    names = [f"{before}{name}{after}" for name in SHAPES]
    assert set(resolve(names).levels) == set(SHAPES)


def test_schemes_are_mixed_on_one_mesh() -> None:
    names = [
        *(name for name in SHAPES if name.startswith("eye")),
        *["Fcl_MTH_A", "Fcl_MTH_I", "Fcl_MTH_U", "Fcl_BRW_Angry"],
        *["あ", "い", "う", "まばたき"],
        *["vrc.v_aa", "vrc.v_oh", "vrc.v_ou"],
    ]
    mapping, shown = both(names)
    assert {"jawOpen", "mouthPucker", "browDownLeft", "eyeBlinkLeft"} <= shown
    opening = [key for key, (parts, _) in mapping.keys.items() if any(mix.get("jawOpen", 0) > 0 for _, mix in parts)]
    assert len(opening) == 1, "three schemes' names for one mouth do not add up"


def test_everyday_words_are_guessed() -> None:
    mapping, shown = both(HOBBY)
    assert {"eyeBlinkLeft", "mouthSmileRight", "mouthFrownLeft", "cheekPuff", "tongueOut", "browOuterUpLeft"} <= shown
    assert mapping.sure["Puff"] in (EXACT, SPELLING, GUESS)
    assert mapping.sure["Smile.L"] == mapping.sure["Brows.Up"] == mapping.sure["Tongue"] == GUESS
    assert not {"Fangs", "Ears.Back"} & set(mapping.keys)


def test_a_standards_own_name_goes_before_an_everyday_word() -> None:
    mapping = resolve([*SHAPES, "smile", "blink", "frown_L"])
    assert set(mapping.keys) == set(SHAPES)


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("Left_Eye_Blink", "eyeBlinkLeft"),
        ("blink_eye_R_new", "eyeBlinkRight"),
        ("L_brow_down_2", "browDownLeft"),
        ("Open.Jaw", "jawOpen"),
    ],
)
def test_words_in_another_order_are_a_guess(name: str, channel: str) -> None:
    mapping = resolve([name, "wart"])
    assert channel in mapping.levels
    assert mapping.sure == {name: GUESS}


def test_a_guess_does_not_double_a_sure_name() -> None:
    assert set(resolve(["eyeBlinkLeft", "Left_Eye_Blink"]).keys) == {"eyeBlinkLeft"}


def test_correctives_and_strangers_are_not_guessed() -> None:
    strangers = ["eyeBlinkLeft_jawOpen", "shirtBlink", "Hair_jawOpen_fix", "breathe", "Left", "fat", "Eye_Color_Left"]
    assert not resolve(strangers).keys


@pytest.mark.parametrize(
    "name", ["бородавка", "웃음", "ابتسامة", "笑顔", "😀", "Ünïcödé", " ", "_", ".", "ｊａｗＯｐｅｎ"]
)
def test_names_in_any_script(name: str) -> None:
    mapping = resolve([name, "eyeBlinkLeft"])
    assert "eyeBlinkLeft" in mapping.keys
    assert (name in mapping.keys) == (name == "ｊａｗＯｐｅｎ"), "wide Latin letters are the same letters"


def test_teeth_speak_as_the_face_does() -> None:
    alone, together = resolve(["Jaw_Open"]), resolve(["Jaw_Open"], company=SRANIPAL)
    assert together.keys["Jaw_Open"][1] == "SRanipal"
    assert together.keys["Jaw_Open"][0] == [(1.0, {"jawOpen": 1.0, "mouthClose": -1.0})]
    assert alone.keys["Jaw_Open"][0] == [(1.0, {"jawOpen": 1.0})]
    assert not resolve(["Mouth_Funnel_Up_L"]).keys
    assert resolve(["Mouth_Funnel_Up_L"], company=CC_EXTENDED).levels == {"mouthFunnel": 1.0}
    assert resolve(["Brow_Rig_jawOpen"], company=["Brow_Rig_browDownLeft", "Brow_Rig_eyeBlinkLeft"]).keys
    assert not resolve(["Brow_Rig_jawOpen"]).keys


def test_the_same_name_on_two_meshes_is_no_twin() -> None:
    assert recognise(["jawOpen"], ["JawOpen", "jawOpen"]).twins == {}
    assert set(resolve(["JawOpen"], company=["jawOpen", "eyeBlinkLeft"]).keys) == {"JawOpen"}


def test_ten_thousand_names_are_read() -> None:
    names = [f"corrective_{number}_jawOpen_eyeBlinkLeft" for number in range(9_950)] + list(SHAPES)
    mapping = resolve(names)
    assert set(mapping.keys) == set(SHAPES)


@pytest.mark.parametrize("name", ["eye.smile.L", "eye_smile", "mouth.wide_eye", "nose.wide.L", "brow.smile", "eye.joy"])
def test_a_movement_of_another_part_is_not_taken_for_it(name: str) -> None:
    assert not resolve([name, "eye_close", "eye_big", "wart"]).keys.get(name)


def test_a_part_before_a_movement_of_its_own_is_no_matter() -> None:
    names = ["eyes.blink.R", "mouth.smile.L", "Teeth.jawOpen", "Brows.eyeBlinkLeft", "eye.wide.R"]
    assert set(resolve(names).keys) == set(names)


@pytest.mark.parametrize("before", ["{:02}_", "{} ", "{}.", "{:03}-"])
def test_numbers_before_names_say_nothing(before: str) -> None:
    names = [before.format(number) + name for number, name in enumerate(SHAPES)]
    mapping = resolve(names)
    assert set(mapping.levels) == set(SHAPES)
    assert set(mapping.sure.values()) == {SPELLING}


@pytest.mark.parametrize("side", ["L", "_l", ".L", " Left", "_LEFT", "_lf", " links", "_izq", " gauche", "_esq"])
def test_sides_in_other_words(side: str) -> None:
    assert resolve([f"eyeBlink{side}"]).levels == {"eyeBlinkLeft": 1.0}
    assert resolve([f"Lächeln{side}"]).levels == {"mouthSmileLeft": 3.0}


@pytest.mark.parametrize("name", ["Lächeln_L", "La\u0308cheln_L", "LÄCHELN_L", "ＬächelnＬ"])
def test_a_letter_may_be_composed_or_wide(name: str) -> None:
    assert resolve([name]).levels == {"mouthSmileLeft": 3.0}


def test_a_scheme_that_needs_its_prefix_knows_nothing_without() -> None:
    assert not resolve(["vIY", "vOW", "vM", "EyelidOpenUpperLeft"]).keys
    assert len(resolve([f"Genesis9__facs_bs_{name}" for name in SHAPES]).keys) == len(SHAPES)
    assert set(resolve([*SHAPES, "MouthOpen", "EyesClosed", "MouthSmile"]).keys) == set(SHAPES)


def test_a_name_of_a_scheme_that_does_not_count_may_be_guessed() -> None:
    mapping = resolve(["LeftEyeClosed", "wart"])
    assert mapping.levels == {"eyeBlinkLeft": 1.0}
    assert mapping.sure == {"LeftEyeClosed": GUESS}


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
