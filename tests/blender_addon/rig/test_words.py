"""Names taken apart: another spelling is the same name, and a side is one in any words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_addon.rig.resolve import resolve
from blender_addon.rig.words import normalised
from tests.blender_addon.rig.program_names import SHAPES, short


@given(st.sampled_from(SHAPES))
def test_normalising_forgets_only_the_spelling(name: str) -> None:
    assert normalised(name) == normalised(short(name)) == name.lower()
    assert len({normalised(other) for other in SHAPES}) == 52


@pytest.mark.parametrize(
    "name", ["бородавка", "웃음", "ابتسامة", "笑顔", "😀", "Ünïcödé", " ", "_", ".", "ｊａｗＯｐｅｎ"]
)
def test_names_in_any_script(name: str) -> None:
    mapping = resolve([name, "eyeBlinkLeft"])
    assert "eyeBlinkLeft" in mapping.keys
    assert (name in mapping.keys) == (name == "ｊａｗＯｐｅｎ"), "wide Latin letters are the same letters"


@pytest.mark.parametrize("side", ["L", "_l", ".L", " Left", "_LEFT", "_lf", " links", "_izq", " gauche", "_esq"])
def test_sides_in_other_words(side: str) -> None:
    assert resolve([f"eyeBlink{side}"]).levels == {"eyeBlinkLeft": 1.0}
    assert resolve([f"Lächeln{side}"]).levels == {"mouthSmileLeft": 3.0}


@pytest.mark.parametrize("name", ["Lächeln_L", "La\u0308cheln_L", "LÄCHELN_L", "ＬächelnＬ"])
def test_a_letter_may_be_composed_or_wide(name: str) -> None:
    assert resolve([name]).levels == {"mouthSmileLeft": 3.0}
