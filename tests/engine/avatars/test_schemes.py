"""The engine reads the schemes' files as the add-on does."""

import pytest

from engine.avatars.schemes import all_schemes


def test_both_know_the_same_schemes() -> None:
    pytest.importorskip("bpy")
    from blender_addon.rig import schemes

    ours, theirs = all_schemes(), schemes.all_schemes()
    assert [scheme.name for scheme in ours] == [scheme.name for scheme in theirs]
    for own, other in zip(ours, theirs, strict=True):
        assert {name: vars(meaning) for name, meaning in own.meanings.items()} == {
            name: vars(meaning) for name, meaning in other.meanings.items()
        }
        for part in ("prefixes", "suffixes", "needs", "loose", "guess", "marked", "synonyms"):
            assert getattr(own, part) == getattr(other, part), (own.name, part)
