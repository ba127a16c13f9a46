"""Channels that a character has no shape key for, shown by the nearest that it has: the engine solves, this asks it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import bpy
import numpy as np

from ..clip import Clip
from ..messages import AddonError
from .aliases import aliases
from .character import CHOSEN, DRIVEN, EXPRESSIONS, OFF, Character, Target, expressions_of
from .corrections import corrections
from .resolve import resolve
from .schemes import HEAD_CHANNELS, VISEME, channels
from .vrm_addon import override_rules

OPERATION = "retarget"
STAGE = "Fitting the performance to the rig"

_GROUPS = {"overrideBlink": "blink", "overrideLookAt": "lookAt", "overrideMouth": "mouth"}
_VERTICES = 4000
"""Of those that a mesh's shape keys move, as many are sent, spread evenly; a face's features are larger than that."""
_LARGEST = 20_000_000
"""Coordinates beyond which a mesh's displacements are not looked at: its names must do."""


class Question(NamedTuple):
    """What the engine is asked, and the meshes that its answer counts, by name."""

    fields: dict[str, Any]
    arrays: dict[str, np.ndarray]
    meshes: tuple[str, ...]


@dataclass(frozen=True)
class Fitted(Target):
    """A shape key whose curve the engine has solved. curve: float32 (frames,)."""

    curve: np.ndarray | None = None

    def value(self, clip: Clip) -> np.ndarray:
        if self.curve is None or len(self.curve) != len(clip.values):
            return np.zeros(len(clip.values), np.float32)
        return self.curve


def is_sparse(character: Character) -> bool:
    """Whether a channel of the face has neither a shape key nor a bone of its own."""
    shown = set(HEAD_CHANNELS).union(*(bone.channels for bone in character.bones))
    everything = [name for mesh in character.meshes for name in _names(mesh)]
    levels = {mesh: resolve(_names(mesh), expressions_of(mesh), company=everything).levels for mesh in character.meshes}
    for target in character.targets:
        chosen = target.sure == CHOSEN
        own = levels[target.mesh]
        shown.update(
            channel
            for channel, gain in target.mix.items()
            if gain > 0 and (chosen or own.get(channel, VISEME) < VISEME)
        )
    return not shown.issuperset(channels())


def question(character: Character, clip: Clip) -> Question:
    """What to ask the engine for a clip on this character; the operation is `retarget`."""
    chosen = {(target.mesh, target.shape_key): target for target in character.targets if target.sure == CHOSEN}
    idle = {(one.mesh, one.shape_key): one.reason for one in character.idle}
    rules = _overrides(character)
    meshes: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {"values": clip.values}
    for number, mesh in enumerate(character.meshes):
        names = _names(mesh)
        corrected = corrections(mesh)
        unfollowed = {key for key, one in corrected.items() if one.follows is not None and (mesh, key) in idle}
        given = {key: _parts(chosen[mesh, key]) for key in names if (mesh, key) in chosen}
        stated = [
            {"name": one.name, "binds": dict(one.binds), "overrides": rules.get(one.name, {})}
            for one in expressions_of(mesh)
        ]
        locked = [key for key in names if key in unfollowed or idle.get((mesh, key)) in (DRIVEN, OFF)]
        meshes.append({"keys": names, "locked": locked, "given": given, "expressions": stated})
        if shape := _displacements(mesh, names):
            arrays[f"points {number}"], arrays[f"moved {number}"] = shape
    shown = sorted(set().union(*(bone.channels for bone in character.bones)))
    asked = {"fps": clip.fps, "channels": list(clip.channels), "meshes": meshes, "shown": shown}
    return Question(asked, arrays, tuple(mesh.name for mesh in character.meshes))


def fitted(character: Character, asked: Question, header: Mapping[str, Any], weights: Any) -> Character:
    """The character with the engine's curves in place of its own; the same one where it had nothing to say.

    header, weights: the answer's, and its array (frames, shapes). Raises AddonError when the character changed
    meanwhile, or the answer cannot be read.
    """
    try:
        shapes = [(int(mesh), str(key)) for mesh, key in header["shapes"]]
        looks = [{str(name): float(gain) for name, gain in look.items()} for look in header["looks"]]
        table = np.zeros((0, 0), np.float32) if weights is None else np.asarray(weights, np.float32)
        if table.shape[1:] != (len(shapes),) or len(looks) != len(shapes):
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AddonError("The engine's answer cannot be read. Install FaceMimic and its engine again.") from error
    if not shapes:
        return character
    meshes = {mesh.name: mesh for mesh in character.meshes}
    own = {(target.mesh, target.shape_key): target for target in character.targets}
    found: dict[tuple[Any, str], Target] = {}
    for (number, key), look, curve in zip(shapes, looks, table.T, strict=True):
        mesh = meshes.get(asked.meshes[number]) if 0 <= number < len(asked.meshes) else None
        if mesh is None or key not in _names(mesh):
            raise AddonError(
                f"The shape keys of “{character.name}” were changed while FaceMimic was working. Nothing was changed."
            )
        found[mesh, key] = _target(own.get((mesh, key)), mesh, key, look, np.ascontiguousarray(curve))
    for place, target in own.items():
        if place not in found:
            found[place] = target if target.sure == CHOSEN else _resting(target)
    return replace(character, targets=tuple(found.values()))


