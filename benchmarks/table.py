"""Prints one table of what FaceMimic's steps cost, medians of several runs, as ratios to Blender's own keyframe_insert.

Absolute seconds depend on the machine; the ratios are taken in the same run.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

import blender_addon
from benchmarks import rigs
from blender_addon import preferences
from blender_addon.bake.write import bake
from blender_addon.client import stop
from blender_addon.clip import Clip
from blender_addon.export.glb import export_glb
from blender_addon.rig.character import Character, find_character
from engine.channels import CHANNELS, SHAPES

FRAMES = 1000
HEAD = Path(__file__).parents[1] / "sample_rigs" / "head.blend"


def timed(work: Callable[[], object], runs: int) -> float:
    """Median seconds of `runs` calls."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def performance() -> Clip:
    """52 channels × 1000 frames that never rest: slow swells with a fast closure now and then, as in a take."""
    rng = np.random.default_rng(0)
    time_ = np.arange(FRAMES)[:, None] / 60
    swell = 0.35 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.1, 1.2, len(SHAPES)) * time_ + rng.uniform(0, 6, len(SHAPES)))
    closure = np.exp(-(((time_ - rng.uniform(0, FRAMES / 60, (8, 1, 1))) / 0.06) ** 2)).sum(axis=0)
    values = np.zeros((FRAMES, len(CHANNELS)), np.float32)
    values[:, : len(SHAPES)] = np.clip(swell + 0.4 * closure, 0, 1)
    return Clip(values, 60.0, CHANNELS, {})


def insert_keys(character: Character, clip: Clip) -> None:
    """What an artist's own script would do: keyframe_insert on every shape key and frame."""
    for obj, name, values in character.key_curves(clip):
        block = obj.data.shape_keys.key_blocks[name]
        for frame, value in enumerate(values):
            block.value = value
            block.keyframe_insert("value", frame=frame + 1)


def main() -> None:
    rows: list[tuple[str, float, float | None]] = []

    def cycle() -> None:
        blender_addon.register()
        blender_addon.unregister()

    rows.append(("registering and unregistering the add-on", timed(cycle, 5), 0.1))
    blender_addon.register()

    def start() -> None:
        stop()
        worker = preferences.engine()
        worker.wait(worker.ask("hello"))

    rows.append(("start of the worker, until it answers", timed(start, 3), None))
    worker = preferences.engine()
    request = {"beats": [{"emotion": "happy", "duration": 4.0}], "fps": 60.0, "seed": 1}
    ask = lambda: worker.wait(worker.ask("generate", {"request": request, "device": "cpu"}))  # noqa: E731
    rows.append(("first generate of 4 s, with the loading of torch and weights", timed(ask, 1), None))
    rows.append(("warm generate of 4 s", timed(ask, 7), 0.3))
    stop()

    bpy.ops.wm.open_mainfile(filepath=str(HEAD))
    mesh = next(obj for obj in bpy.data.objects if obj.type == "MESH" and obj.data.shape_keys)
    character, clip = find_character(mesh), performance()
    place = {"frame": 1.0, "fps": 60.0}
    rows.append(
        (
            "bake 52 × 1000, every frame",
            timed(lambda: bake(character, clip, tolerance=None, name="B", **place), 5),
            0.03,
        )
    )
    rows.append(
        (
            "bake 52 × 1000, keys reduced",
            timed(lambda: bake(character, clip, tolerance=0.01, name="B", **place), 5),
            0.5,
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "take.glb"
        rows.append(("export of that take as .glb", timed(lambda: export_glb(character, path), 3), None))
    bpy.ops.wm.open_mainfile(filepath=str(HEAD))
    mesh = next(obj for obj in bpy.data.objects if obj.type == "MESH" and obj.data.shape_keys)
    yardstick = timed(lambda: insert_keys(find_character(mesh), clip), 1)
    rows.append(("keyframe_insert of the same 52 × 1000 (yardstick)", yardstick, None))
    rows += rigs.rows()
    blender_addon.unregister()

    print(f"\nBlender {bpy.app.version_string}, Python {sys.version.split()[0]}")
    print(f"{'step':<62}{'seconds':>9}{'budget':>9}{'of yardstick':>14}")
    for name, seconds, budget in rows:
        print(f"{name:<62}{seconds:>9.3f}{budget if budget else '':>9}{seconds / yardstick:>13.1%}")


if __name__ == "__main__":
    main()
