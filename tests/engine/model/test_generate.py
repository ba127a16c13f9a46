import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels import CHANNELS, HIGHEST, INDEX, LOWEST
from engine.errors import FaceMimicError
from engine.model.exact import meet
from engine.model.generate import Generator
from engine.request import Beat, Observed, Request, Style


@settings(max_examples=25, deadline=None)
@given(st.floats(0.3, 6), st.floats(1, 240), st.integers(0, 2**63 - 1))
def test_frames_range_and_neutral_ends_hold_for_any_request(
    untrained: Generator, duration: float, fps: float, seed: int
) -> None:
    request = Request((Beat("happy"),), duration=duration, fps=fps, seed=seed, steps=2)  # type: ignore[arg-type]
    clip = untrained.generate(request)
    assert clip.values.shape == (max(2, round(duration * fps)), len(CHANNELS))
    assert (clip.values >= LOWEST).all()
    assert (clip.values <= HIGHEST).all()
    assert np.abs(clip.values[[0, -1]]).max() < 1e-4


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.sampled_from([24.0, 30.0, 60.0, 120.0]))
def test_observed_keys_are_met(untrained: Generator, seed: int, keys: int, fps: float) -> None:
    rng = np.random.default_rng(seed)
    frames = round(1.5 * fps)
    values = rng.uniform(0, 1, (frames, len(CHANNELS))).astype(np.float32)
    confidence = np.zeros_like(values)
    confidence[rng.integers(0, frames, keys), rng.integers(0, len(CHANNELS), keys)] = 1
    clip = untrained.generate(Request(duration=1.5, fps=fps, seed=1, steps=2, observed=Observed(values, confidence)))
    exact = confidence == 1
    assert np.abs(clip.values[exact] - values[exact]).max() < 1e-4


def test_a_key_leaves_no_step_beside_it(untrained: Generator) -> None:
    fps, frames = 60.0, 120
    free = untrained.generate(Request(duration=2, fps=fps, steps=2)).values
    values = np.zeros((frames, len(CHANNELS)), np.float32)
    confidence = np.zeros_like(values)
    jaw = INDEX["jawOpen"]
    values[60, jaw] = 0.9
    confidence[60, jaw] = 1
    keyed = untrained.generate(Request(duration=2, fps=fps, steps=2, observed=Observed(values, confidence))).values
    assert np.abs(np.diff(keyed[:, jaw])).max() < np.abs(np.diff(free[:, jaw])).max() + 0.2


def test_the_same_request_gives_the_same_bytes(untrained: Generator) -> None:
    request = Request((Beat("sad"),), seed=9, steps=3)  # type: ignore[arg-type]
    first = untrained.generate(request)
    untrained.generate(Request((Beat("happy"),), duration=5, seed=1, steps=2))  # type: ignore[arg-type]
    assert first.values.tobytes() == untrained.generate(request).values.tobytes()
    assert first.values.tobytes() != untrained.generate(Request(request.beats, seed=10, steps=3)).values.tobytes()


def test_company_in_a_batch_changes_no_byte(untrained: Generator) -> None:
    rng = np.random.default_rng(0)
    observed = Observed(rng.uniform(0, 1, (30, 55)), (rng.random((30, 55)) < 0.1).astype(np.float32))
    requests = [
        *(Request((Beat("happy"),), seed=seed, steps=2) for seed in range(3)),  # type: ignore[arg-type]
        Request(duration=1.0, fps=30, seed=5, steps=2, observed=observed),
        Request(duration=5.0, seed=6, steps=2),
    ]
    for request, clip in zip(requests, untrained.generate_many(requests), strict=True):
        assert clip.values.tobytes() == untrained.generate(request).values.tobytes()


def test_a_raising_progress_stops(untrained: Generator) -> None:
    def stop(fraction: float) -> None:
        raise FaceMimicError("Cancelled.", "cancelled")

    with pytest.raises(FaceMimicError, match="Cancelled"):
        untrained.generate(Request(duration=1), stop)


def test_provenance_says_how_to_make_it_again(untrained: Generator) -> None:
    request = Request((Beat("angry", 0.5),), seed=4, style=Style(tempo=1.5), steps=2)  # type: ignore[arg-type]
    provenance = untrained.generate(request).provenance
    assert provenance["machine_made"] is True
    assert Request.from_dict(provenance["request"]) == request
    assert untrained.generate(Request.from_dict(provenance["request"])).provenance == provenance


def test_a_filled_gap_leaves_and_meets_the_known_motion_without_a_kink(untrained: Generator) -> None:
    fps, frames = 60.0, 180
    wave = 0.5 + 0.3 * np.sin(np.arange(frames) / 20)
    values = np.repeat(wave[:, None], len(CHANNELS), axis=1).astype(np.float32)
    confidence = np.ones_like(values)
    confidence[80:98] = 0
    request = Request(duration=3, fps=fps, steps=2, observed=Observed(values, confidence))
    filled = untrained.generate(request).values[:, INDEX["jawOpen"]]
    known = np.abs(np.diff(wave)).max()
    assert np.abs(filled[79:81] - wave[79:81]).max() < 4 * known
    assert np.abs(np.diff(filled)).max() < 0.12


def test_a_lone_key_changes_nothing_far_away() -> None:
    values = np.full((200, len(CHANNELS)), 0.3, np.float32)
    wanted, confidence = np.zeros_like(values), np.zeros_like(values)
    wanted[100], confidence[100] = 0.8, 1
    bent = meet(values, Observed(wanted, confidence), 60.0)
    assert np.allclose(bent[:88], 0.3)
    assert np.allclose(bent[112:], 0.3)
    assert np.all(np.diff(bent[88:101, 0]) >= 0)
