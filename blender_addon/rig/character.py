"""A character in the scene: its meshes, its armature, and which shape keys show which channels."""

import json
from dataclasses import dataclass

import bpy
import numpy as np

from ..clip import Clip
from ..messages import AddonError
from . import vrm_addon
from .aliases import aliases
from .corrections import Correction, corrections
from .drivers import held
from .eye_shape import is_flat
from .family import armature_of, family_of, keys_of, link_in_the_way, no_face, obstacle_of
from .motions import BoneTarget, IdleBone, bone_targets, motion_channels
from .parts import groups_of, hangs_on, moves_groups
from .recognise import GUESS
from .resolve import Expression, resolve
from .schemes import PAIR, SINGLE, channels

EXPRESSIONS = "facemimic_expressions"
"""Custom property of a mesh object: JSON list of {"name", "binds": {shape key: weight}}, as an avatar states them;
of VRM 1.0 with "overrides" where an expression has any: overrideBlink, overrideLookAt, overrideMouth to their mode;
and "binary" where it is there all or not at all."""

CHOSEN, CONFIRMED = "chosen", "confirmed"
"""What Target.sure is where the artist chose the channels, or found the guessed ones right."""
OFF = "turned off"
DRIVEN = "has a driver"
UNCHOSEN = "no channel is chosen"

_COARSE_SHARE = 0.5


@dataclass(frozen=True)
class Target:
    """One shape key and how it follows the performance.

    parts: (weight, mix) for each meaning of the key, mix being channel to gain; a mix's value is the sum of gain ×
    channel, limited to 0..1, and the key's the sum of weight × value, limited again. Most keys have one part; one
    that an avatar's expressions share has one for each expression.
    mix: all parts in one, channel to gain, which is the key's value as long as no limit is met. Without parts it is
    all there is.
    scheme: the naming scheme that recognised it, for the artist to read.
    sure: how surely: recognise.EXACT, SPELLING or GUESS, or CHOSEN or CONFIRMED by the artist.
    offset, low, high: added to the value, and what it is limited to then. corrected: the artist changed any of this.
    """

    mesh: bpy.types.Object
    shape_key: str
    mix: dict[str, float]
    scheme: str
    parts: tuple[tuple[float, dict[str, float]], ...] = ()
    sure: str = ""
    offset: float = 0.0
    low: float = 0.0
    high: float = 1.0
    corrected: bool = False

    def value(self, clip: Clip) -> np.ndarray:
        """float32 (frames,) within low..high: the key's value over the clip."""
        total = np.full(len(clip.values), self.offset, np.float32)
        if not self.parts:
            for channel, gain in self.mix.items():
                total += np.float32(gain) * clip.column(channel)
        for weight, mix in self.parts:
            part = np.zeros_like(total)
            for channel, gain in mix.items():
                part += np.float32(gain) * clip.column(channel)
            total += np.float32(weight) * np.clip(part, 0.0, 1.0)
        return np.clip(total, self.low, self.high)


@dataclass(frozen=True)
class Idle:
    """A shape key that nothing moves, and why where there is a reason. known: its name says what would move it."""

    mesh: bpy.types.Object
    shape_key: str
    reason: str = ""
    known: bool = False

    def __str__(self) -> str:
        return f"{self.mesh.name}/{self.shape_key}" + (f" ({self.reason})" if self.reason else "")


@dataclass(frozen=True)
class Character:
    """What FaceMimic found on a character.

    matched and missing split the channels of a performance by whether the rig can show them. unused lists the shape
    keys that no channel drives as "Mesh/Key", followed by the reason where there is one: "Face/blink (has a
    driver)"; idle are the same, each on its own. bones are those that follow, head_bone among them, and idle_bones
    those that were found and do not. notes are sentences about what was left out and why. score, 0..1, says how much
    of a whole performance the rig shows; a channel that shares a shape with others counts half.
    """

    name: str
    meshes: tuple[bpy.types.Object, ...]
    armature: bpy.types.Object | None
    head_bone: str | None
    targets: tuple[Target, ...]
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    score: float = 0.0
    notes: tuple[str, ...] = ()
    bones: tuple[BoneTarget, ...] = ()
    idle: tuple[Idle, ...] = ()
    idle_bones: tuple[IdleBone, ...] = ()

    def key_curves(self, clip: Clip) -> list[tuple[bpy.types.Object, str, np.ndarray]]:
        """The clip on this rig: (mesh, shape key, float32 (frames,)) for every target, within 0..1 unless corrected."""
        return [(target.mesh, target.shape_key, target.value(clip)) for target in self.targets]


