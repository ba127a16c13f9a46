"""Whether the lengths that a glTF document states fit one another: Blender's importer believes each of them, and works
for minutes on a number that is only written there.

Specification: Khronos, glTF 2.0, sections 3.6 (buffer views, accessors, sparse accessors) and 3.7.2 (morph targets).
"""

from collections.abc import Iterator
from typing import Any, Final

_SIZES: Final = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_WIDTHS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_MOST_ZEROS: Final = 2**25
"""Elements of an accessor that has no data of its own, but reads as zeros or is packed by an extension."""


def lie(document: dict[str, Any]) -> str:
    """The part that states more than there is, such as “accessor 3”; empty where all fits.

    Raises AttributeError, IndexError, KeyError, TypeError or ValueError for a document that makes no sense.
    """
    return next(_lies(document), "")


def _lies(document: dict[str, Any]) -> Iterator[str]:
    buffers, views = document.get("buffers", []), document.get("bufferViews", [])
    for number, view in enumerate(views):
        start, length = view.get("byteOffset", 0), view["byteLength"]
        if min(start, length) < 0 or start + length > buffers[view["buffer"]]["byteLength"]:
            yield f"data view {number}"
    accessors = document.get("accessors", [])
    for number, accessor in enumerate(accessors):
        if not all(_fits(block, views) for block in _blocks(accessor)):
            yield f"accessor {number}"
    for number, mesh in enumerate(document.get("meshes", [])):
        for primitive in mesh["primitives"]:
            rows = [primitive["attributes"], *primitive.get("targets", [])]
            if len({accessors[place]["count"] for row in rows for place in row.values()}) > 1:
                yield f"number of vertices of mesh {number}"


def _blocks(accessor: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int, int]]:
    """Where the accessor's elements lie, how many they are, and the bytes of each."""
    size = _SIZES[accessor["componentType"]] * _WIDTHS[accessor["type"]]
    yield accessor, accessor["count"], size
    if "sparse" in accessor:
        sparse = accessor["sparse"]
        yield sparse["indices"], sparse["count"], _SIZES[sparse["indices"]["componentType"]]
        yield sparse["values"], sparse["count"], size


def _fits(block: tuple[dict[str, Any], int, int], views: list[dict[str, Any]]) -> bool:
    place, count, size = block
    if "bufferView" not in place:
        return 0 <= count <= _MOST_ZEROS
    view, start = views[place["bufferView"]], place.get("byteOffset", 0)
    stride = max(view.get("byteStride", size), size)
    return min(start, count) >= 0 and (not count or start + (count - 1) * stride + size <= view["byteLength"])
