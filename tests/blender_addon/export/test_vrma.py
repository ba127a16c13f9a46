import math

import numpy as np
import pygltflib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mathutils import Quaternion

from blender_addon.clip import Clip
from blender_addon.export.expressions import as_presets, gaze, presets
from blender_addon.export.take_bones import head_angles
from blender_addon.export.vrma import export_vrma, write_vrma
from blender_addon.messages import AddonError

FIXTURE = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
LOOK = {"lookUp", "lookDown", "lookLeft", "lookRight"}
FEW = ["browInnerUp", "eyeBlinkLeft", "jawOpen", "mouthSmileLeft", "tongueOut", "eyeLookUpLeft", "headYaw"]
REQUIRED = {"hips", "spine", "head"} | {
    side + bone
    for side in ("left", "right")
    for bone in ("UpperLeg", "LowerLeg", "Foot", "UpperArm", "LowerArm", "Hand")
}


def vrma_of(path) -> tuple[pygltflib.GLTF2, dict]:
    gltf = pygltflib.GLTF2().load_binary(str(path))
    animation = gltf.extensions["VRMC_vrm_animation"]
    assert animation["specVersion"] == "1.0"
    assert gltf.extensionsUsed == ["VRMC_vrm_animation"]
    bones = animation["humanoid"]["humanBones"]
    assert set(bones) >= REQUIRED
    assert not {"leftEye", "rightEye"} & set(bones)
    expressions = animation["expressions"]
    assert not LOOK & set(expressions.get("preset", {}))
    assert not set(presets()) & set(expressions.get("custom", {}))
    moved = [channel.target for channel in gltf.animations[0].channels]
    nodes = {e["node"] for kind in expressions.values() for e in kind.values()}
    assert all(target.path == "translation" for target in moved if target.node in nodes)
    assert all(target.path == "rotation" for target in moved if target.node not in nodes)
    return gltf, animation


def at(track, times) -> np.ndarray:
    return np.stack([np.interp(times, track[0], column) for column in track[1].T], 1)


