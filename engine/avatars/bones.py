"""The nodes that turn an avatar's head and eyes, and their rotations in the nodes' own terms."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.avatars.glb import Glb
from engine.avatars.mapping import BoneLine, Corrections
from engine.avatars.schemes import plain, rig_data, words
from engine.channels import HEAD
from engine.clip import Clip
from engine.errors import FaceMimicError

_USUAL_GAZE: Final = 10.0
"""Degrees that eye bones turn where the avatar does not say: what VRM programs write by default."""
_AT_REST: Final = {"rotation": (0.0, 0.0, 0.0, 1.0), "scale": (1.0, 1.0, 1.0), "translation": (0.0, 0.0, 0.0)}


@dataclass(frozen=True)
class Bone:
    """A node that turns on top of its rest.

    node: index. rest: (4,) x y z w, its rotation when nothing plays. axes: (3, 3), whose columns are the character's
    left, up and forward as axes of rotation before the rest rotation.
    """

    node: int
    rest: np.ndarray
    axes: np.ndarray

    def turned(self, yaw: np.ndarray, pitch: np.ndarray, roll: np.ndarray) -> np.ndarray:
        """float32 (frames, 4), x y z w: the turned node, never flipping its sign.

        Radians (frames,): yaw towards the character's left, pitch upwards, roll towards its left shoulder.
        """
        turn = _product(_about(1, yaw), _product(_about(0, -pitch), _about(2, -roll)))
        turn[:, :3] = turn[:, :3] @ self.axes.T
        turned = _product(turn, np.broadcast_to(self.rest, turn.shape))
        turned /= np.linalg.norm(turned, axis=1, keepdims=True)
        flips = np.cumprod(np.where((turned[1:] * turned[:-1]).sum(axis=1) < 0, -1.0, 1.0))
        turned[1:] *= flips[:, None]
        return turned.astype(np.float32)


@dataclass(frozen=True)
class Turning:
    """A bone that follows a performance; angle (yaw, pitch and roll) to channels to radians when the channel is 1.

    chosen: by the artist, so that it turns whatever shapes do.
    """

    bone: Bone
    gains: Mapping[str, Mapping[str, float]]
    chosen: bool = False

    def rotations(self, clip: Clip) -> np.ndarray:
        """float32 (frames, 4), x y z w."""
        column = dict(zip(clip.channels, clip.values.T.astype(np.float64), strict=True))
        angles = {angle: np.zeros(len(clip.values)) for angle in ("yaw", "pitch", "roll")}
        for angle, gains in self.gains.items():
            for name, gain in gains.items():
                angles[angle] += gain * column.get(name, 0.0)
        return self.bone.turned(**angles)

    @property
    def shown(self) -> set[str]:
        """The channels that turn it."""
        return {name for gains in self.gains.values() for name in gains}

    def without(self, channels: Collection[str]) -> "Turning":
        """The same, but for channels that something else shows."""
        kept = {
            way: {name: gain for name, gain in mix.items() if name not in channels} for way, mix in self.gains.items()
        }
        return Turning(self.bone, kept)


def head_of(avatar: Glb, line: BoneLine | None = None) -> tuple[Turning | None, str]:
    """The head, or None and a sentence that says why it does not turn. line: the artist's correction."""
    line = line or BoneLine("head")
    if line.off or line.gain == 0:
        return None, ""
    index, missing = _chosen(avatar, line)
    if index is None:
        index = _stated(avatar, "head")
    if avatar.at("nodes", index) is None:
        index = _by_name(avatar)
    if index is None:
        return None, f"{avatar.name} has no bone that FaceMimic knows as its head, so the head does not turn."
    bone = _bone(avatar, index)
    if bone is None:
        return None, f"The head of {avatar.name} is placed by a matrix, which glTF cannot animate, so it does not turn."
    gains = {turn: {name: line.gain} for turn, name in zip(("yaw", "pitch", "roll"), HEAD, strict=True)}
    return Turning(bone, gains), missing


