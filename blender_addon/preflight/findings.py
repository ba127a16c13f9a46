"""What preflight says about a character for one target."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..rig.character import Character
from .fixes import fixes
from .rules import rules

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Target:
    """A program, or a family of them. rules: rule to severity. notes: what holds for every character."""

    name: str
    label: str
    about: str
    rules: dict[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One sentence for the artist. rule: its name, empty for a target's notes. fix: a button's label, or empty."""

    severity: str
    rule: str
    text: str
    fix: str = ""


@cache
def targets() -> dict[str, Target]:
    """The targets by name, in the order in which they are offered."""
    data = tomllib.loads(Path(__file__).with_name("targets.toml").read_text("utf-8"))
    return {
        name: Target(name, one["label"], one["about"], dict(one["rules"]), tuple(one.get("notes", ())))
        for name, one in data.items()
    }


def preflight(character: Character, target: str) -> list[Finding]:
    """What `target` will make of the character, worst first."""
    about, known, mends = targets()[target], rules(), fixes()
    found = []
    for rule, severity in about.rules.items():
        for told in known[rule](character):
            fix = mends[rule].label if told.can_be_fixed and rule in mends else ""
            found.append(Finding(severity, rule, told.text, fix))
    found += [Finding("note", "", note) for note in about.notes]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def report(character: Character, target: str) -> str:
    """The same as lines of text."""
    found = preflight(character, target)
    counts = {severity: sum(one.severity == severity for one in found) for severity in SEVERITIES}
    told = ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items())
    head = f"{character.name} for {targets()[target].label}: {told}"
    return "\n".join([head, *(f"{one.severity.capitalize()}: {one.text}" for one in found)])
