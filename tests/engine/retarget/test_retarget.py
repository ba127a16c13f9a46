"""What sparse rigs show: the feeling reads, and what a rig has is not disturbed."""

import numpy as np
import pytest

from engine.channels import INDEX, SHAPES
from engine.retarget.controls import Expression, Mesh, controls_of
from engine.retarget.retarget import missing_channels, retarget
from tests.engine.retarget.conftest import FEELINGS, Show, clip_of, random_clip, rig

VRM_0 = ("a", "i", "u", "e", "o", "blink", "joy", "angry", "sorrow", "fun")
VRM_1 = ("aa", "ih", "ou", "ee", "oh", "blink", "happy", "angry", "sad", "relaxed", "surprised")
VROID = tuple(f"Fcl_ALL_{name}" for name in ("Joy", "Angry", "Sorrow", "Surprised", "Fun"))
MMD = ("あ", "い", "う", "え", "お", "まばたき", "笑い", "怒り", "困る", "上", "びっくり", "にやり", "∧")


def test_a_rig_with_every_shape_is_left_alone() -> None:
    answer = retarget(random_clip(), [rig(*SHAPES)])
    assert answer.weights == ({},)
    assert answer.notes == answer.lost == ()
    assert missing_channels([rig(*SHAPES)]) == []


@pytest.mark.parametrize("names", [VRM_0, VRM_1, VROID], ids=["VRM 0", "VRM 1", "VRoid"])
@pytest.mark.parametrize("feeling", FEELINGS)
def test_a_feeling_is_told_by_the_shape_of_that_feeling(show: Show, names: tuple[str, ...], feeling: str) -> None:
    words = {
        "happy": ("joy", "happy", "relaxed", "fun", "Fcl_ALL_Joy", "Fcl_ALL_Fun"),
        "angry": ("angry", "Fcl_ALL_Angry"),
        "sad": ("sorrow", "sad", "Fcl_ALL_Sorrow"),
        "surprised": ("surprised", "Fcl_ALL_Surprised"),
    }
    others = {name for other, own in words.items() if other != feeling for name in own}
    own = [name for name in words[feeling] if name in names]
    shown = show(rig(*names), FEELINGS[feeling])
    if own:
        assert max(shown.get(name, 0) for name in own) > 0.45, shown
    assert max((shown.get(name, 0) for name in others), default=0) < 0.15, shown


@pytest.mark.parametrize(
    ("feeling", "wanted", "unwanted"),
    [
        ("happy", {"にやり"}, {"怒り", "困る", "∧"}),
        ("angry", {"怒り"}, {"困る", "上", "にやり"}),
        ("sad", {"困る", "∧"}, {"怒り", "上", "にやり"}),
        ("surprised", {"上", "びっくり"}, {"怒り", "にやり", "∧"}),
    ],
)
def test_mmd_shapes_tell_the_feelings(show: Show, feeling: str, wanted: set[str], unwanted: set[str]) -> None:
    shown = show(rig(*MMD), FEELINGS[feeling])
    assert all(shown.get(name, 0) > 0.4 for name in wanted), shown
    assert all(shown.get(name, 0) < 0.2 for name in unwanted), shown


def test_a_head_is_bowed_for_grief_that_the_face_cannot_tell_and_stays_where_it_is_kept_still() -> None:
    grief = clip_of({"mouthFrown": 1.0, "headYaw": 0.1}, np.linspace(0, 1, 5))
    answer = retarget(grief, [rig("blink", "aa")])
    assert any("head bows" in note for note in answer.notes)
    bowed = answer.head
    assert bowed.shape == (5, 3)
    assert (np.diff(bowed[:, 1]) < 0).all()
    np.testing.assert_array_equal(retarget(grief, [rig("blink", "aa", "mouthFrown")]).head, 0)
    still = clip_of({"mouthFrown": 1.0}, np.linspace(0, 1, 5))
    np.testing.assert_array_equal(retarget(still, [rig("blink", "aa")]).head, 0)


def test_a_mouth_is_one_of_the_vowels(show: Show) -> None:
    for gains, vowel in (
        ({"jawOpen": 0.6, "mouthLowerDown": 0.25}, "aa"),
        ({"mouthPucker": 0.7, "mouthFunnel": 0.2}, "ou"),
        ({"jawOpen": 0.3, "mouthFunnel": 0.6, "mouthPucker": 0.2}, "oh"),
    ):
        shown = show(rig("aa", "ih", "ou", "ee", "oh", "blink"), gains)
        others = sum(shown.values()) - shown[vowel]
        assert shown[vowel] > 0.5, shown
        assert others < 0.25 * shown[vowel], shown