def find_character(obj: bpy.types.Object | None) -> Character:
    """The character that `obj` belongs to.

    obj is a mesh with shape keys, an armature, or any mesh of such a character. Raises AddonError when there is
    no face to perform with, and says which object stands in the way. A character whose shape keys have unknown names
    is returned without targets.
    """
    if obj is None:
        raise AddonError("Nothing is selected. Select the character's face mesh or its armature.")
    if obj.type not in {"MESH", "ARMATURE"}:
        raise AddonError(no_face(obj, "face mesh or its armature"))
    armature = armature_of(obj)
    if obj.type == "MESH" and keys_of(obj):
        obstacle = obstacle_of(obj)
        if obstacle:
            raise AddonError(obstacle)

    everybody = list(family_of(obj, armature))
    family = [mesh for mesh in everybody if keys_of(mesh)]
    if not family and not _performs_by_bones(armature, everybody):
        where = f"{armature.name} carries no mesh with shape keys" if armature else f"{obj.name} has no shape keys"
        raise AddonError(
            f"{where}, so there is nothing to animate. Select the mesh that carries the face's shape keys, or press "
            "Add Face Shapes… to make them, or add shape keys with ARKit's names to it."
        )
    notes: list[str] = []
    meshes: list[bpy.types.Object] = []
    seen: set[bpy.types.Key] = set()
    for mesh in family:
        if keys_of(mesh) in seen:
            continue
        if obstacle := obstacle_of(mesh):
            notes.append(obstacle)
            continue
        seen.add(keys_of(mesh))
        meshes.append(mesh)
    if family and not meshes:
        raise AddonError(notes[0])

    if armature and (obstacle := link_in_the_way(armature)):
        notes.append(obstacle)
        armature = None

    targets: list[Target] = []
    idle: list[Idle] = []
    shown: dict[str, float] = {}
    names = {mesh: _names(mesh) for mesh in meshes}
    everything = list(dict.fromkeys(name for listed in names.values() for name in listed))
    finest = _finest(names, everything)
    for mesh in meshes:
        _map_mesh(mesh, names[mesh], everything, targets, idle, shown, notes, finest)
    notes += _about_drivers(idle)
    bones, idle_bones = _bones(armature, everybody, targets) if armature else ([], [])
    shown.update((channel, 0.0) for bone in bones for channel in bone.channels)
    every = channels()
    score = sum(1.0 if shown[name] < PAIR else _COARSE_SHARE for name in every if name in shown) / len(every)
    return Character(
        name=(armature or obj).name,
        meshes=tuple(meshes),
        armature=armature,
        head_bone=next((bone.bone for bone in bones if bone.motion == "head"), None),
        targets=tuple(targets),
        matched=tuple(name for name in every if name in shown),
        missing=tuple(name for name in every if name not in shown),
        unused=tuple(map(str, idle)),
        score=score,
        notes=tuple(notes),
        bones=tuple(bones),
        idle=tuple(idle),
        idle_bones=tuple(idle_bones),
    )


def _performs_by_bones(armature: bpy.types.Object | None, everybody: list[bpy.types.Object]) -> bool:
    """Whether a jaw or eyes follow a performance on a character without any shape keys."""
    if armature is None or link_in_the_way(armature):
        return False
    return any(bone.motion != "head" for bone in _bones(armature, everybody, [])[0])


