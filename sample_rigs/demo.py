"""The main job from end to end: three beats, performed, baked, exported and photographed (`make demo`)."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np

import blender_addon
from blender_addon import client, preferences
from blender_addon.bake.write import bake
from blender_addon.clip import save_npz
from blender_addon.export.glb import export_glb
from blender_addon.export.vrm import export_vrm
from blender_addon.export.vrm_meta import VrmMeta
from blender_addon.export.vrma import export_vrma
from blender_addon.messages import AddonError
from blender_addon.operators.asking import answered_clip
from blender_addon.rig.character import find_character
from sample_rigs.curves_plot import plot_curves
from sample_rigs.film_strip import film_strip

HEAD = Path(__file__).with_name("head.blend")
FPS = 30
BEATS = (
    {"emotion": "surprised", "intensity": 0.9, "start": 0.3, "onset": 0.35, "hold": 0.6, "offset": 0.6},
    {"emotion": "happy", "intensity": 0.9, "start": 1.3, "onset": 0.6, "hold": 1.4, "offset": 1.1},
    {"emotion": "calm", "intensity": 0.5, "start": 4.4, "onset": 0.3, "hold": 1.0, "offset": 0.3},
)
DURATION = 6.0
LICENCE = VrmMeta(
    name="FaceMimic sample character",
    authors=("The FaceMimic authors",),
    avatar_permission="everyone",
    commercial_usage="corporation",
    credit_notation="unnecessary",
    allow_redistribution=True,
    modification="allowModificationRedistribution",
)
"""The nearest that VRM's fields come to CC0."""
SEED = 3


def main() -> int:
    parser = argparse.ArgumentParser(description="Performs three beats on the sample character and exports them.")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for what is made")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    blender_addon.register()
    try:
        perform(out)
    except AddonError as error:
        print(f"The demo stopped: {error}", file=sys.stderr)
        return 1
    finally:
        blender_addon.unregister()
    return 0


def perform(out: Path) -> None:
    """Makes everything in `out`; raises AddonError when a step cannot be done."""
    with step("opening the sample character"):
        bpy.ops.wm.open_mainfile(filepath=str(HEAD))
        scene = bpy.context.scene
        scene.render.fps, scene.render.fps_base = FPS, 1.0
        scene.frame_start, scene.frame_end = 1, round(DURATION * FPS)
        armature = next(obj for obj in scene.objects if obj.type == "ARMATURE")
        character = find_character(armature)
    with step("starting the engine and performing"):
        worker = preferences.engine()
        request = {"beats": list(BEATS), "duration": DURATION, "fps": FPS, "seed": SEED}
        clip = answered_clip(worker.wait(worker.ask("generate", {"request": request, "device": "auto"})))
        save_npz(clip, out / "take.npz")
    with step("performing again, warm"):
        worker.wait(worker.ask("generate", {"request": request, "device": "auto"}))
        client.stop()
    with step("baking editable curves"):
        action = bake(character, clip, frame=1.0, fps=FPS, name="Surprised, happy, calm")
    keys = sum(len(curve.keyframe_points) for curve in curves_of(action))
    with step("plotting the strongest curves"):
        spans = [(beat["emotion"], beat["start"], beat["start"] + length(beat)) for beat in BEATS]
        plot_curves(clip, out / "curves.png", beats=spans)
    with step("saving the .blend"):
        bpy.context.preferences.filepaths.save_version = 0
        bpy.ops.wm.save_as_mainfile(filepath=str((out / "performance.blend").resolve()), compress=True)
    with step("exporting .glb, .vrm and .vrma"):
        export_glb(character, out / "performance.glb")
        export_vrm(character, out / "character.vrm", LICENCE)
        export_vrma(character, out / "performance.vrma")
    with step("rendering the film strip"):
        frames = np.linspace(1, DURATION * FPS, 10).round().tolist()
        film_strip([*character.meshes, *others(character), armature], frames, out / "film_strip.png")
    print(
        f"\n{character.name}: {len(character.matched)} channels matched, {len(clip.values)} frames,"
        f" {keys} keys where every frame would have taken {len(character.targets) * len(clip.values)}."
    )
    print(f"\nIn {out}:")
    for path in sorted(out.iterdir()):
        print(f"  {path.name:<20}{path.stat().st_size / 1024:>9.0f} kB   {MADE.get(path.name, '')}")
    print(f"\nOpen {out / 'film_strip.png'} first, then {out / 'performance.blend'} in Blender and press Space.")


MADE = {
    "film_strip.png": "the performance, frame by frame",
    "curves.png": "its strongest curves",
    "performance.blend": "the character with its curves, to edit in Blender",
    "performance.glb": "the animated head for engines and the web",
    "character.vrm": "the avatar, VRM 1.0",
    "performance.vrma": "the performance alone, for VRM avatars with ARKit's expressions",
    "take.npz": "the Clip: python -m engine convert turns it into Live Link Face .csv",
}


def length(beat: dict[str, float]) -> float:
    return beat["onset"] + beat["hold"] + beat["offset"]


def others(character) -> list[bpy.types.Object]:
    """The character's meshes without shape keys, such as hair, which belong in the picture."""
    return [
        obj
        for obj in bpy.context.scene.objects
        if obj.type == "MESH" and obj not in character.meshes and obj.find_armature() == character.armature
    ]


def curves_of(action: bpy.types.Action) -> Iterator[bpy.types.FCurve]:
    for layer in action.layers:
        for strip in layer.strips:
            for bag in strip.channelbags:
                yield from bag.fcurves


@contextmanager
def step(name: str) -> Iterator[None]:
    """Says what is done and how long it took."""
    began = time.perf_counter()
    yield
    print(f"{time.perf_counter() - began:6.1f} s  {name}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
