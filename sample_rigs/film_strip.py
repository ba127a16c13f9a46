"""A performance as a strip of pictures: one rendered frame after another, in one PNG."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import bpy

from sample_rigs import studio


def film_strip(
    objects: Sequence[bpy.types.Object],
    frames: Sequence[float],
    path: str | Path,
    *,
    columns: int = 5,
    size: int = 256,
    samples: int = 16,
    yaw: float = 12.0,
) -> Path:
    """Renders the head of a character at each scene frame, labelled with its time since the first.

    objects: its meshes and armature. size: pixels of one picture. yaw: degrees the camera walks to the character's
    left. The camera stays where the first frame puts it, so that the head's own motion shows.
    """
    scene = bpy.context.scene
    fps = scene.render.fps / scene.render.fps_base
    studio.set_up(scene, size, samples)
    scene.frame_set(int(frames[0]))
    studio.frame_head(objects, yaw, margin=0.95)
    labels = [f"{(frame - frames[0]) / fps:.2f} s" for frame in frames]
    with tempfile.TemporaryDirectory() as folder:
        pictures = []
        for frame in frames:
            scene.frame_set(int(frame), subframe=frame % 1)
            pictures.append(studio.render_png(scene, Path(folder) / f"{len(pictures):03}.png"))
        return studio.sheet(pictures, labels, columns, path)
