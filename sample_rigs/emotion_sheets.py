"""A film strip for every emotion, at three intensities and three seeds: the animator's own test of the model.

`python -m sample_rigs.emotion_sheets [--head FILE] [--out FOLDER] [EMOTION …]`; FILE is a .blend, .glb or .vrm.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import bpy

from blender_addon.bake.write import bake
from blender_addon.clip import Clip
from blender_addon.rig.character import Character
from engine.emotions import emotions
from engine.loading import load_generator
from engine.request import Beat, Request
from sample_rigs import studio
from sample_rigs.opening import opened

HEAD = Path(__file__).with_name("head.blend")
INTENSITIES = (0.3, 0.6, 1.0)
SEEDS = (1, 2, 3)
BEAT = {"start": 0.3, "onset": 0.55, "hold": 0.9, "offset": 0.8}
SHOWN = (0.5, 0.85, 1.6, 2.2, 2.6)
"""Seconds of a performance that are rendered: rising, just up, held, falling, nearly gone."""
DURATION = 2.8
FPS = 60.0


def performances(name: str) -> dict[tuple[float, int], Clip]:
    """By intensity and seed."""
    generator = load_generator("cpu")
    clips = {}
    for intensity in INTENSITIES:
        for seed in SEEDS:
            request = Request((Beat({name: 1.0}, intensity, **BEAT),), duration=DURATION, seed=seed, fps=FPS)
            clip = generator.generate(request)
            clips[intensity, seed] = Clip(clip.values, clip.fps, clip.channels, clip.provenance)
    return clips


def sheet(character: Character, name: str, path: Path, size: int, samples: int) -> Path:
    """Three intensities, three seeds each, one strip a row. The camera stays where the first picture puts it."""
    scene = bpy.context.scene
    studio.set_up(scene, size, samples)
    objects = [o for o in scene.objects if o.type in ("MESH", "ARMATURE")]
    pictures, labels = [], []
    with tempfile.TemporaryDirectory() as folder:
        for (intensity, seed), clip in performances(name).items():
            action = bake(character, clip, frame=0.0, fps=FPS, name="Sheet")
            if not pictures:
                scene.frame_set(0)
                studio.frame_head(objects, yaw=12.0, margin=0.9)
            for second in SHOWN:
                scene.frame_set(round(second * FPS))
                pictures.append(studio.render_png(scene, Path(folder) / f"{len(pictures):03}.png"))
                labels.append(f"{intensity:g}, seed {seed}, {second - BEAT['start']:.2f} s")
            bpy.data.actions.remove(action)
        return studio.sheet(pictures, labels, len(SHOWN) * len(SEEDS), path)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A film strip for every emotion.")
    parser.add_argument("--head", type=Path, default=HEAD)
    parser.add_argument("--out", type=Path, default=Path("out/emotions"))
    parser.add_argument("--size", type=int, default=112)
    parser.add_argument("--samples", type=int, default=6)
    parser.add_argument("emotions", nargs="*", default=list(emotions()))
    asked = parser.parse_args(arguments)
    character = opened(asked.head, FPS)
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in asked.emotions:
        print(sheet(character, name, asked.out / f"{asked.head.stem} {name}.png", asked.size, asked.samples))


if __name__ == "__main__":
    main()
