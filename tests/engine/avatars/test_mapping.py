"""The artist's corrections in a take that is added, and the same reading of their file as the add-on's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from blender_addon.messages import AddonError
from blender_addon.rig import mapping_file
from blender_addon.rig.corrections import Correction
from engine.avatars.add_take import add_take
from engine.avatars.mapping import MOTIONS, Corrections, mapping_of, placed, read_mapping
from engine.avatars.renamed import meant
from engine.channels import CHANNELS
from engine.cli import main
from engine.errors import FaceMimicError
from tests.engine.avatars.made import clip_of, track, unpacked
from tests.engine.avatars.test_add_take import EYES_1, skinned

RISE = np.linspace(0, 1, 31)
HEAD = 'format = "facemimic-mapping"\nversion = 1\n'
real = st.floats(-10, 10).map(lambda value: round(value, 6))
shape = st.builds(
    lambda name, mesh, off, follows, gain, offset, limits, confirmed: mapping_file.Entry(
        Correction(name, off, follows, gain, offset, *sorted(limits), confirmed=confirmed), mesh
    ),
    st.text(min_size=1),
    st.text(),
    st.booleans(),
    st.none() | st.dictionaries(st.sampled_from(CHANNELS), real, max_size=3),
    real,
    real,
    st.tuples(real, real),
    st.booleans(),
)
bone = st.builds(
    lambda motion, name, off, gain: mapping_file.Entry(Correction(motion, off, gain=gain, bone=name), motion=True),
    st.sampled_from(MOTIONS),
    st.text(),
    st.booleans(),
    real,
)


@settings(max_examples=100)
@given(st.lists(shape | bone, max_size=6))
def test_what_the_add_on_writes_is_read_as_it_reads_it(entries: list[mapping_file.Entry]) -> None:
    read = mapping_of(mapping_file.as_text("Nova", entries), "nova.toml")
    shapes = [entry for entry in entries if not entry.motion]
    assert [(one.name, one.mesh, one.off, one.follows, one.gain, one.offset, one.low, one.high) for one in read.shapes]\
        == [
            (own.name, entry.mesh, own.off, own.follows, own.gain, own.offset, own.low, own.high)
            for entry in shapes
            for own in [entry.correction]
        ]  # fmt: skip
    assert [(one.motion, one.bone, one.off, one.gain) for one in read.bones] == [
        (entry.correction.name, entry.correction.bone, entry.correction.off, entry.correction.gain)
        for entry in entries
        if entry.motion
    ]


BAD = {
    "no mapping": "a = 1",
    "not TOML": "format = ",
    "version": 'format = "facemimic-mapping"\nversion = true',
    "later": 'format = "facemimic-mapping"\nversion = 2',
    "no table": HEAD + "shape = 3",
    "strange": HEAD + '[[shape]]\nname = "a"\nsize = 3',
    "nameless": HEAD + "[[shape]]\ngain = 3",
    "no channel": HEAD + '[[shape]]\nname = "a"\nfollows = { nose = 1 }',
    "confirmed": HEAD + '[[shape]]\nname = "a"\nconfirmed = 1',
    "follows": HEAD + '[[shape]]\nname = "a"\nfollows = 3',
    "limits": HEAD + '[[shape]]\nname = "a"\nlimits = [1]',
    "crossed": HEAD + '[[shape]]\nname = "a"\nlimits = [1, 0]',
    "far": HEAD + '[[shape]]\nname = "a"\ngain = 11',
    "not finite": HEAD + '[[shape]]\nname = "a"\noffset = nan',
    "flag": HEAD + '[[shape]]\nname = "a"\noff = 1',
    "motion": HEAD + '[[bone]]\nmotion = "tail"',
    "bone": HEAD + '[[bone]]\nmotion = "jaw"\nbone = 3',
    "nested": HEAD + "a = " + "[" * 5000,
    "empty": "",
}


@pytest.mark.parametrize("kind", BAD)
def test_what_the_add_on_refuses_is_refused_in_the_same_words(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(BAD[kind])
    with pytest.raises(AddonError) as theirs:
        mapping_file.read_mapping(path)
    with pytest.raises(FaceMimicError) as ours:
        read_mapping(path)
    assert str(ours.value) == str(theirs.value)
    assert ours.value.kind == "file"


def test_a_mapping_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large.toml").write_bytes(b"#" * 4_000_001)
    for name, sentence in (("none.toml", "cannot be read"), ("binary.toml", "UTF-8"), ("large.toml", "too large")):
        with pytest.raises(FaceMimicError, match=sentence):
            read_mapping(tmp_path / name)


def ends(path: Path, curves: dict[str, Any], text: str, **options: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """The last weights of a take that is added with a mapping, and what was told."""
    made = add_take(
        path, clip_of(curves), path.with_name("new.vrm"), "Take", corrections=mapping_of(HEAD + text, "m"), **options
    )
    document, binary, _ = unpacked(made.path.read_bytes())
    return track(document, binary, 2, "weights")[1][-1], made.notes


@pytest.mark.parametrize("approximate", [False, True])
def test_targets_follow_as_corrected(make_avatar: Callable[..., Path], approximate: bool) -> None:
    path = make_avatar(["jawOpen", "hat", "eyeBlinkLeft", "eyeBlinkRight"])
    text = """
        [[shape]]
        name = "Jaw_Open"
        gain = 0.5
        offset = 0.1
        [[shape]]
        name = "hat"
        follows = { browInnerUp = 2.0, tongueOut = -0.5 }
        limits = [0.0, 1.5]
        [[shape]]
        name = "eyeBlinkLeft"
        off = true
        [[shape]]
        name = "tail"
    """
    curves = dict.fromkeys(("jawOpen", "browInnerUp", "tongueOut", "eyeBlinkLeft", "eyeBlinkRight"), RISE)
    end, notes = ends(path, curves, text, approximate=approximate)
    assert end == pytest.approx([0.6, 1.5, 0.0, 1.0], abs=0.02 if approximate else 1e-6)
    assert any("mapping's tail" in note for note in notes)


def test_a_mapping_makes_an_avatar_of_unknown_names_perform(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(["abc"])
    with pytest.raises(FaceMimicError, match="knows none"):
        ends(path, {"jawOpen": RISE}, "")
    end, _ = ends(path, {"jawOpen": RISE}, '[[shape]]\nname = "abc"\nfollows = { jawOpen = 1 }')
    assert end == pytest.approx([1])


def test_a_line_of_one_mesh_leaves_the_others(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(["jawOpen"], ["jawOpen"])
    ends(path, {"jawOpen": RISE}, '[[shape]]\nname = "jawOpen"\nmesh = "M_1"\ngain = 0.25')
    document, binary, _ = unpacked(path.with_name("new.vrm").read_bytes())
    assert track(document, binary, 2, "weights")[1][-1] == pytest.approx([1])
    assert track(document, binary, 3, "weights")[1][-1] == pytest.approx([0.25])


def test_a_name_that_could_mean_two_targets_means_neither() -> None:
    lines = mapping_of(HEAD + '[[shape]]\nname = "Jaw open"', "m").shapes
    assert placed(lines, {0: ("jawOpen", "jaw_open")}, {0: set()}) == ({}, ["Jaw open"])


PARTS = ["jaw", "Open", "Smile", "L", "left", "Face", "M_F00", "Fcl", "MTH", "A", "eye", "Blink", "あ", "1", "まばたき"]
spellings = st.builds(
    "{}{}".format,
    st.sampled_from(["", "", "Face.", "a:b_", "!"]),
    st.builds(
        lambda gap, parts: gap.join(parts), st.sampled_from("_. -"), st.lists(st.sampled_from(PARTS), max_size=5)
    ),
)


@settings(max_examples=200)
@given(st.lists(spellings, max_size=8), st.lists(spellings, max_size=8, unique=True))
def test_names_of_a_mapping_mean_the_same_targets_as_in_blender(wanted: list[str], targets: list[str]) -> None:
    assert meant(wanted, targets) == mapping_file._found(wanted, targets)


def test_a_mapping_fits_a_relative_whose_names_differ() -> None:
    wanted = ["Face.M_F00_000_00_Fcl_EYE_Close", "まばたき", "mouthSmileLeft"]
    targets = ["Face.M_F00_001_00_Fcl_EYE_Close", "mouthSmile_L", "other"]
    assert meant(wanted, targets) == {wanted[0]: targets[0], wanted[2]: targets[1]}


def test_bones_turn_as_corrected(tmp_path: Path) -> None:
    path = tmp_path / "avatar.vrm"
    path.write_bytes(skinned(["jawOpen"], 0))
    text = """
        [[bone]]
        motion = "head"
        off = true
        [[bone]]
        motion = "leftEye"
        gain = 0.5
        [[bone]]
        motion = "rightEye"
        bone = "gone"
    """
    _, notes = ends(path, {"eyeLookOutLeft": RISE, "headYaw": RISE}, text)
    document, binary, _ = unpacked((tmp_path / "new.vrm").read_bytes())
    nodes = {one["target"]["node"] for one in document["animations"][0]["channels"]}
    assert nodes == {2, 3, 4}
    turned = Rotation.from_quat(track(document, binary, 3, "rotation")[1][-1])
    assert np.degrees(turned.magnitude()) == pytest.approx(6, abs=0.01)
    assert any("bone gone" in note for note in notes)


def test_a_bone_that_the_artist_chose_turns_whatever_the_avatar_says(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(["jawOpen", "eyeLookOutLeft"])
    ends(path, {"eyeLookOutLeft": RISE}, '[[bone]]\nmotion = "leftEye"\nbone = "neck"')
    document, binary, _ = unpacked(path.with_name("new.vrm").read_bytes())
    assert len(track(document, binary, 0, "rotation")[0]) > 1


def test_the_command_takes_a_mapping(
    make_avatar: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, take, mapping = make_avatar(["jawOpen"], extensions=EYES_1), tmp_path / "take.npz", tmp_path / "own.toml"
    clip_of({"jawOpen": RISE}).save(take)
    argv = ["add-take", str(path), str(take), "--out", str(tmp_path / "new.vrm"), "--mapping", str(mapping)]
    assert main(argv) == 1
    assert "own.toml cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "new.vrm").exists()
    mapping.write_text(HEAD + '[[shape]]\nname = "jawOpen"\ngain = 0.5')
    assert main(argv) == 0
    document, binary, _ = unpacked((tmp_path / "new.vrm").read_bytes())
    assert track(document, binary, 2, "weights")[1][-1] == pytest.approx([0.5])


def test_no_lines_change_nothing(make_avatar: Callable[..., Path], tmp_path: Path) -> None:
    path = make_avatar(["jawOpen", "aa", "blink"])
    for name, corrections in (("a.vrm", None), ("b.vrm", Corrections())):
        add_take(path, clip_of({"jawOpen": RISE}), tmp_path / name, "Take", corrections=corrections)
    assert (tmp_path / "a.vrm").read_bytes() == (tmp_path / "b.vrm").read_bytes()
