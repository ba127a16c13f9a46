"""What an avatar's file says about itself is what the next export starts from, and no permission gets wider."""

import json
import struct
from dataclasses import fields

import bpy
import numpy as np
import pygltflib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blender_addon.export.glb import export_glb
from blender_addon.export.gltf_file import GltfFile
from blender_addon.export.thumbnail import add_thumbnail
from blender_addon.export.vrm import export_vrm
from blender_addon.export.vrm_meta import VrmMeta
from blender_addon.export.vrm_meta_offered import credit, offered_meta
from blender_addon.messages import AddonError
from blender_addon.rig.avatar_meta import STATED, note_meta, stated_meta, thumbnail
from blender_addon.rig.character import find_character
from blender_addon.rig.import_avatar import import_avatar

OLD = {
    "title": "Mim", "author": "Foo, Inc.", "version": "3", "contactInformation": "mim@example.org",
    "reference": "https://example.org/mim", "allowedUserName": "Everyone", "violentUssageName": "Allow",
    "sexualUssageName": "Disallow", "commercialUssageName": "Disallow", "licenseName": "CC_BY", "otherLicenseUrl": "",
    "otherPermissionUrl": "",
}  # fmt: skip
LICENSES = ["Redistribution_Prohibited", "CC0", *(f"CC_{one}" for one in ("BY", "BY_NC", "BY_SA", "BY_NC_SA", "BY_ND", "BY_NC_ND")), "Other"]  # fmt: skip  # noqa: E501
JUNK = st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.lists(st.integers() | st.text(), max_size=2)


@pytest.fixture
def says(make):
    """says(version, meta): an armature whose avatar's file said so."""
    armature = make(["jawOpen"]).armature

    def said(version: int, meta: object) -> bpy.types.Object:
        armature[STATED] = json.dumps({"file": "mim.vrm", "version": version, "meta": meta})
        return armature

    return said


def test_vrm_0_where_vrm_1_has_the_same(says):
    offered = offered_meta(says(0, OLD))
    assert offered.source == "mim.vrm (VRM 0)"
    assert offered.fields == {
        "name": "Mim",
        "authors": ("Foo, Inc.",),
        "version": "3",
        "contact_information": "mim@example.org",
        "references": ("https://example.org/mim",),
        "avatar_permission": "everyone",
        "allow_excessively_violent_usage": True,
        "allow_excessively_sexual_usage": False,
        "commercial_usage": "personalNonProfit",
        "credit_notation": "required",
        "allow_redistribution": True,
        "modification": "allowModificationRedistribution",
    }
    assert offered.unsaid == {"other_license_url": "CC_BY, of a version not told"}


@pytest.mark.parametrize(
    ("license_name", "credit", "redistribution", "modification"),
    [
        ("Redistribution_Prohibited", None, False, None),
        ("CC0", "unnecessary", True, "allowModificationRedistribution"),
        ("CC_BY", "required", True, "allowModificationRedistribution"),
        ("CC_BY_SA", "required", True, None),
        ("CC_BY_ND", "required", True, None),
        ("CC_BY_NC", "required", None, None),
        ("CC_BY_NC_SA", "required", None, None),
        ("CC_BY_NC_ND", "required", None, None),
        ("Other", None, None, None),
    ],
)
def test_a_license_gives_only_what_vrm_1_can_say(says, license_name, credit, redistribution, modification):
    offered = offered_meta(says(0, {**OLD, "licenseName": license_name}))
    said = {"credit_notation": credit, "allow_redistribution": redistribution, "modification": modification}
    for name, value in said.items():
        assert offered.fields.get(name) == value
        assert (offered.unsaid.get(name) == license_name) == (value is None)


def test_what_vrm_1_tells_finer_is_left_to_the_artist(says):
    offered = offered_meta(says(0, {**OLD, "commercialUssageName": "Allow"}))
    assert "commercial_usage" not in offered.fields
    assert offered.unsaid["commercial_usage"] == "Allow, to whom not told"
    both = {"otherLicenseUrl": "https://a", "otherPermissionUrl": "https://b"}
    offered = offered_meta(says(0, {**OLD, **both}))
    assert offered.fields["other_license_url"] == "https://a"
    assert offered.unsaid == {"third_party_licenses": "also see https://b"}
    assert offered_meta(says(0, {**OLD, "otherPermissionUrl": "https://b"})).fields["other_license_url"] == "https://b"


def test_vrm_1_comes_back_as_it_was(says):
    whole = VrmMeta(
        "Mim", ("A, B", "C"), "2", "© A", "a@b", ("x", "y"), "Hair: D\nCC0", avatar_permission="everyone",
        allow_excessively_violent_usage=True, allow_excessively_sexual_usage=True, commercial_usage="corporation",
        allow_political_or_religious_usage=True, allow_antisocial_or_hate_usage=True, credit_notation="unnecessary",
        allow_redistribution=True, modification="allowModification", other_license_url="https://a",
    )  # fmt: skip
    offered = offered_meta(says(1, whole.to_dict()))
    assert VrmMeta(**offered.fields) == whole
    assert not offered.unsaid


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_file_says_it_can_be_written_and_nothing_gets_wider(says, data):
    version = data.draw(st.sampled_from([0, 1]))
    known = dict.fromkeys(OLD, st.sampled_from(["Allow", "Disallow", "Everyone", "OnlyAuthor", *LICENSES]))
    new = dict.fromkeys(
        VrmMeta("a", ("a",)).to_dict(), st.sampled_from(["everyone", "prohibited", "corporation", True])
    )
    meta = {
        name: data.draw(choice | JUNK)
        for name, choice in (known if version == 0 else new).items()
        if data.draw(st.booleans())
    }
    offered = offered_meta(says(version, meta))
    assert set(offered.fields) <= {field.name for field in fields(VrmMeta)}
    about = VrmMeta(**{"name": "Mim", "authors": ("A",), **offered.fields}).to_dict()
    free = {key: meta.get(key) == "Allow" for key in ("violentUssageName", "sexualUssageName")}
    if version == 0:
        assert about["commercialUsage"] == "personalNonProfit"
        assert about["allowExcessivelyViolentUsage"] is free["violentUssageName"]
        assert about["allowExcessivelySexualUsage"] is free["sexualUssageName"]
        assert (about["avatarPermission"] == "everyone") == (meta.get("allowedUserName") == "Everyone")
        assert not (about["allowPoliticalOrReligiousUsage"] or about["allowAntisocialOrHateUsage"])
        if about["allowRedistribution"]:
            assert meta["licenseName"] in ("CC0", "CC_BY", "CC_BY_SA", "CC_BY_ND")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 2, "meta": {}}', '{"version": 0, "meta": []}', 7])
