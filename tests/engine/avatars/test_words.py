"""The engine takes names apart as the add-on does."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.avatars import words


@given(st.text(max_size=30))
@example("eyeBlink_L.001")
@example("ＬächelnＬ")
@example("L_brow_down_2")
def test_both_take_a_name_apart_alike(name: str) -> None:
    pytest.importorskip("bpy")
    from blender_addon.rig import words as theirs

    for of in ("words", "normalised", "side_of", "telling"):
        assert getattr(words, of)(name) == getattr(theirs, of)(name)
