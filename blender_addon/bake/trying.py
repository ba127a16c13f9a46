"""Shows for a moment what one line of the mapping moves, and puts everything back."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import bpy
import numpy as np

from ..clip import Clip
from ..rig.bones import facing
from ..rig.character import Target
from ..rig.lines import SHAPE, Line
from ..rig.motions import BoneTarget
from ..rig.schemes import HEAD_CHANNELS, channels
from .bones import bone_curves

SWELL = 1.0
"""Seconds from rest to full strength and back."""
_LONGEST = 0.25
"""Seconds that one step goes on at most: where a view takes long to draw, the shape is seen all the same."""
_HEAD = 0.35
"""Radians that a head turns to be seen."""


class Trial:
    """The trial of one line, from its first step to its stop. line: a shape key's or a bone's."""

    def __init__(self, line: Line, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._at = 0.0
        self._line = line
        self._swells = _swells(line)
        self._before: list[tuple[Any, str, Any]] = []
        self._remember()

    def step(self) -> bool:
        """Shows the line as it is at this time, and says whether there is more to show."""
        now = self._clock()
        self._at += min(now - self._last, _LONGEST) / SWELL
        self._last = now
        if self._at >= len(self._swells):
            return False
        self.show(self._swells[int(self._at)], math.sin(math.pi * (self._at % 1.0)))
        return True

    def show(self, moved: frozenset[str], strength: float) -> None:
        """Shows these channels at a strength of 0..1."""
        clip = _still(moved, strength)
        try:
            for block, target in self._shapes():
                block.value = float(target.value(clip)[0]) if target else strength
            if isinstance(self._line.target, BoneTarget):
                armature: Any = self._line.target.armature
                posed = armature.pose.bones[self._line.target.bone]
                for curves in bone_curves(self._line.target, facing(armature), clip):
                    setattr(posed, curves.path.rpartition(".")[2], curves.values[0])
        except (ReferenceError, KeyError):
            # The artist removed it meanwhile; there is nothing left to show.
            return

    def stop(self) -> None:
        """Puts back what was there."""
        for owner, name, value in self._before:
            try:
                setattr(owner, name, value)
            except ReferenceError:
                continue
        self._before = []

    def _remember(self) -> None:
        self._before = [(block, "value", block.value) for block, _ in self._shapes()]
        target = self._line.target
        if isinstance(target, BoneTarget):
            armature: Any = target.armature
            posed = armature.pose.bones[target.bone]
            for name in ("rotation_quaternion", "rotation_euler", "rotation_axis_angle", "location"):
                self._before.append((posed, name, tuple(getattr(posed, name))))

    def _shapes(self) -> list[tuple[Any, Target | None]]:
        """The shape keys of the line; a line that follows nothing shows its shape all the same."""
        if self._line.kind != SHAPE:
            return []
        target = self._line.target if isinstance(self._line.target, Target) else None
        found = []
        for name in self._line.objects:
            obj: Any = bpy.data.objects.get(name)
            keys = obj.data.shape_keys if obj else None
            block = keys.key_blocks.get(self._line.name) if keys else None
            if block is not None:
                found.append((block, replace(target, mesh=obj) if target else None))
        return found


def _swells(line: Line) -> list[frozenset[str]]:
    """What is shown one after the other: a shape key at once, a bone's motions each on their own."""
    if isinstance(line.target, BoneTarget):
        return [frozenset({channel}) for channel in channels() if channel in line.target.channels]
    rising = frozenset(channel for channel, gain in line.follows.items() if gain > 0)
    return [rising or frozenset(line.follows)]


def _still(moved: frozenset[str], strength: float) -> Clip:
    values = np.zeros((1, len(channels())), np.float32)
    for place, channel in enumerate(channels()):
        if channel in moved:
            values[0, place] = strength * (_HEAD if channel in HEAD_CHANNELS else 1.0)
    return Clip(values, 24.0, channels(), {})
