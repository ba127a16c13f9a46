"""VRM 1.0's override rules."""

import numpy as np
import pytest

from engine.retarget.controls import Control, Expression, Mesh, pose
from engine.retarget.overrides import BLOCKED_FROM, factors, group_of
from engine.retarget.retarget import retarget
from tests.engine.retarget.conftest import FEELINGS, clip_of

KEYS = tuple(f"target_{number}" for number in range(12))
NAMES = ("happy", "angry", "sad", "surprised", "relaxed", "blink", "aa", "ih", "ou", "ee", "oh", "lookDown")


def avatar(mode: str, group: str = "blink") -> Mesh:
    """An avatar that shows only through expressions, whose happy overrides something."""
    return Mesh(
        KEYS,
        [
            Expression(name, {key: 1.0}, {group: mode} if name == "happy" else {})
            for name, key in zip(NAMES, KEYS, strict=True)
        ],
    )


def played(mesh: Mesh, gains: dict[str, float]) -> dict[str, float]:
    weights = retarget(clip_of(gains), [mesh]).weights[0]
    return {name: float(weights[key][0]) for name, key in zip(NAMES, KEYS, strict=True) if key in weights}


@pytest.mark.parametrize("group", ["blink", "lookAt", "mouth"])
def test_factors_follow_the_specification(group: str) -> None:
    half = np.array([0.0, 0.5, 1.0])
    assert factors([({group: "blend"}, half)])[group].tolist() == [1, 0.5, 0]
    assert factors([({group: "block"}, half)])[group].tolist() == [1, 0, 0]
    assert factors([({group: "none"}, half)])[group].tolist() == [1, 1, 1]
    assert factors([({group: "blend"}, half), ({group: "blend"}, half)])[group].tolist() == [1, 0, 0]
    others = {"blink", "lookAt", "mouth"} - {group}
    assert all(factors([({group: "block"}, half)])[other].tolist() == [1, 1, 1] for other in others)


def test_block_closes_without_a_jump() -> None:
    rise = np.linspace(0, 1, 500)
    left = factors([({"blink": "block"}, rise)])["blink"]
    assert np.abs(np.diff(left)).max() < 1.1 / 499 / BLOCKED_FROM
    assert (left[rise >= BLOCKED_FROM] == 0).all()


@pytest.mark.parametrize(
    ("name", "gains", "table", "group"),
    [
        ("blinkLeft", {"eyeBlinkLeft": 1}, "fine", "blink"),
        ("まばたき", {"eyeBlink": 1}, "fine", "blink"),
        ("lookup", {"eyeLookUp": 1}, "fine", "lookAt"),
        ("Fcl_MTH_A", {"jawOpen": 0.7}, "visemes", "mouth"),
        ("aa", {"jawOpen": 0.7}, "visemes", "mouth"),
        ("happy", {"mouthSmile": 0.9}, "expressions", ""),
        ("jawOpen", {"jawOpen": 1}, "fine", ""),
        ("笑い", {"eyeBlink": 1, "cheekSquint": 0.5}, "shapes", ""),
    ],
)
def test_what_the_rules_apply_to(name: str, gains: dict[str, float], table: str, group: str) -> None:
    assert group_of(Control(name, pose(gains), {}, table)) == group


def test_happy_blocks_the_blink_and_leaves_the_rest() -> None:
    gains = {**FEELINGS["happy"], "eyeBlink": 1.0, "eyeLookDown": 0.5}
    free, blocked = played(avatar("none"), gains), played(avatar("block"), gains)
    assert free["happy"] > 0.4
    assert free["blink"] > 0.8
    assert blocked["happy"] == pytest.approx(free["happy"], abs=0.05)
    assert blocked["blink"] == pytest.approx(0, abs=1e-6)
    assert blocked["lookDown"] == pytest.approx(free["lookDown"], abs=0.05)


def test_happy_blends_with_the_blink() -> None:
    blended = played(avatar("blend"), {**FEELINGS["happy"], "eyeBlink": 1.0})
    assert blended["blink"] <= 1 - blended["happy"] + 1e-5
    assert blended["blink"] > 0.05


def test_without_the_feeling_the_blink_is_whole() -> None:
    for mode in ("none", "block", "blend"):
        assert played(avatar(mode), {"eyeBlink": 1.0})["blink"] == pytest.approx(1, abs=1e-3)


def test_happy_holds_back_the_vowels() -> None:
    gains = {**FEELINGS["happy"], "jawOpen": 0.5, "mouthLowerDown": 0.2}
    free, blocked = played(avatar("none"), gains), played(avatar("block", "mouth"), gains)
    vowels = ("aa", "ih", "ou", "ee", "oh")
    assert sum(free[name] for name in vowels) > 0.2
    assert sum(blocked.get(name, 0) for name in vowels) == pytest.approx(0, abs=1e-6)


def test_lids_that_happy_closes_itself_are_not_closed_twice() -> None:
    """Its shapes are a smile and a blink of half; the blink that is asked for counts those in."""
    mesh = Mesh(
        ("mouthSmileLeft", "mouthSmileRight", "blink_left", "blink_right"),
        [Expression("happy", {"mouthSmileLeft": 1, "mouthSmileRight": 1, "blink_left": 0.5, "blink_right": 0.5})],
    )
    shown = retarget(clip_of({"mouthSmile": 0.8, "eyeBlink": 0.5}), [mesh]).weights[0]
    assert shown["blink_left"][0] == pytest.approx(0.5, abs=0.05)
    assert shown["mouthSmileLeft"][0] == pytest.approx(0.8, abs=0.1)