@FIXTURE
@given(
    fps=st.sampled_from([12.0, 29.97, 60.0]),
    names=st.lists(st.sampled_from(FEW), min_size=1, unique=True),
    frames=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_weights_are_the_clips(perform, tracks, tmp_path, fps, names, frames, seed):
    clip = perform(frames, fps, tuple(names), seed)
    write_vrma(clip, tmp_path / "take.vrma", gaze_as_look_at=False)
    _, animation = vrma_of(tmp_path / "take.vrma")
    assert "lookAt" not in animation
    found = tracks(tmp_path / "take.vrma")
    times = np.arange(frames) / fps
    for name in names:
        if name == "headYaw":
            continue
        assert np.abs(at(found[name, "translation"], times)[:, 0] - clip.column(name)).max() < 1e-4
        assert (found[name, "translation"][1][:, 1:] == 0).all()


def test_every_arkit_channel_but_the_head_is_custom(make, perform, assign, tracks, tmp_path):
    character = make()
    clip = perform(40, 24.0)
    assign(character, clip)
    exported = export_vrma(character, tmp_path / "take.vrma", fps=24.0)
    assert exported.seconds == pytest.approx(39 / 24)
    _, animation = vrma_of(exported.path)
    custom = animation["expressions"]["custom"]
    assert set(custom) == {name for name in clip.channels if not name.startswith("head")}
    assert "preset" not in animation["expressions"]
    found = tracks(exported.path)
    for name in [one for one in custom if not one.startswith("eyeLook")]:
        assert np.abs(at(found[name, "translation"], np.arange(40) / 24)[:, 0] - clip.column(name)).max() < 0.01


def test_the_head_turns_as_the_clip_says(make, perform, assign, tracks, tmp_path):
    character = make()
    clip = perform(40, 24.0)
    assign(character, clip)
    times, turns = tracks(export_vrma(character, tmp_path / "take.vrma", fps=24.0).path)["head", "rotation"]
    for time, (x, y, z, w) in zip(times, turns.tolist(), strict=True):
        frame = round(time * 24)
        expected = [clip.column(name)[frame] for name in ("headYaw", "headPitch", "headRoll")]
        assert head_angles(Quaternion((w, x, y, z))) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("channels", "yaw", "pitch"),
    [
        ({"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}, "horizontal", None),
        ({"eyeLookUpLeft": 0.5, "eyeLookUpRight": 0.5}, None, "up"),
        ({"eyeLookDownLeft": 1.0, "eyeLookDownRight": 1.0}, None, "down"),
    ],
)
def test_gaze_is_a_rotation(tracks, tmp_path, channels, yaw, pitch):
    clip = Clip(np.array([list(channels.values())] * 3, np.float32), 30.0, tuple(channels))
    write_vrma(clip, tmp_path / "look.vrma")
    _, animation = vrma_of(tmp_path / "look.vrma")
    assert not animation["expressions"]
    x, y, z, w = tracks(tmp_path / "look.vrma")["lookAt", "rotation"][1][0].tolist()
    angles = Quaternion((w, x, y, z)).to_euler("ZXY")
    value = max(channels.values())
    assert math.degrees(angles.y) == pytest.approx(value * gaze().horizontal if yaw else 0, abs=1e-3)
    down = {"up": -gaze().up, "down": gaze().down, None: 0.0}[pitch]
    assert math.degrees(angles.x) == pytest.approx(value * down, abs=1e-3)


def test_still_channels_are_written_once(tracks, tmp_path):
    values = np.zeros((500, 3), np.float32)
    values[200:210, 0] = np.linspace(0, 1, 10)
    write_vrma(Clip(values, 60.0, ("jawOpen", "cheekPuff", "tongueOut")), tmp_path / "a.vrma")
    found = tracks(tmp_path / "a.vrma")
    assert len(found["cheekPuff", "translation"][0]) == 2
    assert len(found["jawOpen", "translation"][0]) < 20
    assert found["cheekPuff", "translation"][0][-1] == pytest.approx(499 / 60)
    gltf = pygltflib.GLTF2().load_binary(str(tmp_path / "a.vrma"))
    assert len({sampler.output for sampler in gltf.animations[0].samplers}) == 2


@pytest.mark.parametrize("name", ["happy", "angry", "sad", "surprised", "aa", "ih", "ou", "ee", "oh"])
def test_a_preset_is_found_again_in_its_own_channels(name):
    mix = presets()[name].mix
    told = as_presets(np.array([list(mix.values())] * 2), tuple(mix))
    assert told[name][0] > 0.85
    assert all(values[0] < 0.15 for other, values in told.items() if other != name)


def test_winks_and_blinks():
    values = np.array([[1.0, 1.0], [1.0, 0.0], [0.3, 0.8]])
    told = as_presets(values, ("eyeBlinkLeft", "eyeBlinkRight"))
    assert told["blink"] == pytest.approx([1.0, 0.0, 0.3])
    assert told["blinkLeft"] == pytest.approx([0.0, 1.0, 0.0])
    assert told["blinkRight"] == pytest.approx([0.0, 0.0, 0.5])


def test_sparse_rigs_speak_in_presets(make, perform, assign, tmp_path):
    character = make(["jawOpen", "mouthSmileLeft"], teeth=())
    assign(character, perform(10))
    _, animation = vrma_of(export_vrma(character, tmp_path / "take.vrma").path)
    assert set(animation["expressions"]) == {"preset"}
    _, animation = vrma_of(export_vrma(character, tmp_path / "take.vrma", expressions="both").path)
    assert set(animation["expressions"]) == {"preset", "custom"}


def test_without_an_armature_a_built_in_skeleton_stands_in(make, perform, assign, tmp_path):
    character = make(without_armature=True)
    assign(character, perform(10))
    vrma_of(export_vrma(character, tmp_path / "take.vrma").path)


def test_the_skeleton_is_a_t_pose_of_the_characters_size(make, perform, assign, tmp_path):
    character = make()
    assign(character, perform(4))
    gltf, _ = vrma_of(export_vrma(character, tmp_path / "take.vrma").path)
    nodes = {node.name: node for node in gltf.nodes}
    assert nodes["hips"].translation == pytest.approx([0, 0.9, 0], abs=1e-5)
    assert nodes["leftLowerArm"].translation == pytest.approx([0.25, 0, 0], abs=1e-5)
    assert nodes["rightHand"].translation == pytest.approx([-0.25, 0, 0], abs=1e-5)


@pytest.mark.parametrize(("inward", "told"), [(0.1, False), (0.8, True)])
def test_eyes_that_part_are_told(make, make_clip, assign, tmp_path, inward, told):
    character = make([f"eyeLook{way}{side}" for way in ("In", "Out", "Up", "Down") for side in ("Left", "Right")])
    rise = np.linspace(0, inward, 10)
    assign(character, make_clip({"eyeLookInLeft": rise, "eyeLookInRight": rise}))
    notes = export_vrma(character, tmp_path / "take.vrma").notes
    assert any("one gaze for both eyes" in note for note in notes) == told


def test_provenance_is_written_or_left_out(perform, tmp_path):
    for wanted in (True, False):
        write_vrma(perform(4, seed=5), tmp_path / "a.vrma", with_provenance=wanted)
        about = (pygltflib.GLTF2().load_binary(str(tmp_path / "a.vrma")).asset.extras or {}).get("FaceMimic")
        assert (about or {}).get("seed") == (5 if wanted else None)


def test_refusals_leave_no_file(make, perform, assign, tmp_path):
    character = make(["jawOpen"], bones={"hips": "hips", "spine": "spine", "head": "head"})
    assign(character, perform(5))
    with pytest.raises(AddonError, match="leftUpperArm"):
        export_vrma(character, tmp_path / "take.vrma")
    with pytest.raises(AddonError, match="both"):
        write_vrma(perform(5), tmp_path / "take.vrma", expressions="all")
    with pytest.raises(AddonError, match="not a number"):
        write_vrma(Clip(np.full((2, 1), np.nan, np.float32), 30.0, ("jawOpen",)), tmp_path / "take.vrma")
    with pytest.raises(AddonError, match="no folder"):
        write_vrma(perform(5), tmp_path / "none" / "take.vrma")
    with pytest.raises(AddonError, match="no performance"):
        export_vrma(make(["jawOpen"]), tmp_path / "take.vrma")
    assert not list(tmp_path.iterdir())
