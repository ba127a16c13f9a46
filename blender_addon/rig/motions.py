"""How the head's, the jaw's and the eyes' bones follow a performance, where no shape key makes the same motion."""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import radians
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..clip import Clip
from .bones import MOTIONS, NOTED, motion_bone
from .corrections import Correction
from .schemes import HEAD_CHANNELS

TURNS = ("yaw", "pitch", "roll")
SLIDES = ("left", "up", "forward")
GAZE = NOTED + "gaze"
"""Custom property of an armature object: JSON of the degrees that a VRM avatar's eyes turn out, in, up and down."""

_TURNING = {"DAMPED_TRACK", "TRACK_TO", "LOCKED_TRACK", "COPY_ROTATION", "COPY_TRANSFORMS", "IK", "ARMATURE", "ACTION"}

Gains = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class BoneTarget:
    """One bone and how it follows the performance.

    motion: one of bones.MOTIONS. turns: yaw towards the character's left, pitch upwards and roll towards its left
    shoulder, each to channel to radians at 1 (of the head: at 1 rad). slides: left, up and forward, each to channel to
    the distance in armature space at 1. corrected: the artist changed it.
    """

    armature: bpy.types.Object
    bone: str
    motion: str
    turns: Gains
    slides: Gains
    corrected: bool = False

    @property
    def channels(self) -> frozenset[str]:
        """The channels that move the bone."""
        return frozenset(name for gains in (*self.turns.values(), *self.slides.values()) for name in gains)

    def angles(self, clip: Clip) -> np.ndarray:
        """float64 (frames, 3): yaw, pitch and roll in radians."""
        return _summed(self.turns, TURNS, clip)

    def shifts(self, clip: Clip) -> np.ndarray:
        """float64 (frames, 3): how far the bone moves to the character's left, up and forward, in armature space."""
        return _summed(self.slides, SLIDES, clip)


@dataclass(frozen=True)
class IdleBone:
    """A bone that was found and is not driven, and why."""

    armature: bpy.types.Object
    bone: str
    motion: str
    reason: str


def _summed(gains: Gains, ways: tuple[str, ...], clip: Clip) -> np.ndarray:
    moved = np.zeros((len(clip.values), 3))
    for column, way in enumerate(ways):
        for channel, gain in gains.get(way, {}).items():
            moved[:, column] += gain * clip.column(channel)
    return moved


@lru_cache(maxsize=1)
def _reach() -> dict[str, dict[str, float]]:
    return tomllib.loads((Path(__file__).parent / "motions.toml").read_text(encoding="utf-8"))


def motion_channels(motion: str) -> tuple[str, ...]:
    """The channels that one of MOTIONS shows."""
    if motion == "head":
        return HEAD_CHANNELS
    if motion == "jaw":
        return "jawOpen", "jawLeft", "jawRight", "jawForward"
    side = "Left" if motion == "leftEye" else "Right"
    return tuple(f"eyeLook{way}{side}" for way in ("In", "Out", "Up", "Down"))


def bone_targets(
    armature: bpy.types.Object,
    corrections: Mapping[str, Correction],
    shown: Callable[[str, str], frozenset[str] | None],
) -> tuple[list[BoneTarget], list[IdleBone]]:
    """The bones of a character that follow a performance, and those that do not.

    corrections: by motion. A bone that the artist chose is driven whatever it is called and whatever shapes do.
    shown: of a motion and its bone, the channels that shape keys show by moving the same parts; None where nothing
    hangs on the bone.
    """
    driven: list[BoneTarget] = []
    idle: list[IdleBone] = []
    data: Any = armature.data
    for motion in MOTIONS:
        own = corrections.get(motion, Correction(motion))
        chosen = own.bone if own.bone in data.bones else ""
        bone = chosen or motion_bone(armature, motion)
        if bone is None:
            continue
        by_shapes = frozenset() if chosen or motion == "head" else shown(motion, bone)
        turns, slides = _gains(armature, motion, bone)
        kept = [_scaled(gains, own.gain, by_shapes or frozenset()) for gains in (turns, slides)]
        reason = "turned off" if own.off or own.gain == 0 else _held(armature, bone)
        if not reason and by_shapes is None:
            reason = "nothing hangs on it"
        if not reason and not any(kept):
            reason = "shape keys show this motion"
        if reason:
            idle.append(IdleBone(armature, bone, motion, reason))
        else:
            driven.append(BoneTarget(armature, bone, motion, *kept, corrected=own.changes))
    return driven, idle


def _scaled(gains: Gains, factor: float, left_out: frozenset[str]) -> Gains:
    kept = {
        way: {name: factor * gain for name, gain in mix.items() if name not in left_out} for way, mix in gains.items()
    }
    return {way: mix for way, mix in kept.items() if mix}


def _held(armature: bpy.types.Object, bone: str) -> str:
    """What else turns the bone, so that curves of ours would not show; empty when nothing does."""
    pose: Any = armature.pose
    posed = pose.bones[bone]
    for constraint in posed.constraints:
        if constraint.type in _TURNING and not constraint.mute and constraint.influence > 0:
            return f"its constraint {constraint.name} turns it"
    start = f'pose.bones["{bpy.utils.escape_identifier(bone)}"].rotation'
    data = armature.animation_data
    if data and any(driver.data_path.startswith(start) for driver in data.drivers):
        return "has a driver"
    return ""


def _gains(armature: bpy.types.Object, motion: str, bone: str) -> tuple[Gains, Gains]:
    if motion == "head":
        return {turn: {channel: 1.0} for turn, channel in zip(TURNS, HEAD_CHANNELS, strict=True)}, {}
    if motion == "jaw":
        reach = _reach()["jaw"]
        turns = {
            "yaw": {"jawLeft": reach["aside"], "jawRight": -reach["aside"]},
            "pitch": {"jawOpen": -reach["open"]},
        }
        data: Any = armature.data
        if data.bones[bone].use_connect:
            # Blender keeps a connected bone at its parent's tail.
            return turns, {}
        return turns, {"forward": {"jawForward": _jaw_forward(armature, bone)}}
    side, out = ("Left", 1.0) if motion == "leftEye" else ("Right", -1.0)
    degrees = _stated_gaze(armature)
    reach = _reach()["eye"]
    angles = {"Out": reach["yaw"], "In": reach["yaw"], "Up": reach["up"], "Down": reach["down"]}
    angles |= {way: radians(angle) for way, angle in degrees.items()}
    return {
        "yaw": {f"eyeLookOut{side}": out * angles["Out"], f"eyeLookIn{side}": -out * angles["In"]},
        "pitch": {f"eyeLookUp{side}": angles["Up"], f"eyeLookDown{side}": -angles["Down"]},
    }, {}


def _jaw_forward(armature: bpy.types.Object, bone: str) -> float:
    data: Any = armature.data
    reach = _reach()["jaw"]
    eyes = [motion_bone(armature, motion) for motion in ("leftEye", "rightEye")]
    if eyes[0] and eyes[1]:
        apart = (data.bones[eyes[0]].head_local - data.bones[eyes[1]].head_local).length
        if apart > 0:
            return reach["forward"] * apart
    return reach["forward_of_bone"] * data.bones[bone].length


def _stated_gaze(armature: bpy.types.Object) -> dict[str, float]:
    """Degrees that a VRM avatar says its eyes turn; empty where it says nothing."""
    text = armature.get(GAZE)
    try:
        told = json.loads(text) if isinstance(text, str) else {}
        return {way: float(told[way]) for way in ("Out", "In", "Up", "Down") if way in told}
    except (ValueError, TypeError):
        return {}
