"""One performance on every sample character, a row each, the moments side by side.

`python -m sample_rigs.same_performance [--with AVATAR ...] [--out FOLDER]` writes same_performance.png. AVATAR is any
.blend, .glb or .vrm with a face; pictures of it belong to whoever made it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import bpy
from PIL import Image

import blender_addon
from blender_addon import client, preferences
from blender_addon.bake.write import bake
from blender_addon.clip import Clip
from blender_addon.messages import AddonError
from blender_addon.operators.asking import answered_clip
from blender_addon.rig import solve
from blender_addon.rig.character import Character

from . import studio
from .opening import opened
from .toon import character as drawn
from .toon import stage

HERE = Path(__file__).parent
CHARACTERS = ("head", "aki", "pip")
FPS = 30
BEATS = (
    {"emotion": "happy", "intensity": 1.0, "start": 0.4, "onset": 0.4, "hold": 1.0, "offset": 0.4},
    {"emotion": "surprised", "intensity": 1.0, "start": 2.2, "onset": 0.3, "hold": 0.8, "offset": 0.4},
    {"emotion": "sad", "intensity": 1.0, "start": 3.8, "onset": 0.6, "hold": 1.0, "offset": 0.5},
    {"emotion": "angry", "intensity": 1.0, "start": 6.0, "onset": 0.4, "hold": 1.0, "offset": 0.5},
)
MOMENTS = {"at rest": 0.1, "happy": 1.4, "between": 2.25, "surprised": 2.9, "sad": 4.9, "turning": 6.15, "angry": 6.9}
"""Seconds of the performance that are shown."""
DURATION, SEED = 8.0, 5
TILE, SAMPLES = 200, 12


def main() -> int:
    parser = argparse.ArgumentParser(description="Shows one performance on every sample character.")
    parser.add_argument("--with", dest="others", nargs="*", type=Path, default=[], help="more avatars, a row each")
    parser.add_argument("--out", type=Path, default=Path("out/same_performance"), help="folder for the page")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    blender_addon.register()
    try:
        clip = performance()
        rows = [*(HERE / f"{name}.blend" for name in CHARACTERS), *options.others]
        print(page(rows, clip, options.out / "same_performance.png"))
    except AddonError as error:
        print(f"The page was not made: {error}", file=sys.stderr)
        return 1
    finally:
        client.stop()
        blender_addon.unregister()
    return 0


def performance() -> Clip:
    """The four beats, as the engine performs them."""
    worker = preferences.engine()
    request = {"beats": list(BEATS), "duration": DURATION, "fps": FPS, "seed": SEED}
    return answered_clip(worker.wait(worker.ask("generate", {"request": request, "device": "auto"})))


def page(files: Sequence[Path], clip: Clip, path: Path) -> Path:
    """One row of pictures for each file, under the moments' names."""
    with tempfile.TemporaryDirectory() as folder:
        pictures: list[Image.Image] = []
        for file in files:
            character = opened(file, FPS)
            bake(*fitted(character, clip), frame=1.0, fps=FPS, name="The same performance")
            pictures += moments(file.stem, character, Path(folder))
        labels = [f"{name}  {seconds:.1f} s" for name, seconds in MOMENTS.items()] * len(files)
        return studio.sheet(pictures, labels, len(MOMENTS), path)


def fitted(character: Character, clip: Clip) -> tuple[Character, Clip]:
    """The character with curves for the shapes that it has, where some channels have none of their own; the clip."""
    if not solve.is_sparse(character):
        return character, clip
    asked = solve.question(character, clip)
    worker = preferences.engine()
    answer = worker.wait(worker.ask(solve.OPERATION, asked.fields, asked.arrays))
    curves = solve.fitted(character, asked, answer.header, answer.arrays.get("weights"))
    return curves, solve.posed(clip, answer.arrays.get("head"))


def moments(name: str, character: Character, folder: Path) -> list[Image.Image]:
    """The character at every moment; drawn ones on their own stage."""
    scene = bpy.context.scene
    objects = [obj for obj in scene.objects if obj.type in ("MESH", "ARMATURE")]
    if (HERE / name / "look.py").exists():
        look = import_module(f".{name}.look", __package__)
        stage.set_up(scene, TILE, SAMPLES)
        drawn.portrait(look.GROUND, look.SIZE, look.CLOSE, yaw=12.0)
    else:
        studio.set_up(scene, TILE, SAMPLES)
        studio.frame_head(objects, yaw=12.0, margin=0.95)
    pictures = []
    for n, seconds in enumerate(MOMENTS.values()):
        scene.frame_set(1 + round(seconds * FPS))
        with Image.open(studio.render_png(scene, folder / f"{name} {n}.png")) as picture:
            pictures.append(picture.convert("RGB"))
    return pictures


if __name__ == "__main__":
    sys.exit(main())
