"""Everything that Blender knows about a file's data, flat, so that two looks at it compare line by line."""

from typing import Any

import bpy

KINDS = ("objects", "meshes", "shape_keys", "armatures", "actions", "materials", "collections", "texts", "scenes")
_DERIVED = {
    "rna_type", "bl_rna", "session_uid", "users", "is_evaluated", "original", "preview", "id_data", "depsgraph",
    "asset_data", "is_runtime_data", "parent_recursive", "eevee", "render", "cycles", "view_layers", "display",
    "bound_box", "dimensions", "storage_type", "tool_settings", "sequence_editor", "sequence_editor_scene",
}  # fmt: skip
"""What follows from other things, belongs to the program, or says nothing about the artist's work."""
_LARGE = 64


def dump() -> dict[str, Any]:
    """RNA path to value, of all data-blocks of KINDS, with their custom properties."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        for block in getattr(bpy.data, kind):
            where = f"{kind}[{block.name!r}]"
            found[where] = True
            _write(block, where, found, set())
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The paths whose values differ, with both; None for one that is not there."""
    return {
        path: (before.get(path), after.get(path))
        for path in {**before, **after}
        if before.get(path) != after.get(path) or (path in before) != (path in after)
    }


def _write(owner: Any, where: str, found: dict[str, Any], seen: set[int]) -> None:
    if not isinstance(owner, bpy.types.ID):
        if owner.as_pointer() in seen:
            return
        seen = seen | {owner.as_pointer()}
    for about in owner.bl_rna.properties:
        name = about.identifier
        if name in _DERIVED:
            continue
        try:
            value = getattr(owner, name)
        except (AttributeError, RuntimeError):
            continue
        _value(value, about, f"{where}.{name}", found, seen)
    if isinstance(owner, bpy.types.ID | bpy.types.PoseBone | bpy.types.Bone):
        for name, value in owner.items():
            kept = value.to_dict() if hasattr(value, "to_dict") else list(value) if hasattr(value, "to_list") else value
            found[f"{where}[{name!r}]"] = repr(kept)


def _value(value: Any, about: Any, where: str, found: dict[str, Any], seen: set[int]) -> None:
    if about.type == "POINTER":
        if value is None or isinstance(value, bpy.types.ID):
            found[where] = value and value.name
        elif about.type == "POINTER" and _reference(value, where):
            found[where] = getattr(value, "name", "")
        else:
            _write(value, where, found, seen)
    elif about.type == "COLLECTION":
        found[f"{where}.length"] = len(value)
        for number, item in enumerate(value):
            if item is None or isinstance(item, bpy.types.ID):
                found[f"{where}[{number}]"] = item and item.name
            elif number < _LARGE or "co" not in item.bl_rna.properties:
                _write(item, f"{where}[{number}]", found, seen)
    elif getattr(about, "is_array", False):
        found[where] = repr([list(row) if hasattr(row, "__len__") else row for row in value])
    else:
        found[where] = repr(value)


def _reference(value: Any, where: str) -> bool:
    """Whether the pointer leads to something that is written elsewhere, such as a bone's parent."""
    return isinstance(value, bpy.types.Bone | bpy.types.PoseBone | bpy.types.ShapeKey | bpy.types.ActionSlot)