def eyes_of(avatar: Glb, corrections: Corrections | None = None) -> tuple[list[Turning], list[str]]:
    """The eyes of a VRM avatar that says that it looks by turning them, as far as it says, and sentences about others.

    Those that the artist chose turn in any case.
    """
    corrections = corrections or Corrections()
    stated = _gaze(avatar)
    found, notes = [], []
    for side, leftward in (("Left", 1.0), ("Right", -1.0)):
        line = corrections.bone(f"{side.lower()}Eye")
        index, missing = _chosen(avatar, line)
        notes += [missing] if missing else []
        degrees = stated or (dict.fromkeys(("Out", "In", "Up", "Down"), _USUAL_GAZE) if index is not None else {})
        if line.off or line.gain == 0 or not degrees:
            continue
        if index is None:
            index = _stated(avatar, line.motion)
        bone = _bone(avatar, index) if avatar.at("nodes", index) is not None else None
        if bone is not None:
            reach = {way: line.gain * np.radians(angle) for way, angle in degrees.items()}
            yaw = {f"eyeLookOut{side}": leftward * reach["Out"], f"eyeLookIn{side}": -leftward * reach["In"]}
            pitch = {f"eyeLookUp{side}": reach["Up"], f"eyeLookDown{side}": -reach["Down"]}
            found.append(Turning(bone, {"yaw": yaw, "pitch": pitch}, chosen=bool(line.bone) and not missing))
    return found, notes


def _chosen(avatar: Glb, line: BoneLine) -> tuple[int | None, str]:
    """The node that the artist chose; or None, and where the avatar lacks it a sentence that says so."""
    if not line.bone:
        return None, ""
    index = next((place for place, node in enumerate(avatar.items("nodes")) if node.get("name") == line.bone), None)
    return index, "" if index is not None else f"The mapping's bone {line.bone} is not in {avatar.name}."


def _gaze(avatar: Glb) -> dict[str, float]:
    """Degrees that the eye bones turn each way at most; empty where the avatar does not look with bones."""
    extensions = _dict(avatar.document.get("extensions"))
    if "VRMC_vrm" in extensions:
        told, start, value = _dict(_dict(extensions["VRMC_vrm"]).get("lookAt")), "rangeMap", "outputScale"
        by_bones = told.get("type") == "bone"
    else:
        told, start, value = _dict(_dict(extensions.get("VRM")).get("firstPerson")), "lookAt", "yRange"
        by_bones = told.get("lookAtTypeName") == "Bone"
    if not by_bones:
        return {}
    ways = {"Out": "HorizontalOuter", "In": "HorizontalInner", "Up": "VerticalUp", "Down": "VerticalDown"}
    degrees = {way: _dict(told.get(start + name)).get(value, _USUAL_GAZE) for way, name in ways.items()}
    return {way: float(one) if isinstance(one, int | float) else _USUAL_GAZE for way, one in degrees.items()}


def _bone(avatar: Glb, index: int) -> Bone | None:
    """The node as a bone; None when a matrix places it."""
    node = avatar.items("nodes")[index]
    if "matrix" in node:
        return None
    parents = _parents(avatar)
    above = np.eye(4)
    for matrix in _matrices_above(avatar, index, parents):
        above = matrix @ above
    above = _orthogonal(above)
    axes = np.linalg.det(above) * above.T @ _facing(avatar, parents)
    return Bone(index, _floats(node, "rotation", 4), axes)


def _parents(avatar: Glb) -> dict[int, int]:
    return {child: number for number, node in enumerate(avatar.items("nodes")) for child in _children(node)}


def _stated(avatar: Glb, name: str) -> Any:
    """The node that a VRM avatar names as that humanoid bone."""
    extensions = _dict(avatar.document.get("extensions"))
    bones = _dict(_dict(extensions.get("VRMC_vrm")).get("humanoid")).get("humanBones")
    if isinstance(bones, dict):
        return _dict(bones.get(name)).get("node")
    bones = _dict(_dict(extensions.get("VRM")).get("humanoid")).get("humanBones")
    found = (bone for bone in bones if isinstance(bone, dict)) if isinstance(bones, list) else ()
    return next((bone.get("node") for bone in found if bone.get("bone") == name), None)


def _joints(avatar: Glb) -> dict[int, str]:
    """The names of the nodes that deform something, by index."""
    found = {}
    for skin in avatar.items("skins"):
        joints = skin.get("joints")
        for index in joints if isinstance(joints, list) else ():
            node = avatar.at("nodes", index)
            if node is not None and isinstance(node.get("name"), str):
                found[index] = node["name"]
    return found


def _by_name(avatar: Glb) -> int | None:
    told = rig_data("bones.toml")["head"]
    joints = _joints(avatar)
    spelt = {_numbered(name): index for index, name in reversed(joints.items())}
    behind_prefix = {_numbered(name.rpartition(":")[2]): index for index, name in reversed(joints.items())}
    for name in map(_numbered, told["names"]):
        if name in spelt or name in behind_prefix:
            return spelt.get(name, behind_prefix.get(name))
    wanted, never = set(told["words"]), set(told["never"])
    parents = _parents(avatar)
    likely = []
    for index, name in joints.items():
        parts = {word.rstrip("0123456789") for word in words(name)}
        if parts & wanted and not parts & never:
            likely.append((len(list(_above(index, parents))), index))
    return min(likely)[1] if likely else None


