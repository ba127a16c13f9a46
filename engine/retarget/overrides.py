"""The override rules of VRM 1.0: an expression that moves the lids, the eyes or the mouth itself holds back theirs.

VRMC_vrm-1.0, expressions.md: `none` leaves them alone, `block` stops them while the expression is above 0, `blend`
leaves them 1 minus the expression's weight; several expressions add up.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from engine.avatars.words import normalised
from engine.channels import SHAPES
from engine.retarget.controls import Control

GROUPS: Final = ("blink", "lookAt", "mouth")
MODES: Final = ("none", "block", "blend")
BLOCKED_FROM: Final = 0.1
"""Weight from which `block` blocks wholly. An application blocks at any weight above 0, and its lids jump; a baked
performance closes the gap on the way there, since a solved weight is seldom exactly 0."""

_PRESETS: Final = {
    "blink": ("blink", "blinkleft", "blinkright"),
    "lookAt": ("lookup", "lookdown", "lookleft", "lookright"),
    "mouth": ("aa", "ih", "ou", "ee", "oh", "a", "i", "u", "e", "o"),
}
_CHANNELS: Final = {"blink": "eyeBlink", "lookAt": "eyeLook"}


def group_of(control: Control) -> str:
    """What the rules call a control: "blink", "lookAt", "mouth", or "" for one that they leave alone."""
    name = normalised(control.expression or control.name)
    for group, presets in _PRESETS.items():
        if name in presets:
            return group
    if control.table == "visemes":
        return "mouth"
    for group, prefix in _CHANNELS.items():
        shown = [channel for channel, gain in zip(SHAPES, control.look, strict=True) if gain > 0]
        if shown and all(channel.startswith(prefix) for channel in shown):
            return group
    return ""


def factors(overriding: Sequence[tuple[Mapping[str, str], np.ndarray]]) -> dict[str, np.ndarray]:
    """float64 (frames,) by group, 0..1: what the expressions leave of it.

    overriding: the overrides of each expression, and its weight, (frames,).
    """
    left = {}
    for group in GROUPS:
        taken = np.zeros(len(overriding[0][1]) if overriding else 0)
        for overrides, weight in overriding:
            mode = overrides.get(group, "none")
            if mode == "block":
                taken = taken + np.clip(weight / BLOCKED_FROM, 0, 1)
            elif mode == "blend":
                taken = taken + weight
        left[group] = np.clip(1.0 - taken, 0, 1)
    return left
