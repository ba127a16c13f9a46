"""Which bones turn the head, the jaw and the eyes, and which way the character looks."""

import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import bpy
from mathutils import Matrix, Vector

from .words import normalised, words

MOTIONS = ("head", "jaw", "leftEye", "rightEye")
"""What bones can move, by the names that VRM's humanoid has for it."""

NOTED = "facemimic_"
"""Start of the custom properties of an armature object that name its bones, as an imported avatar states them."""

_REMEMBERED = 64
"""Rigs whose bones' names are kept as they were read: they are asked for again at every look at the panel."""


class _Names(NamedTuple):
    """names: plain, in the order of preference. side: left, right, or empty where there is one such bone.

    mistaken: words that tell that an avatar names a bone by mistake.
    """

    names: tuple[str, ...]
    words: frozenset[str]
    never: frozenset[str]
    mistaken: frozenset[str]
    side: str


@lru_cache(maxsize=1)
def _known() -> dict[str, _Names]:
    data = tomllib.loads((Path(__file__).parent / "bones.toml").read_text(encoding="utf-8"))

    def read(table: str, side: str = "") -> _Names:
        entry = data[table]
        names = [_plain(name) for name in entry["names"]]
        if side == "right":
            names = [name.replace("left", "right").replace("左", "右") for name in names]
        said, never, mistaken = (frozenset(entry.get(words, ())) for words in ("words", "never", "mistaken"))
        return _Names(tuple(names), said, never, mistaken, side)

    return {
        "head": read("head"),
        "jaw": read("jaw"),
        "leftEye": read("eye", "left"),
        "rightEye": read("eye", "right"),
    }


def _plain(name: str) -> str:
    """Bones are numbered on purpose (spine.006), so that the number stays."""
    return normalised(name.replace(".", "_"))


def head_bone(armature: bpy.types.Object) -> str | None:
    """The name of the bone that turns the head, or None. armature: an armature object."""
    return motion_bone(armature, "head")


def motion_bone(armature: bpy.types.Object, motion: str) -> str | None:
    """The name of the bone that makes one of MOTIONS, or None: what the avatar states, else the best name."""
    data: Any = armature.data
    bones = data.bones
    stated = _stated(armature, motion)
    if stated and stated in bones and not _known()[motion].mistaken & _parts(stated):
        return stated
    names = tuple(bones.keys())
    if found := _by_name(names, motion):
        return found
    likely = [(len(bones[name].parent_recursive), index, name) for index, name in _alike(names, motion)]
    return min(likely)[2] if likely else None


@lru_cache(maxsize=_REMEMBERED)
def _by_name(names: tuple[str, ...], motion: str) -> str | None:
    full = {_plain(name): name for name in reversed(names)}
    short = {_plain(name.rpartition(":")[2]): name for name in reversed(names)}
    return next((full.get(one) or short[one] for one in _known()[motion].names if one in full or one in short), None)


@lru_cache(maxsize=_REMEMBERED)
def _alike(names: tuple[str, ...], motion: str) -> list[tuple[int, str]]:
    known = _known()[motion]
    return [(index, name) for index, name in enumerate(names) if _sounds_like(name, known)]


@lru_cache(maxsize=_REMEMBERED)
def _pairs(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """The bones that there are on the left and on the right."""
    sides: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        parts = words(name)
        for side in {"left", "right"}.intersection(parts):
            sides.setdefault(tuple("*" if part == side else part for part in parts), {})[side] = name
    return [(pair["left"], pair["right"]) for pair in sides.values() if len(pair) == 2]


def means_motion(name: str, motion: str) -> bool:
    """Whether a bone or vertex group of that name belongs to one of MOTIONS, as a control or as what it deforms."""
    known = _known()[motion]
    return _plain(name) in known.names or _plain(name.rpartition(":")[2]) in known.names or _sounds_like(name, known)


def _parts(name: str) -> set[str]:
    return {word.rstrip("0123456789") for word in words(name)}


def _sounds_like(name: str, known: _Names) -> bool:
    parts = _parts(name)
    if not known.words & parts or known.never & parts:
        return False
    return not known.side or known.side in parts


def _stated(armature: bpy.types.Object, motion: str) -> str | None:
    """The bone that a VRM avatar names itself: noted by our import, or kept by the VRM Add-on."""
    noted = armature.get(NOTED + motion)
    if isinstance(noted, str):
        return noted
    extension: Any = getattr(armature.data, "vrm_addon_extension", None)
    return next((name for name in _in_extension(extension, motion) if name), None) if extension else None


def _in_extension(extension: Any, motion: str) -> Iterator[str | None]:
    new = {"head": "head", "jaw": "jaw", "leftEye": "left_eye", "rightEye": "right_eye"}[motion]
    try:
        yield getattr(extension.vrm1.humanoid.human_bones, new).node.bone_name
    except AttributeError:
        yield None
    try:
        for bone in extension.vrm0.humanoid.human_bones:
            if bone.bone == motion:
                yield bone.node.bone_name
    except AttributeError:
        yield None


def facing(armature: bpy.types.Object) -> Matrix:
    """3×3 matrix whose columns are the character's left, up and forward in armature space at rest.

    Left is read from the bones' own sides and up from the pelvis to the head, so that it holds for characters that
    face either way; where a rig has no sides it faces -Y and stands along Z, as Blender's own rigs do.
    """
    data: Any = armature.data
    bones = data.bones
    left = Vector((0.0, 0.0, 0.0))
    for one, other in _pairs(tuple(bones.keys())):
        left += bones[one].head_local - bones[other].head_local
    up = Vector((0.0, 0.0, 1.0))
    name = head_bone(armature)
    if name and (chain := bones[name].parent_recursive):
        # The root often lies on the floor, in front of or behind the body; only its direction up matters.
        rise = bones[name].head_local - chain[-1].head_local
        if rise.length > 1e-6:
            axis = max(range(3), key=lambda k: abs(rise[k]))
            up = Vector([0.0, 0.0, 0.0])
            up[axis] = 1.0 if rise[axis] > 0 else -1.0
    left -= up * left.dot(up)
    if left.length < 1e-6:
        left = Vector((1.0, 0.0, 0.0)) if abs(up.x) < 0.5 else Vector((0.0, 1.0, 0.0))
    else:
        axis = max(range(3), key=lambda k: abs(left[k]))
        sign = 1.0 if left[axis] > 0 else -1.0
        left = Vector([0.0, 0.0, 0.0])
        left[axis] = sign
    columns: Any = (left, up, left.cross(up))
    return Matrix(columns).transposed()
