import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.evaluate.obeys import FPS, LANDMARKS, LOST, lateness, ramp, strengths
from engine.evaluate.reader import ideal_pose
from engine.request import Beat, Request


def shown(beat: Beat, shifts: tuple[float, float, float, float], frames: int = 216) -> np.ndarray:
    """A beat performed with its four moments late by `shifts`, seconds; (frames, 55)."""
    time = np.arange(frames) / FPS
    start, apex = beat.start + shifts[0], beat.start + beat.onset + shifts[1]
    release, end = beat.start + beat.onset + beat.hold + shifts[2], beat.end + shifts[3]
    rise = ramp((time - start) / (apex - start))
    fall = ramp(np.clip((time - release) / (end - release), 0, 1) ** 0.75)
    return (rise * (1 - fall))[:, None] * ideal_pose(next(iter(beat.emotion)), beat.intensity)


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(["happy", "sad", "disgusted"]),
    st.tuples(*[st.floats(-0.08, 0.08)] * 4),
    st.floats(0.3, 0.7),
    st.floats(0.5, 1.0),
)
def test_moments_that_come_late_are_measured_as_late(
    emotion: str, shifts: tuple[float, float, float, float], onset: float, intensity: float
) -> None:
    beat = Beat({emotion: 1.0}, intensity, 0.4, onset, 0.8, 0.6)
    found = dict(zip(LANDMARKS, lateness(shown(beat, shifts), beat), strict=True))
    for name, late in zip(("start", "apex", "release", "end"), shifts, strict=True):
        assert found[name] == pytest.approx(late, abs=0.012), name
    assert found["rise shift"] == pytest.approx((shifts[0] + shifts[1]) / 2, abs=0.02)


def test_a_face_that_does_not_move_is_lost_and_not_on_time() -> None:
    rng = np.random.default_rng(0)
    beat = Beat({"happy": 1.0}, 0.8, 0.4, 0.5, 0.6, 0.6)
    late = np.array([lateness(rng.normal(0, 0.01, (216, 55)), beat) for _ in range(10)])
    assert np.abs(late).max() <= LOST
    assert np.median(np.abs(late[:, 1])) > 3 / FPS


def test_strengths_follow_what_is_shown() -> None:
    def perform(requests: list[Request]) -> list[np.ndarray]:
        return [shown(request.beats[0], (0, 0, 0, 0), request.frames) for request in requests]

    sweeps = strengths(perform, 1)  # type: ignore[arg-type]
    assert np.all(np.diff(sweeps[:, :11], axis=1) > 0.02)
