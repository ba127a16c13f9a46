"""The tables of what the eye sees: they name channels, and make a metric."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from engine.avatars.recognise import looks
from engine.avatars.schemes import all_schemes
from engine.channels import INDEX, MIRROR_ORDER, SHAPES, spread
from engine.paths import rig_folder
from engine.retarget import mouths, reading, seen
from engine.retarget.seen import both_sides, metric

FOLDER = Path(seen.__file__).parent


def test_the_metric_is_one_and_knows_no_side() -> None:
    table = metric()
    assert np.linalg.eigvalsh(table)[0] > 1e-3
    np.testing.assert_array_equal(table, table.T)
    order = MIRROR_ORDER[: len(SHAPES)]
    np.testing.assert_allclose(table[np.ix_(order, order)], table)


@pytest.mark.parametrize("name", ["seen.toml", "reading.toml", "mouths.toml"])
def test_the_tables_name_channels(name: str) -> None:
    for table, entries in tomllib.loads((FOLDER / name).read_text("utf-8")).items():
        if table in ("seen", "unsure"):
            continue
        for stem, value in entries.items():
            stems = [stem, *(value if isinstance(value, dict) else ())]
            assert all(channel in INDEX for one in stems for channel in both_sides(one)), (name, stem)
    assert {channel for stem in seen._data()["weight"] for channel in both_sides(stem)} == set(SHAPES)


def test_every_look_of_every_scheme_is_a_face() -> None:
    for scheme in all_schemes():
        for name, look in scheme.looks.items():
            assert look.gains, name
            left, right = spread(dict(look.gains))
            assert -1 <= (left + right).min() <= (left + right).max() <= 1, name


def test_a_look_may_stand_for_another_scheme_s() -> None:
    (found,) = {tuple(look.gains.items()) for _, look in looks(["viseme_aa", "viseme_O", "viseme_E"])[:1]}
    (own,) = {tuple(look.gains.items()) for name, look in looks(["aa", "oh", "ee"]) if name == "aa"}
    assert found == own


def test_the_schemes_state_looks_for_names_that_they_know_or_explain() -> None:
    for path in (rig_folder() / "schemes").glob("*.toml"):
        told = tomllib.loads(path.read_text("utf-8")).get("looks", {})
        assert all(isinstance(look, str) or look for look in told.values()), path.name


def test_the_mouths_table_has_signs_that_make_sense() -> None:
    effects, _, _ = mouths._effects()
    assert effects[0, INDEX["mouthSmileLeft"]] > 0 > effects[0, INDEX["mouthPucker"]]
    assert effects[1, INDEX["jawOpen"]] > 0 > effects[1, INDEX["mouthClose"]]
    assert effects[2, INDEX["mouthSmileLeft"]] > 0 > effects[2, INDEX["mouthFrownLeft"]]


def test_what_is_lost_is_told_otherwise_only_where_it_is_lost() -> None:
    values = np.zeros((1, len(SHAPES)))
    values[0, INDEX["eyeSquintLeft"]] = 1
    assert reading.readable(values, [])[0, INDEX["eyeBlinkLeft"]] > 0.2
    assert reading.readable(values, [])[0, INDEX["eyeBlinkRight"]] == 0


def test_a_smile_s_eyes_are_not_told_by_lowered_lids() -> None:
    values = np.zeros((2, len(SHAPES)))
    values[:, INDEX["eyeSquintLeft"]] = 0.4
    values[1, INDEX["mouthSmileLeft"]] = 1
    angry, happy = reading.readable(values, [])[:, INDEX["eyeBlinkLeft"]]
    assert angry > 0.1 > 0.01 > happy
