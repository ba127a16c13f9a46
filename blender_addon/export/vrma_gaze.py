"""The gaze of a VRM animation: one direction for both eyes, and what each eye does besides."""

import numpy as np

from ..clip import Clip
from ..rig.character import Character
from .expressions import LOOK, Gaze, custom_channels, preset_binds, presets
from .quaternions import about, product

SIDES = ("Left", "Right")


def eyes_part(character: Character) -> bool:
    """Whether the character's avatar can show each eye's own gaze: it looks by expressions, and has ARKit's for it."""
    by_bones = any(bone.motion in ("leftEye", "rightEye") and bone.turns for bone in character.bones)
    looks = all(preset_binds(character, presets()[name]) for name in LOOK)
    channels = {f"eyeLook{way}{side}" for way in ("In", "Out", "Up", "Down") for side in SIDES}
    return looks and not by_bones and channels <= custom_channels(character)


def gaze_turns(clip: Clip, reach: Gaze, *, parted: bool = False) -> np.ndarray:
    """Where both eyes look, as quaternions x, y, z, w in the head's space, float32 (frames, 4).

    The mean of both; parted: what they have in common, to which `besides` adds.
    """
    yaw, pitch = _directions(clip, reach, parted)
    return product(about(1, np.radians(yaw)), about(0, np.radians(pitch)))


def besides(clip: Clip, reach: Gaze) -> dict[str, np.ndarray]:
    """By eyeLook channel, float64 (frames,) within 0..1: what each eye does besides their common direction."""
    yaw, pitch = _directions(clip, reach, True)
    leftward, rightward = (np.maximum(sign * yaw, 0) / reach.horizontal for sign in (1, -1))
    up, down = np.maximum(-pitch, 0) / reach.up, np.maximum(pitch, 0) / reach.down
    shown = {"OutLeft": leftward, "InRight": leftward, "InLeft": rightward, "OutRight": rightward}
    shown |= {way + side: values for way, values in (("Up", up), ("Down", down)) for side in SIDES}
    return {f"eyeLook{name}": np.clip(_looking(clip, name) - values, 0.0, 1.0) for name, values in shown.items()}


def gaze_apart(clip: Clip, reach: Gaze) -> float:
    """How far an eye looks from the mean of both at most, in degrees."""
    left = _looking(clip, "OutLeft") - _looking(clip, "InLeft")
    right = _looking(clip, "InRight") - _looking(clip, "OutRight")
    heights = [reach.up * _looking(clip, f"Up{side}") - reach.down * _looking(clip, f"Down{side}") for side in SIDES]
    return float(max(reach.horizontal * np.abs(left - right).max(), np.abs(heights[0] - heights[1]).max()) / 2)


def _directions(clip: Clip, reach: Gaze, parted: bool) -> tuple[np.ndarray, np.ndarray]:
    """Degrees to the left and down, (frames,) each."""

    def both(one: str, other: str) -> np.ndarray:
        eyes = _looking(clip, one), _looking(clip, other)
        return np.minimum(*eyes) if parted else (eyes[0] + eyes[1]) / 2

    yaw = reach.horizontal * (both("OutLeft", "InRight") - both("InLeft", "OutRight"))
    return yaw, reach.down * both("DownLeft", "DownRight") - reach.up * both("UpLeft", "UpRight")


def _looking(clip: Clip, name: str) -> np.ndarray:
    return clip.column(f"eyeLook{name}").astype(float)
