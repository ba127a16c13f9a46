"""The naming schemes as data: they speak only of channels, alike of both sides."""

import tomllib
from pathlib import Path

import pytest

from blender_addon.rig import schemes
from blender_addon.rig.schemes import all_schemes, channels
from tests.blender_addon.rig.program_names import SHAPES

FILES = sorted((Path(schemes.__file__).parent / "schemes").glob("*.toml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scheme_speaks_only_of_channels(file: Path) -> None:
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    tables = [data.get(name, {}) for name in ("shapes", "parts", "visemes", "expressions")]
    for table in [*tables, *data.get("fallbacks", [])]:
        for name, value in table.items():
            mix = {value: 1.0} if isinstance(value, str) else value
            assert set(mix) <= set(SHAPES), name
            assert max(mix.values()) > 0, name
            assert sum(gain for gain in mix.values() if gain > 0) <= 2.0, name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_sides_of_a_scheme_mirror_each_other(file: Path) -> None:
    scheme = next(one for one in all_schemes() if one.name == tomllib.loads(file.read_text(encoding="utf-8"))["name"])

    def mirrored(text: str) -> str:
        return text.replace("left", "\0").replace("right", "left").replace("\0", "right")

    for normal, meaning in scheme.meanings.items():
        other = scheme.meanings.get(mirrored(normal))
        if other and other is not meaning:
            swap = {
                channel.replace("Left", "\0").replace("Right", "Left").replace("\0", "Right"): gain
                for channel, gain in other.mix.items()
            }
            assert swap == dict(meaning.mix), normal


def test_there_are_52_shapes_and_the_head() -> None:
    assert len(set(channels())) == 55
    assert channels()[52:] == ("headYaw", "headPitch", "headRoll")
