"""Naming schemes: real name lists are recognised, nothing moves twice, and what stays over is named."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_addon.rig import schemes
from blender_addon.rig.schemes import Expression, all_schemes, channels, normalised, resolve

SHAPES = channels()[:52]


def listed(text: str) -> list[str]:
    """Names between spaces."""
    return text.split()


FILES = sorted((Path(schemes.__file__).parent / "schemes").glob("*.toml"))


def short(name: str) -> str:
    """eyeBlink_L for eyeBlinkLeft."""
    return name.replace("Left", "_L").replace("Right", "_R") if name not in WHOLE else name


WHOLE = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
ICT = [
    "PupilDilate_L",
    "PupilDilate_R",
    "cheekRaiser_L",
    "cheekRaiser_R",
    *(name for side in "LR" for name in (f"browInnerUp_{side}", f"cheekPuff_{side}")),
    *(short(name) for name in SHAPES if name not in ("browInnerUp", "cheekPuff", "tongueOut")),
]
PARTS = {
    "ALL": "Neutral Angry Fun Joy Sorrow Surprised",
    "BRW": "Angry Fun Joy Sorrow Surprised",
    "EYE": "Natural Angry Close Close_R Close_L Fun Joy Joy_R Joy_L Sorrow Surprised Spread Iris_Hide Highlight_Hide",
    "MTH": "Close Up Down Angry Small Large Neutral Fun Joy Sorrow Surprised SkinFung A I U E O",
    "HA": "Hide Fung1",
}
VROID = [f"Fcl_{part}_{name}" for part, names in PARTS.items() for name in listed(names)]
MMD = listed(
    "真面目 困る にこり 怒り 上 下 まばたき 笑い ウィンク ウィンク２ ウィンク右 ｳｨﾝｸ２右 "
    "はぅ なごみ びっくり じと目 あ い う え お"
)
VISEMES = [f"viseme_{name}" for name in listed("sil PP FF TH DD kk CH SS nn RR aa E I O U")]
FACESHIFT = listed(
    "EyeBlink_L EyeBlink_R EyeSquint_L EyeSquint_R EyeDown_L EyeDown_R EyeIn_L EyeIn_R EyeOpen_L EyeOpen_R EyeOut_L "
    "EyeOut_R EyeUp_L EyeUp_R BrowsD_L BrowsD_R BrowsU_C BrowsU_L BrowsU_R JawFwd JawLeft JawOpen JawChew JawRight "
    "MouthLeft MouthRight MouthFrown_L MouthFrown_R MouthSmile_L MouthSmile_R MouthDimple_L MouthDimple_R "
    "LipsStretch_L LipsStretch_R LipsUpperClose LipsLowerClose LipsUpperUp LipsLowerDown LipsUpperOpen LipsLowerOpen "
    "LipsFunnel LipsPucker ChinLowerRaise ChinUpperRaise Sneer Puff CheekSquint_L CheekSquint_R"
)
UNIFIED = listed(
    "EyeClosedLeft EyeClosedRight EyeWideLeft EyeWideRight EyeSquintLeft EyeSquintRight EyeLookUpLeft EyeLookUpRight "
    "EyeLookDownLeft EyeLookDownRight EyeLookInLeft EyeLookInRight EyeLookOutLeft EyeLookOutRight BrowDownLeft "
    "BrowDownRight BrowInnerUpLeft BrowInnerUpRight BrowOuterUpLeft BrowOuterUpRight NoseSneerLeft NoseSneerRight "
    "CheekSquintLeft CheekSquintRight CheekPuffLeft CheekPuffRight JawOpen JawLeft JawRight JawForward MouthClosed "
    "LipSuckUpper LipSuckLower LipFunnel LipPucker MouthUpperUpLeft MouthUpperUpRight MouthLowerDownLeft "
    "MouthLowerDownRight MouthUpperLeft MouthUpperRight MouthLowerLeft MouthLowerRight MouthSmileLeft MouthSmileRight "
    "MouthSadLeft MouthSadRight MouthStretchLeft MouthStretchRight MouthDimpleLeft MouthDimpleRight MouthRaiserUpper "
    "MouthRaiserLower MouthPressLeft MouthPressRight TongueOut LipFunnelUpper LipFunnelLower"
)


def mixes(names: list[str], stated: list[Expression] | None = None) -> dict[str, dict[str, float]]:
    """Each used key's gains, all its parts together."""
    found: dict[str, dict[str, float]] = {}
    for key, (parts, _) in resolve(names, stated or []).keys.items():
        total = found.setdefault(key, {})
        for weight, mix in parts:
            for channel, gain in mix.items():
                total[channel] = total.get(channel, 0) + weight * gain
    return found


def driven_by(channel: str, names: list[str]) -> set[str]:
    return {key for key, mix in mixes(names).items() if mix.get(channel, 0) > 0}


