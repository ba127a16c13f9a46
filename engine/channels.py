"""The 55 channels of a performance: names, order, mirror and regions.

The first 52 are ARKit's face-tracking blend shapes (Apple, ARFaceAnchor.BlendShapeLocation), each 0..1.
The last three are the head's rotation in radians: yaw positive towards the character's left, pitch positive
upwards, roll positive towards the character's left shoulder. No other room may rely on the order.
"""

from typing import Final

import numpy as np

SHAPES: Final[tuple[str, ...]] = (
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeLookDownLeft",
    "eyeLookDownRight",
    "eyeLookInLeft",
    "eyeLookInRight",
    "eyeLookOutLeft",
    "eyeLookOutRight",
    "eyeLookUpLeft",
    "eyeLookUpRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthFunnel",
    "mouthLeft",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "noseSneerLeft",
    "noseSneerRight",
    "tongueOut",
)
HEAD: Final[tuple[str, ...]] = ("headYaw", "headPitch", "headRoll")
CHANNELS: Final[tuple[str, ...]] = SHAPES + HEAD
INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(CHANNELS)}

HEAD_LIMIT: Final = 1.2
"""Largest head rotation in a Clip, radians (about 69 degrees, beyond a neck's comfortable range)."""

LOWEST: Final = np.array([0.0] * len(SHAPES) + [-HEAD_LIMIT] * len(HEAD), np.float32)
HIGHEST: Final = np.array([1.0] * len(SHAPES) + [HEAD_LIMIT] * len(HEAD), np.float32)

_REGION_PREFIXES: Final = {
    "brows": ("brow",),
    "lids": ("eyeBlink", "eyeSquint", "eyeWide"),
    "gaze": ("eyeLook",),
    "nose": ("noseSneer",),
    "cheeks": ("cheek",),
    "mouth": ("mouth", "tongue"),
    "jaw": ("jaw",),
    "head": ("head",),
}
REGIONS: Final[dict[str, tuple[int, ...]]] = {
    region: tuple(i for i, name in enumerate(CHANNELS) if name.startswith(prefixes))
    for region, prefixes in _REGION_PREFIXES.items()
}


def mirrored_name(name: str) -> str:
    """The channel that shows what `name` shows, seen in a mirror: eyeBlinkLeft for eyeBlinkRight."""
    if name.endswith("Left"):
        return name[:-4] + "Right"
    if name.endswith("Right"):
        return name[:-5] + "Left"
    return name


MIRROR_ORDER: Final = np.array([INDEX[mirrored_name(name)] for name in CHANNELS])
MIRROR_SIGN: Final = np.array([-1.0 if name in ("headYaw", "headRoll") else 1.0 for name in CHANNELS], np.float32)


def mirror(values: np.ndarray) -> np.ndarray:
    """The same performance seen in a mirror; values (..., 55)."""
    return values[..., MIRROR_ORDER] * MIRROR_SIGN


def spread(gains: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """A pose's left and right halves, float32 (55,) each, from gains by channel name.

    A name without Left or Right stands for both sides; channels that have no sides are shared half and half.
    """
    left, right = np.zeros(len(CHANNELS), np.float32), np.zeros(len(CHANNELS), np.float32)
    for name, gain in gains.items():
        if name not in INDEX:
            left[INDEX[name + "Left"]] += gain
            right[INDEX[name + "Right"]] += gain
        elif name.endswith("Left"):
            left[INDEX[name]] += gain
        elif name.endswith("Right"):
            right[INDEX[name]] += gain
        else:
            left[INDEX[name]] += gain / 2
            right[INDEX[name]] += gain / 2
    return left, right
