"""A performance on a rig that lacks some of its channels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.avatars.resolve import Part
from engine.channels import HEAD, INDEX, SHAPES
from engine.clip import Clip
from engine.retarget.controls import Control, Mesh, beside, controls_of, fine_channels
from engine.retarget.overrides import GROUPS, factors, group_of
from engine.retarget.reading import bearing, readable
from engine.retarget.report import sentences
from engine.retarget.seen import metric
from engine.retarget.solve import solve

_APART: Final = {"visemes": 0.2, "expressions": 0.2}
"""How much shapes of one table exclude one another, as parts of their own weight: a mouth is one vowel, not three."""
_BESIDE: Final = 0.5
"""What the other parts of the face count of an emotion's look, beside the part that tells it."""
_IGNORED, _STEEP = 0.3, 2.0
"""Share of the strongest alternative up to which another is dropped in the second fit, and how fast it may come in."""
_FAINT: Final = 0.03
"""Amount below which no alternative counts as the strongest, since the least of changes would make it another."""
_TRACE, _MEANT = 0.15, 0.5
"""Amounts up to which an emotion is a trace that only fills a gap, and from which it is meant."""
_CROWDED: Final = 1.0
"""How far the vowels' sum may pass 1 until they share one mouth wholly."""
_DECIDED: Final = 3
"""Power of what a vowel shows that its share goes by: the more, the less a weaker one gets."""
_TURNS: Final = 0.02
"""Radians from which a turn of the head is told of."""


@dataclass(frozen=True)
class Retargeted:
    """The performance on a rig. weights: by mesh, shape to float32 (frames,) within 0..1; settled shapes are left out.

    looks: the same to float64 (52,), what the shape shows at 1. head: float32 (frames, 3), radians of yaw, pitch and
    roll that the head adds to its own; it stays where the performance keeps it still. notes: sentences about what is
    shown by what. lost: about what is not shown.
    """

    weights: tuple[dict[str, np.ndarray], ...]
    looks: tuple[dict[str, np.ndarray], ...]
    head: np.ndarray
    notes: tuple[str, ...]
    lost: tuple[str, ...]


def missing_channels(meshes: Sequence[Mesh], shown: Iterable[str] = ()) -> list[str]:
    """The shape channels that no shape of the rig shows by itself; without any, there is nothing to approximate."""
    fine = fine_channels(controls_of(meshes, shown))
    return [name for name, one in zip(SHAPES, fine, strict=True) if not one]


def retarget(clip: Clip, meshes: Sequence[Mesh], shown: Iterable[str] = ()) -> Retargeted:
    """The nearest performance that the rig can show.

    shown: channels that something else shows, such as a jaw bone. Of a rig that has every channel nothing is answered:
    its shapes follow the performance directly.
    """
    controls = controls_of(meshes, shown)
    fine = fine_channels(controls)
    if fine.all():
        nothing: tuple[dict[str, np.ndarray], ...] = tuple({} for _ in meshes)
        return Retargeted(nothing, nothing, np.zeros((len(clip.values), len(HEAD)), np.float32), (), ())
    values, turning = np.split(clip.limited().values.astype(float), [len(SHAPES)], axis=1)
    head = bearing(values, controls) if turning.any() else np.zeros_like(turning, np.float32)
    amounts = _amounts(values, readable(values, controls), controls)
    found: list[dict[str, np.ndarray]] = [{} for _ in meshes]
    looks: list[dict[str, np.ndarray]] = [{} for _ in meshes]
    for control, amount in zip(controls, amounts.T, strict=True):
        for (mesh, key), weight in control.binds.items():
            found[mesh][key] = found[mesh].get(key, 0.0) + np.float32(weight) * amount
            looks[mesh][key] = np.clip(looks[mesh].get(key, 0.0) + weight * control.look, -1, 1)
    weights = tuple({key: np.clip(one, 0, 1).astype(np.float32) for key, one in own.items()} for own in found)
    notes, lost = sentences(values, controls, amounts, fine)
    if np.abs(head).max(initial=0.0) > _TURNS:
        notes = (*notes, "The head bows for a frown that nothing on the face shows.")
    return Retargeted(weights, tuple(looks), head, notes, lost)