def posed(clip: Clip, head: Any) -> Clip:
    """The clip with the head's part of what the face cannot tell.

    head: the answer's array, float32 (frames, 3), radians of yaw, pitch and roll to add; None for none. Raises
    AddonError when it cannot be read.
    """
    if head is None:
        return clip
    added = np.asarray(head, np.float32)
    if added.shape != (len(clip.values), len(HEAD_CHANNELS)) or not np.isfinite(added).all():
        raise AddonError("The engine's answer cannot be read. Install FaceMimic and its engine again.")
    values = np.array(clip.values, np.float32)
    for channel, column in zip(HEAD_CHANNELS, added.T, strict=True):
        if channel in clip.channels:
            values[:, clip.channels.index(channel)] += column
    return clip._replace(values=values)


_told: dict[int, tuple[str, ...]] = {}


def remember(character: int, header: Mapping[str, Any]) -> tuple[str, ...]:
    """Keeps and returns what an answer says about the approximation, for the object with this session_uid."""
    _told[character] = tuple(str(note) for note in header.get("notes") or ())
    return _told[character]


def told(obj: bpy.types.Object) -> tuple[str, ...]:
    """What the last performance of this session was approximated by."""
    return _told.get(obj.session_uid, ())


def _resting(target: Target) -> Fitted:
    told = {field.name: getattr(target, field.name) for field in fields(Target)}
    return Fitted(**told)


def _target(own: Target | None, mesh: Any, key: str, look: dict[str, float], curve: np.ndarray) -> Target:
    mix = {channel: gain for channel, gain in look.items() if gain > 0}
    correction = corrections(mesh).get(key)
    if correction is not None and correction.alters:
        moved = np.float32(correction.offset) + np.float32(correction.gain) * curve
        curve = np.clip(moved, correction.low, correction.high).astype(np.float32)
        return Fitted(
            mesh, key, mix, "", low=correction.low, high=correction.high, offset=correction.offset, corrected=True,
            curve=curve,
        )  # fmt: skip
    return Fitted(mesh, key, mix, own.scheme if own else "", sure=own.sure if own else "", curve=curve)


def _parts(target: Target) -> list[list[Any]]:
    parts = target.parts or ((1.0, target.mix),)
    return [[float(weight), {name: float(gain) for name, gain in mix.items()}] for weight, mix in parts]


def _names(mesh: bpy.types.Object) -> list[str]:
    data: Any = mesh.data
    keys = data.shape_keys
    repeated = aliases(keys)
    return [b.name for b in keys.key_blocks if b != keys.reference_key and b.name not in repeated] if keys else []


def _overrides(character: Character) -> dict[str, dict[str, str]]:
    """By expression, what it does to blinks, gaze and mouth: the VRM Add-on's word, else the file's."""
    stated = override_rules(character.armature)
    for mesh in character.meshes:
        text = mesh.get(EXPRESSIONS)
        try:
            for one in json.loads(text) if isinstance(text, str) else ():
                stated.setdefault(str(one["name"]), dict(one.get("overrides") or {}))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return {name: {_GROUPS.get(group, group): mode for group, mode in rules.items()} for name, rules in stated.items()}


def _displacements(mesh: bpy.types.Object, names: list[str]) -> tuple[np.ndarray, np.ndarray] | None:
    """float32 (V, 3) and (keys, V, 3) of the vertices that shape keys move."""
    data: Any = mesh.data
    blocks = data.shape_keys.key_blocks
    if not names or 3 * len(names) * len(data.vertices) > _LARGEST:
        return None
    rest = _points(data.shape_keys.reference_key)
    moved = np.stack([_points(blocks[name]) - _points(blocks[name].relative_key) for name in names])
    there = np.flatnonzero(np.abs(moved).max(axis=(0, 2)) > 0)
    if not len(there):
        return None
    chosen = there[np.linspace(0, len(there) - 1, min(_VERTICES, len(there))).astype(int)]
    return rest[chosen], moved[:, chosen]


def _points(block: Any) -> np.ndarray:
    held = block.points if hasattr(block, "points") else block.data
    flat = np.empty(3 * len(held), np.float32)
    held.foreach_get("co", flat)
    return flat.reshape(-1, 3)
