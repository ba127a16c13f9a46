"""The expressions of a character's own avatar, and a take as their weights, so that it shows what was baked."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import bpy
import numpy as np

from ..rig import vrm_addon
from ..rig.character import Character
from .blender_data import key_blocks, shape_keys
from .curves import curves, sampled
from .expressions import (
    LOOK,
    Bind,
    channel_binds,
    custom_binds,
    fitted_weights,
    performs_in_arkit,
    plain,
    preset_binds,
    presets,
    shape_channels,
    stated_manners,
)

EXACT: Final = 0.01
"""Largest error of a shape key for a take to count as told by the avatar's own expressions."""
NEAR: Final = 0.5
"""The same for a take that they still tell: fitted to the curves, they come nearer here than presets would."""
_GROUPS: Final = {
    "overrideMouth": ("aa", "ih", "ou", "ee", "oh"),
    "overrideBlink": ("blink", "blinkLeft", "blinkRight"),
}
"""What a VRM 1.0 expression may hold back; gaze is told by a rotation and not by expressions."""


class OwnExpression(NamedTuple):
    """kind: preset or custom. overrides: overrideBlink, overrideLookAt and overrideMouth to their mode. binary: there
    all or not at all."""

    kind: str
    name: str
    binds: list[Bind]
    overrides: dict[str, str]
    binary: bool


class Told(NamedTuple):
    """weights: by kind, expression to float32 (frames,); none where the expressions do not come near the curves.

    missed: the shape keys of which they cannot show all. apart: how far off these are at most.
    """

    weights: dict[str, dict[str, np.ndarray]]
    missed: tuple[str, ...]
    apart: float


def own_expressions(character: Character) -> Iterator[OwnExpression]:
    """The expressions that the character's .vrm has, as far as its shape keys show them."""
    for name, about in presets().items():
        overrides, binary = _manners(character, name, about.known_as, about.overrides)
        yield OwnExpression("preset", name, preset_binds(character, about), overrides, binary)
    known = set()
    for channel in shape_channels() if performs_in_arkit(character) else ():
        known.add(plain(channel))
        yield OwnExpression("custom", channel, channel_binds(character, channel), {}, False)
    for name, binds in custom_binds(character).items():
        if plain(name) not in known:
            overrides, binary = _manners(character, name, frozenset({plain(name)}), {})
            yield OwnExpression("custom", name, binds, overrides, binary)


def _manners(
    character: Character, name: str, known_as: frozenset[str], usual: dict[str, str]
) -> tuple[dict[str, str], bool]:
    """Overrides, and whether it is binary: the VRM Add-on's word, else the file's, else our own."""
    rules = vrm_addon.override_rules(character.armature)
    if name in rules:
        return rules[name], False
    return stated_manners(character, known_as) or (usual, False)


def told_by_own(character: Character, action: bpy.types.Action, frames: np.ndarray) -> Told:
    """The weights that show the action's curves on this avatar, within EXACT unless shape keys are missed.

    frames: float64, of the scene. What its look expressions move is left to the gaze, and still otherwise.
    """
    every = [one for one in own_expressions(character) if one.binds and one.name not in LOOK and not one.binary]
    looking = {
        (bind.mesh, bind.shape_key) for one in own_expressions(character) if one.name in LOOK for bind in one.binds
    }
    # What looks is bound too, and seen at rest: an expression that also looks would turn the eyes for its mouth's sake.
    bound = list(dict.fromkeys((bind.mesh, bind.shape_key) for one in every for bind in one.binds))
    moved = {place: values for place, values in _moved(character, action, frames).items() if place not in looking}
    unbound = dict.fromkeys(shape_key for mesh, shape_key in moved if (mesh, shape_key) not in bound)
    if not bound or unbound:
        return Told({}, tuple(unbound), 1.0)
    basis = np.zeros((len(every), len(bound)))
    for row, one in enumerate(every):
        for bind in one.binds:
            basis[row, bound.index((bind.mesh, bind.shape_key))] = bind.weight
    seen = np.stack([moved.get(place, np.zeros(len(frames))) for place in bound], axis=1)
    weights = fitted_weights(basis, seen, price=0.0)
    shares = _let_through(every, weights)
    told = np.clip(np.divide(weights, shares, out=np.zeros_like(weights), where=shares > 0), 0.0, 1.0)
    apart = np.abs((told * shares) @ basis - seen).max(axis=0)
    short = dict.fromkeys(bound[place][1] for place in np.argsort(-apart) if apart[place] > EXACT)
    if apart.max() > NEAR:
        return Told({}, tuple(short), float(apart.max()))
    found: dict[str, dict[str, np.ndarray]] = {}
    for one, values in zip(every, told.T, strict=True):
        found.setdefault(one.kind, {})[one.name] = values.astype(np.float32)
    return Told(found, tuple(short), float(apart.max()))


def _moved(character: Character, action: bpy.types.Action, frames: np.ndarray) -> dict[tuple[Any, str], np.ndarray]:
    """By mesh and shape key, the values of those that are not always at rest."""
    found = {}
    for mesh in character.meshes:
        own = curves(action, shape_keys(mesh))
        for block in key_blocks(mesh):
            curve = own.get((f'key_blocks["{bpy.utils.escape_identifier(block.name)}"].value', 0))
            if curve is not None:
                values = np.clip(sampled(curve, frames, 0.0), block.slider_min, block.slider_max)
                if np.abs(values).max() > EXACT:
                    found[mesh, block.name] = values
    return found


def _let_through(every: list[OwnExpression], weights: np.ndarray) -> np.ndarray:
    """(frames, expressions): the share of each that the others' override rules leave of it."""
    shares = np.ones_like(weights)
    for rule, group in _GROUPS.items():
        held = np.zeros(len(weights))
        for one, values in zip(every, weights.T, strict=True):
            mode = one.overrides.get(rule, "none")
            held += values if mode == "blend" else (values > 0) if mode == "block" else 0.0
        for column, one in enumerate(every):
            if one.kind == "preset" and one.name in group:
                shares[:, column] = np.clip(1.0 - held, 0.0, 1.0)
    return shares
