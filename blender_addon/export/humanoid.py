"""Which bones of an armature are the humanoid's, and where they are in the T-pose."""

import json
import math
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix, Vector

from ..messages import AddonError
from ..rig.avatar_bones import stated_bones
from .blender_data import armature_bones
from .humanoid_shape import bones_by_shape

ASSIGNED = "facemimic_humanoid"
"""Custom property of an armature object: JSON of humanoid bone to the armature's bone, as the artist chose them."""

GLTF_AXES = Matrix(((1, 0, 0, 0), (0, 0, 1, 0), (0, -1, 0, 0), (0, 0, 0, 1)))
"""From Blender's axes (up +Z, front -Y) to glTF's (up +Y, front +Z)."""

_DOWNHILL = math.radians(10)
"""Arms that hang more than this below the horizontal are no T-pose."""
_ANKLE = -0.05, 0.3
"""How high above the floor an ankle can be, in parts of the leg."""
_ASIDE = 0.15
"""How far from the middle of the scene hips can be, in parts of the leg."""


@dataclass(frozen=True)
class Bone:
    """A humanoid bone of the specification; it hangs on the first of its parents that a character has."""

    required: bool
    parents: tuple[str, ...]


@cache
def _data() -> dict:
    return tomllib.loads(Path(__file__).with_name("humanoid.toml").read_text("utf-8"))


@cache
def bones() -> dict[str, Bone]:
    """The humanoid bones that this room knows, parents first."""
    return {name: Bone(entry["required"], tuple(entry["parents"])) for name, entry in _data()["bones"].items()}


def parent_of(name: str, present: set[str] | dict) -> str | None:
    """The humanoid bone that `name` hangs on in a character with the bones `present`."""
    return next((parent for parent in bones()[name].parents if parent in present), None)


def find_bones(armature: bpy.types.Object) -> dict[str, str]:
    """Humanoid bone to the armature's bone: as the artist chose or the avatar's file said, else by the naming scheme
    that finds the most, else also by shape.

    A bone counts only where the armature's own hierarchy puts it under the humanoid bone that it must hang on.
    """
    chosen = {name: bone for name, bone in stated_bones(armature).items() if name in bones()}
    chosen |= assigned_bones(armature)
    if not chosen:
        return _recognised(armature)
    found = {name: bone for name, bone in _recognised(armature).items() if bone not in chosen.values()} | chosen
    return _hierarchical(armature_bones(armature), {name: found[name] for name in bones() if name in found})


def assigned_bones(armature: bpy.types.Object) -> dict[str, str]:
    """The humanoid bones that the artist chose, as far as the armature still has them."""
    text, own = armature.get(ASSIGNED), armature_bones(armature)
    try:
        told = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    if not isinstance(told, dict):
        return {}
    return {name: bone for name, bone in told.items() if name in bones() and bone in own}


def _recognised(armature: bpy.types.Object) -> dict[str, str]:
    by_name: dict[str, str] = {}
    own = armature_bones(armature)
    for bone in own:
        for spelling in _spellings(bone):
            by_name.setdefault(spelling, bone)
    found = [_hierarchical(own, _by_scheme(scheme, by_name)) for scheme in _data()["schemes"].values()]
    named = max(found, key=lambda names: (sum(bones()[name].required for name in names), len(names)))
    if all(name in named for name, bone in bones().items() if bone.required):
        return named
    shaped = bones_by_shape(armature)
    both = shaped | named
    return max(
        (_hierarchical(own, {name: kind[name] for name in bones() if name in kind}) for kind in (both, shaped, named)),
        key=lambda names: (sum(bones()[name].required for name in names), len(names)),
    )


def required_bones(armature: bpy.types.Object | None, name: str) -> dict[str, str]:
    """`find_bones`, or an AddonError that lists what VRM demands and the character `name` lacks."""
    if armature is None:
        raise AddonError(f"{name} has no armature. VRM needs one with {_count()} humanoid bones, from hips to hands.")
    found = find_bones(armature)
    lacking = [bone for bone, about in bones().items() if about.required and bone not in found]
    if lacking:
        raise AddonError(
            f"{armature.name} lacks humanoid bones that VRM needs: {', '.join(lacking)}. "
            "Choose them with Assign Bones in the panel's Preflight, or name them as VRM, Rigify, Mixamo or Unreal do."
        )
    return found


