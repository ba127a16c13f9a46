import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.emotions import canonical, emotions, normalised, parse_mixture
from engine.errors import FaceMimicError


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("happy", "happy"),
        ("Happiness", "happy"),
        ("joy", "happy"),
        ("ANGER", "angry"),
        ("sorrow", "sad"),
        ("fear", "fearful"),
        ("surprise", "surprised"),
        ("disgust", "disgusted"),
        ("contempt", "contemptuous"),
        ("relaxed", "neutral"),
        ("fun", "neutral"),
        ("happily surprised", "happily_surprised"),
        ("Happily-Surprised", "happily_surprised"),
        ("  awe ", "awed"),
    ],
)
def test_adjectives_nouns_and_vrm_names_are_understood(word: str, name: str) -> None:
    assert canonical(word) == name


def test_a_typo_is_refused_with_a_suggestion() -> None:
    with pytest.raises(FaceMimicError, match="Did you mean “happy”") as error:
        canonical("hapy")
    assert error.value.kind == "request"


def test_every_word_stands_for_one_emotion_only() -> None:
    for name in emotions():
        assert canonical(name) == name


def test_the_table_gives_units_to_all_but_neutral() -> None:
    assert len(emotions()) >= 22
    assert all(emotion.core for name, emotion in emotions().items() if name != "neutral")
    assert emotions()["contemptuous"].one_sided


def test_a_mixture_sums_to_one() -> None:
    assert parse_mixture("happy=0.6,surprised=0.4") == {"happy": 0.6, "surprised": 0.4}
    assert parse_mixture("happy") == {"happy": 1.0}
    assert parse_mixture("joy=1, happy=1") == {"happy": 1.0}


@pytest.mark.parametrize("text", ["", ",", "happy=", "happy=x", "happy=-1", "happy=nan", "happy=inf", "happy=0", "=1"])
def test_a_mixture_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(FaceMimicError):
        parse_mixture(text)


@given(st.text(max_size=40))
def test_any_text_is_a_mixture_or_is_refused(text: str) -> None:
    try:
        shares = parse_mixture(text)
    except FaceMimicError:
        return
    assert math.isclose(sum(shares.values()), 1)
    assert set(shares) <= set(emotions())


@given(st.dictionaries(st.sampled_from(["happy", "joy", "sad", "anger"]), st.floats(1e-6, 1e6), min_size=1))
def test_shares_are_scaled_to_one(shares: dict[str, float]) -> None:
    assert math.isclose(sum(normalised(shares).values()), 1, rel_tol=1e-9)
