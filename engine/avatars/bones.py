"""The nodes that turn an avatar's head, jaw and eyes, and their rotations in the nodes' own terms."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from engine.avatars.bone_names import named, stated
from engine.avatars.glb import Glb
from engine.avatars.mapping import BoneLine, Corrections
from engine.avatars.places import below, facing, floats, matrix_above, parents, position
from engine.avatars.rig_data import rig_data
from engine.channels import HEAD
from engine.clip import Clip

_USUAL_GAZE: Final = 10.0
"""Degrees that eye bones turn where a VRM avatar looks by them and does not say how far: what programs write."""


@dataclass(frozen=True)
class Bone:
    """A node that moves on top of its rest.

    node: index. rest: (4,) x y z w, its rotation when nothing plays. axes: (3, 3), whose columns are the character's
    left, up and forward as axes of rotation before the rest rotation. place: (3,), its translation at rest.
    """

    node: int
    rest: np.ndarray
    axes: np.ndarray
    place: np.ndarray

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

    slides: channel to (3,), how far the node moves in its parent's terms when the channel is 1. chosen: by the artist,
    so that it turns whatever shapes do.
    """

    bone: Bone
    gains: Mapping[str, Mapping[str, float]]
    slides: Mapping[str, np.ndarray] = field(default_factory=dict)
    chosen: bool = False

    def rotations(self, clip: Clip) -> np.ndarray:
        """float32 (frames, 4), x y z w."""
        column = _columns(clip)
        angles = {angle: np.zeros(len(clip.values)) for angle in ("yaw", "pitch", "roll")}
        for angle, gains in self.gains.items():
            for name, gain in gains.items():
                angles[angle] += gain * column.get(name, 0.0)
        return self.bone.turned(**angles)

    def places(self, clip: Clip) -> np.ndarray | None:
        """float32 (frames, 3), the node's translation; None for a bone that only turns."""
        if not self.slides:
            return None
        column = _columns(clip)
        moved = np.tile(self.bone.place, (len(clip.values), 1))
        for name, shift in self.slides.items():
            moved += np.multiply.outer(column.get(name, np.zeros(len(moved))), shift)
        return moved.astype(np.float32)

    @property
    def shown(self) -> set[str]:
        """The channels that move it."""
        return {name for gains in self.gains.values() for name in gains} | set(self.slides)

    def without(self, channels: Collection[str]) -> "Turning":
        """The same, but for channels that something else shows."""
        kept = {
            way: {name: gain for name, gain in mix.items() if name not in channels} for way, mix in self.gains.items()
        }
        return replace(self, gains=kept, slides={name: by for name, by in self.slides.items() if name not in channels})


def _columns(clip: Clip) -> dict[str, np.ndarray]:
    return dict(zip(clip.channels, clip.values.T.astype(np.float64), strict=True))


def head_of(avatar: Glb, line: BoneLine | None = None, carrying: Collection[int] = ()) -> tuple[Turning | None, str]:
    """The head, or None and a sentence that says why it does not turn.

    line: the artist's correction. carrying: the nodes that vertices hang on.
    """
    line = line or BoneLine("head")
    if line.off or line.gain == 0:
        return None, ""
    index, missing = _chosen(avatar, line)
    if index is None:
        index = stated(avatar, "head")
    if index is None:
        index = named(avatar, "head", carrying)
    if index is None:
        return None, f"{avatar.name} has no bone that FaceMimic knows as its head, so the head does not turn."
    bone = _bone(avatar, index)
    if bone is None:
        return None, f"The head of {avatar.name} is placed by a matrix, which glTF cannot animate, so it does not turn."
    gains = {turn: {name: line.gain} for turn, name in zip(("yaw", "pitch", "roll"), HEAD, strict=True)}
    return Turning(bone, gains), missing


def jaw_of(
    avatar: Glb, line: BoneLine | None = None, carrying: Collection[int] | None = ()
) -> tuple[Turning | None, str]:
    """The jaw, or None where it has no bone; and a sentence where the artist's choice is not there.

    line and carrying: as of `head_of`; a jaw on which nothing hangs is none, unless the artist chose it. None is for
    files that do not tell what hangs where.
    """
    line = line or BoneLine("jaw")
    index, missing = _chosen(avatar, line)
    chosen = index is not None
    if line.off or line.gain == 0:
        return None, missing
    if index is None:
        index = _held(avatar, stated(avatar, "jaw"), carrying)
    if index is None:
        index = _held(avatar, named(avatar, "jaw", carrying or ()), carrying)
    bone = _bone(avatar, index) if index is not None else None
    if bone is None:
        return None, missing
    reach = rig_data("motions.toml")["jaw"]
    aside, down = line.gain * reach["aside"], line.gain * reach["open"]
    forward = line.gain * _jaw_forward(avatar, bone.node, carrying or ())
    gains = {"yaw": {"jawLeft": aside, "jawRight": -aside}, "pitch": {"jawOpen": -down}}
    return Turning(bone, gains, {"jawForward": forward} if forward.any() else {}, chosen), missing


