"""An animation of a file that another one takes the place of."""

from typing import Any

from engine.avatars.glb import Glb
from engine.errors import FaceMimicError
from engine.provenance import MARK

Moved = set[tuple[Any, Any]]
"""Nodes and what of them moves: weights, rotation, translation."""


def place_of(file: Glb, name: str, moved: Moved) -> int | None:
    """Where the animation of that name stands; None where there is none.

    moved: what the new one moves. Raises FaceMimicError (kind "file") when the old one moves anything else: then it is
    more than a face's performance, and would be lost.
    """
    for place, animation in enumerate(file.items("animations")):
        if animation.get("name") == name:
            strange = [node for node, path in _moves(animation) if (node, path) not in moved]
            if strange:
                what = (file.at("nodes", strange[0]) or {}).get("name") or f"node {strange[0]}"
                raise FaceMimicError(
                    f"The animation “{name}” of {file.name} also moves {what}, which the take does not. Give the take "
                    "another name.",
                    "file",
                )
            return place
    return None


def free(file: Glb, place: int) -> None:
    """Drops the data of an animation of ours where they are its own and the last in the file; else they stay."""
    animation, *others = file.items("animations")[place:] + file.items("animations")[:place]
    accessors, views, extras = file.items("accessors"), file.items("bufferViews"), animation.get("extras")
    first, own = _last(len(accessors), _used(animation))
    if not (own and isinstance(extras, dict) and MARK in extras) or any(own & _used(other) for other in others):
        return
    held_from, held = _last(len(views), {accessors[number].get("bufferView") for number in own})
    rest = {**file.document, "accessors": accessors[:first]}
    if not held or held.intersection(_mentioned(rest, "bufferView")):
        return
    ends = [view.get("byteOffset", 0) + view["byteLength"] for view in views[:held_from] if view.get("buffer") == 0]
    start = min(views[number].get("byteOffset", 0) for number in held)
    if all(views[number].get("buffer") == 0 for number in held) and max(ends, default=0) <= start:
        del accessors[first:], views[held_from:]
        file.cut(start)


def _last(count: int, numbers: set[Any]) -> tuple[int, set[Any]]:
    """Where the numbers begin, and they, if they are the last of so many; else none."""
    first = count - len(numbers)
    return (first, numbers) if numbers == set(range(first, count)) else (count, set())


def _used(animation: dict[str, Any]) -> set[Any]:
    """The accessors of an animation."""
    told = animation.get("samplers")
    samplers = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return {sampler.get(end) for sampler in samplers for end in ("input", "output")}


def _mentioned(document: dict[str, Any], key: str) -> set[Any]:
    """What stands under a key anywhere in a document."""
    found, waiting = set(), [document]
    while waiting:
        value: Any = waiting.pop()
        if isinstance(value, dict):
            if key in value and not isinstance(value[key], dict | list):
                found.add(value[key])
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return found


def _moves(animation: dict[str, Any]) -> list[tuple[Any, Any]]:
    channels = animation.get("channels")
    targets = [one.get("target") for one in channels if isinstance(one, dict)] if isinstance(channels, list) else []
    return [(target.get("node"), target.get("path")) for target in targets if isinstance(target, dict)]
