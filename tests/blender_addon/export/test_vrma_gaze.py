"""One direction for both eyes, and what each eye does besides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mathutils import Quaternion

from blender_addon.clip import Clip
from blender_addon.export.expressions import Gaze
from blender_addon.export.vrm import export_vrm
from blender_addon.export.vrm_meta import VrmMeta
from blender_addon.export.vrma import export_vrma
from blender_addon.export.vrma_gaze import besides, eyes_part, gaze_apart, gaze_turns
from tests.blender_addon.export.conftest import SHAPES
from tests.blender_addon.export.test_own_expressions import shown

CHANNELS = tuple(f"eyeLook{way}{side}" for way in ("In", "Out", "Up", "Down") for side in ("Left", "Right"))
REACH = Gaze(horizontal=27.0, up=20.0, down=24.0)
LOOKS = {"lookLeft": ("OutLeft", "InRight"), "lookRight": ("InLeft", "OutRight"),
         "lookUp": ("UpLeft", "UpRight"), "lookDown": ("DownLeft", "DownRight")}  # fmt: skip


def looked(turns: np.ndarray) -> dict[str, np.ndarray]:
    """What an avatar's look expressions are at, as VRM's range maps of REACH have it."""
    angles = np.array([Quaternion((w, x, y, z)).to_euler("ZXY")[:2] for x, y, z, w in turns.tolist()])
    yaw, pitch = np.degrees(angles[:, 1]), np.degrees(angles[:, 0])
    values = {"lookLeft": yaw / REACH.horizontal, "lookRight": -yaw / REACH.horizontal}
    values |= {"lookUp": -pitch / REACH.up, "lookDown": pitch / REACH.down}
    return {name: np.clip(one, 0.0, 1.0) for name, one in values.items()}


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, (3, 8), elements=st.floats(0, 1, width=32)))
def test_both_together_are_each_eyes_own_gaze(values):
    clip = Clip(values, 30.0, CHANNELS, {})
    rest, common = besides(clip, REACH), looked(gaze_turns(clip, REACH, parted=True))
    for name, ways in LOOKS.items():
        for way in ways:
            assert np.abs(common[name] + rest[f"eyeLook{way}"] - clip.column(f"eyeLook{way}")).max() < 1e-3


@given(st.floats(0, 1, width=32), st.floats(0, 1, width=32))
def test_the_mean_is_as_far_from_each_eye_as_is_told(out, inward):
    clip = Clip(np.array([[0, inward, out, 0, 0, 0, 0, 0]], np.float32), 30.0, CHANNELS, {})
    yaw = 27.0 * (looked(gaze_turns(clip, REACH))["lookLeft"][0])
    assert gaze_apart(clip, REACH) == pytest.approx(max(abs(27 * out - yaw), abs(27 * inward - yaw)), abs=1e-3)


def test_eyes_that_part_do_so_on_an_avatar_that_can(make, perform, assign, tracks, tmp_path):
    character = make(SHAPES)
    assert eyes_part(character)
    assert not eyes_part(make([name for name in SHAPES if name != "eyeLookInLeft"]))
    character = make(SHAPES)
    assign(character, clip := perform(30, 24.0))
    vrm = export_vrm(character, tmp_path / "a.vrm", VrmMeta("Mim", ("A",))).path
    made = export_vrma(character, tmp_path / "a.vrma")
    assert not made.notes
    at = np.arange(30) / 24
    found = shown(vrm, made.path, tracks, at)
    times, turns = tracks(made.path)["lookAt", "rotation"]
    common = {name: np.interp(at, times, values) for name, values in looked(turns).items()}
    for name, ways in LOOKS.items():
        for way in ways:
            seen = common[name] + found["Face", f"eyeLook{way}"]
            assert np.abs(seen - clip.column(f"eyeLook{way}")).max() < 0.01
