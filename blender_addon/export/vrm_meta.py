"""What a .vrm says about its author and about what others may do with it."""

from dataclasses import dataclass
from typing import Any, Final

from ..messages import AddonError

LICENSE_URL: Final = "https://vrm.dev/licenses/1.0/"

AVATAR_PERMISSIONS: Final = ("onlyAuthor", "onlySeparatelyLicensedPerson", "everyone")
COMMERCIAL_USAGES: Final = ("personalNonProfit", "personalProfit", "corporation")
CREDIT_NOTATIONS: Final = ("required", "unnecessary")
MODIFICATIONS: Final = ("prohibited", "allowModification", "allowModificationRedistribution")
CHOICES: Final = {
    "license_url": (LICENSE_URL,),
    "avatar_permission": AVATAR_PERMISSIONS,
    "commercial_usage": COMMERCIAL_USAGES,
    "credit_notation": CREDIT_NOTATIONS,
    "modification": MODIFICATIONS,
}
"""VrmMeta's fields with one of several values."""


@dataclass(frozen=True)
class VrmMeta:
    """The meta section of VRM 1.0 (VRM consortium, VRMC_vrm-1.0/meta.md).

    name and authors must be given. Every permission starts at the specification's own default, which is the most
    restrictive; whoever asks for the file widens it. All are written, since godot-vrm reads no file without them.
    """

    name: str
    authors: tuple[str, ...]
    version: str = ""
    copyright_information: str = ""
    contact_information: str = ""
    references: tuple[str, ...] = ()
    third_party_licenses: str = ""
    license_url: str = LICENSE_URL
    avatar_permission: str = "onlyAuthor"
    allow_excessively_violent_usage: bool = False
    allow_excessively_sexual_usage: bool = False
    commercial_usage: str = "personalNonProfit"
    allow_political_or_religious_usage: bool = False
    allow_antisocial_or_hate_usage: bool = False
    credit_notation: str = "required"
    allow_redistribution: bool = False
    modification: str = "prohibited"
    other_license_url: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As the file wants it. Raises AddonError when a field that must be given is empty, or a choice is none."""
        authors = [author.strip() for author in self.authors if author.strip()]
        if not self.name.strip():
            raise AddonError("A .vrm needs the avatar's name. Fill it in.")
        if not authors:
            raise AddonError("A .vrm needs at least one author. Fill in who made the avatar.")
        for field, choices in CHOICES.items():
            value = getattr(self, field)
            if value not in choices:
                what = field.removesuffix("_url").replace("_", " ")
                raise AddonError(f"VRM knows no {what} “{value}”. Choose one of: {', '.join(choices)}.")
        texts = {
            "version": self.version,
            "copyrightInformation": self.copyright_information,
            "contactInformation": self.contact_information,
            "thirdPartyLicenses": self.third_party_licenses,
            "otherLicenseUrl": self.other_license_url,
        }
        references = [reference.strip() for reference in self.references if reference.strip()]
        return {
            "name": self.name.strip(),
            "authors": authors,
            **{name: text.strip() for name, text in texts.items() if text.strip()},
            **({"references": references} if references else {}),
            "licenseUrl": self.license_url,
            "avatarPermission": self.avatar_permission,
            "allowExcessivelyViolentUsage": bool(self.allow_excessively_violent_usage),
            "allowExcessivelySexualUsage": bool(self.allow_excessively_sexual_usage),
            "commercialUsage": self.commercial_usage,
            "allowPoliticalOrReligiousUsage": bool(self.allow_political_or_religious_usage),
            "allowAntisocialOrHateUsage": bool(self.allow_antisocial_or_hate_usage),
            "creditNotation": self.credit_notation,
            "allowRedistribution": bool(self.allow_redistribution),
            "modification": self.modification,
        }
