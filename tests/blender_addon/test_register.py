"""Registering, installing as an extension, and what the manifest says."""

import importlib
import sys
import tomllib
from pathlib import Path

import bpy
import pytest

import blender_addon
from blender_addon import client, emotions, places
from release import build_extension

MANIFEST = tomllib.loads((Path(blender_addon.__file__).parent / "blender_manifest.toml").read_text("utf-8"))


def ours():
    return {name for name in dir(bpy.types) if "facemimic" in name.lower() and getattr(bpy.types, name).is_registered}


def test_registering_leaves_nothing_behind_and_can_be_repeated(scene):
    for _ in range(2):
        blender_addon.register()
        assert "FACEMIMIC_PT_performance" in ours()
        assert scene.facemimic.emotion == "happy"
        assert hasattr(bpy.ops.facemimic, "generate")
        blender_addon.unregister()
        assert not ours()
        assert not hasattr(bpy.types.Scene, "facemimic")


def test_a_second_unregistering_at_exit_is_quiet(scene):
    blender_addon.register()
    blender_addon.unregister()
    blender_addon.unregister()


def test_everything_has_a_name_a_description_and_our_prefix(addon):
    for cls in blender_addon._CLASSES:
        assert cls.__name__.startswith("FACEMIMIC_")
        if issubclass(cls, bpy.types.Operator):
            assert cls.bl_label
            assert cls.bl_description
            assert not cls.bl_description.endswith(".")
    for item in bpy.context.scene.facemimic.bl_rna.properties:
        if item.identifier not in ("rna_type", "name"):
            assert item.name
            assert item.description


def test_all_emotions_are_offered_with_numbers_that_stay(addon, scene):
    items = scene.facemimic.bl_rna.properties["emotion"].enum_items
    table = tomllib.loads((places.house() / "engine" / "emotions.toml").read_text("utf-8"))
    assert sorted(items.keys()) == sorted(table) == sorted(emotions.names())
    assert items["happily_surprised"].name == "Happily surprised"
    assert len({item.value for item in items}) == len(items)
    assert items["happy"].value == 1055753161
    for name in table:
        scene.facemimic.emotion = name
        assert scene.facemimic.emotion == name


def test_settings_are_saved_with_the_file(addon, make_mesh, tmp_path):
    face = make_mesh("Face", ["jawOpen"])
    settings = bpy.context.scene.facemimic
    settings.character, settings.emotion, settings.seed = face, "awed", 12
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    settings = bpy.context.scene.facemimic
    assert (settings.character.name, settings.emotion, settings.seed) == ("Face", "awed", 12)


def test_values_out_of_range_cannot_be_set(addon, scene):
    settings = scene.facemimic
    settings.intensity, settings.duration, settings.seed = 7, 0, -3
    assert (settings.intensity, settings.duration, settings.seed) == pytest.approx((1.2, 0.3, 0))


def test_the_manifest_is_as_blender_wants_it():
    assert len(MANIFEST["tagline"]) <= 64
    assert not MANIFEST["tagline"].endswith(".")
    assert MANIFEST["blender_version_min"] == "4.5.0"
    assert all(len(reason) <= 64 and not reason.endswith(".") for reason in MANIFEST["permissions"].values())
    assert MANIFEST["version"] == build_extension.version()


def test_the_zip_installs_as_an_extension_and_works(tmp_path, make_mesh):
    archive = build_extension.build(tmp_path)
    repository = bpy.context.preferences.extensions.repos.new(
        name="test", module="facemimic_test", custom_directory=str(tmp_path / "repository")
    )
    try:
        bpy.ops.extensions.package_install_files(repo="facemimic_test", filepath=str(archive), enable_on_install=True)
        name = "bl_ext.facemimic_test.facemimic"
        installed = importlib.import_module(f"{name}.places")
        assert installed.house() == tmp_path / "repository" / "facemimic"
        assert (installed.house() / "weights").is_dir()
        assert name in bpy.context.preferences.addons
        user = Path(bpy.utils.extension_path_user(name))
        assert installed.user_folder() == user
        preferences = bpy.context.preferences.addons[name].preferences
        python = places.default_python()
        assert installed.default_python() is None
        if python is not None:
            preferences.engine_python = str(python)
            face = make_mesh("Face", ["jawOpen", "mouthSmileLeft", "mouthSmileRight"])
            bpy.context.view_layer.objects.active = face
            assert bpy.ops.facemimic.generate() == {"FINISHED"}
            assert face.data.shape_keys.animation_data.action is not None
        bpy.ops.preferences.addon_disable(module=name)
        assert not ours()
    finally:
        bpy.context.preferences.extensions.repos.remove(repository)
        for module in [module for module in sys.modules if module.startswith("bl_ext.facemimic_test")]:
            del sys.modules[module]
    assert client.running_job() is None