def expressions_of(mesh: bpy.types.Object) -> list[Expression]:
    """The expressions that an avatar states for a mesh: the VRM Add-on's, else those that its file came with."""
    kept = [Expression(name, binds) for name, binds in vrm_addon.stated_expressions(mesh)]
    text = mesh.get(EXPRESSIONS)
    if kept or not isinstance(text, str):
        return kept
    try:
        return [
            Expression(str(one["name"]), {str(key): float(weight) for key, weight in one["binds"].items()})
            for one in json.loads(text)
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _names(mesh: bpy.types.Object) -> list[str]:
    """The shape keys that move something."""
    key = keys_of(mesh)
    left_out = {key.reference_key.name if key.reference_key else None, *aliases(key)}
    return [block.name for block in key.key_blocks if block.name not in left_out]


def _finest(names: dict[bpy.types.Object, list[str]], everything: list[str]) -> dict[str, float]:
    """Channel to the finest level on which a mesh shows it, where expressions could move several meshes."""
    if len(names) < 2 or not any(expressions_of(mesh) for mesh in names):
        return {}
    finest: dict[str, float] = {}
    for mesh, own in names.items():
        for channel, level in resolve(own, expressions_of(mesh), company=everything).levels.items():
            finest[channel] = min(level, finest.get(channel, level))
    return finest


def _map_mesh(
    mesh: bpy.types.Object,
    names: list[str],
    everything: list[str],
    targets: list[Target],
    idle: list[Idle],
    levels: dict[str, float],
    notes: list[str],
    finest: dict[str, float],
) -> None:
    key = keys_of(mesh)
    driven = held(key)
    mapping = resolve(names, expressions_of(mesh), finest, everything)
    corrected = corrections(mesh)
    used: dict[str, float] = {}
    for name in names:
        own = corrected.get(name)
        if name in driven:
            idle.append(Idle(mesh, name, DRIVEN, name in mapping.keys))
            continue
        if own and own.off:
            idle.append(Idle(mesh, name, OFF))
            continue
        if own and own.follows is not None:
            if not own.follows:
                idle.append(Idle(mesh, name, UNCHOSEN))
                continue
            target = _chosen(mesh, own)
            used.update(_leading(target.mix))
        elif name in mapping.keys:
            parts, scheme = mapping.keys[name]
            target = _recognised(mesh, name, parts, scheme, mapping.sure[name], own)
            used.update((channel, mapping.levels[channel]) for channel in target.mix if channel in mapping.levels)
        else:
            idle.append(Idle(mesh, name, mapping.left_out.get(name, "")))
            continue
        targets.append(target)
        block = key.key_blocks[name]
        if block.mute:
            notes.append(f"{mesh.name}/{name} is muted; its curve shows once the shape key is unmuted.")
        if block.slider_max < target.high or block.slider_min > target.low:
            reach = f"{block.slider_min:.2f} to {block.slider_max:.2f}"
            notes.append(f"{mesh.name}/{name} is held within {reach} by its range; widen the range.")
    for channel, level in used.items():
        levels[channel] = min(level, levels.get(channel, level))


def _about_drivers(idle: list[Idle]) -> list[str]:
    driven = [one for one in idle if one.known and one.reason == DRIVEN]
    if not driven:
        return []
    more = len(driven) - 1
    others = f" and {more} more shape key{'s' if more > 1 else ''} have drivers" if more else " has a driver"
    return [
        f"{driven[0].mesh.name}/{driven[0].shape_key}{others}, which a performance leaves alone. Animate what the "
        "drivers read, or mute them in the menu of the Mapping."
    ]


def _recognised(
    mesh: bpy.types.Object,
    name: str,
    parts: list[tuple[float, dict[str, float]]],
    scheme: str,
    sure: str,
    own: Correction | None,
) -> Target:
    own = own or Correction(name)
    parts = [(own.gain * weight, mix) for weight, mix in parts]
    mix: dict[str, float] = {}
    for weight, part in parts:
        for channel, gain in part.items():
            mix[channel] = mix.get(channel, 0.0) + weight * gain
    sure = CONFIRMED if own.confirmed and sure == GUESS else sure
    return Target(mesh, name, mix, scheme, tuple(parts), sure, own.offset, own.low, own.high, own.alters)


def _chosen(mesh: bpy.types.Object, own: Correction) -> Target:
    mix = {channel: own.gain * gain for channel, gain in (own.follows or {}).items()}
    return Target(mesh, own.name, mix, "chosen", (), CHOSEN, own.offset, own.low, own.high, True)


def _leading(mix: dict[str, float]) -> dict[str, float]:
    """The channels that a chosen mixture shows, with the level that it shows them on."""
    top = max(mix.values())
    leading = [channel for channel, gain in mix.items() if gain == top > 0]
    return dict.fromkeys(leading, SINGLE if len(leading) == 1 else PAIR)


def _bones(
    armature: bpy.types.Object, meshes: list[bpy.types.Object], targets: list[Target]
) -> tuple[list[BoneTarget], list[IdleBone]]:
    corrected = corrections(armature)

    def shown(motion: str, bone: str) -> frozenset[str] | None:
        carried = [(mesh, groups_of(mesh, motion, armature, bone)) for mesh in meshes]
        whole = [mesh for mesh in meshes if hangs_on(mesh, armature, motion, bone)]
        if not whole and not any(groups for _, groups in carried):
            return None
        ways = set(motion_channels(motion))
        found: set[str] = set()
        for mesh, groups in carried:
            for target in targets:
                leading = ways.intersection(name for name, gain in target.mix.items() if gain > 0) - found
                if target.mesh != mesh or not leading:
                    continue
                if mesh in whole or moves_groups(mesh, target.shape_key, groups, armature):
                    found |= leading
        return frozenset(found)

    return bone_targets(armature, corrected, shown, lambda motion, bone: is_flat(meshes, armature, motion, bone))
