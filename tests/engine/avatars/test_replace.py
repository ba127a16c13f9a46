"""A take in the place of the one of its name."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.avatars.add_take import add_take
from engine.cli import main
from engine.clip import Clip
from engine.errors import FaceMimicError
from tests.engine.avatars.made import avatar, clip_of, packed, track, unpacked
from tests.engine.avatars.test_add_take import assert_nothing_else_changed

NAMES = ["jawOpen", "eyeBlinkLeft"]
RISE = np.linspace(0, 1, 31)


def animations(path: Path) -> list[str]:
    return [one["name"] for one in unpacked(path.read_bytes())[0].get("animations", [])]


def test_the_last_take_is_replaced_without_a_trace(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(NAMES)
    add_take(path, clip_of({"jawOpen": RISE}), path, "Hello", overwrite=True)
    before = path.read_bytes()
    long = clip_of({"jawOpen": np.sin(np.linspace(0, 40, 600)) ** 2, "eyeBlinkLeft": np.linspace(0, 1, 600)})
    add_take(path, long, path, "Bye", overwrite=True)
    made = add_take(path, clip_of({"jawOpen": 0.5 * RISE}), path, "Bye", overwrite=True, replace=True)
    assert made.animation == "Bye"
    assert animations(path) == ["Hello", "Bye"]
    assert_nothing_else_changed(before, path.read_bytes())
    document, binary, _ = unpacked(path.read_bytes())
    assert track(document, binary, 2, "weights")[1][-1].tolist() == [0.5, 0]
    plain = make_avatar(NAMES, name="other.vrm")
    for name, clip in (("Hello", clip_of({"jawOpen": RISE})), ("Bye", clip_of({"jawOpen": 0.5 * RISE}))):
        add_take(plain, clip, plain, name, overwrite=True)
    assert plain.read_bytes() == path.read_bytes()


def test_an_earlier_take_is_replaced_in_its_place(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(NAMES)
    for name in ("Hello", "Bye"):
        add_take(path, clip_of({"jawOpen": RISE}), path, name, overwrite=True)
    add_take(path, clip_of({"jawOpen": 0.5 * RISE}), path, "Hello", overwrite=True, replace=True)
    assert animations(path) == ["Hello", "Bye"]
    document, binary, _ = unpacked(path.read_bytes())
    assert [track(document, binary, 2, "weights", number)[1][-1, 0] for number in (0, 1)] == [0.5, 1]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.booleans(), st.booleans(), st.integers(2, 40)), max_size=6))
def test_takes_that_are_not_named_stay_whatever_is_replaced(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bool, bool, int]]
) -> None:
    path = tmp_path_factory.mktemp("avatar") / "avatar.vrm"
    original = packed(*avatar(NAMES), (0x12345678, b"else"))
    path.write_bytes(original)
    expected: dict[str, float] = {}
    for number, (name, replace, with_provenance, frames) in enumerate(steps, start=1):
        end = number / len(steps)
        made = add_take(
            path, clip_of({"jawOpen": np.linspace(0, end, frames)}), path, name,
            overwrite=True, replace=replace, with_provenance=with_provenance,
        )  # fmt: skip
        expected[made.animation] = end
        assert (made.animation == name) or not replace
    document, binary, _ = unpacked(path.read_bytes())
    assert animations(path) == list(expected)
    for place, end in enumerate(expected.values()):
        assert track(document, binary, 2, "weights", place)[1][-1, 0] == pytest.approx(end)
    assert binary.startswith(unpacked(original)[1])


def test_data_that_something_else_uses_stay(make_avatar: Callable[..., Path]) -> None:
    """Tools that shrink files let animations share their times."""
    path = make_avatar(NAMES)
    for name in ("Hello", "Bye"):
        add_take(path, clip_of({"jawOpen": RISE}), path, name, overwrite=True)
    document, binary, _ = unpacked(path.read_bytes())
    document["animations"][0]["samplers"] = document["animations"][1]["samplers"]
    document["images"] = [{"bufferView": len(document["bufferViews"]) - 1}]
    for kept in (document["animations"], None):
        document["animations"] = kept or document["animations"][1:]
        path.write_bytes(packed(document, binary))
        add_take(path, clip_of({"jawOpen": 0.5 * RISE}), path, "Bye", overwrite=True, replace=True)
        new, data, _ = unpacked(path.read_bytes())
        assert data.startswith(binary)
        assert [track(new, data, 2, "weights", place)[1][-1, 0] for place in range(len(new["animations"]))] in (
            [1, 0.5],
            [0.5],
        )


def test_what_moves_other_things_is_never_replaced(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(NAMES)
    add_take(path, clip_of({"jawOpen": RISE}), path, "Walk", overwrite=True)
    document, binary, _ = unpacked(path.read_bytes())
    document["animations"][0]["channels"].append({"sampler": 0, "target": {"node": 0, "path": "rotation"}})
    path.write_bytes(packed(document, binary))
    before = path.read_bytes()
    with pytest.raises(FaceMimicError, match=r"“Walk” of avatar\.vrm also moves neck") as error:
        add_take(path, clip_of({"jawOpen": RISE}), path, "Walk", overwrite=True, replace=True)
    assert error.value.kind == "file"
    assert path.read_bytes() == before


def test_it_is_told_when_there_was_nothing_to_replace(make_avatar: Callable[..., Path]) -> None:
    path = make_avatar(NAMES)
    first = add_take(path, clip_of({"jawOpen": RISE}), path, "Happy 0", overwrite=True, replace=True)
    assert any("no animation named “Happy 0” to replace" in remark for remark in first.remarks)
    again = add_take(path, clip_of({"jawOpen": RISE}), path, "Happy 0", overwrite=True, replace=True)
    assert not any("to replace" in remark for remark in again.remarks)
    assert animations(path) == ["Happy 0"]


def test_the_command_replaces(make_avatar: Callable[..., Path], tmp_path: Path) -> None:
    path, take = make_avatar(NAMES), tmp_path / "Hello.npz"
    Clip(clip_of({"jawOpen": RISE}).values, 30.0).save(take)
    for _ in range(3):
        assert main(["add-take", str(path), str(take), "--overwrite", "--replace"]) == 0
    assert animations(path) == ["Hello"]