def _numbered(name: str) -> str:
    """A bone's plain name; its number, as in spine.006, is part of it."""
    return plain(name.replace(".", "_"))


def _facing(avatar: Glb, parents: dict[int, int]) -> np.ndarray:
    """(3, 3), columns: the character's left, up and forward in the scene. VRM says it; else the sides of bones do."""
    extensions = _dict(avatar.document.get("extensions"))
    if "VRMC_vrm" in extensions:
        return np.eye(3)
    if "VRM" in extensions:
        return np.diag([-1.0, 1.0, -1.0])
    sides: dict[tuple[str, ...], dict[str, int]] = {}
    for index, name in _joints(avatar).items():
        parts = words(name)
        for side in {"left", "right"}.intersection(parts):
            sides.setdefault(tuple("*" if part == side else part for part in parts), {})[side] = index
    left = np.zeros(3)
    for pair in sides.values():
        if len(pair) == 2:
            left += _position(avatar, pair["left"], parents) - _position(avatar, pair["right"], parents)
    left[1] = 0.0
    axis = int(np.abs(left).argmax())
    if abs(left[axis]) < 1e-6:
        return np.eye(3)
    snapped = np.zeros(3)
    snapped[axis] = np.sign(left[axis])
    up = np.array([0.0, 1.0, 0.0])
    return np.stack([snapped, up, np.cross(snapped, up)], axis=1)


def _position(avatar: Glb, index: int, parents: dict[int, int]) -> np.ndarray:
    place = _matrix(avatar.items("nodes")[index])
    for above in _matrices_above(avatar, index, parents):
        place = above @ place
    return place[:3, 3]


def _above(index: int, parents: dict[int, int]) -> Iterator[int]:
    """The nodes above one, nearest first; a ring of parents, which glTF forbids, ends where it closes."""
    seen = {index}
    while (index := parents.get(index, -1)) >= 0 and index not in seen:
        seen.add(index)
        yield index


def _matrices_above(avatar: Glb, index: int, parents: dict[int, int]) -> Iterator[np.ndarray]:
    nodes = avatar.items("nodes")
    return (_matrix(nodes[above]) for above in _above(index, parents))


def _matrix(node: dict[str, Any]) -> np.ndarray:
    """(4, 4), from the node's terms to its parent's."""
    if "matrix" in node:
        return _floats(node, "matrix", 16).reshape(4, 4).T
    x, y, z, w = _floats(node, "rotation", 4)
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * _floats(node, "scale", 3)
    matrix[:3, 3] = _floats(node, "translation", 3)
    return matrix


def _floats(node: dict[str, Any], name: str, count: int) -> np.ndarray:
    """A node's numbers of that name, or what they are when it has none."""
    told = node.get(name, _AT_REST.get(name))
    if not (isinstance(told, list | tuple) and len(told) == count and all(isinstance(n, int | float) for n in told)):
        raise FaceMimicError(
            f"The avatar is damaged: the {name} of a bone is {str(told)[:40]}. Export it again.", "file"
        )
    return np.array(told, np.float64)


def _orthogonal(matrix: np.ndarray) -> np.ndarray:
    """The rotation, or rotation and mirroring, that is nearest to a matrix with scales."""
    left, _, right = np.linalg.svd(matrix[:3, :3])
    return left @ right


def _about(axis: int, angles: np.ndarray) -> np.ndarray:
    turn = np.zeros((len(angles), 4))
    turn[:, axis], turn[:, 3] = np.sin(angles / 2), np.cos(angles / 2)
    return turn


def _product(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The rotation `other` followed by `one`; (frames, 4), x y z w."""
    a, b, v, w = one[:, :3], other[:, :3], one[:, 3:], other[:, 3:]
    vector = v * b + w * a + np.cross(a, b)
    return np.concatenate([vector, v * w - (a * b).sum(axis=1, keepdims=True)], axis=1)


def below(avatar: Glb, index: int) -> set[int]:
    """A node and all nodes below it."""
    nodes, found, waiting = avatar.items("nodes"), set(), [index]
    while waiting:
        one = waiting.pop()
        if one not in found and 0 <= one < len(nodes):
            found.add(one)
            waiting += _children(nodes[one])
    return found


def _children(node: dict[str, Any]) -> list[int]:
    children = node.get("children")
    return [child for child in children if type(child) is int] if isinstance(children, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
