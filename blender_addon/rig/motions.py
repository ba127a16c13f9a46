"""How the head's, the jaw's and the eyes' bones follow a performance, where no shape key makes the same motion."""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import degrees, radians, tan
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..clip import Clip
from .bones import MOTIONS, NOTED, motion_bone
from .corrections import Correction
from .schemes import HEAD_CHANNELS
from .vrm_addon import stated_gaze

TURNS = ("yaw", "pitch", "roll")
SLIDES = ("left", "up", "forward")
GAZE = NOTED + "gaze"
"""Custom property of an armature object: JSON of the degrees that a VRM avatar's eyes turn Out, In, Up and Down."""

EYES = ("leftEye", "rightEye")

_MOSTLY = 0.5
_AIMING = {"DAMPED_TRACK", "TRACK_TO", "LOCKED_TRACK"}
_TURNING = _AIMING | {"COPY_ROTATION", "COPY_TRANSFORMS", "IK", "ARMATURE", "ACTION"}

Gains = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class BoneTarget:
    """One bone and how it follows the performance.

    motion: one of bones.MOTIONS. turns: yaw towards the character's left, pitch upwards and roll towards its left
    shoulder, each to channel to radians at 1 (of the head: at 1 rad). slides: left, up and forward, each to channel to
    the distance in armature space at 1; eyes that aim at a bone follow it so. corrected: the artist changed it.
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
    flat: Callable[[str, str], bool] = lambda motion, bone: False,
) -> tuple[list[BoneTarget], list[IdleBone]]:
    """The bones of a character that follow a performance, and those that do not.

    corrections: by motion. A bone that the artist chose is driven whatever it is called and whatever shapes do.
    shown: of a motion and its bone, the channels that shape keys show by moving the same parts; None where nothing
    hangs on the bone. flat: of an eye and its bone, whether it is drawn flat.
    """
    driven: list[BoneTarget] = []
    idle: list[IdleBone] = []
    data: Any = armature.data
    for motion in MOTIONS:
        own = corrections.get(motion, Correction(motion))
        chosen = own.bone if own.bone in data.bones else ""
        found = chosen or motion_bone(armature, motion)
        if found is None:
            continue
        by_shapes = frozenset() if chosen or motion == "head" else shown(motion, found)
        aim = _aim(armature, found) if motion in EYES else None
        bone = aim or found
        told = _stated_gaze(armature) if motion in EYES else {}
        told = told or (_flat_gaze() if motion in EYES and by_shapes is not None and flat(motion, found) else {})
        turns, slides = _gains(armature, motion, bone, told)
        if aim:
            turns, slides = {}, _aiming(armature, found, bone, turns)
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
    return _shared(driven), idle


def _shared(driven: list[BoneTarget]) -> list[BoneTarget]:
    """Eyes that are steered by one bone steer it by halves."""
    eyes = [target for target in driven if target.motion in EYES]
    if len(eyes) < 2 or eyes[0].bone != eyes[1].bone:
        return driven
    both = [
        {way: {**_half(one.get(way, {})), **_half(two.get(way, {}))} for way in {*one, *two}}
        for one, two in ((eyes[0].turns, eyes[1].turns), (eyes[0].slides, eyes[1].slides))
    ]
    merged = replace(eyes[0], turns=both[0], slides=both[1], corrected=eyes[0].corrected or eyes[1].corrected)
    return [merged if target is eyes[0] else target for target in driven if target is not eyes[1]]


def _half(mix: Mapping[str, float]) -> dict[str, float]:
    return {channel: gain / 2 for channel, gain in mix.items()}


def _scaled(gains: Gains, factor: float, left_out: frozenset[str]) -> Gains:
    kept = {
        way: {name: factor * gain for name, gain in mix.items() if name not in left_out} for way, mix in gains.items()
    }
    return {way: mix for way, mix in kept.items() if mix}


def _aim(armature: bpy.types.Object, eye: str) -> str | None:
    """The bone that an eye, or the eye below its control, keeps looking at."""
    pose: Any = armature.pose
    for posed in (pose.bones[eye], *pose.bones[eye].children):
        for constraint in posed.constraints:
            if constraint.type in _AIMING and not constraint.mute and constraint.influence > _MOSTLY:
                target = constraint.subtarget if constraint.target == armature else ""
                if target in pose.bones and target != eye:
                    return target
    return None


def _held(armature: bpy.types.Object, bone: str) -> str:
    """What else turns the bone, so that curves of ours would not show; empty when nothing does."""
    pose: Any = armature.pose
    posed = pose.bones[bone]
    for constraint in posed.constraints:
        if constraint.type in _TURNING and not constraint.mute and constraint.influence > 0:
            return f"its constraint {constraint.name} turns it"
    start = f'pose.bones["{bpy.utils.escape_identifier(bone)}"].rotation'
    data = armature.animation_data
    if data and any(driver.data_path.startswith(start) and not driver.mute for driver in data.drivers):
        return "has a driver"
    return ""


def _gains(armature: bpy.types.Object, motion: str, bone: str, told: Mapping[str, Any]) -> tuple[Gains, Gains]:
    """How the bone turns and slides. told: degrees of an eye's ways, where something goes before a real eye's."""
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
    angles = _ways(_reach()["eye"])
    angles |= {way: radians(told[way]) for way in angles if isinstance(told.get(way), int | float)}
    return {
        "yaw": {f"eyeLookOut{side}": out * angles["Out"], f"eyeLookIn{side}": -out * angles["In"]},
        "pitch": {f"eyeLookUp{side}": angles["Up"], f"eyeLookDown{side}": -angles["Down"]},
    }, {}


def _ways(reach: Mapping[str, float]) -> dict[str, float]:
    return {"Out": reach["yaw"], "In": reach["yaw"], "Up": reach["up"], "Down": reach["down"]}


def _flat_gaze() -> dict[str, float]:
    """Degrees that eyes turn that are drawn flat."""
    return {way: degrees(angle) for way, angle in _ways(_reach()["flat_eye"]).items()}


def _aiming(armature: bpy.types.Object, eye: str, aim: str, turns: Gains) -> Gains:
    """How far the bone that an eye looks at moves, so that the eye turns as far as its own bone would."""
    data: Any = armature.data
    away = (data.bones[aim].head_local - data.bones[eye].head_local).length
    ways = {"left": turns["yaw"], "up": turns["pitch"]}
    return {way: {channel: away * tan(angle) for channel, angle in mix.items()} for way, mix in ways.items()}


def _jaw_forward(armature: bpy.types.Object, bone: str) -> float:
    data: Any = armature.data
    reach = _reach()["jaw"]
    eyes = [motion_bone(armature, motion) for motion in EYES]
    if eyes[0] and eyes[1]:
        apart = (data.bones[eyes[0]].head_local - data.bones[eyes[1]].head_local).length
        if apart > 0:
            return reach["forward"] * apart
    return reach["forward_of_bone"] * data.bones[bone].length


def _stated_gaze(armature: bpy.types.Object) -> dict[str, Any]:
    """What a VRM avatar says about its gaze, in the VRM Add-on or in its file; empty where it says nothing."""
    if kept := stated_gaze(armature):
        return kept
    text = armature.get(GAZE)
    try:
        told = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
