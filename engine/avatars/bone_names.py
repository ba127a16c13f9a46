"""Which of an avatar's nodes turn the head, the jaw and the eyes: what a VRM avatar states, else what names tell.

The names are data, bones.toml in the add-on's rig room, which has the words for how they match. A test holds the
reading here and the add-on's to the same answers.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, NamedTuple

from engine.avatars.glb import Glb
from engine.avatars.places import above, below, joints, parents
from engine.avatars.rig_data import rig_data
from engine.avatars.words import normalised, words


class _Names(NamedTuple):
    """names: normalised, in the order of preference. side: left, right, or empty where there is one such bone."""

    names: tuple[str, ...]
    words: frozenset[str]
    never: frozenset[str]
    mistaken: frozenset[str]
    side: str


@cache
def _known(motion: str) -> _Names:
    data = rig_data("bones.toml")["eye" if motion.endswith("Eye") else motion]
    side = motion[: -len("Eye")] if motion.endswith("Eye") else ""
    names = [_numbered(name) for name in data["names"]]
    if side == "right":
        names = [name.replace("left", "right").replace("左", "右") for name in names]
    said, never, mistaken = (frozenset(data.get(table, ())) for table in ("words", "never", "mistaken"))
    return _Names(tuple(names), said, never, mistaken, side)


def stated(avatar: Glb, motion: str) -> int | None:
    """The node that a VRM avatar itself names for one of mapping.MOTIONS, or None.

    Not one whose name belongs to something else: a program that fills the humanoid by itself takes hair for a jaw.
    """
    extensions = _dict(avatar.document.get("extensions"))
    bones = _dict(_dict(extensions.get("VRMC_vrm")).get("humanoid")).get("humanBones")
    if isinstance(bones, dict):
        index = _dict(bones.get(motion)).get("node")
    else:
        bones = _dict(_dict(extensions.get("VRM")).get("humanoid")).get("humanBones")
        found = (bone for bone in bones if isinstance(bone, dict)) if isinstance(bones, list) else ()
        index = next((bone.get("node") for bone in found if bone.get("bone") == motion), None)
    node = avatar.at("nodes", index)
    if node is None or _known(motion).mistaken & _parts(str(node.get("name", ""))):
        return None
    return index


def named(avatar: Glb, motion: str, carrying: Collection[int]) -> int | None:
    """The joint whose name means a motion, or None: the first of the names that is there, else the best word.

    carrying: the nodes that vertices hang on, as far as known. Files know no constraints, so that a control does not
    move what it steers in Blender: a joint on which something hangs goes before it.
    """
    found = _candidates(joints(avatar), motion, parents(avatar))
    return next((index for index in found if below(avatar, index).intersection(carrying)), next(iter(found), None))


def _candidates(names: Mapping[int, str], motion: str, parents: dict[int, int]) -> list[int]:
    """Joints that may be meant, the likeliest first."""
    known = _known(motion)
    spelt = {_numbered(name): index for index, name in reversed(list(names.items()))}
    behind_prefix = {_numbered(name.rpartition(":")[2]): index for index, name in reversed(list(names.items()))}
    exact = [spelt.get(name, behind_prefix.get(name)) for name in known.names]
    alike = [
        (len(list(above(index, parents))), place, index)
        for place, (index, name) in enumerate(names.items())
        if _sounds_like(name, known)
    ]
    return list(dict.fromkeys([*(index for index in exact if index is not None), *(one[2] for one in sorted(alike))]))


def _sounds_like(name: str, known: _Names) -> bool:
    parts = _parts(name)
    if not known.words & parts or known.never & parts:
        return False
    return not known.side or known.side in parts


def _parts(name: str) -> set[str]:
    return {word.rstrip("0123456789") for word in words(name)}


def _numbered(name: str) -> str:
    """A bone's plain name; its number, as in spine.006, is part of it."""
    return normalised(name.replace(".", "_"))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
