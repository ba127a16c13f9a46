"""Prints what adding a take to an avatar's file costs: `python -m benchmarks.avatars [AVATAR]`. Medians of warm runs.

Without an avatar it makes one of 20 MB: 52 named shapes on a mesh of 24 000 vertices and three meshes that share them.
"""

import json
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.avatars.add_take import add_take, append
from engine.avatars.glb import Glb
from engine.channels import CHANNELS, SHAPES
from engine.clip import Clip

BUDGET = 0.5
SIZE = 20_000_000
MESHES = 4
RUNS = 9


def timed(work: Callable[[], object]) -> float:
    """Median seconds after one run to warm up."""
    work()
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def performance(seconds: float, fps: float = 60.0) -> Clip:
    """All channels moving all the time, as in no take: swells with a fast closure now and then."""
    rng = np.random.default_rng(0)
    at = np.arange(round(seconds * fps))[:, None] / fps
    count = len(CHANNELS)
    swell = 0.35 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.1, 1.2, count) * at + rng.uniform(0, 6, count))
    closure = sum(np.exp(-(((at - when) / 0.06) ** 2)) for when in rng.uniform(0, seconds, round(seconds / 2)))
    return Clip(np.clip(swell + 0.4 * closure, 0, 1), fps, CHANNELS, {})


def made_avatar(path: Path) -> None:
    """Writes an avatar of SIZE bytes whose shapes lie in one float array each."""
    rows = SIZE // (12 * (len(SHAPES) + 1))
    arrays = np.random.default_rng(0).normal(0, 0.01, (len(SHAPES) + 1, rows, 3)).astype("<f4")
    views = [{"buffer": 0, "byteOffset": 12 * rows * i, "byteLength": 12 * rows} for i in range(len(arrays))]
    accessors = [
        {"bufferView": i, "componentType": 5126, "count": rows, "type": "VEC3",
         "min": array.min(0).tolist(), "max": array.max(0).tolist()}
        for i, array in enumerate(arrays)
    ]  # fmt: skip
    mesh = {
        "primitives": [
            {"attributes": {"POSITION": 0}, "targets": [{"POSITION": i + 1} for i in range(len(SHAPES))]},
        ],
        "extras": {"targetNames": list(SHAPES)},
    }
    document = {
        "asset": {"version": "2.0"},
        "nodes": [{"name": "head"}, *({"mesh": i} for i in range(MESHES))],
        "skins": [{"joints": [0]}],
        "meshes": [mesh] * MESHES,
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": arrays.nbytes}],
    }
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    with path.open("wb") as file:
        file.write(struct.pack("<IIIII", 0x46546C67, 2, 28 + len(text) + arrays.nbytes, len(text), 0x4E4F534A) + text)
        file.write(struct.pack("<II", arrays.nbytes, 0x004E4942) + arrays.tobytes())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / "new.glb"
        avatar = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "avatar.glb"
        if len(sys.argv) < 2:
            made_avatar(avatar)
        print(f"\n{avatar.name}, {avatar.stat().st_size / 1e6:.1f} MB")
        print(f"{'':<58}{'seconds':>9}{'budget':>9}{'added kB':>10}")
        for seconds in (4.0, 10.0, 60.0):
            clip = performance(seconds)
            taken = timed(lambda clip=clip: add_take(avatar, clip, new, "Take"))
            grown = (new.stat().st_size - avatar.stat().st_size) / 1e3
            print(f"{f'adding a take of {seconds:g} s at 60 a second':<58}{taken:>9.3f}{BUDGET:>9}{grown:>10.0f}")
        reading = timed(lambda: Glb.read(avatar))
        appending = timed(lambda: append(Glb.read(avatar), clip, "Take")) - reading
        data = avatar.read_bytes()
        copying = timed(lambda: new.write_bytes(data))
        print(f"{'of the last: reading the file':<58}{reading:>9.3f}")
        print(f"{'of the last: names, curves and keys':<58}{appending:>9.3f}")
        print(f"{'writing as many bytes (yardstick)':<58}{copying:>9.3f}")


if __name__ == "__main__":
    main()
