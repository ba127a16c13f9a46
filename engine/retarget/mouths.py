"""What shapes make of a mouth, seen on the mesh: how wide it becomes, how open, and how its corners turn.

A vowel's name promises a mouth that its artist may have drawn otherwise: an "i" as a flat slit, a "u" as a smile.
"""

import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from scipy.optimize import nnls
from scipy.spatial import KDTree

from engine.channels import INDEX, SHAPES
from engine.retarget.seen import both_sides

MOUTH: Final = tuple(i for i, name in enumerate(SHAPES) if name.startswith(("mouth", "jaw", "tongue", "cheekPuff")))

_TELLING: Final = ("jawOpen", "mouthSmile", "mouthFrown", "mouthStretch", "mouthPucker", "mouthFunnel", "mouthClose")
_WIDTH, _OPENING = 0, 1
_ALONE: Final = 0.9
"""Part of a look that lies in the mouth, from which the shape moves no lids, which part as lips do."""
_NEAR: Final = 0.08
"""How near lips lie at rest, in distances between the eyes: about 5 mm of 63 mm."""
_ENOUGH: Final = 6000
"""Vertices that tell where lips are; of denser meshes only every so many are asked."""
_TORN: Final = 0.35
"""Share of the widest parting of neighbours from which they count as lips."""
_STILL: Final = 1e-3
"""Share of the largest motion below which a vertex rests."""
_SLIT: Final = 0.25
"""Share of a mouth's largest motion by which its lips must part, for the mesh to have a mouth that opens at all."""
_CORNER, _MIDDLE = 0.8, 0.5
"""Where the mouth's corners begin and its middle ends, from 0 at the centre to 1 at its end."""


class _Lips(NamedTuple):
    """Vertices (n,) of both lips; aside (n,): -1 to 1 along the mouth; upper bool (n,)."""

    vertices: np.ndarray
    aside: np.ndarray
    upper: np.ndarray
    width: float


def see_mouths(
    looks: dict[str, np.ndarray],
    doubted: Collection[str],
    points: np.ndarray,
    moved: Mapping[str, np.ndarray],
    across: np.ndarray,
    up: np.ndarray,
    eyes_apart: float,
) -> None:
    """Fits the mouths' looks to how wide, open and upturned the mesh shows them, near to what the names say.

    looks: float64 (52,) by shape's name, of which the doubted ones are changed in place. points (V, 3), moved (V, 3) by
    shape's name; across, up: unit vectors; eyes_apart in the units of the points. A mesh without lips that part keeps
    what its names say.
    """
    named = [name for name in looks if name in moved and name in doubted and looks[name][list(MOUTH)].any()]
    alone = [name for name in named if _share(looks[name]) > _ALONE]
    lips = _lips(points, [moved[name] for name in alone], across, up, _NEAR * eyes_apart)
    if lips is None:
        return
    effects, within, unsure = _effects()
    seen = np.array([_mouth(lips, moved[name], across, up) for name in named])
    told = np.array([effects @ looks[name] for name in named])
    for part in (_WIDTH, _OPENING):
        largest = seen[:, part].max()
        if not (largest > 0 and told[:, part].max() > 0):
            return
        seen[:, part] *= told[:, part].max() / largest
    # What a mouth shows without a name for it: dimples and presses are too small to be told by three numbers.
    telling = np.isin(np.arange(len(SHAPES)), [INDEX[one] for stem in _TELLING for one in both_sides(stem)])
    for name, wanted in zip(named, seen, strict=True):
        # A mouth that grows wider is no pucker, whatever its name says.
        looks[name][(effects[_WIDTH] < 0) & (wanted[_WIDTH] > within[_WIDTH])] = 0.0
        free = np.flatnonzero((telling | (looks[name] > 0)) & np.isin(np.arange(len(SHAPES)), MOUTH))
        unsure_of = np.where(looks[name][free] > 0, unsure["named"], unsure["unnamed"])
        matrix = np.vstack([effects[:, free] / within[:, None], np.diag(1 / unsure_of)])
        target = np.concatenate([wanted / within, looks[name][free] / unsure_of])
        looks[name][free] = np.minimum(nnls(matrix, target)[0], 1.0)


def _lips(
    points: np.ndarray, mouths: list[np.ndarray], across: np.ndarray, up: np.ndarray, near: float
) -> _Lips | None:
    """The vertices that a mouth's opening tears from neighbours; skin only stretches. None where nothing is torn."""
    if not mouths:
        return None
    rises = np.array([delta @ up for delta in mouths])
    size = np.abs(rises).max(axis=0)
    around = np.flatnonzero(size > _STILL * size.max(initial=0.0))
    around = around[:: len(around) // _ENOUGH + 1]
    pairs = KDTree(points[around]).query_pairs(near, output_type="ndarray") if len(around) else np.zeros((0, 2), int)
    if not len(pairs):
        return None
    rises = rises[:, around]
    lowest, highest = rises.copy(), rises.copy()
    for one, other in (pairs.T, pairs.T[::-1]):
        for rise, low, high in zip(rises, lowest, highest, strict=True):
            np.minimum.at(low, one, rise[other])
            np.maximum.at(high, one, rise[other])
    each = np.arange(len(around))
    widest = (highest - lowest).argmax(axis=0)
    parted = (highest - lowest)[widest, each]
    if not parted.max() > _SLIT * size.max():
        return None
    torn = parted > _TORN * parted.max()
    upper = rises[widest, each] > (highest + lowest)[widest, each] / 2
    aside = points[around[torn]] @ across
    aside = aside - (aside.min() + aside.max()) / 2
    reach = float(np.abs(aside).max())
    if not reach > 0:
        return None
    return _Lips(around[torn], aside / reach, upper[torn], 2 * reach)


def _share(look: np.ndarray) -> float:
    """The part of a look that lies in the mouth."""
    size = np.abs(look)
    return float(size[list(MOUTH)].sum() / size.sum())


def _mouth(lips: _Lips, delta: np.ndarray, across: np.ndarray, up: np.ndarray) -> tuple[float, float, float]:
    """How much wider and more open the mouth becomes, and its corners rise above its middle, in resting widths."""
    moved = delta[lips.vertices]
    corner, middle = np.abs(lips.aside) > _CORNER, np.abs(lips.aside) < _MIDDLE
    rise = moved @ up
    wider = 2 * _mean((np.sign(lips.aside) * (moved @ across))[corner])
    upper, lower = (_mean(rise[middle & side]) for side in (lips.upper, ~lips.upper))
    curve = _mean(rise[corner]) - (upper + lower) / 2
    return wider / lips.width, max(upper - lower, 0.0) / lips.width, curve / lips.width


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0


@cache
def _effects() -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """What the channels do to the mouth's width, opening and curve; how unsure each is; how unsure names are.

    The first is (3, 52), the second (3,).
    """
    data: dict[str, Any] = tomllib.loads(Path(__file__).with_name("mouths.toml").read_text("utf-8"))
    kinds = ("width", "opening", "curve")
    effects = np.zeros((len(kinds), len(SHAPES)))
    for row, kind in enumerate(kinds):
        for name, effect in data[kind].items():
            effects[row, [INDEX[channel] for channel in both_sides(name)]] = effect / len(both_sides(name))
    return effects, np.array([data["seen"][kind] for kind in kinds]), data["unsure"]
