"""The performance behind curves that show only a part or the nearest of it, kept with them in the .blend.

From the few shapes of a sparse rig nobody can tell what was performed, and a .vrma or a recording is to hold that. It
counts for as long as the curves are as they were baked: edited curves are the artist's word.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import bpy
import numpy as np

from ..clip import Clip

KEPT: Final = "facemimic_performance"
"""Custom property of an Action: JSON {"curves", "paths", "channels", "rows", "data"}; data is Base64 of zlib of the
rows' scene frames, float64, then of the channels, int16 differences along time in steps of _STEP."""

_STEP: Final = 1e-4
_FARTHEST: Final = 32_767 * _STEP


class Kept(NamedTuple):
    """frames: float64 (rows,), of the scene, ascending. values: float32 (rows, channels). paths: of its curves."""

    frames: np.ndarray
    values: np.ndarray
    channels: tuple[str, ...]
    paths: tuple[str, ...]

    def at(self, frames: np.ndarray) -> dict[str, np.ndarray]:
        """Channel to float64 (frames,) at other frames of the scene."""
        columns = zip(self.channels, self.values.T, strict=True)
        return {name: np.interp(frames, self.frames, column.astype(float)) for name, column in columns}


def keep(action: bpy.types.Action, clip: Clip, frames: np.ndarray, paths: Iterable[str], before: Kept | None) -> None:
    """Keeps the clip with the curves that were just baked.

    frames: float64 (rows of the clip,), where they lie in the scene. paths: of the curves, below their owners. before:
    what was kept of the same Action before these curves were written; the clip takes the place of its own stretch.
    """
    names = list(dict.fromkeys([*(before.channels if before else ()), *clip.channels]))
    values = np.stack([clip.column(name) for name in names], 1)
    if before is not None:
        outside = (before.frames < frames[0]) | (before.frames > frames[-1])
        known = Clip(before.values[outside], clip.fps, before.channels)
        frames = np.concatenate([before.frames[outside], frames])
        values = np.concatenate([np.stack([known.column(name) for name in names], 1), values])
        order = np.argsort(frames, kind="stable")
        frames, values = frames[order], values[order]
    steps = np.rint(np.clip(values.astype(float), -_FARTHEST, _FARTHEST) / _STEP).astype("<i2")
    # Differences along time are mostly small, so that they pack well; int16 wraps there and back.
    packed = frames.astype("<f8").tobytes() + np.diff(steps, axis=0, prepend=np.int16(0)).T.tobytes()
    paths = sorted({*paths, *(before.paths if before else ())})
    about = {
        "curves": _digest(action, paths),
        "paths": paths,
        "channels": names,
        "rows": len(frames),
        "data": base64.b64encode(zlib.compress(packed, 9)).decode(),
    }
    action[KEPT] = json.dumps(about)


def kept(action: bpy.types.Action) -> Kept | None:
    """What is kept of an Action; None where nothing is, or where its curves were edited since."""
    text = action.get(KEPT)
    if not isinstance(text, str):
        return None
    try:
        about = json.loads(text)
        rows, channels = int(about["rows"]), tuple(map(str, about["channels"]))
        paths = tuple(map(str, about["paths"]))
        if rows < 1 or about["curves"] != _digest(action, paths):
            return None
        data = zlib.decompress(base64.b64decode(about["data"]))
        frames = np.frombuffer(data, "<f8", rows)
        steps = np.frombuffer(data, "<i2", offset=frames.nbytes).reshape(len(channels), rows)
    except (KeyError, TypeError, ValueError, zlib.error):
        return None
    values = (np.cumsum(steps, axis=1, dtype=np.int16).T * _STEP).astype(np.float32)
    return Kept(frames, values, channels, paths)


def forget(action: bpy.types.Action) -> None:
    """Takes away what is kept of an Action whose curves show all of their performance."""
    if KEPT in action:
        del action[KEPT]


def _digest(action: bpy.types.Action, paths: Iterable[str]) -> str:
    """Changes with any key of the curves at these paths, and not with those that the artist adds beside them."""
    ours = set(paths)
    told = hashlib.blake2b(digest_size=16)
    for curve in _curves(action):
        if curve.data_path in ours:
            points = curve.keyframe_points
            told.update(f"{curve.data_path} {curve.array_index} {len(points)} {len(curve.modifiers)}".encode())
            for name in ("co", "handle_left", "handle_right"):
                flat = np.empty(2 * len(points), np.float32)
                points.foreach_get(name, flat)
                told.update(flat.tobytes())
            told.update(" ".join(point.interpolation for point in points).encode())
    return told.hexdigest()


def _curves(action: Any) -> Iterator[bpy.types.FCurve]:
    for layer in action.layers:
        for strip in layer.strips:
            for bag in strip.channelbags:
                yield from bag.fcurves
