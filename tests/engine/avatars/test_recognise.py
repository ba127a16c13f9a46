"""Recognising names in the engine."""

from engine.avatars.recognise import meanings
from engine.avatars.words import normalised


def test_a_name_that_is_known_as_it_stands_means_nothing_behind_a_prefix() -> None:
    read, _ = meanings(("eyeBlinkLeft", "eyeBlinkRight", "eyeSquintLeft", "browDownLeft", "cheekSquintLeft"))
    assert {name for name, _, _ in read} >= {"eyeBlinkLeft", "cheekSquintLeft"}
    assert all(normalised(meaning.name) == normalised(name) for name, meaning, _ in read)
