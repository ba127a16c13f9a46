"""The rules of the house that no single room can test."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED_WITH_BLENDER = {
    "bpy",
    "bpy_extras",
    "bmesh",
    "mathutils",
    "gpu",
    "blf",
    "imbuf",
    "numpy",
    "addon_utils",
    "io_scene_gltf2",
}
UNSAFE = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve"}


def sources(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Top-level names of absolute imports, at any depth of the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", sources("blender_addon"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_addon_imports_only_what_blender_ships(path: Path) -> None:
    assert set(imports(path)) <= SHIPPED_WITH_BLENDER | set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", sources("engine"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_runs_without_blender(path: Path) -> None:
    assert not set(imports(path)) & (SHIPPED_WITH_BLENDER - {"numpy"} | {"blender_addon"})


@pytest.mark.parametrize("room", ["engine", "blender_addon"])
def test_nothing_is_unpickled_or_evaluated(room: str) -> None:
    for path in sources(room):
        tree = ast.parse(path.read_text("utf-8"))
        assert not set(imports(path)) & UNSAFE, path
        called = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"eval", "exec"}, path
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle"):
                assert isinstance(node.value, ast.Constant), path
                assert node.value.value is False, path


def test_only_one_room_knows_the_order_of_the_channels() -> None:
    """A run of neighbouring channel names in another file would be a second order to keep in step."""
    sys.path.insert(0, str(ROOT))
    from engine.channels import CHANNELS

    for path in [*sources("engine"), *sources("blender_addon")]:
        if path.name == "channels.py":
            continue
        named = [
            node.value
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant) and node.value in CHANNELS
        ]
        assert len(set(named)) < len(CHANNELS) / 2, path


def test_trained_weights_are_safetensors() -> None:
    for path in (ROOT / "weights").iterdir():
        assert path.suffix in (".safetensors", ".md"), path
