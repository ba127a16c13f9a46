"""Scenes and small characters made in code, for tests inside Blender."""

import atexit
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.clip import Clip
from blender_addon.rig.schemes import channels

HUMANOID = {
    "hips": (None, (0, 0, 1.0), (0, 0, 1.2)),
    "spine": ("hips", (0, 0, 1.2), (0, 0, 1.45)),
    "neck": ("spine", (0, 0, 1.45), (0, 0, 1.55)),
    "head": ("neck", (0, 0, 1.55), (0, -0.03, 1.8)),
    "leftUpperArm": ("spine", (0.2, 0, 1.4), (0.5, 0, 1.4)),
    "rightUpperArm": ("spine", (-0.2, 0, 1.4), (-0.5, 0, 1.4)),
}


def pytest_sessionfinish(exitstatus: int) -> None:
    """Ends the process without Blender's own way out.

    The bpy module is not freed while anything still refers to it (a failed test's traceback is enough), and its sound
    device's thread then keeps the process from ending.
    """

    def leave() -> None:
        # Blender's own way out would have done so. Where it could make no folder of its own, it names everybody's.
        own = Path(bpy.app.tempdir)
        if own.name.startswith("blender_"):
            shutil.rmtree(own, ignore_errors=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(exitstatus))

    atexit.register(leave)


@pytest.fixture
def scene() -> Iterator[bpy.types.Scene]:
    """An empty file, thrown away after the test."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    yield bpy.context.scene
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def make_mesh(scene: bpy.types.Scene) -> Callable[..., bpy.types.Object]:
    """make_mesh(name, keys): a triangle whose shape key k lifts one corner by k + 1."""

    def make(name: str, keys: Sequence[str] = (), parent: bpy.types.Object | None = None) -> bpy.types.Object:
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 0, 1)], [], [(0, 1, 2)])
        obj = bpy.data.objects.new(name, mesh)
        scene.collection.objects.link(obj)
        if keys:
            obj.shape_key_add(name="Basis", from_mix=False)
            for number, key in enumerate(keys):
                block = obj.shape_key_add(name=key, from_mix=False)
                block.data[2].co.z += number + 1
                block.value = 0.0  # Blender 5 adds a shape key at 1
        if parent:
            obj.parent = parent
            obj.modifiers.new("Armature", "ARMATURE").object = parent
        return obj

    return make


@pytest.fixture
def make_armature(scene: bpy.types.Scene) -> Callable[..., bpy.types.Object]:
    """make_armature(name, bones, turn): bones {name: (parent, head, tail)}, turned about Z by `turn` radians."""

    def make(name: str = "Rig", bones: dict | None = None, turn: float = 0.0) -> bpy.types.Object:
        obj = bpy.data.objects.new(name, bpy.data.armatures.new(name))
        scene.collection.objects.link(obj)
        bpy.context.view_layer.objects.active = obj
        bpy.ops.object.mode_set(mode="EDIT")
        spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
        for bone_name, (parent, head, tail) in (bones or HUMANOID).items():
            bone = obj.data.edit_bones.new(bone_name)
            bone.head, bone.tail = spin @ np.array(head), spin @ np.array(tail)
            if parent:
                bone.parent = obj.data.edit_bones[parent]
        bpy.ops.object.mode_set(mode="OBJECT")
        return obj

    return make


@pytest.fixture
def make_clip() -> Callable[..., Clip]:
    """make_clip({channel: values}, fps): a Clip with every channel, the others at rest."""

    def make(curves: dict[str, Sequence[float] | np.ndarray], fps: float = 24.0, **provenance: object) -> Clip:
        frames = len(next(iter(curves.values())))
        values = np.zeros((frames, len(channels())), np.float32)
        for channel, samples in curves.items():
            values[:, channels().index(channel)] = samples
        return Clip(values, fps, channels(), dict(provenance))

    return make


@pytest.fixture
def addon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The add-on, registered; what it writes of its own goes to the test's folder."""
    import blender_addon
    from blender_addon import places

    monkeypatch.setattr(places, "user_folder", lambda: tmp_path)
    blender_addon.register()
    yield
    blender_addon.unregister()


@pytest.fixture
def fake_engine(addon: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """fake_engine(manner): the operators ask tests' own worker, which behaves as fake_worker.py says."""
    from blender_addon import client, preferences

    script = Path(__file__).with_name("fake_worker.py")

    def behave(manner: str) -> None:
        arguments = ("-I", str(script), manner)
        engine = lambda: client.worker(Path(sys.executable), arguments, tmp_path / "engine.log")  # noqa: E731
        monkeypatch.setattr(preferences, "engine", engine)

    return behave