def test_talking_is_not_a_feeling(show: Show) -> None:
    for gains in ({"jawOpen": 0.5}, {"mouthPucker": 0.8}, {"mouthPress": 0.5}, {"mouthStretch": 0.4, "jawOpen": 0.1}):
        shown = show(rig(*VRM_1), gains)
        assert not {"happy", "angry", "sad", "relaxed", "surprised"} & shown.keys(), (gains, shown)


def test_a_blink_and_a_gaze_go_through_a_feeling(show: Show) -> None:
    mesh = rig(*VRM_1, "lookUp", "lookDown", "lookLeft", "lookRight")
    shown = show(mesh, {**FEELINGS["happy"], "eyeBlink": 1.0, "eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6})
    assert shown["blink"] > 0.9
    assert shown["lookLeft"] == pytest.approx(0.6, abs=0.02)
    assert shown["happy"] > 0.45


def test_a_shape_for_both_sides_takes_their_mean(show: Show) -> None:
    assert show(rig("blink"), {"eyeBlinkLeft": 1.0})["blink"] == pytest.approx(0.5, abs=0.01)


def test_halves_of_a_channel_and_several_meshes_move_together() -> None:
    meshes = [rig("browInnerUpLeft", "browInnerUpRight", "jawOpen"), rig("jawOpen")]
    first, second = retarget(clip_of({"browInnerUp": 0.6, "jawOpen": 0.4}), meshes).weights
    assert first["browInnerUpLeft"][0] == pytest.approx(0.6, abs=1e-4)
    assert first["browInnerUpRight"][0] == pytest.approx(0.6, abs=1e-4)
    assert first["jawOpen"][0] == second["jawOpen"][0] == pytest.approx(0.4, abs=1e-4)


def test_a_missing_sneer_lifts_the_lip_and_leaves_the_eyes(show: Show) -> None:
    rest = [name for name in SHAPES if not name.startswith("noseSneer")]
    shown = show(rig(*rest), {"noseSneer": 0.8, "eyeBlink": 0.3})
    assert shown["mouthUpperUpLeft"] > 0.1
    assert shown["eyeBlinkLeft"] == pytest.approx(0.3, abs=1e-4)
    assert not {"mouthSmileLeft", "jawOpen", "cheekPuff"} & shown.keys()


def test_without_the_missing_channels_a_rig_shows_what_it_has() -> None:
    have = [name for name in SHAPES if not name.startswith(("noseSneer", "cheekSquint", "tongueOut"))]
    clip = random_clip()
    for name in set(SHAPES) - set(have):
        clip.values[:, INDEX[name]] = 0
    weights = retarget(clip, [rig(*have)]).weights[0]
    for name in have:
        np.testing.assert_allclose(weights[name], clip.values[:, INDEX[name]], atol=1e-4)


def test_locked_shapes_stay_and_given_ones_are_fitted_around() -> None:
    keys = ("joy", "fun", "blink", "a")
    clip = clip_of(FEELINGS["happy"])
    without = retarget(clip, [Mesh(keys, locked=frozenset({"joy"}))]).weights[0]
    assert "joy" not in without
    assert without["fun"][0] > 0.5
    smiling = {"joy": [(1.0, {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5})]}
    around = retarget(clip, [Mesh(keys, given=smiling)]).weights[0]
    assert "joy" not in around
    assert around["fun"][0] < without["fun"][0] / 2


def test_a_jaw_bone_s_motion_is_not_shown_again() -> None:
    mesh = rig("aa", "oh", "ih")
    clip = clip_of({"jawOpen": 0.6})
    alone, with_bone = (retarget(clip, [mesh], shown).weights[0] for shown in ((), ("jawOpen",)))
    assert alone["aa"][0] > 0.5
    assert with_bone.get("aa", [0])[0] < 0.15


def test_shapes_that_only_expressions_name_are_moved_through_them() -> None:
    stated = {"happy": {"target_3": 0.8, "target_4": 0.4}, "blink": {"target_1": 1.0}, "aa": {"target_2": 1.0}}
    stated |= {"ih": {"target_5": 1.0}, "ou": {"target_6": 1.0}}
    mesh = rig(*(f"target_{k}" for k in range(8)), expressions=stated)
    weights = retarget(clip_of({**FEELINGS["happy"], "eyeBlink": 0.5}), [mesh]).weights[0]
    assert weights["target_3"][0] == pytest.approx(2 * weights["target_4"][0])
    assert weights["target_3"][0] > 0.3
    assert 0.4 < weights["target_1"][0] < 0.75
    assert "target_7" not in weights


def test_more_feeling_shows_more() -> None:
    amounts = np.linspace(0, 1.2, 40)
    for feeling, shape in (("happy", "happy"), ("angry", "angry"), ("sad", "sad"), ("surprised", "surprised")):
        clip = clip_of(FEELINGS[feeling], amounts)
        curve = retarget(clip, [rig(*VRM_1)]).weights[0][shape]
        assert (np.diff(curve) >= -1e-3).all(), feeling
        assert curve[-1] > curve[20] > curve[5] >= 0


def test_nothing_pops() -> None:
    """Two hundred steps from one feeling to each other: no shape jumps."""
    for first in FEELINGS:
        for last in FEELINGS:
            amounts = np.linspace(0, 1, 200)
            values = clip_of(FEELINGS[first], 1 - amounts).values + clip_of(FEELINGS[last], amounts).values
            clip = clip_of({}, amounts)
            clip.values[:] = values
            for mesh in (rig(*VRM_1), rig(*MMD), rig(*VROID, "Fcl_MTH_A", "Fcl_MTH_O", "Fcl_EYE_Close")):
                for key, curve in retarget(clip, [mesh]).weights[0].items():
                    assert np.abs(np.diff(curve)).max() < 0.1, (first, last, key)


def test_the_order_of_shapes_does_not_matter_and_bytes_are_the_same() -> None:
    stated = [Expression("happy", {"x": 1.0, "y": 0.5}), Expression("angry", {"z": 1.0})]
    keys = [*VRM_1[:6], "x", "y", "z"]
    one = retarget(random_clip(), [Mesh(keys, stated)]).weights[0]
    other = retarget(random_clip(), [Mesh(keys[::-1], stated[::-1])]).weights[0]
    assert one.keys() == other.keys()
    assert all(one[key].tobytes() == other[key].tobytes() for key in one)


def test_the_notes_say_what_is_shown_by_what() -> None:
    answer = retarget(clip_of({**FEELINGS["happy"], "tongueOut": 0.9}), [rig(*VRM_0)])
    (note,) = answer.notes
    assert note.startswith("Shown by the nearest shapes: ")
    assert "mouthSmile by" in note
    assert "cheekSquint by joy" in note
    assert "Left" not in note
    assert answer.lost == ("Not shown, for no shape comes near: mouthUpperUp, tongueOut.",)
    assert retarget(clip_of({"jawOpen": 0.5}), [rig("jawOpen")]).notes == ()


def test_where_the_jaw_and_mouth_go_is_not_told_as_the_whole_part() -> None:
    shapes = ("jawLeft", "jawRight", "mouthLeft", "mouthRight", "mouthStretchLeft", "mouthStretchRight")
    (lost,) = retarget(clip_of(dict.fromkeys(shapes, 0.6)), [rig("eyeBlinkLeft", "eyeBlinkRight")]).lost
    told = lost.removeprefix("Not shown, for no shape comes near: ").removesuffix(".").split(", ")
    assert sorted(told) == ["jawLeft", "jawRight", "mouthLeft", "mouthRight", "mouthStretch"]


def test_names_that_nothing_knows_are_no_controls() -> None:
    assert controls_of([rig("wart", "HideBlush", "Basis")]) == []
    assert retarget(clip_of({"jawOpen": 1}), [rig("wart")]).weights == ({},)


def test_lids_follow_a_gaze_that_bones_make() -> None:
    clip = clip_of({"eyeLookDownLeft": 0.8, "eyeLookDownRight": 0.8})
    shown = [f"eyeLook{way}{side}" for way in ("In", "Out", "Up", "Down") for side in ("Left", "Right")]
    weights = retarget(clip, [rig("eyeLookDownLeft", "eyeLookDownRight", "jawOpen")], shown).weights[0]
    assert weights["eyeLookDownLeft"] == pytest.approx(0.8, abs=0.05)
    assert weights["eyeLookDownRight"] == pytest.approx(0.8, abs=0.05)
