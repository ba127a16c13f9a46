"""The extension's zip."""

import zipfile

import pytest

from release import build_extension


def test_the_zip_holds_the_add_on_the_engine_and_its_weights_and_nothing_else(tmp_path):
    with zipfile.ZipFile(build_extension.build(tmp_path)) as archive:
        names = archive.namelist()
    assert {
        "__init__.py",
        "blender_manifest.toml",
        "LICENSE",
        "rig/schemes/arkit.toml",
        "engine/__main__.py",
        "engine/emotions.toml",
        "engine/LICENSE",
        "weights/performance.safetensors",
        "pyproject.toml",
    } <= set(names)
    assert len(set(names)) == len(names)
    assert not [
        name for name in names if "__pycache__" in name or "/." in name or name.startswith(("tests", "release"))
    ]
    assert [path.name for path in tmp_path.iterdir()] == [f"facemimic-{build_extension.version()}.zip"]


def test_the_same_files_give_the_same_bytes(tmp_path):
    first, second = build_extension.build(tmp_path / "a"), build_extension.build(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()


def test_without_weights_there_is_no_zip(tmp_path, monkeypatch):
    monkeypatch.setattr(build_extension, "BESIDE", ("engine", "no-weights"))
    with pytest.raises(SystemExit, match="no-weights is missing"):
        build_extension.build(tmp_path)
    assert not list(tmp_path.iterdir())


def test_two_versions_are_refused(monkeypatch, tmp_path):
    (tmp_path / "blender_manifest.toml").write_text('version = "9.9.9"')
    monkeypatch.setattr(build_extension, "ADDON", tmp_path)
    with pytest.raises(SystemExit, match=r"9\.9\.9"):
        build_extension.version()