def test_what_is_no_such_note_says_nothing(make, text):
    armature = make(["jawOpen"]).armature
    armature[STATED] = text
    assert stated_meta(armature) is None
    assert offered_meta(armature).fields == {}


def picture(width: int, height: int, kind: str = "PNG") -> bpy.types.Image:
    image = bpy.data.images.new("Portrait", width, height)
    image.pixels.foreach_set(np.full(width * height * 4, 0.5, np.float32))
    image.update()
    image.file_format = kind
    image.pack()
    return image


def test_the_picture_goes_along(make, tmp_path):
    character = make(["jawOpen"])
    path = export_vrm(character, tmp_path / "mim.vrm", VrmMeta("Mim", ("A",)), thumbnail=picture(8, 8)).path
    gltf = pygltflib.GLTF2().load_binary(str(path))
    about = gltf.images[gltf.extensions["VRMC_vrm"]["meta"]["thumbnailImage"]]
    view = gltf.bufferViews[about.bufferView]
    data = gltf.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
    assert (about.mimeType, data[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (8, 8)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    again = import_avatar(path)
    image = thumbnail(again.armature)
    assert image is not None
    assert tuple(image.size) == (8, 8)
    assert image.packed_file.data == data
    assert offered_meta(again.armature).fields["authors"] == ("A",)


def test_a_picture_that_no_avatar_may_have_is_refused(make, tmp_path):
    character = make(["jawOpen"])
    missing = bpy.data.images.new("Gone", 4, 4)
    missing.source, missing.filepath = "FILE", str(tmp_path / "none.png")
    for image, message in ((picture(8, 4), "8 × 4 pixels"), (missing, "its file is missing")):
        with pytest.raises(AddonError, match=message):
            export_vrm(character, tmp_path / "mim.vrm", VrmMeta("Mim", ("A",)), thumbnail=image)
    assert not list(tmp_path.iterdir())


def test_a_picture_in_another_format_becomes_png(scene, tmp_path):
    image = picture(4, 4, "BMP")
    image.save(filepath=str(tmp_path / "a.bmp"))
    drawn = bpy.data.images.new("Drawn", 4, 4)
    before = len(bpy.data.images)
    for one in (bpy.data.images.load(str(tmp_path / "a.bmp")), drawn):
        file = GltfFile()
        add_thumbnail(file, one)
        assert bytes(file.binary).startswith(b"\x89PNG")
    assert len(bpy.data.images) == before + 1


@pytest.mark.parametrize("index", [7, -1, True, None, "0", 1])
def test_a_picture_that_is_not_there_is_left_out(scene, tmp_path, index):
    owner = bpy.data.objects.new("Mim", None)
    content = {
        "images": [{"mimeType": "image/png", "bufferView": 0}, {"uri": "data:image/png;base64,?"}],
        "bufferViews": [{"buffer": 0, "byteLength": 4}],
        "extensions": {"VRMC_vrm": {"meta": {"name": "Mim", "thumbnailImage": index}}},
    }
    note_meta(content, b"noise", tmp_path / "mim.vrm", owner)
    assert thumbnail(owner) is None
    assert offered_meta(owner).fields == {"name": "Mim"}


def test_a_real_avatar_of_the_community(scene, shared):
    offered = offered_meta(import_avatar(shared / "rigs" / "Godette_vrm_v4.vrm").armature)
    assert offered.fields["name"] == "Low-Poly Godette"
    assert offered.fields["authors"] == ("SirRichard94",)
    assert offered.fields["references"] == ("Adapted to VRM by Lyuma",)
    assert offered.fields["modification"] == "allowModificationRedistribution"
    assert offered.unsaid == {
        "commercial_usage": "Allow, to whom not told",
        "other_license_url": "CC_BY, of a version not told",
    }
    armature = next(obj for obj in bpy.data.objects if obj.type == "ARMATURE")
    assert credit(armature) == "Low-Poly Godette by SirRichard94, CC_BY"
    image = thumbnail(armature)
    assert image is not None
    assert image.name == "godette_thumbnail"


def test_a_glb_names_the_author_of_an_imported_avatar(make, perform, assign, tmp_path, says):
    armature = says(1, VrmMeta("Mim", ("A", "B"), copyright_information="© 2026 A").to_dict())
    character = find_character(armature)
    assign(character, perform(4, channels=("jawOpen",)))
    asset = pygltflib.GLTF2().load_binary(str(export_glb(character, tmp_path / "a.glb").path)).asset
    assert asset.copyright == "Mim by A, B, © 2026 A"
    assert credit(None) == ""
    assert credit(says(0, {"title": "Mim"})) == ""
