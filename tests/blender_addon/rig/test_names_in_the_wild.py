"""Lists of names from avatars and programs: none is read wrongly, none that is known is missed, and a guess says so."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from blender_addon.rig.recognise import EXACT, GUESS, SPELLING
from blender_addon.rig.resolve import resolve
from blender_addon.rig.schemes import channels

LISTS: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("name_lists.toml").read_text(encoding="utf-8")
)
SIDES = (("L", "Left"), ("R", "Right"))
ANY = "any"
_LEADS = 0.35
"""Share of the strongest gain from which a channel is what a shape shows."""


def told(entries: dict[str, str]) -> dict[str, tuple[frozenset[str] | None, bool]]:
    """Name to the channels that it means, None for any, and whether it is read."""
    found = {}
    for name, said in entries.items():
        for short, side in SIDES:
            one = name.replace("*", short).replace("#", side)
            meant = said.removeprefix("? ").replace("*", side).replace("#", side)
            parts = [part for part in meant.split("+") if part]
            sides = ("Left", "Right")
            shown = frozenset(
                channel
                for part in parts
                for channel in ([part[:-1] + side for side in sides] if part.endswith("@") else [part])
            )
            assert meant == ANY or shown <= set(channels()), said
            found[one] = (None if meant == ANY else shown, not said.startswith("?"))
    return found


def shown_by(parts: list[tuple[float, dict[str, float]]]) -> frozenset[str]:
    total: Counter[str] = Counter()
    for weight, mix in parts:
        for channel, gain in mix.items():
            total[channel] += weight * gain  # pyright: ignore[reportArgumentType]
    return frozenset(channel for channel, gain in total.items() if gain > _LEADS * max(total.values()))


@pytest.mark.parametrize("title", LISTS)
def test_a_list_is_read(title: str) -> None:
    wanted = told(LISTS[title])
    mapping = resolve(list(wanted))
    wrong, missed = {}, []
    for name, (meant, known) in wanted.items():
        if meant is None:
            continue
        if name in mapping.keys:
            seen = shown_by(mapping.keys[name][0])
            if not meant or not (seen <= meant or meant <= seen):
                wrong[name] = (seen, meant)
        elif meant and known and name not in mapping.left_out:
            missed.append(name)
    assert not wrong
    assert not missed


def test_the_surer_a_reading_is_the_seldomer_it_is_wrong() -> None:
    rights: Counter[str] = Counter()
    wrongs: Counter[str] = Counter()
    for entries in LISTS.values():
        wanted = told(entries)
        mapping = resolve(list(wanted))
        for name, (parts, _) in mapping.keys.items():
            meant, _ = wanted[name]
            if meant is not None:
                right = bool(meant) and (shown_by(parts) <= meant or meant <= shown_by(parts))
                (rights if right else wrongs)[mapping.sure[name]] += 1
    assert not wrongs[EXACT] and not wrongs[SPELLING]
    assert min(rights[sure] for sure in (EXACT, SPELLING, GUESS)) > 50
    assert wrongs[GUESS] <= 0.02 * rights[GUESS]
