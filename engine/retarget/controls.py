"""What can be moved on a rig, and what the face shows then.

A control is one movement that can be chosen freely: a shape, the shapes of several meshes that share a name, or an
avatar's expression. Its look is what it shows at 1, in channels. Names tell the looks (schemes/*.toml in the add-on's
rig room), the mesh corrects them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import lsq_linear

from engine.avatars.recognise import looks
from engine.avatars.resolve import Part, resolve
from engine.avatars.schemes import FINE, Look
from engine.channels import INDEX, SHAPES, spread
from engine.retarget.mesh import BROWS, GAZE, LIDS, MOUTH, Moved, seen_looks
from engine.retarget.seen import metric, weights

TELLS: Final = 0.25
"""A look's gain from which a shape is said to show a channel."""
_NEW: Final = 0.3
"""Part of an emotion's look, as the eye sees it, that other shapes must leave open, for the emotion to be used."""
_SAME: Final = 0.95
"""Cosine, as the eye sees it, from which one of two emotions is a fainter version of the other."""
_REGIONS: Final = (MOUTH, LIDS, GAZE, BROWS)


class Expression(NamedTuple):
    """What an avatar states: shape to weight, 0..1; overrides: "blink", "lookAt" or "mouth" to "block" or "blend"."""

    name: str
    binds: Mapping[str, float]
    overrides: Mapping[str, str] = {}


@dataclass(frozen=True)
class Mesh:
    """One mesh of a rig.

    keys: its shapes. locked: those that must not move. given: those that follow the performance in a way that is
    settled already, by name their parts; see resolve.Part. moved: what the shapes move, where it is known.
    """

    keys: Sequence[str]
    expressions: Sequence[Expression] = ()
    locked: frozenset[str] = frozenset()
    given: Mapping[str, Sequence[Part]] = field(default_factory=dict)
    moved: Moved | None = None


@dataclass(frozen=True)
class Control:
    """One movement. look: float64 (52,). binds: (mesh's number, shape) to the weight of the shape when this is at 1.

    sure: the part of the look that is more than an emotion's name; its shapes may show less than it promises.

    table: "fine" for one movement, "given" for one that is settled by its parts, else as schemes.Look has it.
    expression: the avatar's expression that it is, or empty. pure: it shows no more than the channels it answers to.
    """

    name: str
    look: np.ndarray
    binds: Mapping[tuple[int, str], float]
    table: str
    parts: Sequence[Part] = ()
    expression: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict)
    pure: bool = False
    sure: np.ndarray | None = None


def controls_of(meshes: Sequence[Mesh], shown: Iterable[str] = ()) -> list[Control]:
    """The controls of a rig, fine ones first; the same for the same rig, in whatever order its shapes are named.

    shown: the channels that something else shows already, such as a bone.
    """
    fine: dict[tuple, Control] = {}
    coarse: list[Control] = []
    stated: dict[str, list[Control]] = {}
    everything = [key for mesh in meshes for key in mesh.keys]
    for number, mesh in enumerate(meshes):
        _read(number, mesh, everything, fine, coarse, stated)
    own = [control.look for control in fine.values() if control.table == "fine"]
    for channel in sorted(set(shown) & set(SHAPES)):
        # A shape that is about the same, as lids are about a gaze that bones make, follows beside the bone.
        if not any(look[INDEX[channel]] >= max(TELLS, look.max()) for look in own):
            only = [(1.0, {channel: 1.0})]
            fine["bone", channel] = Control(channel, pose({channel: 1.0}), {}, "given", only, pure=True)
    merged = _merged(coarse)
    for parts in stated.values():
        merged += _merged(parts)
    return _useful(sorted(fine.values(), key=_order), merged)


def pose(gains: Mapping[str, float]) -> np.ndarray:
    """float64 (52,) from gains by channel; a name without Left or Right stands for both."""
    left, right = spread(dict(gains))
    return (left + right)[: len(SHAPES)].astype(float)


def fine_channels(controls: Iterable[Control]) -> np.ndarray:
    """bool (52,): the channels that a control of their own shows."""
    shown = np.zeros(len(SHAPES), bool)
    for control in controls:
        if control.table in ("fine", "given"):
            shown |= control.look >= TELLS
    return shown


def _read(
    number: int,
    mesh: Mesh,
    company: Sequence[str],
    fine: dict[tuple, Control],
    coarse: list[Control],
    stated: dict[str, list[Control]],
) -> None:
    """Adds a mesh's fine controls, its coarse shapes, and by name the coarse expressions that move it.

    company: the names on all meshes, where a scheme that needs several may find them.
    """
    free = sorted(set(mesh.keys) - mesh.locked - set(mesh.given))
    told = {one.name: {key: w for key, w in one.binds.items() if key in free and w > 0} for one in mesh.expressions}
    told = {name: binds for name, binds in told.items() if binds}
    parts = resolve(free, told, coarsest=np.nextafter(FINE, 0), company=company).parts
    names = _first(looks(free, company))
    known = {key: pose(look.gains) for key, look in names.items()}
    for key in parts:
        known[key] = _part_look(key, parts[key], names)
    if mesh.moved is not None:
        known = seen_looks(mesh.moved, known, [key for key in known if key not in parts])
    for key, own in mesh.given.items():
        look = np.clip(sum((w * _mix_look(mix) for w, mix in own), np.zeros(len(SHAPES))), -1, 1)
        fine["given", number, key] = Control(key, look, {}, "given", list(own), pure=_pure(own))
    for key in sorted(parts):
        for weight, mix in parts[key]:
            look = known[key] if len(parts[key]) == 1 else _mix_look(mix)
            same = ("fine", *sorted(mix.items()), look.tobytes())
            binds = fine[same].binds if same in fine else {}
            name, pure = fine[same].name if binds else key, _pure(parts[key])
            fine[same] = Control(name, look, {**binds, (number, key): weight}, "fine", pure=pure)
    for key in sorted(set(known) - set(parts)):
        table = names[key].table if key in names else "shapes"
        coarse.append(Control(key, known[key], {(number, key): 1.0}, table))
    spoken = _first(looks(told))
    for one in sorted(mesh.expressions, key=lambda one: one.name):
        look = spoken.get(one.name)
        if look is not None and not _is_one_shape(told[one.name], known):
            shape, sure = _expression_look(pose(look.gains), told[one.name], known)
            binds = {(number, key): weight for key, weight in told[one.name].items()}
            stated.setdefault(one.name, []).append(
                Control(one.name, shape, binds, look.table, (), one.name, one.overrides, sure=sure)
            )