def shown(names: list[str]) -> set[str]:
    return set(resolve(names).levels)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scheme_speaks_only_of_channels(file: Path) -> None:
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    tables = [data.get(name, {}) for name in ("shapes", "parts", "visemes", "expressions")]
    for table in [*tables, *data.get("fallbacks", [])]:
        for name, value in table.items():
            mix = {value: 1.0} if isinstance(value, str) else value
            assert set(mix) <= set(SHAPES), name
            assert max(mix.values()) > 0, name
            assert sum(gain for gain in mix.values() if gain > 0) <= 2.0, name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_sides_of_a_scheme_mirror_each_other(file: Path) -> None:
    scheme = next(one for one in all_schemes() if one.name == tomllib.loads(file.read_text(encoding="utf-8"))["name"])

    def mirrored(text: str) -> str:
        return text.replace("left", "\0").replace("right", "left").replace("\0", "right")

    for normal, meaning in scheme.meanings.items():
        other = scheme.meanings.get(mirrored(normal))
        if other and other is not meaning:
            swap = {
                channel.replace("Left", "\0").replace("Right", "Left").replace("\0", "Right"): gain
                for channel, gain in other.mix.items()
            }
            assert swap == dict(meaning.mix), normal


def test_there_are_52_shapes_and_the_head() -> None:
    assert len(set(channels())) == 55
    assert channels()[52:] == ("headYaw", "headPitch", "headRoll")


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


def test_ict_splits_what_apple_leaves_whole() -> None:
    assert driven_by("browInnerUp", ICT) == {"browInnerUp_L", "browInnerUp_R"}
    assert driven_by("cheekPuff", ICT) == {"cheekPuff_L", "cheekPuff_R"}
    mapping = resolve(ICT)
    assert set(SHAPES) - set(mapping.levels) == {"tongueOut"}
    assert "cheekSquintLeft" in mapping.left_out["cheekRaiser_L"]
    assert driven_by("cheekSquintLeft", ["cheekRaiser_L", "jawOpen"]) == {"cheekRaiser_L"}


def test_full_arkit_is_not_doubled_by_presets_and_visemes() -> None:
    presets = ["blink", "Blink_L", "happy", "Joy", "aa", "ih", "ou", "E", "oh", "lookUp", "mouthOpen", "eyesClosed"]
    mapping = resolve([*SHAPES, *presets, *VISEMES])
    assert set(mapping.keys) == set(SHAPES)
    assert {"blink", "Blink_L", "happy", "Joy", "mouthOpen", "eyesClosed", "viseme_aa"} <= set(mapping.left_out)


def test_one_shape_for_both_eyes_takes_their_mean() -> None:
    assert mixes(["eyesClosed"])["eyesClosed"] == {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}
    assert mixes(["Blink"])["Blink"] == {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}
    assert set(resolve(["blink", "blink_l", "blink_r"]).keys) == {"blink_l", "blink_r"}


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


def test_two_vowels_alone_are_no_speech() -> None:
    assert not resolve(["A", "I"]).keys


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


def test_visemes_open_the_mouth_only_where_nothing_finer_does() -> None:
    assert driven_by("jawOpen", VISEMES) == {"viseme_aa"}
    assert driven_by("jawOpen", [*VISEMES, "mouthOpen", "mouthSmile"]) == {"mouthOpen"}
    assert driven_by("jawOpen", ["vrc.v_aa", "vrc.v_oh", "vrc.v_e", "vrc.blink_left"]) == {"vrc.v_aa"}
    assert driven_by("jawOpen", ["aa_02", "ow_08", "w_uw_07", "p_b_m_21"]) == {"aa_02"}


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


def test_a_corrective_shape_is_not_taken_for_its_last_word() -> None:
    names = [*SHAPES, "eyeBlinkLeft_jawOpen", "eyeBlinkLeft_mouthClose", "eyeBlinkLeft_mouthPucker"]
    assert set(resolve(names).keys) == set(SHAPES)
    assert not resolve(["Hair_jawOpen_fix", "shirtBlink"]).keys


def test_two_spellings_of_one_shape_move_once() -> None:
    mapping = resolve(["jawOpen", "JawOpen", "eyeBlinkLeft", "EyeBlink_L"])
    assert set(mapping.keys) == {"jawOpen", "eyeBlinkLeft"}
    assert mapping.left_out == {
        "JawOpen": "means the same as jawOpen",
        "EyeBlink_L": "means the same as eyeBlinkLeft",
    }


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


@given(st.sampled_from(SHAPES))
def test_normalising_forgets_only_the_spelling(name: str) -> None:
    assert normalised(name) == normalised(short(name)) == name.lower()
    assert len({normalised(other) for other in SHAPES}) == 52


@pytest.mark.parametrize(("count", "follows"), [(52, "eyeBlinkLeft"), (10, "wink")])
def test_a_face_of_apple_s_names_follows_them_before_a_stated_blink(count: int, follows: str) -> None:
    names = [name for name in channels() if not name.startswith("head")][:count]
    mapping = resolve([*names, "wink"], [Expression("blinkLeft", {"wink": 1.0})])
    shown = {key for key, (parts, _) in mapping.keys.items() if any("eyeBlinkLeft" in mix for _, mix in parts)}
    assert shown == {follows}