def standing(armature: bpy.types.Object, found: dict[str, str]) -> Matrix:
    """4×4 in glTF's axes: brings a character from where it is in the scene to the origin, upright, looking along +Z.

    Only turns and shifts. It stays where it is as far as it stands about there.
    """
    own = {name: armature_bones(armature)[bone].head_local for name, bone in found.items()}
    up = _nearest_axis(own["head"] - own["hips"])
    left = own["leftUpperLeg"] - own["rightUpperLeg"]
    left = _nearest_axis(left - up * left.dot(up))
    columns: Any = (left, up, left.cross(up))
    body = Matrix(columns).transposed()
    turn = (GLTF_AXES.to_3x3() @ armature.matrix_world.to_quaternion().to_matrix() @ body).transposed().to_4x4()
    at = {name: turn @ place for name, place in _positions(armature, found).items()}
    return Matrix.Translation(_shift(at, turn @ GLTF_AXES @ armature.matrix_world.translation)) @ turn


def _nearest_axis(direction: Vector) -> Vector:
    most = max(range(3), key=lambda axis: abs(direction[axis]))
    return Vector([math.copysign(1.0, direction[axis]) if axis == most else 0.0 for axis in range(3)])


def _shift(at: dict[str, Vector], origin: Vector) -> Vector:
    """To the middle of the scene and onto the floor, for a character whose armature starts at `origin`."""
    hips, foot = at["hips"], min((at["leftFoot"], at["rightFoot"]), key=lambda place: place.y)
    leg = max(hips.y - foot.y, 1e-6)
    shift = Vector()
    if math.hypot(hips.x, hips.z) > _ASIDE * leg:
        shift.x, shift.z = -hips.x, -hips.z
    low, high = (part * leg for part in _ANKLE)
    if not low <= foot.y <= high:
        shift.y = -origin.y if low <= foot.y - origin.y <= high else high / 2 - foot.y
    return shift


def rest_positions(armature: bpy.types.Object, found: dict[str, str]) -> dict[str, Vector]:
    """Where the humanoid bones start at rest, metres in glTF's axes, of a character at the origin, looking along +Z."""
    place = standing(armature, found)
    return {name: place @ at for name, at in _positions(armature, found).items()}


def _positions(armature: bpy.types.Object, found: dict[str, str]) -> dict[str, Vector]:
    """The same where the character is in the scene."""
    own, place = armature_bones(armature), GLTF_AXES @ armature.matrix_world
    return {name: place @ own[bone].head_local for name, bone in found.items()}


def t_posed(positions: dict[str, Vector]) -> dict[str, Vector]:
    """The same skeleton with the arms straight along the X axis, as the T-pose of the specification wants it."""
    posed = dict(positions)
    for side, outward in (("left", 1.0), ("right", -1.0)):
        for upper, lower in (("UpperArm", "LowerArm"), ("LowerArm", "Hand")):
            length = (positions[side + lower] - positions[side + upper]).length
            posed[side + lower] = posed[side + upper] + Vector((outward * length, 0.0, 0.0))
    return posed


def built_in_positions() -> dict[str, Vector]:
    """The T-pose of a person of average height, for animations of characters without an armature."""
    positions = {}
    for name, place in _data()["rest"].items():
        positions[name] = Vector(place)
        if name.startswith("left"):
            positions["right" + name[4:]] = Vector((-place[0], place[1], place[2]))
    return {name: positions[name] for name in bones() if name in positions}


def arms_hang(positions: dict[str, Vector]) -> float:
    """Degrees that the lower arm lies below the T-pose's horizontal; 0 when it is close enough."""
    steepest = 0.0
    for side in ("left", "right"):
        arm = positions[side + "LowerArm"] - positions[side + "UpperArm"]
        steepest = max(steepest, abs(math.atan2(arm.y, math.hypot(arm.x, arm.z))))
    return math.degrees(steepest) if steepest > _DOWNHILL else 0.0


def _count() -> int:
    return sum(bone.required for bone in bones().values())


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _spellings(name: str) -> list[str]:
    """A bone's name in plain letters, whole and without a rig's prefix."""
    whole = _plain(name)
    found = [whole]
    for prefix in _data()["prefixes"]:
        rest = whole.removeprefix(prefix)
        if rest != whole and rest:
            found += [rest, rest.lstrip("0123456789")]
    return found


def _by_scheme(scheme: dict, by_name: dict[str, str]) -> dict[str, str]:
    found = {}
    for name, pattern in scheme["names"].items():
        if "{s}" not in pattern:
            sided = {name: pattern}
        else:
            sided = {
                side + name: pattern.replace("{s}", spelling)
                for side, spelling in zip(("left", "right"), scheme["sides"], strict=True)
            }
        for bone, spelling in sided.items():
            plain = _plain(spelling)
            match = by_name.get(plain)
            if match is not None:
                found[bone] = match
    return {name: found[name] for name in bones() if name in found}


def _hierarchical(own: dict[str, bpy.types.Bone], names: dict[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, bone in names.items():
        parent = parent_of(name, kept)
        above = {ancestor.name for ancestor in own[bone].parent_recursive}
        if bone in kept.values() or (bones()[name].parents and (parent is None or kept[parent] not in above)):
            continue
        kept[name] = bone
    return kept