def _amounts(values: np.ndarray, wanted: np.ndarray, controls: Sequence[Control]) -> np.ndarray:
    """float32 (frames, controls), with the avatar's override rules applied; values and wanted are (frames, 52)."""
    both = np.array([_read_as(control) for control in controls]).reshape(len(controls), len(SHAPES))
    looks, against = np.maximum(both, 0), np.maximum(-both, 0)
    lower, upper = np.zeros((2, len(values), len(controls)))
    upper += 1.0
    for place, control in enumerate(controls):
        if control.table == "given":
            lower[:, place] = upper[:, place] = given(values, control.parts)
    apart = _apart(controls)
    amounts = solve(wanted, looks, lower, upper, metric(), apart, against)
    limited = _one_of_each(amounts, controls, lower, upper)
    overriding = [place for place, control in enumerate(controls) if control.overrides]
    if overriding:
        # The overriding expressions stand; what they leave to blinks, gaze and vowels is fitted again around them.
        for place in overriding:
            lower[:, place] = upper[:, place] = np.clip(amounts[:, place], 0, 1)
        left = factors([(controls[place].overrides, amounts[:, place]) for place in overriding])
        for place, control in enumerate(controls):
            group = group_of(control)
            if group in GROUPS and place not in overriding:
                upper[:, place] = np.minimum(upper[:, place], left[group])
                lower[:, place] = np.minimum(lower[:, place], upper[:, place])
    if limited or overriding:
        amounts = solve(wanted, looks, lower, upper, metric(), apart, against)
    return _one_mouth(amounts, controls, wanted, looks)


def _read_as(control: Control) -> np.ndarray:
    """float64 (52,): the look as it is read; an emotion is asked for by what tells it, and the rest comes along."""
    if control.table != "expressions":
        return control.look
    return np.where(beside(control.look), _BESIDE * control.look, control.look)


def _one_mouth(amounts: np.ndarray, controls: Sequence[Control], wanted: np.ndarray, looks: np.ndarray) -> np.ndarray:
    """The amounts with the vowels sharing one mouth: each is a whole mouth, and two at once are none.

    The one that shows most of the performance keeps nearly all of the mouth, and takes it over without a jump. Small
    mouths may add up, as long as they show no more together than the largest does.
    """
    places = [place for place, control in enumerate(controls) if control.table == "visemes"]
    if len(places) < 2:
        return amounts
    vowels, mouths = amounts[:, places].astype(float), looks[places]
    sizes = np.maximum(_visible(mouths), 1e-9)
    total = vowels.sum(axis=1, keepdims=True)
    crowded = np.clip((total - 1) / _CROWDED, 0, 1)
    shown = np.maximum(wanted @ metric() @ mouths.T, 0) / sizes
    shares = vowels * (shown / np.maximum(shown.max(axis=1, keepdims=True), 1e-9)) ** _DECIDED
    shares = np.divide(shares, shares.sum(axis=1, keepdims=True), out=np.zeros_like(shares), where=crowded > 0)
    room = sizes.max() / np.maximum(_visible(shares @ mouths), 1e-9)
    shares *= np.clip(room[:, None], 1, np.maximum(total, 1))
    amounts = amounts.copy()
    amounts[:, places] = np.clip((1 - crowded) * vowels + crowded * shares, 0, 1)
    return amounts


def _visible(faces: np.ndarray) -> np.ndarray:
    """float64 (n,): how far faces (n, 52) are from rest, to an onlooker."""
    return np.sqrt(np.sum((faces @ metric()) * faces, axis=1))


def _one_of_each(amounts: np.ndarray, controls: Sequence[Control], lower: np.ndarray, upper: np.ndarray) -> bool:
    """Lowers the upper bounds of the weaker alternatives, the weaker the more; says whether there are any."""
    any_there = False
    for table in _APART:
        places = [place for place, control in enumerate(controls) if control.table == table]
        strongest = amounts[:, places].max(axis=1, initial=0.0)
        if not strongest.any():
            continue
        any_there = True
        for place in places:
            share = amounts[:, place] / (strongest + _FAINT)
            part = _STEEP * (share - _IGNORED)
            # Near the strongest it is free, to take its place in time.
            free = np.clip((part - 1) / (_STEEP * (1 - _IGNORED) - 1), 0, 1)
            reach = strongest * np.clip(part, 0, 1) + (1 - strongest) * free
            if table == "expressions":
                meant = np.clip((amounts[:, place] - _TRACE) / (_MEANT - _TRACE), 0, 1)
                reach = np.minimum(reach, meant * (amounts[:, place] + meant**2 * (1 - amounts[:, place])))
            upper[:, place] = np.clip(reach, lower[:, place], upper[:, place])
    return any_there


def given(values: np.ndarray, parts: Sequence[Part]) -> np.ndarray:
    """float64 (frames,) within 0..1: a settled shape's value. values: (frames, 52)."""
    total = np.zeros(len(values))
    for weight, mix in parts:
        moved = sum(
            (gain * values[:, INDEX[name]] for name, gain in mix.items() if name in SHAPES), np.zeros(len(values))
        )
        total += weight * np.clip(moved, 0, 1)
    return np.clip(total, 0, 1)


def _apart(controls: Sequence[Control]) -> np.ndarray:
    tables = np.array([control.table for control in controls])
    apart = np.zeros((len(controls), len(controls)))
    for table, much in _APART.items():
        apart += much * np.outer(tables == table, tables == table)
    np.fill_diagonal(apart, 0.0)
    return apart
