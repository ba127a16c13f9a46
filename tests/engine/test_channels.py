import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.channels import (
    CHANNELS,
    HEAD,
    HIGHEST,
    INDEX,
    LOWEST,
    MIRROR_SIGN,
    REGIONS,
    SHAPES,
    mirror,
    mirrored_name,
)


def test_there_are_52_shapes_and_3_rotations() -> None:
    assert (len(SHAPES), len(HEAD), len(CHANNELS)) == (52, 3, 55)
    assert len(set(CHANNELS)) == 55
    assert all(CHANNELS[place] == name for name, place in INDEX.items())


def test_the_shapes_are_arkits() -> None:
    sided = ["browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut"]
    sided += ["eyeLookUp", "eyeSquint", "eyeWide", "jaw", "mouth", "mouthDimple", "mouthFrown", "mouthLowerDown"]
    sided += ["mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer"]
    single = ["browInnerUp", "cheekPuff", "jawForward", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker"]
    single += ["mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "tongueOut"]
    assert set(SHAPES) == {name + side for name in sided for side in ("Left", "Right")} | set(single)


def test_every_channel_lies_in_exactly_one_region() -> None:
    assert sorted(place for places in REGIONS.values() for place in places) == list(range(55))


def test_ranges_are_ordered_and_rest_is_inside() -> None:
    assert (LOWEST <= 0).all() and (HIGHEST > 0).all()
    assert LOWEST.dtype == HIGHEST.dtype == MIRROR_SIGN.dtype == np.float32


@given(st.sampled_from(CHANNELS))
def test_mirroring_a_name_twice_gives_it_back(name: str) -> None:
    assert mirrored_name(name) in INDEX
    assert mirrored_name(mirrored_name(name)) == name


def test_a_mirrored_performance_swaps_sides_and_turns_the_other_way() -> None:
    values = np.zeros((2, 55), np.float32)
    values[:, INDEX["mouthSmileLeft"]] = 0.7
    values[:, INDEX["headYaw"]], values[:, INDEX["headPitch"]], values[:, INDEX["headRoll"]] = 0.1, 0.2, 0.3
    seen = mirror(values)
    assert seen[0, INDEX["mouthSmileRight"]] == np.float32(0.7)
    assert seen[0, INDEX["mouthSmileLeft"]] == 0
    assert seen[0, -3:].tolist() == np.array([-0.1, 0.2, -0.3], np.float32).tolist()
    np.testing.assert_array_equal(mirror(seen), values)
