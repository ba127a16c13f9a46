"""Which of an avatar's meshes and morph targets show which channels."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from engine.avatars.glb import Glb
from engine.avatars.mapping import ShapeLine
from engine.avatars.resolve import Part, Reading, resolve
from engine.clip import Clip
from engine.errors import FaceMimicError

_LISTED: Final = 12
_LONGEST: Final = 63
"""How many names, and how much of each, a sentence lists."""


@dataclass(frozen=True)
class Face:
    """A node whose mesh shows a part of the performance.

    rest: float32 (targets,), the weights of the node when nothing plays. parts: by target's index, the parts of its
    weight; see resolve.Reading. names: of the targets. mesh: its number in the file. shown: the channels that lead
    one of the targets, so that they can be seen. lines: the artist's corrections, by target's index; a target that
    follows chosen channels has them as its one part, and one that is turned off has none.
    """

    node: int
    mesh: int
    names: tuple[str, ...]
    rest: np.ndarray
    parts: Mapping[int, list[Part]]
    shown: frozenset[str]
    lines: Mapping[int, ShapeLine] = field(default_factory=dict)

    @property
    def chosen(self) -> dict[str, ShapeLine]:
        """By target's name, the corrections that say which channels it follows."""
        return {self.names[target]: line for target, line in self.lines.items() if line.follows is not None}

    def solved(self, clip: Clip, by_target: Mapping[str, np.ndarray]) -> np.ndarray:
        """float32 (frames, targets): the same from weights that are known already, by target's name.

        Targets that the artist chose channels for follow these.
        """
        weights = np.tile(self.rest, (len(clip.values), 1))
        for target, line in self.lines.items():
            if target in self.parts and line.follows is not None:
                weights[:, target] = self._weight(clip, target)
        for name, values in by_target.items():
            target = self.names.index(name)
            line = self.lines.get(target)
            weights[:, target] = line.applied(values) if line else values
        return weights

    def weights(self, clip: Clip) -> np.ndarray:
        """float32 (frames, targets): all of the node's morph weights, targets without a meaning at rest."""
        weights = np.tile(self.rest, (len(clip.values), 1))
        for target in self.parts:
            weights[:, target] = self._weight(clip, target)
        return weights

    def _weight(self, clip: Clip, target: int) -> np.ndarray:
        column = dict(zip(clip.channels, clip.values.T, strict=True))
        line = self.lines.get(target)
        total = np.zeros(len(clip.values), np.float32)
        for weight, mix in self.parts[target]:
            moved = sum(np.float32(gain) * column[name] for name, gain in mix.items() if name in column)
            # What the artist chose is limited by the line alone.
            total += np.float32(weight) * (moved if line and line.follows is not None else np.clip(moved, 0.0, 1.0))
        return line.applied(total) if line else np.clip(total, 0.0, 1.0)


def faces(
    avatar: Glb, lines: Mapping[int, Mapping[str, ShapeLine]] | None = None, *, needed: bool = True
) -> list[Face]:
    """The nodes whose morph targets perform, in the file's order.

    lines: the artist's corrections, by mesh and target's name. needed: whether nothing else performs.
    Raises FaceMimicError (kind "file") for targets that do not fit their mesh; where they are needed also when the
    file has none, or none that a naming scheme or the avatar's own expressions know.
    """
    targets = {number: _target_count(mesh) for number, mesh in enumerate(avatar.items("meshes"))}
    if not any(targets.values()) and needed:
        raise FaceMimicError(
            f"{avatar.name} has no morph targets (shape keys), so there is no face to animate in it.", "file"
        )
    _check_counts(avatar)
    names = target_names(avatar)
    read = _read(names, expressions(avatar))
    found = []
    for index, node in enumerate(avatar.items("nodes")):
        number = node.get("mesh")
        if type(number) is int and number in read:
            rest = _rest(node, avatar.items("meshes")[number], targets[number])
            face = _face(index, number, names[number], rest, read[number], (lines or {}).get(number, {}))
            if face.parts:
                found.append(face)
    if not found and needed:
        every = [name[:_LONGEST] for own in names.values() for name in own]
        more = ", …" if len(every) > _LISTED else ""
        raise FaceMimicError(
            f"FaceMimic knows none of the names of {avatar.name}'s morph targets: {', '.join(every[:_LISTED])}{more}. "
            "Name them as ARKit does, such as jawOpen and eyeBlinkLeft.",
            "file",
        )
    return found


def _face(
    node: int, mesh: int, names: tuple[str, ...], rest: np.ndarray, read: Reading, lines: Mapping[str, ShapeLine]
) -> Face:
    parts: dict[int, list[Part]] = {}
    shown: set[str] = set()
    for target, name in enumerate(names):
        line, told = lines.get(name), read.parts.get(name, [])
        if line and line.off:
            continue
        if line and line.follows is not None:
            told = [(1.0, line.follows)] if line.follows else []
            most = max(line.follows.values(), default=0.0)
            shown.update(channel for channel, gain in line.follows.items() if gain == most > 0)
        else:
            shown.update(
                channel for _, mix in told for channel, gain in mix.items() if gain > 0 and channel in read.levels
            )
        if told:
            parts[target] = told
    kept = {names.index(name): line for name, line in lines.items()}
    return Face(node, mesh, names, rest, parts, frozenset(shown), kept)


