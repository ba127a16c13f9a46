import numpy as np
import pytest

from engine.channels import CHANNELS, HEAD, INDEX
from engine.evaluate.alive import RANGES, jerkiness, lively_requests, measures
from engine.evaluate.setting import simulate


def test_the_simulator_lies_inside_the_cited_ranges() -> None:
    found = measures(simulate(lively_requests(12)), 60.0)
    outside = {
        name: found[name].value for name, (_, low, high, _) in RANGES.items() if not low <= found[name].value <= high
    }
    assert not outside


def test_durations_are_left_out_where_frames_are_too_long() -> None:
    found = measures([take[::2] for take in simulate(lively_requests(3))], 30.0)
    assert "closing" not in found
    assert "blinks" in found


def test_jerkiness_is_the_tail_of_the_second_difference() -> None:
    frames = np.arange(4000)
    take = np.zeros((4000, len(CHANNELS)))
    take[:, INDEX["jawOpen"]] = 0.5 * 0.01 * (frames % 2)
    assert jerkiness([take] * 3, [INDEX["jawOpen"]]).value == pytest.approx(0.01)


def test_fast_head_motion_is_told_from_slow() -> None:
    time = np.arange(1800) / 60
    slow, fast = (np.zeros((1800, len(CHANNELS))) for _ in range(2))
    for name in HEAD:
        slow[:, INDEX[name]] = 0.1 * np.sin(2 * np.pi * 1.0 * time)
        fast[:, INDEX[name]] = 0.1 * np.sin(2 * np.pi * 6.0 * time)
    assert measures([slow] * 2, 60.0)["head_slow"].value > 0.98
    assert measures([fast] * 2, 60.0)["head_slow"].value < 0.05
