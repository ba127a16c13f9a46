"""Recognising names: in any spelling, behind a prefix or by likeness, and strangers are left alone."""

import pytest

from blender_addon.rig.recognise import EXACT, GUESS, SPELLING, recognise
from blender_addon.rig.resolve import resolve
from tests.blender_addon.rig.program_names import CC_EXTENDED, HOBBY, SHAPES, SRANIPAL, mixes, short, shown


@pytest.mark.parametrize(
    "spelling",
    [
        lambda name: name,
        lambda name: name[0].upper() + name[1:],
        short,
        lambda name: short(name).lower(),
        str.lower,
        str.upper,
        lambda name: "Face_Blendshape." + name,
        lambda name: "blendShape2." + short(name),
        lambda name: "!ex-" + name,
        lambda name: "MyHead_" + short(name),
        lambda name: f"AK_{SHAPES.index(name) + 1:02}_" + name[0].upper() + name[1:],
        lambda name: name + ".001",
    ],
)
def test_arkit_in_any_spelling(spelling) -> None:
    spelled = [spelling(name) for name in SHAPES]
    mapping = resolve(spelled)
    assert mixes(spelled) == {spelling(name): {name: 1.0} for name in SHAPES}
    assert not mapping.left_out


@pytest.mark.parametrize("after", ["", ".001", "_BS", "_shape", "_v2"])
@pytest.mark.parametrize("before", ["", "Face.", "Head_", "Body|Face:", "blendShape2."])
def test_prefixes_and_suffixes(before: str, after: str) -> None:
    names = [f"{before}{name}{after}" for name in SHAPES]
    assert set(resolve(names).levels) == set(SHAPES)


@pytest.mark.parametrize("before", ["{:02}_", "{} ", "{}.", "{:03}-"])
def test_numbers_before_names_say_nothing(before: str) -> None:
    names = [before.format(number) + name for number, name in enumerate(SHAPES)]
    mapping = resolve(names)
    assert set(mapping.levels) == set(SHAPES)
    assert set(mapping.sure.values()) == {SPELLING}


def test_a_scheme_that_needs_its_prefix_knows_nothing_without() -> None:
    assert not resolve(["vIY", "vOW", "vM", "EyelidOpenUpperLeft"]).keys
    assert len(resolve([f"Genesis9__facs_bs_{name}" for name in SHAPES]).keys) == len(SHAPES)
    assert set(resolve([*SHAPES, "MouthOpen", "EyesClosed", "MouthSmile"]).keys) == set(SHAPES)


def test_two_vowels_alone_are_no_speech() -> None:
    assert not resolve(["A", "I"]).keys


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


def test_everyday_words_are_guessed() -> None:
    mapping = resolve(HOBBY)
    assert {"eyeBlinkLeft", "mouthSmileRight", "mouthFrownLeft", "cheekPuff", "tongueOut", "browOuterUpLeft"} <= shown(
        HOBBY
    )
    assert mapping.sure["Puff"] in (EXACT, SPELLING, GUESS)
    assert mapping.sure["Smile.L"] == mapping.sure["Brows.Up"] == mapping.sure["Tongue"] == GUESS
    assert not {"Fangs", "Ears.Back"} & set(mapping.keys)


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


def test_a_name_of_a_scheme_that_does_not_count_may_be_guessed() -> None:
    mapping = resolve(["LeftEyeClosed", "wart"])
    assert mapping.levels == {"eyeBlinkLeft": 1.0}
    assert mapping.sure == {"LeftEyeClosed": GUESS}


def test_a_corrective_shape_is_not_taken_for_its_last_word() -> None:
    names = [*SHAPES, "eyeBlinkLeft_jawOpen", "eyeBlinkLeft_mouthClose", "eyeBlinkLeft_mouthPucker"]
    assert set(resolve(names).keys) == set(SHAPES)
    assert not resolve(["Hair_jawOpen_fix", "shirtBlink"]).keys


def test_correctives_and_strangers_are_not_guessed() -> None:
    strangers = ["eyeBlinkLeft_jawOpen", "shirtBlink", "Hair_jawOpen_fix", "breathe", "Left", "fat", "Eye_Color_Left"]
    assert not resolve(strangers).keys


@pytest.mark.parametrize("name", ["eye.smile.L", "eye_smile", "mouth.wide_eye", "nose.wide.L", "brow.smile", "eye.joy"])
def test_a_movement_of_another_part_is_not_taken_for_it(name: str) -> None:
    assert not resolve([name, "eye_close", "eye_big", "wart"]).keys.get(name)


def test_a_part_before_a_movement_of_its_own_is_no_matter() -> None:
    names = ["eyes.blink.R", "mouth.smile.L", "Teeth.jawOpen", "Brows.eyeBlinkLeft", "eye.wide.R"]
    assert set(resolve(names).keys) == set(names)


def test_ten_thousand_names_are_read() -> None:
    names = [f"corrective_{number}_jawOpen_eyeBlinkLeft" for number in range(9_950)] + list(SHAPES)
    mapping = resolve(names)
    assert set(mapping.keys) == set(SHAPES)
