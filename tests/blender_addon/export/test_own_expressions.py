"""A take of a sparse rig as its own avatar's expressions: together, .vrm and .vrma show the curves that were baked."""

import json

import numpy as np
import pygltflib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blender_addon.clip import Clip
from blender_addon.export.vrm import export_vrm
from blender_addon.export.vrm_meta import VrmMeta
from blender_addon.export.vrma import export_vrma
from blender_addon.messages import AddonError

META = VrmMeta(name="Mim", authors=("A. Nimator",))
SPARSE = ["Joy", "Angry", "Surprised", "Fun", "A", "I", "O", "Blink_L", "Blink_R"]
GROUPS = {"overrideMouth": ["aa", "ih", "ou", "ee", "oh"], "overrideBlink": ["blink", "blinkLeft", "blinkRight"]}


def shown(vrm, vrma, tracks, at):
    """By node's name and morph target, what the avatar of `vrm` shows when it plays `vrma`, as the specification says:
    the sum of the expressions, of which some hold others back."""
    avatar = pygltflib.GLTF2().load_binary(str(vrm))
    stated = avatar.extensions["VRMC_vrm"]["expressions"]
    told = pygltflib.GLTF2().load_binary(str(vrma)).extensions["VRMC_vrm_animation"]["expressions"]
    names = [node.name for node in pygltflib.GLTF2().load_binary(str(vrma)).nodes]
    played = tracks(vrma)
    weights, rules = {}, {}
    for kind, group in stated.items():
        for name, about in group.items():
            rules[name] = about
            if name in told.get(kind, {}):
                times, values = played[names[told[kind][name]["node"]], "translation"]
                weights[name] = np.interp(at, times, values[:, 0])
    factors = {}
    for rule, group in GROUPS.items():
        held = np.zeros(len(at))
        for name, values in weights.items():
            mode = rules[name].get(rule, "none")
            held += values if mode == "blend" else 1.0 * (values > 0) if mode == "block" else 0.0
        factors |= dict.fromkeys(group, np.clip(1 - held, 0, 1))
    found = {}
    for name, values in weights.items():
        for bind in rules[name].get("morphTargetBinds", []):
            node = avatar.nodes[bind["node"]]
            place = node.name, avatar.meshes[node.mesh].extras["targetNames"][bind["index"]]
            found[place] = found.get(place, 0) + bind["weight"] * values * factors.get(name, 1.0)
    return found


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(SPARSE), min_size=1, unique=True), seed=st.integers(0, 99), fps=st.sampled_from([24.0, 60.0]))  # fmt: skip  # noqa: E501
def test_the_avatar_shows_what_was_baked(make, perform, assign, tracks, tmp_path, names, seed, fps):
    character = make(SPARSE, teeth=("A",))
    clip = perform(20, fps, tuple(names), seed)
    # Surprise holds blinks and the mouth back, and fun blinks too: together they leave 0.4 of a blink.
    clip = Clip(clip.values * 0.3, clip.fps, clip.channels, {})
    assign(character, clip)
    vrm, vrma = export_vrm(character, tmp_path / "a.vrm", META).path, export_vrma(character, tmp_path / "a.vrma").path
    at = np.arange(20) / fps
    found = shown(vrm, vrma, tracks, at)
    for name in SPARSE:
        wanted = clip.column(name) if name in names else np.zeros(20)
        assert np.abs(found.get(("Face", name), np.zeros(20)) - wanted).max() < 0.01, name


def test_curves_that_no_expression_shows_are_told_in_presets_or_refused(make, perform, assign, tmp_path):
    character = make([*SPARSE, "wart"], teeth=())
    assign(character, perform(10, 24.0, ("wart", "Joy")))
    with pytest.raises(AddonError, match=r"cannot move wart as “Take” does\. Choose Presets"):
        export_vrma(character, tmp_path / "a.vrma", expressions="own")
    assert not list(tmp_path.iterdir())
    made = export_vrma(character, tmp_path / "a.vrma")
    assert made.path.is_file()
    (remark,) = made.remarks
    assert remark.startswith("Written with preset expressions, since")
    assert "cannot move wart as “Take” does;" in remark
    assign(character, perform(10, 24.0, ("Joy",)))
    assert export_vrma(character, tmp_path / "a.vrma").remarks == ()


