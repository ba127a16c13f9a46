"""What an avatar's file says about itself, kept with its armature: title, author, licence and picture.

It is kept in the file's own words; what they mean in VRM 1.0 is up to whoever writes one.
"""

import base64
import binascii
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import bpy

STATED: Final = "facemimic_meta"
"""Custom property of the armature: JSON of the file's name, its VRM's version, and its meta."""
THUMBNAIL: Final = "facemimic_thumbnail"
"""Custom property of the armature: the avatar's picture, an image of this file."""

PICTURES: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
"""How files of the pictures that glTF knows begin."""


class Stated(NamedTuple):
    """file: its name. version: 0 or 1, of VRM. meta: as the file has it, unchecked. parts: what else VRM has in it, and
    Blender's importer does not take over, in the artist's words."""

    file: str
    version: int
    meta: dict[str, Any]
    parts: tuple[str, ...]


def note_meta(document: dict[str, Any], binary: bytes, path: Path, owner: bpy.types.Object) -> None:
    """Keeps on `owner` what a VRM avatar's glTF document says of it; nothing for other files."""
    extensions = document.get("extensions") or {}
    for version, name, picture in ((1, "VRMC_vrm", "thumbnailImage"), (0, "VRM", "texture")):
        meta = (extensions.get(name) or {}).get("meta")
        if isinstance(meta, dict):
            told = {"file": path.name, "version": version, "meta": meta, "parts": _left_behind(document)}
            owner[STATED] = json.dumps(told, ensure_ascii=False)
            index = meta.get(picture)
            if version == 0:
                index = (_at(document, "textures", index) or {}).get("source")
            image = _picture(document, binary, index, path.stem)
            if image is not None:
                owner[THUMBNAIL] = image
            return


def stated_meta(owner: bpy.types.Object | None) -> Stated | None:
    """What the avatar's file said; None for characters that came otherwise."""
    try:
        told = json.loads(owner.get(STATED, "")) if owner is not None else None
    except (TypeError, ValueError):
        return None
    if not isinstance(told, dict) or told.get("version") not in (0, 1) or not isinstance(told.get("meta"), dict):
        return None
    parts = told.get("parts")
    named = tuple(map(str, parts)) if isinstance(parts, list) else ()
    return Stated(str(told.get("file", "")), told["version"], told["meta"], named)


def _left_behind(document: dict[str, Any]) -> list[str]:
    """The parts of a VRM avatar that Blender's glTF importer does not know."""
    text = json.dumps(document)
    old = (document.get("extensions") or {}).get("VRM") or {}
    used = document.get("extensionsUsed") or []
    groups = (old.get("blendShapeMaster") or {}).get("blendShapeGroups") or []
    found = {
        "MToon materials": "VRMC_materials_mtoon" in used or '"VRM/MToon"' in text,
        "spring bones": "VRMC_springBone" in used or bool((old.get("secondaryAnimation") or {}).get("boneGroups")),
        "node constraints": "VRMC_node_constraint" in used,
        "colours and textures of expressions": '"materialColorBinds": [{' in text
        or '"textureTransformBinds": [{' in text
        or any(group.get("materialValues") for group in groups),
    }
    return [name for name, there in found.items() if there]


def thumbnail(owner: bpy.types.Object | None) -> bpy.types.Image | None:
    """The avatar's picture, if it has one."""
    found = owner.get(THUMBNAIL) if owner is not None else None
    return found if isinstance(found, bpy.types.Image) else None


def _picture(document: dict[str, Any], binary: bytes, index: Any, name: str) -> bpy.types.Image | None:
    about = _at(document, "images", index)
    data = _data(document, binary, about) if about else b""
    if about is None or not any(data.startswith(start) for start in PICTURES):
        return None
    image = bpy.data.images.new(str(about.get("name") or f"{name} thumbnail"), 1, 1)
    pack: Any = image.pack
    pack(data=data, data_len=len(data))
    image.source = "FILE"
    return image


def _data(document: dict[str, Any], binary: bytes, about: dict[str, Any]) -> bytes:
    """A picture's bytes, if they lie in the file itself."""
    view = _at(document, "bufferViews", about.get("bufferView"))
    if view is not None and view.get("buffer") == 0:
        start = view.get("byteOffset", 0)
        return binary[start : start + view["byteLength"]]
    kind, _, text = str(about.get("uri") or "").partition(";base64,")
    try:
        return base64.b64decode(text) if kind.startswith("data:") else b""
    except (ValueError, binascii.Error):
        return b""


def _at(document: dict[str, Any], kind: str, index: Any) -> dict[str, Any] | None:
    items = document.get(kind) or []
    return items[index] if type(index) is int and 0 <= index < len(items) and isinstance(items[index], dict) else None
