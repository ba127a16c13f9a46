"""Mappings as files: what was saved is what is loaded, on the same character and on its relatives."""

from collections.abc import Callable
from pathlib import Path

import bpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_addon.messages import AddonError
from blender_addon.rig.character import find_character
from blender_addon.rig.corrections import Correction, correct, corrections
from blender_addon.rig.mapping_file import Entry, as_text, load_mapping, read_mapping, save_mapping
from blender_addon.rig.schemes import channels

Make = Callable[..., bpy.types.Object]
SMILE = Correction("Smile.L", follows={"mouthSmileLeft": 1.0, "cheekSquintLeft": 0.25}, gain=1.2, low=-0.1, high=1.5)


@pytest.fixture
def rig(addon: None, make_mesh: Make, make_armature: Make) -> bpy.types.Object:
    armature = make_armature()
    make_mesh("Face", ["jawOpen", "Smile.L", "Fangs"], armature)
    make_mesh("Teeth", ["jawOpen", "Fangs"], armature)
    return armature


def kept(*names: str) -> dict[str, dict[str, Correction]]:
    return {name: corrections(bpy.data.objects[name]) for name in names}


def test_what_is_saved_is_loaded(rig: bpy.types.Object, tmp_path: Path) -> None:
    face, teeth = bpy.data.objects["Face"], bpy.data.objects["Teeth"]
    correct(face, SMILE)
    for mesh in (face, teeth):
        correct(mesh, Correction("jawOpen", gain=0.8))
    correct(teeth, Correction("Fangs", off=True))
    correct(rig, Correction("head", gain=0.5, bone="neck"))
    before = kept("Face", "Teeth", "Rig")
    file = tmp_path / "rig.toml"
    assert save_mapping(find_character(rig), file) == 4
    text = file.read_text("utf-8")
    assert text.count("[[shape]]") == 3, "what all meshes share is said once"
    assert text.count('mesh = "Teeth"') == 1
    for obj in (face, teeth, rig):
        for name in list(corrections(obj)):
            correct(obj, Correction(name))
    assert load_mapping(read_mapping(file), find_character(rig)).unknown == ()
    assert kept("Face", "Teeth", "Rig") == before


def test_other_corrections_stay_and_named_lines_are_replaced(rig: bpy.types.Object) -> None:
    face = bpy.data.objects["Face"]
    correct(face, Correction("Fangs", gain=3.0))
    correct(face, Correction("Smile.L", off=True))
    loaded = load_mapping([Entry(SMILE)], find_character(rig))
    assert (loaded.count, loaded.unknown) == (1, ())
    assert corrections(face) == {"Fangs": Correction("Fangs", gain=3.0), "Smile.L": SMILE}


def test_a_mapping_fits_a_relative_with_other_spellings(addon: None, make_mesh: Make) -> None:
    face = make_mesh("Other", ["smile_l", "Face.M_F00_001_00_Fcl_MTH_Up", "EyeBlinkLeft", "MTH_Up2"])
    entries = [
        Entry(SMILE),
        Entry(Correction("Face.M_F00_000_00_Fcl_MTH_Up", off=True)),
        Entry(Correction("eyeBlink_L", gain=0.9)),
        Entry(Correction("Whiskers", off=True)),
    ]
    loaded = load_mapping(entries, find_character(face))
    assert set(corrections(face)) == {"smile_l", "Face.M_F00_001_00_Fcl_MTH_Up", "EyeBlinkLeft"}
    assert loaded.unknown == ("Whiskers is not on this character",)


def test_a_mapping_fits_a_rig_of_another_scheme(addon: None, make_mesh: Make) -> None:
    names = [
        "Mouth_Smile_L", "Mouth_Smile_R", "Jaw_Open", "Mouth_Funnel_Up_L", "Mouth_Funnel_Up_R", "Eye_Blink_L",
        "Eye_Blink_R", "Brow_Drop_L", "Brow_Drop_R",
    ]  # fmt: skip
    face = make_mesh("Character Creator", names)
    entries = [Entry(Correction(name, gain=0.9)) for name in ("mouthSmileLeft", "browDownRight", "mouthFunnel")]
    loaded = load_mapping(entries, find_character(face))
    assert set(corrections(face)) == {"Mouth_Smile_L", "Brow_Drop_R"}
    assert loaded.unknown == ("mouthFunnel is not on this character",), "two shape keys show it"