def test_an_expression_that_also_looks_does_not_turn_the_eyes_for_its_mouth(make, perform, assign, tracks, tmp_path):
    names = ["lookUp", "lookDown", "lookLeft", "lookRight", "uu", "ah"]
    character = make(names, teeth=())
    stated = [
        {"name": "relaxed", "binds": {"uu": 0.5, "lookUp": 0.25}},
        {"name": "ou", "binds": {"uu": 1.0}},
        {"name": "aa", "binds": {"ah": 1.0}},
    ]
    character.meshes[0]["facemimic_expressions"] = json.dumps(stated)
    clip = perform(20, 24.0, ("uu", "ah"))
    assign(character, clip)
    vrm, vrma = export_vrm(character, tmp_path / "a.vrm", META).path, export_vrma(character, tmp_path / "a.vrma").path
    found = shown(vrm, vrma, tracks, np.arange(20) / 24)
    assert np.abs(found["Face", "uu"] - clip.column("uu")).max() < 0.01
    assert np.abs(found.get(("Face", "lookUp"), np.zeros(20))).max() < 0.01


@pytest.mark.parametrize(("mouth", "short"), [(0.45, 0.05), (1.0, None)])
def test_what_other_expressions_hold_back_a_little_is_told(make, assign, tracks, tmp_path, mouth, short):
    """A surprise of 0.6 leaves a vowel 0.4 at most."""
    character = make(SPARSE, teeth=())
    assign(character, Clip(np.array([[0.6, mouth]] * 3, np.float32), 24.0, ("Surprised", "A"), {}))
    vrm, made = export_vrm(character, tmp_path / "a.vrm", META).path, export_vrma(character, tmp_path / "a.vrma")
    told = pygltflib.GLTF2().load_binary(str(made.path)).extensions["VRMC_vrm_animation"]["expressions"]["preset"]
    (remark,) = made.remarks
    if short is None:
        assert "Written with preset expressions" in remark
        assert "ee" in told
    else:
        assert remark.endswith("leave A up to 0.05 from the curves.")
        found = shown(vrm, made.path, tracks, np.zeros(1))
        assert found["Face", "A"] == pytest.approx(0.4, abs=0.01)
        assert found["Face", "Surprised"] == pytest.approx(0.6, abs=0.01)


def test_brows_that_only_move_with_a_mouth_are_told_by_their_feeling(make, assign, tracks, tmp_path):
    """Presets would play this avatar's anger with another mouth than was baked; its own weights come nearer."""
    character = make(["uu", "ah", "slant"], teeth=())
    stated = [
        {"name": "angry", "binds": {"slant": 1.0, "ah": 0.25}},
        {"name": "ou", "binds": {"uu": 1.0}},
        {"name": "aa", "binds": {"ah": 1.0}},
    ]
    character.meshes[0]["facemimic_expressions"] = json.dumps(stated)
    assign(character, Clip(np.array([[1.0, 0.0], [0.0, 0.8]], np.float32), 24.0, ("slant", "uu"), {}))
    vrm, made = export_vrm(character, tmp_path / "a.vrm", META).path, export_vrma(character, tmp_path / "a.vrma")
    found = shown(vrm, made.path, tracks, np.array([0.0, 1 / 24]))
    assert found["Face", "slant"][0] > 0.9
    assert found["Face", "ah"].max() < 0.25
    np.testing.assert_allclose(found["Face", "uu"], [0, 0.8], atol=0.1)
    assert "leave ah" in made.remarks[0]
