"""Whether a VRM avatar's wearer sees a mesh: kept with its object as the avatar's file says it."""

from typing import Any, Final

import bpy

FIRST_PERSON: Final = "facemimic_first_person"
"""Custom property of a mesh object: one of KINDS."""
KINDS: Final = ("auto", "both", "thirdPersonOnly", "firstPersonOnly")
"""VRM 1.0's words; VRM 0 begins them with a capital."""


def first_person(document: dict[str, Any]) -> tuple[dict[int, str], dict[int, str]]:
    """What a VRM avatar's glTF document says by node (VRM 1.0) and by mesh (VRM 0)."""
    extensions = document.get("extensions") or {}

    def stated(extension: str, place: str, kind: str) -> dict[int, str]:
        told = ((extensions.get(extension) or {}).get("firstPerson") or {}).get("meshAnnotations") or []
        known = {kind[0].upper() + kind[1:]: kind for kind in KINDS} | {kind: kind for kind in KINDS}
        return {one.get(place): known[str(one.get(kind))] for one in told if str(one.get(kind)) in known}

    return stated("VRMC_vrm", "node", "type"), stated("VRM", "mesh", "firstPersonFlag")


def first_person_of(obj: bpy.types.Object | None) -> str:
    """What holds for a mesh object; auto where nothing was said."""
    told = obj.get(FIRST_PERSON) if obj is not None else None
    return told if told in KINDS else "auto"