def _jaw_forward(avatar: Glb, jaw: int, carrying: Collection[int]) -> np.ndarray:
    """(3,), where the jaw's node goes to in its parent's terms when it is pushed forward."""
    reach, up = rig_data("motions.toml")["jaw"], parents(avatar)
    eyes = [_eye(avatar, side, carrying) for side in ("left", "right")]
    length = 0.0
    if eyes[0] is not None and eyes[1] is not None:
        apart = position(avatar, eyes[0], up) - position(avatar, eyes[1], up)
        length = reach["forward"] * float(np.linalg.norm(apart))
    children = sorted(one for one in below(avatar, jaw) if up.get(one) == jaw)
    if not length and children:
        # glTF knows no bone's length; the nearest to it is where the first bone below begins.
        along = position(avatar, children[0], up) - position(avatar, jaw, up)
        length = reach["forward_of_bone"] * float(np.linalg.norm(along))
    linear = matrix_above(avatar, jaw, up)[:3, :3]
    if not length or abs(np.linalg.det(linear)) < 1e-12:
        return np.zeros(3)
    return np.linalg.solve(linear, length * facing(avatar, up)[:, 2])


def eyes_of(
    avatar: Glb,
    corrections: Corrections | None = None,
    carrying: Collection[int] | None = (),
    flat: Callable[[int], bool] = lambda node: False,
) -> tuple[list[Turning], list[str]]:
    """The eyes' bones, and sentences about those that the artist chose and the avatar lacks.

    A VRM avatar that looks by bones says how far they turn. Others turn as a real eye does, or less where they are
    drawn flat, if something hangs on them or the artist chose them. carrying: as of `jaw_of`. flat: of a node.
    """
    corrections = corrections or Corrections()
    told = _gaze(avatar)
    found, notes = [], []
    for side, leftward in (("Left", 1.0), ("Right", -1.0)):
        line = corrections.bone(f"{side.lower()}Eye")
        index, missing = _chosen(avatar, line)
        notes += [missing] if missing else []
        chosen = index is not None
        if line.off or line.gain == 0:
            continue
        if index is None:
            index = _eye(avatar, side.lower(), carrying or ())
            if not told or stated(avatar, line.motion) is None:
                index = _held(avatar, index, carrying)
        bone = _bone(avatar, index) if index is not None else None
        if bone is not None:
            degrees = told or _usual_gaze("flat_eye" if flat(bone.node) else "eye")
            reach = {way: line.gain * np.radians(angle) for way, angle in degrees.items()}
            yaw = {f"eyeLookOut{side}": leftward * reach["Out"], f"eyeLookIn{side}": -leftward * reach["In"]}
            pitch = {f"eyeLookUp{side}": reach["Up"], f"eyeLookDown{side}": -reach["Down"]}
            found.append(Turning(bone, {"yaw": yaw, "pitch": pitch}, chosen=chosen))
    return found, notes


def _eye(avatar: Glb, side: str, carrying: Collection[int]) -> int | None:
    index = stated(avatar, f"{side}Eye")
    return index if index is not None else named(avatar, f"{side}Eye", carrying)


def _held(avatar: Glb, index: int | None, carrying: Collection[int] | None) -> int | None:
    """The node, if anything hangs on it or on those below it, as far as that is known."""
    if index is None or carrying is None:
        return index
    return index if below(avatar, index).intersection(carrying) else None


def _chosen(avatar: Glb, line: BoneLine) -> tuple[int | None, str]:
    """The node that the artist chose; or None, and where the avatar lacks it a sentence that says so."""
    if not line.bone:
        return None, ""
    index = next((place for place, node in enumerate(avatar.items("nodes")) if node.get("name") == line.bone), None)
    return index, "" if index is not None else f"The mapping's bone {line.bone} is not in {avatar.name}."


def _usual_gaze(kind: str) -> dict[str, float]:
    """Degrees that a kind of eye turns each way at most."""
    reach = rig_data("motions.toml")[kind]
    ways = {"Out": reach["yaw"], "In": reach["yaw"], "Up": reach["up"], "Down": reach["down"]}
    return {way: float(np.degrees(angle)) for way, angle in ways.items()}


def _gaze(avatar: Glb) -> dict[str, float]:
    """Degrees that the eye bones of a VRM avatar turn each way; empty where it does not look with bones."""
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
    up = parents(avatar)
    turn = _orthogonal(matrix_above(avatar, index, up))
    axes = np.linalg.det(turn) * turn.T @ facing(avatar, up)
    return Bone(index, floats(node, "rotation", 4), axes, floats(node, "translation", 3))


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


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
