"""Messages between the add-on and the worker.

A message is a uint32 (little endian) with the header's length in bytes, the header as UTF-8 JSON, and then raw
little-endian float32 arrays in the order of header["arrays"] = [{"name": str, "shape": [int, …]}, …].
"""

import json
import math
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

VERSION = 1
LONGEST_HEADER = 8 << 20
"""Bytes. The longest honest header, a Request of many beats, stays far below."""
LARGEST_ARRAYS = 1 << 30
"""Bytes of all arrays in one message: ten minutes of 55 channels at 240 fps are 32 MB."""


class ProtocolError(Exception):
    """The other side does not speak this protocol; the stream cannot be trusted from here on."""


def write_message(stream: BinaryIO, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> None:
    """Writes one message and flushes it. Arrays are sent as float32; a header that holds NaN is refused."""
    table = dict(header)
    blocks = {name: np.asarray(array, "<f4", order="C") for name, array in (arrays or {}).items()}
    if blocks:
        table["arrays"] = [{"name": name, "shape": list(block.shape)} for name, block in blocks.items()]
    text = json.dumps(table, allow_nan=False).encode()
    stream.write(struct.pack("<I", len(text)) + text)
    for block in blocks.values():
        stream.write(block.tobytes())
    stream.flush()


def read_message(stream: BinaryIO) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Reads one message: header and arrays by name; None when the stream ended between two messages.

    Raises ProtocolError for anything that is not a message.
    """
    start = stream.read(4)
    if not start:
        return None
    if len(start) < 4:
        raise ProtocolError("The stream ended inside a message's length.")
    (length,) = struct.unpack("<I", start)
    if length > LONGEST_HEADER:
        raise ProtocolError(f"A header of {length} bytes was announced; at most {LONGEST_HEADER} are allowed.")
    try:
        header = json.loads(_exactly(stream, length).decode())
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"A header is not UTF-8 JSON: {error}") from error
    if not isinstance(header, dict):
        raise ProtocolError("A header is not a JSON object.")
    return header, _arrays(stream, header.pop("arrays", []))


def _arrays(stream: BinaryIO, listed: Any) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    room = LARGEST_ARRAYS
    if not isinstance(listed, list):
        raise ProtocolError("“arrays” is not a list.")
    for row in listed:
        if not isinstance(row, dict) or not isinstance(row.get("name"), str) or not isinstance(row.get("shape"), list):
            raise ProtocolError("An array is listed without a name and a shape.")
        shape = row["shape"]
        if len(shape) > 8 or any(type(side) is not int or not 0 <= side <= LARGEST_ARRAYS for side in shape):
            raise ProtocolError(f"The array “{row['name']}” has the impossible shape {shape}.")
        size = 4 * math.prod(shape)
        room -= size
        if room < 0:
            raise ProtocolError(f"The arrays are larger than {LARGEST_ARRAYS} bytes.")
        arrays[row["name"]] = np.frombuffer(_exactly(stream, size), "<f4").reshape(shape)
    return arrays


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise ProtocolError("The stream ended inside a message.")
    return data
