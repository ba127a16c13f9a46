"""Export VRM from the panel and from scripts: what it starts from, what it remembers, what it says."""

import json

import bpy
import pytest

from blender_addon.export.gltf_file import GltfFile
from blender_addon.export.vrm_fields import ANSWERS
from blender_addon.rig.avatar_meta import STATED, THUMBNAIL
from tests.blender_addon.export.conftest import BONES


@pytest.fixture
def avatar(addon, make_mesh, make_armature):
    bones = {name: (parent, place, (*place[:2], place[2] + 0.05)) for name, (parent, place) in BONES.items()}
    rig = make_armature(bones=bones)
    make_mesh("Face", ["jawOpen", "eyeBlinkLeft", "eyeBlinkRight"], rig)
    bpy.context.view_layer.objects.active = rig
    return rig


def meta_of(path):
    return GltfFile.read(path).document["extensions"]["VRMC_vrm"]["meta"]


def says(rig, version=0, **meta):
    rig[STATED] = json.dumps({"file": "mim.vrm", "version": version, "meta": meta})


def test_it_starts_from_what_the_avatars_file_says(avatar, tmp_path, capfd):
    says(avatar, title="Mim", author="Foo, Inc.", allowedUserName="Everyone", commercialUssageName="Allow",
         licenseName="CC_BY_NC", violentUssageName="Allow")  # fmt: skip
    image = bpy.data.images.new("Portrait", 4, 4)
    avatar[THUMBNAIL] = image
    assert bpy.ops.facemimic.export_vrm(filepath=str(tmp_path / "a.vrm")) == {"FINISHED"}
    meta = meta_of(tmp_path / "a.vrm")
    assert (meta["name"], meta["authors"], meta["avatarPermission"]) == ("Mim", ["Foo, Inc."], "everyone")
    assert meta["allowExcessivelyViolentUsage"] is True
    assert (meta["commercialUsage"], meta["allowRedistribution"]) == ("personalNonProfit", False)
    assert meta["thumbnailImage"] == 0
    said = capfd.readouterr().out
    assert "Warning: VRM 1.0 has no word for what mim.vrm (VRM 0) says: Commercial (Allow, to whom not told" in said
    assert "Redistribution (CC_BY_NC)" in said
    assert "Info: Not said, and so as strict as VRM has it: Commercial, Changes." in said


def test_what_the_artist_says_goes_before_the_file_and_is_remembered(avatar, tmp_path, capfd):
    says(avatar, title="Mim", author="A", commercialUssageName="Allow", sexualUssageName="Allow")
    answers = {"commercial_usage": "corporation", "allow_excessively_sexual_usage": False, "authors": "B, C"}
    bpy.ops.facemimic.export_vrm(filepath=str(tmp_path / "a.vrm"), **answers, third_party_licenses="D")
    bpy.ops.facemimic.export_vrm(filepath=str(tmp_path / "b.vrm"))
    for name in ("a.vrm", "b.vrm"):
        meta = meta_of(tmp_path / name)
        assert (meta["authors"], meta["commercialUsage"], meta["thirdPartyLicenses"]) == (
            ["B", "C"],
            "corporation",
            "D",
        )
        assert meta["allowExcessivelySexualUsage"] is False
    assert "no word" not in capfd.readouterr().out


def test_nothing_of_one_avatar_is_proposed_for_the_next(addon):
    about_it = bpy.ops.facemimic.export_vrm.get_rna_type().properties
    general = {"filepath", "check_existing", "filter_glob", "writer", "with_animation", "with_vrma", "morph_normals",
               "with_provenance", "rna_type"}  # fmt: skip
    assert all(one.is_skip_save for one in about_it if one.identifier not in general)


def test_an_avatar_that_says_nothing_is_asked_for(avatar, tmp_path):
    with pytest.raises(RuntimeError, match="avatar's name"):
        bpy.ops.facemimic.export_vrm(filepath=str(tmp_path / "a.vrm"))
    with pytest.raises(RuntimeError, match="no image Portrait"):
        bpy.ops.facemimic.export_vrm(filepath=str(tmp_path / "a.vrm"), title="A", authors="B", thumbnail="Portrait")
    assert not list(tmp_path.iterdir())
    assert ANSWERS not in avatar


def test_it_is_undone_in_one_step(addon):
    assert "UNDO" in bpy.types.FACEMIMIC_OT_export_vrm.bl_options
