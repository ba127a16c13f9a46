"""The humanoid of a VRM avatar's file, kept with its armature."""

import json
from typing import Any, Final

import bpy

STATED_BONES: Final = "facemimic_humanoid_of_file"
"""Custom property of the armature: JSON of VRM 1.0's humanoid bones to the armature's."""
_THUMBS: Final = {"ThumbProximal": "ThumbMetacarpal", "ThumbIntermediate": "ThumbProximal"}
"""VRM 0's names of thumb bones that VRM 1.0 calls otherwise."""


def humanoid_nodes(document: dict[str, Any]) -> dict[int, str]:
    """Node to the humanoid bone of VRM 1.0 that an avatar's glTF document says it is."""
    extensions = document.get("extensions") or {}
    bones = ((extensions.get("VRMC_vrm") or {}).get("humanoid") or {}).get("humanBones")
    if isinstance(bones, dict):
        stated = [(name, (told or {}).get("node")) for name, told in bones.items()]
    else:
        bones = ((extensions.get("VRM") or {}).get("humanoid") or {}).get("humanBones") or []
        stated = [(_renamed(str(told.get("bone"))), told.get("node")) for told in bones]
    return {node: name for name, node in stated if type(node) is int}


def note_bones(armature: bpy.types.Object, found: dict[str, str]) -> None:
    """Keeps humanoid bone to the armature's bone."""
    if found:
        armature[STATED_BONES] = json.dumps(found, ensure_ascii=False)


def stated_bones(armature: bpy.types.Object) -> dict[str, str]:
    """The humanoid that the avatar's file stated, as far as the armature still has its bones."""
    text: Any = armature.get(STATED_BONES)
    try:
        told = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    data: Any = armature.data
    return {name: bone for name, bone in told.items() if bone in data.bones} if isinstance(told, dict) else {}


def _renamed(name: str) -> str:
    side = next((side for side in ("left", "right") if name.startswith(side)), "")
    return side + _THUMBS.get(name.removeprefix(side), name.removeprefix(side))
