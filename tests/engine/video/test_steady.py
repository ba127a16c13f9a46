from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import savgol_filter

from engine.video.capture import Captured
from engine.video.clean import _parabolas
from engine.video.events import lip_gap
from engine.video.steady import as_seen, shots, steadied
from engine.video.track import Track

EYES = ((159, 145), (386, 374))


def opening(landmarks: np.ndarray) -> np.ndarray:
    """How far the lids are apart, (frames, 2), as a share of the picture."""
    return np.stack([np.linalg.norm((landmarks[:, a] - landmarks[:, b])[:, :2], axis=1) for a, b in EYES], 1)


def still(track: Track, frames: int, jitter: float = 0.0) -> Track:
    """A face that does not move, save for noise of the landmarks and of the face's place in the picture."""
    rng = np.random.default_rng(5)
    marks = np.repeat(track.landmarks[50:51], frames, axis=0)
    marks = marks + rng.normal(0, jitter, marks.shape) + rng.normal(0, jitter, (frames, 1, 3))
    return replace(
        track,
        times=np.arange(frames) / 30,
        landmarks=marks.astype(np.float32),
        **{
            name: np.repeat(getattr(track, name)[50:51], frames, axis=0)
            for name in ("scores", "poses", "colours", "sharpness")
        },
        cuts=[],
    )


def test_jitter_goes_and_a_still_face_stays(tracked_a: Track) -> None:
    quiet = steadied(still(tracked_a, 60))
    np.testing.assert_allclose(quiet.landmarks, as_seen(still(tracked_a, 60)).landmarks, atol=2e-6)
    noisy = still(tracked_a, 90, jitter=0.001)
    left = np.abs(np.diff(steadied(noisy).landmarks, axis=0)).mean()
    assert left < 0.25 * np.abs(np.diff(noisy.landmarks, axis=0)).mean()


@pytest.mark.parametrize("name", ["captured_a", "captured_b"])
def test_blinks_and_closures_keep_their_depth_and_frame(name: str, request: pytest.FixtureRequest) -> None:
    captured: Captured = request.getfixturevalue(name)
    track = request.getfixturevalue(name.replace("captured", "tracked"))
    calm = steadied(track)
    before, after = opening(track.landmarks), opening(calm.landmarks)
    for first, last in captured.events.blinks:
        around = slice(first - 5, last + 6)
        depth = before[around].max(0) - before[around].min(0)
        assert (np.abs(after[around].min(0) - before[around].min(0)) < 0.05 * depth).all()
        assert (np.abs(after[around].argmin(0) - before[around].argmin(0)) <= 1).all()
    gaps = [lip_gap(marks, track.size) for marks in (track.landmarks, calm.landmarks)]
    for frame in captured.events.closures:
        assert np.abs(gaps[1][frame - 3 : frame + 3] - gaps[0][frame - 3 : frame + 3]).max() < 0.02
    quiet = slice(45, 58) if name == "captured_a" else slice(28, 38)
    jitter = [np.abs(np.diff(marks[quiet], 2, axis=0)).mean() for marks in (track.landmarks, calm.landmarks)]
    assert jitter[1] < 0.45 * jitter[0]


def test_a_moving_head_keeps_its_way(tracked_a: Track) -> None:
    track = still(tracked_a, 90)
    way = 0.1 * np.sin(np.arange(90) / 30 * 2 * np.pi * 0.8)[:, None]
    track.landmarks[:, :, 0] += way
    moved = steadied(track).landmarks[:, :, 0].mean(1) - track.landmarks[:, :, 0].mean(1)
    assert np.abs(moved).max() < 0.002


def test_nothing_bleeds_over_a_cut(tracked_a: Track) -> None:
    track = tracked_a
    whole = replace(track, cuts=[float(track.times[64])])
    alone = replace(
        track,
        **{
            name: getattr(track, name)[:64]
            for name in ("times", "landmarks", "scores", "poses", "colours", "sharpness")
        },
        cuts=[],
    )
    np.testing.assert_array_equal(steadied(whole).landmarks[:64], steadied(alone).landmarks)
    assert shots(track.times, whole.cuts) == [(0, 64), (64, 216)]


def test_lost_frames_stay_lost(tracked_a: Track) -> None:
    track = tracked_a
    arrays = {name: getattr(track, name).copy() for name in ("landmarks", "scores", "poses")}
    for array in arrays.values():
        array[30:40] = np.nan
    calm = steadied(replace(track, **arrays, cuts=[float(track.times[32]), float(track.times[35])]))
    for array in (calm.landmarks, calm.logits, calm.poses):
        assert np.isnan(array[30:40]).all()
        assert np.isfinite(array[:30]).all() and np.isfinite(array[40:]).all()


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 7])
def test_any_length_is_taken(frames: int, tracked_a: Track) -> None:
    calm = steadied(still(tracked_a, frames, jitter=0.001))
    assert calm.landmarks.shape == (frames, 478, 3)
    assert np.isfinite(calm.landmarks).all() and np.isfinite(calm.poses).all()


def test_other_rates_are_steadied_alike(tracked_a: Track) -> None:
    noisy = still(tracked_a, 120, 0.001)
    left = []
    for fps in (120, 60, 15):
        calm = steadied(replace(noisy, times=np.arange(120) / fps)).landmarks
        left.append(np.abs(np.diff(calm, axis=0)).mean() / np.abs(np.diff(noisy.landmarks, axis=0)).mean())
    assert left[0] < left[1] < left[2] < 0.6


@settings(max_examples=20)
@given(st.integers(0, 30), st.sampled_from([5, 7, 15]), st.integers(0, 2**16))
def test_parabolas_are_those_of_savitzky_and_golay(more: int, width: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(width + more, 3)).cumsum(0)
    np.testing.assert_allclose(
        _parabolas(values, width), np.asarray(savgol_filter(values, width, 2, axis=0)), atol=1e-9
    )