def test_a_name_that_could_mean_two_keys_means_none(addon: None, make_mesh: Make) -> None:
    face = make_mesh("Face", ["smile l", "Smile_L"])
    assert load_mapping([Entry(SMILE)], find_character(face)).unknown == ("Smile.L is not on this character",)


def test_drivers_and_bones_that_are_missing_are_reported(rig: bpy.types.Object, make_mesh: Make) -> None:
    face = bpy.data.objects["Face"]
    face.data.shape_keys.key_blocks["Smile.L"].driver_add("value")
    entries = [Entry(SMILE), Entry(Correction("jaw", bone="Kiefer"), motion=True)]
    loaded = load_mapping(entries, find_character(rig))
    assert loaded.count == 0
    assert loaded.unknown == ("Smile.L has a driver", "jaw: there is no bone Kiefer")
    alone = make_mesh("Alone", ["jawOpen"])
    assert load_mapping(entries[1:], find_character(alone)).unknown == ("jaw: this character has no armature",)


HEAD = 'format = "facemimic-mapping"\nversion = 1\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not say format"),
        ("jawOpen = ", "not a mapping or is damaged"),
        ('format = "something else"', "does not say format"),
        ('format = "facemimic-mapping"', "version is None"),
        ('format = "facemimic-mapping"\nversion = 2', "Update FaceMimic"),
        (HEAD + "shape = 3", "list of tables"),
        (HEAD + "[[shape]]\ngain = 1.0", "number 1 of broken.toml has no name"),
        (HEAD + "[[shape]]\nname = 3", "name must be text"),
        (HEAD + '[[shape]]\nname = "a"\nfollows = { jawOpn = 1 }', "'jawOpn', which is no channel"),
        (HEAD + '[[shape]]\nname = "a"\nfollows = "jawOpen"', "follows must be a table"),
        (HEAD + '[[shape]]\nname = "a"\ngain = "much"', "gain must be a number"),
        (HEAD + '[[shape]]\nname = "a"\ngain = nan', "gain must lie between"),
        (HEAD + '[[shape]]\nname = "a"\nlimits = [1.0, 0.0]', "lies above"),
        (HEAD + '[[shape]]\nname = "a"\nlimits = [1.0]', "two numbers"),
        (HEAD + '[[shape]]\nname = "a"\noff = "yes"', "true or false"),
        (HEAD + '[[shape]]\nname = "a"\nconfirmed = 1', "confirmed must be true or false"),
        (HEAD + '[[shape]]\nname = "a"\ncolour = "red"', "'colour'"),
        (HEAD + '[[bone]]\nmotion = "nose"', "motion must be one of"),
    ],
)
def test_a_broken_file_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(AddonError, match=said):
        read_mapping(file)


def test_files_that_are_none(tmp_path: Path) -> None:
    binary, large = tmp_path / "binary.toml", tmp_path / "large.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    large.write_bytes(b" " * 5_000_000)
    for file in (binary, large, tmp_path, tmp_path / "none.toml"):
        with pytest.raises(AddonError):
            read_mapping(file)


def test_saving_nothing_or_nowhere_leaves_no_file(rig: bpy.types.Object, tmp_path: Path) -> None:
    with pytest.raises(AddonError, match="Nothing of Rig is corrected"):
        save_mapping(find_character(rig), tmp_path / "rig.toml")
    correct(rig, Correction("head", off=True))
    with pytest.raises(AddonError, match="Cannot write"):
        save_mapping(find_character(rig), tmp_path / "gone" / "rig.toml")
    assert list(tmp_path.iterdir()) == []


NUMBER = st.floats(-9, 9).map(lambda value: round(value, 6))
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
SHAPES = st.builds(
    lambda name, off, follows, gain, offset, limits, confirmed, mesh: Entry(
        Correction(name, off, follows, gain, offset, min(limits), max(limits), confirmed=confirmed), mesh
    ),
    NAME,
    st.booleans(),
    st.none() | st.dictionaries(st.sampled_from(channels()), NUMBER, max_size=4),
    NUMBER,
    NUMBER,
    st.tuples(NUMBER, NUMBER),
    st.booleans(),
    st.just("") | NAME,
)


@given(NAME, st.lists(SHAPES, max_size=6))
def test_any_names_and_numbers_come_back(character: str, entries: list[Entry]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any.toml"
        file.write_bytes(as_text(character, entries).encode())
        assert read_mapping(file) == entries


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any.toml"
        file.write_text(HEAD + text, "utf-8")
        try:
            read_mapping(file)
        except AddonError as error:
            assert "any.toml" in str(error)
