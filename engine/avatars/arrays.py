"""Arrays of an avatar's file, as far as they lie plainly or sparsely in its own binary part.

Format: Khronos, glTF 2.0 specification, section 3.6.2 (accessors).
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from engine.avatars.glb import WIDTHS, Glb

TYPES: Final = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
"""Component types, as NumPy has them."""
_MOST: Final = 20_000_000
"""Rows beyond which an array is not looked at: faces have a thousandth of it."""


def rows(avatar: Glb, index: Any, kind: str) -> np.ndarray | None:
    """float64 (rows, width) of an accessor of that kind ("VEC3"); None where there is none or it is encoded.

    Normalised integers are told as 0..1 or -1..1.
    """
    about = avatar.at("accessors", index)
    if about is None or about.get("type") != kind:
        return None
    count = about.get("count")
    if type(count) is not int or not 0 <= count <= _MOST:
        return None
    try:
        dtype, width = np.dtype(TYPES[about["componentType"]]), WIDTHS[kind]
        found = np.zeros((count, width))
        if "bufferView" in about:
            found[:] = _block(avatar, about["bufferView"], about, (count, width), dtype)
        if "sparse" in about:
            sparse = about["sparse"]
            places, at = sparse["indices"], sparse["count"]
            indices = _block(avatar, places["bufferView"], places, (at, 1), np.dtype(TYPES[places["componentType"]]))
            found[indices[:, 0]] = _block(avatar, sparse["values"]["bufferView"], sparse["values"], (at, width), dtype)
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    if about.get("normalized") is True and dtype.kind in "iu":
        found = np.maximum(found / np.iinfo(dtype).max, -1.0)
    return found if np.isfinite(found).all() else None


def _block(avatar: Glb, view: Any, about: Mapping[str, Any], shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    data = avatar.view(view)
    if data is None:
        raise ValueError
    stride = (avatar.at("bufferViews", view) or {}).get("byteStride") or shape[1] * dtype.itemsize
    return np.ndarray(shape, dtype, data, about.get("byteOffset", 0), (stride, dtype.itemsize))
