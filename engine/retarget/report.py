"""Sentences about what a sparse rig shows by what, and what it does not show."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.avatars.words import words
from engine.channels import SHAPES
from engine.retarget.controls import Control
from engine.retarget.seen import metric

_MOVES: Final = 0.1
"""Peak from which a channel counts as part of the performance."""
_HELPS: Final = 0.12
"""Part of a channel that a shape must show of it, on the frames where it is strong, to be named."""
_NAMED: Final = 3
_GOES_ASIDE: Final = ("jaw", "mouth")
"""Whose Left and Right are where the whole part goes, and no halves of it."""


def sentences(
    values: np.ndarray, controls: Sequence[Control], amounts: np.ndarray, fine: np.ndarray
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What shows the channels that have no shape of their own; and which are lost.

    values: (frames, 52). amounts: (frames, controls). fine: bool (52,), the channels with a shape of their own.
    """
    shown: dict[str, list[str]] = {}
    lost: list[str] = []
    seen = metric()
    for channel in np.flatnonzero(~fine):
        curve = values[:, channel]
        if curve.max(initial=0.0) < _MOVES:
            continue
        strong = curve >= 0.7 * curve.max()
        alike = np.array([control.look @ seen[channel] for control in controls]) / seen[channel, channel]
        helps = alike * amounts[strong].mean(axis=0) / curve[strong].mean()
        best = [place for place in np.argsort(-helps, kind="stable")[:_NAMED] if helps[place] >= _HELPS]
        name = SHAPES[channel]
        if best:
            shown[name] = [controls[place].name for place in best]
        else:
            lost.append(name)
    told = [f"{name} by {_listed(shapes)}" for name, shapes in _without_sides(shown).items()]
    missed = ", ".join(_without_sides({name: [] for name in lost}))
    return (
        (f"Shown by the nearest shapes: {'; '.join(told)}.",) if told else (),
        (f"Not shown, for no shape comes near: {missed}.",) if lost else (),
    )


def _without_sides(shown: dict[str, list[str]]) -> dict[str, list[str]]:
    """Left and right as one where both are shown by the same shapes or by those of their own sides."""
    result: dict[str, list[str]] = {}
    for name, shapes in shown.items():
        stem = name.removesuffix("Left").removesuffix("Right")
        left, right = (shown.get(stem + side) for side in ("Left", "Right"))
        halves = stem not in (name, *_GOES_ASIDE)
        if halves and left is not None and right is not None and _plain(left) == _plain(right):
            result.setdefault(stem, list(dict.fromkeys(left + right)))
        else:
            result[name] = shapes
    return result


def _plain(shapes: Sequence[str]) -> list[list[str]]:
    return sorted([word for word in words(shape) if word not in ("left", "right")] for shape in shapes)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
