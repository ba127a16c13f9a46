"""VRM expressions of a character: which shape keys each preset and each ARKit channel moves, and by how much."""

import json
import math
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import bpy
import numpy as np

from ..rig.character import EXPRESSIONS, Character, expressions_of
from ..rig.schemes import HEAD_CHANNELS, channels
from .blender_data import key_blocks

LOOK: Final = ("lookUp", "lookDown", "lookLeft", "lookRight")
GAZE_CHANNELS: Final = "eyeLook"

_SHARE: Final = 0.5
"""Part of a preset's mixture that a rig must be able to show for the preset to be worth having."""


@dataclass(frozen=True)
class Preset:
    """One preset of the specification. mix: channel to value; named: normalised names of ready-made shapes."""

    name: str
    mix: dict[str, float]
    named: frozenset[str]
    overrides: dict[str, str]

    @property
    def known_as(self) -> frozenset[str]:
        """Normalised names under which avatars state it."""
        return self.named | {plain(self.name)}


@dataclass(frozen=True)
class Gaze:
    """Degrees that the eyes turn when an eyeLook channel is 1."""

    horizontal: float
    up: float
    down: float


@dataclass(frozen=True)
class Bind:
    """A shape key that an expression moves. weight: its value, 0..1, when the expression is 1."""

    mesh: bpy.types.Object
    shape_key: str
    weight: float


@cache
def _data() -> dict:
    return tomllib.loads(Path(__file__).with_name("expressions.toml").read_text("utf-8"))


@cache
def presets() -> dict[str, Preset]:
    """The specification's 18 presets, by name."""
    found = {}
    for name, entry in _data()["presets"].items():
        mix = dict(entry.get("one", {}))
        for channel, value in entry.get("both", {}).items():
            mix |= {channel + "Left": value, channel + "Right": value}
        overrides = {
            "overrideBlink": entry.get("override_blink", "none"),
            "overrideLookAt": entry.get("override_look_at", "none"),
            "overrideMouth": entry.get("override_mouth", "none"),
        }
        found[name] = Preset(name, mix, frozenset(map(plain, entry["named"])), overrides)
    return found


@cache
def gaze() -> Gaze:
    """How far this project's eyes turn."""
    return Gaze(**_data()["gaze"])


def gaze_of(character: Character) -> Gaze:
    """How far the character's eyes turn: as its eye bones do where they follow the performance."""
    turns = next((bone.turns for bone in character.bones if bone.motion == "leftEye" and bone.turns), None)
    if turns is None:
        return gaze()
    aside = [abs(gain) for gain in turns.get("yaw", {}).values()]
    up = turns.get("pitch", {}).get("eyeLookUpLeft", 0.0)
    down = -turns.get("pitch", {}).get("eyeLookDownLeft", 0.0)
    known = gaze()
    return Gaze(
        math.degrees(sum(aside) / len(aside)) if aside else known.horizontal,
        math.degrees(up) if up > 0 else known.up,
        math.degrees(down) if down > 0 else known.down,
    )


def shape_channels() -> tuple[str, ...]:
    """The 52 channels that are shapes."""
    return tuple(name for name in channels() if name not in HEAD_CHANNELS)


def preset_binds(character: Character, preset: Preset) -> list[Bind]:
    """The shape keys of a preset; empty when the rig cannot show it.

    First what the avatar states itself, then shape keys of that name, then a mixture of channels.
    """
    if stated := _stated_binds(character, preset.known_as):
        return stated
    own = [
        Bind(mesh, block.name, 1.0)
        for mesh in character.meshes
        for block in key_blocks(mesh)[1:]
        if plain(block.name) in preset.named
    ]
    if own:
        return own
    shown = sum(value for channel, value in preset.mix.items() if channel in character.matched)
    if not preset.mix or shown < _SHARE * sum(preset.mix.values()):
        return []
    return mixture(character, preset.mix)


def channel_binds(character: Character, channel: str) -> list[Bind]:
    """The shape keys of ARKit's expression of that name: what the avatar states itself, else what shows the channel."""
    return _stated_binds(character, frozenset({plain(channel)})) or mixture(character, {channel: 1.0})


def custom_binds(character: Character) -> dict[str, list[Bind]]:
    """The expressions of its own that an avatar states: those that are no preset."""
    known = {"neutral", "unknown", ""}.union(*(preset.known_as for preset in presets().values()))
    names = dict.fromkeys(stated.name for mesh in character.meshes for stated in expressions_of(mesh))
    own = {name: _stated_binds(character, frozenset({plain(name)})) for name in names if plain(name) not in known}
    return {name: binds for name, binds in own.items() if binds}


