"""Binary glTF 2.0 (.glb, .vrm) that is added to and otherwise kept: every chunk's bytes, every part of the document.

Format: Khronos, glTF 2.0 specification, chapter 4 (GLB) and section 3.6 (accessors). The add-on's own reader of what it
exports decodes arrays; this one decodes none, so that no encoding of theirs (sparse, compressed, unknown) matters.
"""

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from engine.errors import FaceMimicError

_MAGIC: Final = 0x46546C67
_JSON: Final = 0x4E4F534A
_BIN: Final = 0x004E4942
_LARGEST: Final = 2**32 - 1
_FLOAT: Final = 5126
_SIZES: Final = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
"""Bytes of the component types."""
WIDTHS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
"""Components of the accessors' kinds."""
_LISTS: Final = ("accessors", "animations", "bufferViews", "buffers", "meshes", "nodes", "skins")
"""The document's lists that this room reads or adds to."""


@dataclass
class Glb:
    """A file's document, its chunks as they are, and what has been added to the first buffer.

    name: for sentences about it. chunks: (kind, bytes) in the file's order. added: bytes for the first buffer's end.
    """

    name: str
    document: dict[str, Any]
    chunks: list[tuple[int, memoryview]]
    added: bytearray = field(default_factory=bytearray)

    @staticmethod
    def read(path: str | Path) -> "Glb":
        """Raises FaceMimicError (kind "file") when the file is missing, not whole, or no binary glTF 2.0."""
        path = Path(path)
        try:
            if path.exists() and not path.is_file():
                raise _refused(f"{path} is no file. Give a .glb or .vrm file.")
            data = path.read_bytes()
        except OSError as error:
            what = "There is no avatar at" if isinstance(error, FileNotFoundError) else "Cannot read"
            raise _refused(f"{what} {path}: {error.strerror or error}.") from error
        return Glb.from_bytes(data, path.name)

    @staticmethod
    def from_bytes(data: bytes, name: str) -> "Glb":
        """`data` as a file of that name. Raises FaceMimicError (kind "file") as `read` does."""
        chunks = _chunks(memoryview(data), name)
        if not chunks or chunks[0][0] != _JSON:
            raise _refused(f"{name} does not begin with a glTF description. Export it again.")
        glb = Glb(name, _document(bytes(chunks[0][1]), name), chunks)
        glb._check_buffers()
        glb._check_accessors()
        return glb

    @property
    def _stored(self) -> memoryview:
        return next((data for kind, data in self.chunks[:2] if kind == _BIN), memoryview(b""))

    def _check_buffers(self) -> None:
        buffers = self.document.get("buffers", [])
        for number, buffer in enumerate(buffers):
            uri = buffer.get("uri")
            # Data within the text may stay there, except in the one buffer that is added to.
            if uri is not None and (number == 0 or not str(uri).startswith("data:")):
                raise _refused(
                    f"{self.name} keeps its data outside of its binary part ({str(uri)[:40]}). "
                    "Save it as one .glb or .vrm file with everything in it."
                )
        stated = buffers[0].get("byteLength") if buffers else 0
        if type(stated) is not int or not 0 <= stated <= len(self._stored):
            raise _refused(
                f"{self.name} promises {stated} bytes of data and holds {len(self._stored)}: it is not whole. "
                "Copy or export it again."
            )
        for number, view in enumerate(self.document.get("bufferViews", [])):
            start, length = view.get("byteOffset", 0), view.get("byteLength")
            whole = type(start) is int and type(length) is int and start >= 0
            if not whole or (view.get("buffer") == 0 and start + length > stated):
                raise _refused(
                    f"{self.name} is damaged: its data view {number} reaches beyond its data. Export it again."
                )

    def _check_accessors(self) -> None:
        for number, about in enumerate(self.items("accessors")):
            size = _bytes(about.get("componentType")) * WIDTHS.get(str(about.get("type")), 0)
            blocks = [(about, about.get("count"), size)]
            sparse = about.get("sparse")
            if isinstance(sparse, dict):
                places, values = sparse.get("indices"), sparse.get("values")
                if not (isinstance(places, dict) and isinstance(values, dict)):
                    raise self._lying(number)
                blocks.append((places, sparse.get("count"), _bytes(places.get("componentType"))))
                blocks.append((values, sparse.get("count"), size))
            for block, count, each in blocks:
                if type(count) is not int or count < 0:
                    raise self._lying(number)
                if "bufferView" in block and not self._holds(block, count, each):
                    raise self._lying(number)

    def _holds(self, block: dict[str, Any], count: int, each: int) -> bool:
        """Whether a block's view is there and long enough for its elements of so many bytes."""
        view, start = self.at("bufferViews", block["bufferView"]), block.get("byteOffset", 0)
        if view is None or type(start) is not int or start < 0:
            return False
        stride = view.get("byteStride", each)
        if type(stride) is not int or stride < 0:
            return False
        return not count or start + (count - 1) * max(stride, each) + each <= view["byteLength"]

    def _lying(self, number: int) -> FaceMimicError:
        return _refused(f"{self.name} is damaged: its accessor {number} reaches beyond its data. Export it again.")

    def view(self, index: Any) -> memoryview | None:
        """The bytes of a buffer view of the file's own binary part; None where they lie elsewhere."""
        view = self.at("bufferViews", index)
        if view is None or view.get("buffer") != 0:
            return None
        start = view.get("byteOffset", 0)
        return self._stored[start : start + view["byteLength"]]

    def items(self, name: str) -> list[dict[str, Any]]:
        """One of the document's lists; empty where it has none."""
        return self.document.get(name, [])

    def at(self, name: str, index: Any) -> dict[str, Any] | None:
        """An item of one of the document's lists; None where the index points nowhere."""
        items = self.items(name)
        return items[index] if type(index) is int and 0 <= index < len(items) else None

    def add(self, name: str, item: dict[str, Any]) -> int:
        """Appends to one of the document's lists; returns the item's index."""
        items = self.document.setdefault(name, [])
        items.append(item)
        return len(items) - 1

    def add_floats(self, values: np.ndarray, kind: str, *, bounds: bool = False) -> int:
        """Appends float32 rows as an accessor of that kind ("SCALAR", "VEC4"); returns its index.

        values: (rows,) or (rows, width). bounds: writes min and max, which key times need.
        """
        rows = np.ascontiguousarray(values, "<f4")
        start = -(-len(self._stored) // 4) * 4 + len(self.added)
        view = self.add("bufferViews", {"buffer": 0, "byteOffset": start, "byteLength": rows.nbytes})
        self.added += rows.tobytes()
        about = {"bufferView": view, "componentType": _FLOAT, "count": len(rows), "type": kind}
        if bounds:
            about |= {"min": [float(rows.min())], "max": [float(rows.max())]}
        return self.add("accessors", about)

    def cut(self, length: int) -> None:
        """Shortens the first buffer."""
        place = next(number for number, (kind, _) in enumerate(self.chunks[:2]) if kind == _BIN)
        self.chunks[place] = _BIN, self._stored[:length]
        self.document["buffers"][0]["byteLength"] = length

    def write(self, file: BinaryIO) -> None:
        """Writes the file: the chunks as they were, but for the document and the end of the first buffer.

        Raises FaceMimicError (kind "file") when the document cannot be told in JSON or the file would pass 4 GiB.
        """
        chunks: list[tuple[int, list[Any]]] = [(kind, [data]) for kind, data in self.chunks]
        if self.added:
            gap = bytes(-len(self._stored) % 4)
            grown = [self._stored, gap, self.added]
            place = next((number for number, (kind, _) in enumerate(chunks[:2]) if kind == _BIN), None)
            if place is None:
                chunks.insert(1, (_BIN, grown))
            else:
                chunks[place] = (_BIN, grown)
            buffers = self.document.setdefault("buffers", [])
            if not buffers:
                buffers.append({})
            buffers[0]["byteLength"] = sum(map(len, grown))
        chunks[0] = (_JSON, [self._text()])
        chunks = [(kind, [*parts, _padding(kind, sum(map(len, parts)))]) for kind, parts in chunks]
        lengths = [sum(map(len, parts)) for _, parts in chunks]
        total = 12 + sum(8 + length for length in lengths)
        if total > _LARGEST:
            raise _refused(f"{self.name} would pass 4 GiB, which binary glTF cannot hold.")
        file.write(struct.pack("<III", _MAGIC, 2, total))
        for (kind, parts), length in zip(chunks, lengths, strict=True):
            file.write(struct.pack("<II", length, kind))
            for part in parts:
                file.write(part)

    def _text(self) -> bytes:
        try:
            text = json.dumps(self.document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        except ValueError as error:
            raise _refused(
                f"{self.name} holds a number that is none, which JSON cannot tell. Export it again."
            ) from error
        try:
            return text.encode()
        except UnicodeEncodeError:
            # Half a surrogate pair, which only an escape can tell.
            return json.dumps(self.document, separators=(",", ":")).encode()


def _bytes(component: Any) -> int:
    """Of a component type; 0 for those that nobody knows."""
    return _SIZES.get(component, 0) if type(component) is int else 0


def _refused(sentence: str) -> FaceMimicError:
    return FaceMimicError(sentence, "file")


def _padding(kind: int, length: int) -> bytes:
    return (b" " if kind == _JSON else b"\0") * (-length % 4)


def _chunks(data: memoryview, name: str) -> list[tuple[int, memoryview]]:
    if bytes(data[:64]).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        raise _refused(
            f"{name} is a glTF description in text (.gltf), whose data lie in other files. Save it as one .glb or .vrm."
        )
    if len(data) < 12 or struct.unpack_from("<I", data)[0] != _MAGIC:
        raise _refused(f"{name} is not a binary glTF file (.glb or .vrm). Give an avatar, or export it again.")
    _, version, total = struct.unpack_from("<III", data)
    if version != 2:
        raise _refused(f"{name} is glTF version {version}. Export it again as glTF 2.0.")
    if total != len(data):
        raise _refused(
            f"{name} says it has {total} bytes but has {len(data)}: it is not whole. Copy or export it again."
        )
    chunks, at = [], 12
    while at < total:
        length, kind = struct.unpack_from("<II", data, at) if at + 8 <= total else (_LARGEST, 0)
        if at + 8 + length > total:
            raise _refused(f"{name} is damaged: a part of it reaches beyond its end. Copy or export it again.")
        chunks.append((kind, data[at + 8 : at + 8 + length]))
        at += 8 + length
    return chunks


def _document(text: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _refused(f"The description inside {name} is not UTF-8 text. Export it again.") from error
    except (ValueError, RecursionError) as error:
        raise _refused(f"The description inside {name} is damaged: it is not JSON. Export it again.") from error
    asset = document.get("asset") if isinstance(document, dict) else None
    if not isinstance(asset, dict) or not str(asset.get("version")).startswith("2."):
        raise _refused(f"The description inside {name} is not glTF 2.0. Export it again.")
    for kind in _LISTS:
        items = document.get(kind, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise _refused(f"{name} is damaged: its list of {kind} is none. Export it again.")
    return document


def same_file(one: str | Path, other: str | Path) -> bool:
    """Whether two paths lead to one file that exists."""
    try:
        return Path(one).samefile(other)
    except (OSError, ValueError):
        return False
