"""Reading and writing binary glTF 2.0 (.glb, .vrm, .vrma): one JSON document and one binary chunk.

Format: Khronos, glTF 2.0 specification, chapter 4 (GLB) and section 3.6 (accessors). Everything in the document
that this room does not know stays as it is.
"""

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..messages import AddonError

_MAGIC: Final = 0x46546C67
_JSON: Final = 0x4E4F534A
_BIN: Final = 0x004E4942
_TYPES: Final = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_COMPONENTS: Final = {"<f4": 5126, "<u4": 5125, "<u2": 5123, "<u1": 5121}
_WIDTHS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}


@dataclass
class GltfFile:
    """A glTF document and the binary chunk that its first buffer lies in."""

    document: dict[str, Any] = field(default_factory=lambda: {"asset": {"version": "2.0"}})
    binary: bytearray = field(default_factory=bytearray)

    @staticmethod
    def read(path: str | Path) -> "GltfFile":
        """Reads a .glb. Raises AddonError when the file is missing, truncated, or no binary glTF 2.0."""
        path = Path(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise AddonError(f"Cannot read {path}: {error.strerror}.") from error
        return GltfFile.from_bytes(data, path.name)

    @staticmethod
    def from_bytes(data: bytes, name: str) -> "GltfFile":
        """`data` as a glTF file; `name` is for the error's sentence."""
        if len(data) < 20 or struct.unpack_from("<I", data)[0] != _MAGIC:
            raise AddonError(f"{name} is not a binary glTF file (.glb, .vrm or .vrma). Export it again.")
        _, version, total = struct.unpack_from("<III", data)
        if version != 2:
            raise AddonError(f"{name} is glTF version {version}. Export it again as glTF 2.0.")
        if total != len(data):
            raise AddonError(
                f"{name} says it has {total} bytes but has {len(data)}: it is not whole. Copy or export it again."
            )
        chunks: dict[int, bytes] = {}
        at = 12
        while at < total:
            if at + 8 > total:
                raise AddonError(f"{name} ends in the middle of a chunk. Copy it again.")
            length, kind = struct.unpack_from("<II", data, at)
            if at + 8 + length > total:
                raise AddonError(f"{name} has a chunk that is longer than the file. Copy it again.")
            chunks.setdefault(kind, data[at + 8 : at + 8 + length])
            at += 8 + length
        try:
            document = json.loads(chunks.get(_JSON, b"").decode("utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise AddonError(f"The description inside {name} is damaged. Export it again.") from error
        if not isinstance(document, dict):
            raise AddonError(f"The description inside {name} is not a glTF document. Export it again.")
        return GltfFile(document, bytearray(chunks.get(_BIN, b"")))

    def to_bytes(self) -> bytes:
        """The file as bytes, chunks padded to four bytes."""
        document = dict(self.document)
        if self.binary:
            first, *others = document.get("buffers") or [{}]
            document["buffers"] = [{**first, "byteLength": len(self.binary)}, *others]
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        parts = [struct.pack("<II", len(text), _JSON), text]
        if self.binary:
            binary = bytes(self.binary) + bytes(-len(self.binary) % 4)
            parts += [struct.pack("<II", len(binary), _BIN), binary]
        return struct.pack("<III", _MAGIC, 2, 12 + sum(map(len, parts))) + b"".join(parts)

    def list(self, name: str) -> list[dict[str, Any]]:
        """The document's list of that name ("nodes", "meshes", …), made when it is missing."""
        return self.document.setdefault(name, [])

    def add(self, name: str, item: dict[str, Any]) -> int:
        """Appends to a list of the document; returns the index."""
        items = self.list(name)
        items.append(item)
        return len(items) - 1

    def use_extension(self, name: str, content: dict[str, Any]) -> None:
        """Sets a root extension and declares it."""
        self.document.setdefault("extensions", {})[name] = content
        used = self.document.setdefault("extensionsUsed", [])
        if name not in used:
            used.append(name)

    def add_bytes(self, data: bytes) -> int:
        """Appends bytes to the binary chunk; returns the index of their buffer view."""
        self.binary.extend(bytes(-len(self.binary) % 4))
        view = self.add("bufferViews", {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)})
        self.binary.extend(data)
        return view

    def add_array(self, values: np.ndarray, kind: str, *, bounds: bool = False) -> int:
        """Appends an array (rows, or rows × width for VEC and MAT) as an accessor; returns its index.

        bounds: writes min and max, which the specification demands for positions and animation times.
        """
        values = np.ascontiguousarray(values)
        flat = values.reshape(len(values), _WIDTHS[kind])
        accessor: dict[str, Any] = {
            "bufferView": self.add_bytes(flat.tobytes()),
            "componentType": _COMPONENTS[flat.dtype.newbyteorder("<").str],
            "count": len(flat),
            "type": kind,
        }
        if bounds:
            accessor["min"] = flat.min(axis=0).tolist()
            accessor["max"] = flat.max(axis=0).tolist()
        return self.add("accessors", accessor)

    def array(self, accessor: int) -> np.ndarray:
        """The values of an accessor, (count, width). Raises AddonError when it points outside of the file."""
        try:
            about = self.document["accessors"][accessor]
            values = self._dense(about)
            sparse = about.get("sparse")
            if sparse:
                where = self._view(sparse["indices"], sparse["count"], 1, sparse["indices"]["componentType"])
                what = self._view(sparse["values"], sparse["count"], values.shape[1], about["componentType"])
                values[where[:, 0]] = what
            return values
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise AddonError(f"Accessor {accessor} of this glTF file is damaged. Export the file again.") from error

    def rewrite(self, accessor: int, values: np.ndarray) -> None:
        """Puts other values, (count, width), in the place of an accessor's own, with bounds where it has bounds."""
        about = self.document["accessors"][accessor]
        held = self._held(about, about["count"], _WIDTHS[about["type"]], about["componentType"])
        held[:] = values
        if "min" in about or "max" in about:
            about["min"], about["max"] = held.min(axis=0).tolist(), held.max(axis=0).tolist()

    def _dense(self, about: dict[str, Any]) -> np.ndarray:
        width = _WIDTHS[about["type"]]
        if "bufferView" not in about:
            return np.zeros((about["count"], width), _TYPES[about["componentType"]])
        return self._view(about, about["count"], width, about["componentType"])

    def _view(self, at: dict[str, Any], count: int, width: int, component: int) -> np.ndarray:
        return self._held(at, count, width, component).copy()

    def _held(self, at: dict[str, Any], count: int, width: int, component: int) -> np.ndarray:
        """The values where they lie in the binary chunk; while they are referred to, it cannot grow."""
        view = self.document["bufferViews"][at["bufferView"]]
        dtype = np.dtype(_TYPES[component])
        start = view.get("byteOffset", 0) + at.get("byteOffset", 0)
        stride = view.get("byteStride", dtype.itemsize * width)
        return np.ndarray((count, width), dtype, self.binary, start, (stride, dtype.itemsize))
