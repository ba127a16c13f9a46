"""What an imported avatar says about itself, in the terms of VRM 1.0's meta.

VRM 1.0 gives its values as they are. VRM 0's are given where VRM 1.0 has the same (vrm0_meta.toml). Where it tells
finer or knows no such thing, nothing is chosen for the artist, and what VRM 0 said is told.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import bpy

from ..rig.avatar_meta import stated_meta
from .vrm_meta import CHOICES

_TEXTS: Final = {
    "name": "name",
    "version": "version",
    "copyright_information": "copyrightInformation",
    "contact_information": "contactInformation",
    "third_party_licenses": "thirdPartyLicenses",
    "other_license_url": "otherLicenseUrl",
    "avatar_permission": "avatarPermission",
    "commercial_usage": "commercialUsage",
    "credit_notation": "creditNotation",
    "modification": "modification",
}
_FLAGS: Final = {
    "allow_excessively_violent_usage": "allowExcessivelyViolentUsage",
    "allow_excessively_sexual_usage": "allowExcessivelySexualUsage",
    "allow_political_or_religious_usage": "allowPoliticalOrReligiousUsage",
    "allow_antisocial_or_hate_usage": "allowAntisocialOrHateUsage",
    "allow_redistribution": "allowRedistribution",
}
_LICENSED: Final = ("credit_notation", "allow_redistribution", "modification")
"""What a licence of VRM 0 tells, as far as it does."""


class Offered(NamedTuple):
    """source: the file and its version of VRM; empty where nothing was said.

    fields: VrmMeta's fields and their values. unsaid: VrmMeta's fields that are left to the artist, and what VRM 0
    says of them.
    """

    source: str
    fields: dict[str, Any]
    unsaid: dict[str, str]


def offered_meta(armature: bpy.types.Object | None) -> Offered:
    """What the avatar's own file says, as far as it is well formed."""
    stated = stated_meta(armature)
    if stated is None:
        return Offered("", {}, {})
    fields, unsaid = (_from_vrm_1(stated.meta), {}) if stated.version else _from_vrm_0(stated.meta)
    return Offered(f"{stated.file} (VRM {stated.version})", fields, unsaid)


def credit(armature: bpy.types.Object | None) -> str:
    """Whom to name for an imported avatar, in its file's words; empty for others."""
    stated, fields = stated_meta(armature), offered_meta(armature).fields
    if stated is None or not fields.get("authors"):
        return ""
    named = f"{fields.get('name', stated.file)} by {', '.join(fields['authors'])}"
    return ", ".join(filter(None, [named, fields.get("copyright_information"), _license(stated.meta)]))


def _license(meta: dict[str, Any]) -> str:
    """The licence's name, where VRM 0 told one that asks for a credit."""
    name = meta.get("licenseName")
    return name if isinstance(name, str) and name.startswith("CC") else ""


@cache
def _vrm_0() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("vrm0_meta.toml").read_text("utf-8"))


def _from_vrm_1(meta: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _texts(meta, _TEXTS)
    found = {field: text for field, text in found.items() if text in CHOICES.get(field, (text,))}
    for field in ("authors", "references"):
        listed = meta.get(field)
        if isinstance(listed, list) and (kept := tuple(one for one in listed if isinstance(one, str) and one.strip())):
            found[field] = kept
    return found | {field: meta[name] for field, name in _FLAGS.items() if isinstance(meta.get(name), bool)}


def _from_vrm_0(meta: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    known, unsaid = _vrm_0(), {}
    found: dict[str, Any] = _texts(meta, known["texts"])
    found |= {field: (text,) for field, text in _texts(meta, {"authors": "author", "references": "reference"}).items()}
    found |= {field: meta[name] == "Allow" for field, name in known["flags"].items() if _decided(meta.get(name))}
    user, business, license_name = (
        meta.get(name) if isinstance(meta.get(name), str) else ""
        for name in ("allowedUserName", "commercialUssageName", "licenseName")
    )
    if user in known["users"]:
        found["avatar_permission"] = known["users"][user]
    if business == "Disallow":
        found["commercial_usage"] = "personalNonProfit"
    elif business == "Allow":
        unsaid["commercial_usage"] = "Allow, to whom not told"
    urls = list(dict.fromkeys(_texts(meta, {"license": "otherLicenseUrl", "terms": "otherPermissionUrl"}).values()))
    if urls:
        found["other_license_url"] = urls[0]
    if len(urls) > 1:
        unsaid["third_party_licenses"] = f"also see {urls[1]}"
    if license_name:
        found |= known["licenses"].get(license_name, {})
        unsaid |= {field: license_name for field in _LICENSED if field not in found}
        if license_name.startswith("CC") and not urls:
            unsaid["other_license_url"] = f"{license_name}, of a version not told"
    return found, unsaid


def _decided(value: Any) -> bool:
    return value in ("Allow", "Disallow")


def _texts(meta: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    return {field: text for field, name in names.items() if isinstance(text := meta.get(name), str) and text.strip()}