def _first(found: Iterable[tuple[str, Look]]) -> dict[str, Look]:
    """By name, the reading that comes first."""
    result: dict[str, Look] = {}
    for name, look in found:
        result.setdefault(name, look)
    return result


def _part_look(key: str, parts: Sequence[Part], names: Mapping[str, Look]) -> np.ndarray:
    if len(parts) == 1 and key in names:
        return pose(names[key].gains)
    return np.clip(sum((weight * _mix_look(mix) for weight, mix in parts), np.zeros(len(SHAPES))), -1, 1)


def _mix_look(mix: Mapping[str, float]) -> np.ndarray:
    """What a shape that answers to this mix shows."""
    most = max((gain for channel, gain in mix.items() if channel in SHAPES), default=0.0)
    if most <= 0:
        return np.zeros(len(SHAPES))
    return pose({channel: gain / most for channel, gain in mix.items() if gain > 0 and channel in SHAPES})


def _pure(parts: Sequence[Part]) -> bool:
    return all(gain > 0 for _, mix in parts for gain in mix.values())


def _is_one_shape(binds: Mapping[str, float], known: Mapping[str, np.ndarray]) -> bool:
    """Whether the expression is a shape of its own, which is then moved by its own name."""
    return len(binds) == 1 and next(iter(binds)) in known


def _expression_look(
    named: np.ndarray, binds: Mapping[str, float], known: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """What an expression shows: where its shapes are known, what they show, and elsewhere what its name says.

    Where its shapes show the region that tells the feeling, nothing is taken on trust. The second is what is not.
    """
    if not any(key in known for key in binds):
        return named, named
    own = np.clip(sum((w * known[key] for key, w in binds.items() if key in known), np.zeros(len(SHAPES))), 0, 1)
    telling = telling_region(named)
    if own[list(telling)].max() >= _NEW / 2:
        return own, own
    look = named.copy()
    for region in _REGIONS:
        if own[list(region)].any():
            # What speaks against the feeling does so whatever its shapes show.
            look[list(region)] = np.where(own > 0, own, np.minimum(named, 0))[list(region)]
    return look, own


def telling_region(look: np.ndarray) -> tuple[int, ...]:
    """The channels of the part of the face, mouth, lids, gaze or brows, that the look (52,) is read by first."""
    return max(_REGIONS, key=lambda region: float((look * weights())[list(region)].max()))


def beside(look: np.ndarray) -> np.ndarray:
    """bool (52,): the channels of the other parts."""
    telling = telling_region(look)
    others = [channel for region in _REGIONS if region != telling for channel in region]
    return np.isin(np.arange(len(SHAPES)), others)


def _merged(controls: Iterable[Control]) -> list[Control]:
    """Controls of one name on several meshes as one; their looks are what the most telling of them says."""
    found: dict[str, Control] = {}
    for control in controls:
        other = found.get(control.name)
        if other is None:
            found[control.name] = control
            continue
        look = max((other.look, control.look), key=lambda look: float((look * weights()).sum()))
        sure = None
        if other.sure is not None and control.sure is not None:
            sure = np.maximum(other.sure, control.sure)
        binds = {**other.binds, **control.binds}
        found[control.name] = replace(other, look=look, binds=binds, sure=sure)
    return list(found.values())


def _order(control: Control) -> tuple:
    return control.table, control.name, sorted(control.binds)


def _strongest_first(control: Control) -> tuple:
    return -round(float((control.look * weights()).sum()), 6), *_order(control)


def _useful(fine: list[Control], coarse: list[Control]) -> list[Control]:
    """The fine controls, and the coarse that show another channel.

    Of the coarse, a shape must be about that channel above all: eyes that close in a smile are no second blink. An
    emotion stays where other shapes together cannot show it, nor a stronger one show the same.
    """
    shown = fine_channels(fine)
    root = np.linalg.cholesky(metric()).T
    parts = [control for control in sorted(coarse, key=_order) if control.table != "expressions"]
    kept = [*fine, *(one for one in parts if one.look.max() >= TELLS and not shown[(one.look * weights()).argmax()])]
    basis = np.array([np.maximum(one.look, 0) for one in kept if one.table != "given" and one.look.any()])
    emotions: list[Control] = []
    told: list[np.ndarray] = []
    for control in sorted(coarse, key=_strongest_first):
        if control.table == "expressions" and (control.look >= TELLS)[~shown].any():
            seen = root @ np.maximum(control.look, 0)
            if any(seen @ other > _SAME * np.linalg.norm(seen) * np.linalg.norm(other) for other in told):
                continue
            rest = seen - root @ basis.T @ lsq_linear(root @ basis.T, seen, (0, 1)).x if len(basis) else seen
            if np.linalg.norm(rest) > _NEW * np.linalg.norm(seen):
                emotions.append(control)
                told.append(seen)
    return [*kept, *emotions]
