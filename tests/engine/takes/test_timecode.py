import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.takes.timecode import parse, rate_of, seconds_of, write


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("13:13:04:31.652", (47584, 31.652)),
        ("00:00:00:00", (0, 0.0)),
        ("01:02:03;04", (3723, 4.0)),
        (" 00:00:01:23.5 ", (1, 23.5)),
    ],
)
def test_timecodes_are_understood(text: str, code: tuple[int, float]) -> None:
    assert parse(text) == code


@pytest.mark.parametrize("text", ["", "12", "1:2:3", "00:61:00:00", "00:00:61:00", "a:b:c:d", "0:0:0:-1", "0:0:0:nan"])
def test_other_texts_are_not(text: str) -> None:
    assert parse(text) is None


@given(st.floats(0, 86399), st.sampled_from([24, 25, 30, 60]))
def test_a_written_time_is_read_back(seconds: float, rate: int) -> None:
    code = parse(write(seconds, rate))
    assert code is not None
    assert seconds_of([code], rate)[0] == pytest.approx(seconds, abs=0.0006 / rate)


@given(st.sampled_from([24, 25, 30, 60]), st.integers(1, 4), st.floats(0, 5000), st.integers(130, 300))
def test_the_rate_follows_from_steps_across_seconds(rate: int, step: int, start: float, count: int) -> None:
    codes = [parse(write(start + k * step / rate, rate)) for k in range(count)]
    assert rate_of([code for code in codes if code]) == rate


def test_the_usual_rate_is_taken_when_nothing_tells() -> None:
    assert rate_of([(0, 0.0)]) == 60
    assert rate_of([(0, 0.0), (0, 2.0)]) == 60
    assert rate_of([(0, 0.0), (0, 99.5)]) == 100


def test_midnight_does_not_turn_time_back() -> None:
    times = seconds_of([(86399, 59.0), (0, 0.0), (0, 1.0)], 60)
    np.testing.assert_allclose(np.diff(times), 1 / 60, atol=1e-9)