def target_names(avatar: Glb) -> dict[int, tuple[str, ...]]:
    """By mesh's number, the names of its morph targets; each once."""
    alone = {binds[0][:2]: name for name, binds in reversed(expressions(avatar)) if len(binds) == 1}
    return {
        number: _names(mesh, count, {place[1]: name for place, name in alone.items() if place[0] == number})
        for number, mesh in enumerate(avatar.items("meshes"))
        if (count := _target_count(mesh))
    }


def mesh_names(avatar: Glb) -> dict[int, set[str]]:
    """By mesh's number, what it is called: its own name and those of the nodes that show it."""
    found = {number: {str(mesh.get("name", ""))} for number, mesh in enumerate(avatar.items("meshes"))}
    for node in avatar.items("nodes"):
        number = node.get("mesh")
        if type(number) is int and number in found:
            found[number].add(str(node.get("name", "")))
    return found


def expressions(avatar: Glb) -> list[tuple[str, list[tuple[int, int, float]]]]:
    """What a VRM 1.0 or 0.x avatar says itself: expressions' names and binds (mesh, target, weight 0..1)."""
    extensions = _dict(avatar.document.get("extensions"))
    found = []
    if "VRMC_vrm" in extensions:
        stated = _dict(_dict(extensions["VRMC_vrm"]).get("expressions"))
        for name, expression in [*_dict(stated.get("preset")).items(), *_dict(stated.get("custom")).items()]:
            binds = []
            for bind in _dicts(_dict(expression).get("morphTargetBinds")):
                node = avatar.at("nodes", bind.get("node"))
                binds.append((_dict(node).get("mesh"), bind.get("index"), bind.get("weight", 1.0)))
            found.append((name, binds))
    else:
        for group in _dicts(_dict(_dict(extensions.get("VRM")).get("blendShapeMaster")).get("blendShapeGroups")):
            preset = group.get("presetName") or "unknown"
            binds = [
                (bind.get("mesh"), bind.get("index"), _number(bind.get("weight", 100)) / 100)
                for bind in _dicts(group.get("binds"))
            ]
            found.append((str(group.get("name", "") if preset == "unknown" else preset), binds))
    whole = [
        (name, [(m, i, _number(w)) for m, i, w in binds if type(m) is int and type(i) is int]) for name, binds in found
    ]
    return [(name, binds) for name, binds in whole if binds]


def _check_counts(avatar: Glb) -> None:
    """Raises FaceMimicError (kind "file") for a target that moves another number of vertices than its mesh has."""
    for mesh in avatar.items("meshes"):
        for primitive in _dicts(mesh.get("primitives")):
            rest = avatar.at("accessors", _dict(primitive.get("attributes")).get("POSITION"))
            for number, target in enumerate(_dicts(primitive.get("targets"))):
                moved = avatar.at("accessors", target.get("POSITION"))
                if rest and moved and rest.get("count") != moved.get("count"):
                    raise FaceMimicError(
                        f"{avatar.name} is damaged: morph target {number} of its mesh “{mesh.get('name', '')}” moves "
                        f"{moved.get('count')} vertices and the mesh has {rest.get('count')}. Export it again.",
                        "file",
                    )


def _target_count(mesh: Mapping[str, Any]) -> int:
    told = (one.get("targets") for one in _dicts(mesh.get("primitives")))
    return max((len(targets) for targets in told if isinstance(targets, list)), default=0)


def _names(mesh: Mapping[str, Any], count: int, by_expression: Mapping[int, str]) -> tuple[str, ...]:
    """The targets' names: the mesh's, else its primitives', else those of expressions that move one target alone."""
    for about in (mesh, *_dicts(mesh.get("primitives"))):
        told = _dict(about.get("extras")).get("targetNames")
        if isinstance(told, list) and told:
            break
    else:
        told = []
    names: list[str] = []
    for index in range(count):
        name = str(told[index]) if index < len(told) and told[index] else by_expression.get(index, f"target_{index}")
        number, unique = 0, name
        while unique in names:
            number += 1
            unique = f"{name}.{number:03}"
        names.append(unique)
    return tuple(names)


def _read(
    names: Mapping[int, tuple[str, ...]], stated: list[tuple[str, list[tuple[int, int, float]]]]
) -> dict[int, Reading]:
    """By mesh, how its targets follow a performance."""
    own: dict[int, dict[str, dict[str, float]]] = {mesh: defaultdict(dict) for mesh in names}
    for name, binds in stated:
        for mesh, index, weight in binds:
            if mesh in names and 0 <= index < len(names[mesh]):
                own[mesh][name][names[mesh][index]] = weight
    company = {mesh: [name for other in names if other != mesh for name in names[other]] for mesh in names}
    finest: dict[str, float] = {}
    for mesh, targets in names.items():
        for channel, level in resolve(targets, own[mesh], company=company[mesh]).levels.items():
            finest[channel] = min(level, finest.get(channel, level))
    return {mesh: resolve(targets, own[mesh], finest, company=company[mesh]) for mesh, targets in names.items()}


def _rest(node: Mapping[str, Any], mesh: Mapping[str, Any], count: int) -> np.ndarray:
    told = node.get("weights") or mesh.get("weights") or []
    rest = np.zeros(count, np.float32)
    usable = [_number(weight) for weight in told[:count]] if isinstance(told, list) else []
    rest[: len(usable)] = usable
    return rest


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