def _stated_binds(character: Character, names: frozenset[str]) -> list[Bind]:
    return [
        Bind(mesh, shape_key, min(float(weight), 1.0))
        for mesh in character.meshes
        for stated in expressions_of(mesh)
        if plain(stated.name) in names
        for shape_key, weight in stated.binds.items()
        if weight > 0
    ]


def stated_manners(character: Character, names: frozenset[str]) -> tuple[dict[str, str], bool] | None:
    """What an imported avatar's file says of the expression with one of these plain names: its overrides, and whether
    it is binary. None where it says nothing of it."""
    for mesh in character.meshes:
        text = mesh.get(EXPRESSIONS)
        try:
            for one in json.loads(text) if isinstance(text, str) else ():
                if plain(str(one["name"])) in names:
                    return dict(one.get("overrides") or {}), one.get("binary") is True
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return None


def mixture(character: Character, values: dict[str, float]) -> list[Bind]:
    """The shape keys that show channels at `values`, those that stay at 0 left out."""
    binds = []
    for target in character.targets:
        weight = sum(gain * values.get(channel, 0.0) for channel, gain in target.mix.items())
        if weight > 0.0:
            binds.append(Bind(target.mesh, target.shape_key, min(weight, target.high, 1.0)))
    return binds


def performs_in_arkit(character: Character) -> bool:
    """Whether at least half of ARKit's 52 shapes have a shape key of their own on this rig.

    Only then do expressions under ARKit's names help: applications that find some of them drive the face through
    those alone and leave the presets.
    """
    return 2 * len(custom_channels(character)) >= len(shape_channels())


def custom_channels(character: Character) -> set[str]:
    """ARKit's shapes that have a shape key of their own on this rig."""
    own = set()
    for target in character.targets:
        leading = [channel for channel, gain in target.mix.items() if gain > 0]
        own.update(leading if len(leading) == 1 else ())
    return own.intersection(shape_channels())


def as_presets(values: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """A performance told in presets, for avatars without ARKit expressions: preset to float32 (frames,) in 0..1.

    Lids go to blink, where they close together, and to blinkLeft and blinkRight. Brows, cheeks and mouth are the
    non-negative mixture of emotions and vowels nearest to the channels, with a small price on every preset so that
    two never play against each other. Gaze is left out: VRMA wants it as a rotation. values: (frames, channels),
    one column for each of names.
    """
    column = {name: values[:, i] for i, name in enumerate(names)}
    zeros = np.zeros(len(values), np.float32)
    left, right = (column.get("eyeBlink" + side, zeros) for side in ("Left", "Right"))
    both = np.minimum(left, right)
    found = {"blink": both, "blinkLeft": left - both, "blinkRight": right - both}
    told = ["happy", "angry", "sad", "relaxed", "surprised", "aa", "ih", "ou", "ee", "oh"]
    used = sorted({c for name in told for c in presets()[name].mix if not c.startswith("eyeBlink")})
    basis = np.array([[presets()[name].mix.get(channel, 0.0) for channel in used] for name in told])
    seen = np.stack([column.get(channel, zeros) for channel in used], axis=1).astype(float)
    weights = fitted_weights(basis, seen)
    found |= {name: weights[:, i] for i, name in enumerate(told)}
    return {name: np.clip(found[name], 0.0, 1.0).astype(np.float32) for name in found}


def fitted_weights(basis: np.ndarray, seen: np.ndarray, price: float = 0.02, steps: int = 400) -> np.ndarray:
    """Weights (frames, expressions) within 0..1 that bring weights @ basis nearest to seen, by projected gradients.

    price: on every weight, so that those that say little are left out.

    Beck & Teboulle 2009, "A fast iterative shrinkage-thresholding algorithm".
    """
    square = basis @ basis.T
    pull = seen @ basis.T - price
    rate = 1.0 / np.linalg.eigvalsh(square)[-1]
    weights = ahead = np.zeros((len(seen), len(basis)))
    momentum = 1.0
    for _ in range(steps):
        following = np.clip(ahead - rate * (ahead @ square - pull), 0.0, 1.0)
        grown = (1 + np.sqrt(1 + 4 * momentum * momentum)) / 2
        ahead = following + (momentum - 1) / grown * (following - weights)
        weights, momentum = following, grown
    return weights


def plain(name: str) -> str:
    """A name without case and separators."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
