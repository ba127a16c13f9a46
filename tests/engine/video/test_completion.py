from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels import CHANNELS, HIGHEST, INDEX, LOWEST, REGIONS
from engine.clip import Clip
from engine.loading import load_generator
from engine.paths import weights_folder
from engine.request import Request
from engine.video.completion import LIDS, completed, find_gaps
from engine.video.events import runs


class Performer:
    """A model whose every answer is the same value, met with what it is told exactly."""

    digest = "none"

    def __init__(self, value: float = 0.5) -> None:
        self.value, self.requests = value, []

    def generate(self, request: Request, progress: Callable[[float], None] | None = None) -> Clip:
        self.requests.append(request)
        if progress:
            progress(1.0)
        return Clip(np.full((request.frames, len(CHANNELS)), self.value, np.float32), request.fps)


def moving(frames: int, fps: float = 30.0) -> np.ndarray:
    time = np.arange(frames)[:, None] / fps
    waves = 0.5 + 0.3 * np.sin(2 * np.pi * 0.3 * time + np.arange(len(CHANNELS)))
    return waves.astype(np.float32)


def confidence(frames: int, *gaps: tuple[int, int], channels: tuple[int, ...] = tuple(range(55))) -> np.ndarray:
    table = np.ones((frames, len(CHANNELS)), np.float32)
    for first, last in gaps:
        table[first:last, channels] = 0
    return table


def test_nothing_is_done_where_all_was_seen() -> None:
    values = moving(60)
    gaps = find_gaps(values, confidence(60), 30)
    assert not gaps.share.any()
    np.testing.assert_array_equal(gaps.bridged, values)


def test_what_was_seen_stays_to_the_last_bit_and_a_short_gap_is_bridged_smoothly() -> None:
    values = moving(120)
    seen = values.copy()
    seen[50:62, list(REGIONS["mouth"])] = 0.9
    gaps = find_gaps(seen, confidence(120, (50, 62), channels=REGIONS["mouth"]), 30)
    assert not gaps.model_share.any()
    other = [i for i in range(len(CHANNELS)) if i not in REGIONS["mouth"]]
    np.testing.assert_array_equal(gaps.bridged[:, other], seen[:, other])
    np.testing.assert_array_equal(gaps.bridged[:46], seen[:46])
    np.testing.assert_array_equal(gaps.bridged[66:], seen[66:])
    np.testing.assert_allclose(gaps.bridged[50:62], values[50:62], atol=0.06)
    assert np.abs(np.diff(gaps.bridged, axis=0)).max() < 2 * np.abs(np.diff(values, axis=0)).max()


def test_a_long_gap_is_the_models_in_its_middle() -> None:
    values = np.zeros((300, 55), np.float32)
    performer, told = Performer(0.5), []
    gaps = find_gaps(values, confidence(300, (100, 220)), 30)
    made, facts = completed(gaps, performer, told.append)
    assert np.delete(made[160], LIDS).min() == pytest.approx(0.5)
    assert not made[:96].any() and not made[224:].any()
    assert np.abs(np.diff(made, axis=0)).max() < 0.06
    assert facts["performed"] == [[pytest.approx(3.75, abs=0.1), pytest.approx(6.9, abs=0.1)]]
    assert told == sorted(told) and told[-1] == 1
    (request,) = performer.requests
    observed = request.observed
    assert observed is not None and not request.beats
    assert (observed.confidence[0] == 1).all()
    assert observed.confidence[len(observed.confidence) // 2].max() < 0.1


class Blinker(Performer):
    """A model that blinks every second, closing and opening in five frames."""

    def generate(self, request: Request, progress: Callable[[float], None] | None = None) -> Clip:
        clip = super().generate(request)
        phase = np.arange(request.frames) % round(request.fps)
        clip.values[:, LIDS] = np.interp(phase, range(6), [0, 0.5, 1, 1, 0.5, 0])[:, None]
        return clip


def test_blinks_are_performed_whole_and_only_far_from_what_was_seen() -> None:
    values = np.zeros((300, 55), np.float32)
    for last, blinks in ((110, 0), (270, 6)):
        gaps = find_gaps(values, confidence(300, (30, last)), 30)
        lids = completed(gaps, Blinker(0.0))[0][:, LIDS[0]] if gaps.model_share.any() else gaps.bridged[:, LIDS[0]]
        shut = runs(lids > 0)
        assert len(shut) == blinks
        assert all(lids[a : b + 1].max() == 1 and b - a == 3 for a, b in shut)
        assert all(a >= 30 + 40 and b <= last - 40 for a, b in shut)


@pytest.mark.parametrize("seconds", [0.5, 1.5])
@pytest.mark.parametrize("region", ["mouth", "face"])
def test_a_smile_that_is_hidden_for_a_moment_stays_one(seconds: float, region: str) -> None:
    if not (weights_folder() / "performance.safetensors").is_file():
        pytest.skip("needs the performance model's weights")
    time = np.arange(150) / 30
    held = np.interp(time, [0.5, 0.9], [0, 1]) * (1 + 0.03 * np.sin(2.5 * time))
    values = np.zeros((150, 55), np.float32)
    for name, height in {"mouthSmile": 0.75, "cheekSquint": 0.4, "eyeSquint": 0.25, "mouthUpperUp": 0.2}.items():
        for side in ("Left", "Right"):
            values[:, INDEX[name + side]] = height * held
    hidden = slice(60, 60 + round(30 * seconds))
    channels = (*REGIONS["mouth"], *REGIONS["jaw"]) if region == "mouth" else tuple(range(55))
    trust = confidence(150, (hidden.start, hidden.stop), channels=channels)
    read = values.copy()
    # What the tracker makes of a hand.
    read[hidden, list(channels)[:50]] = 0.2
    gaps = find_gaps(read, trust, 30)
    made = completed(gaps, load_generator("cpu"))[0] if gaps.model_share.any() else gaps.bridged
    smile = made[hidden, INDEX["mouthSmileLeft"]]
    assert smile.min() > 0.55 and smile.max() < 0.95
    assert made[hidden, LIDS].max() < 0.1
    moved = np.abs(made[hidden, :52] - values[hidden, :52]).max(0)
    assert np.quantile(moved, 0.9) < 0.15


def test_a_part_that_is_never_seen_is_performed_and_the_rest_stays() -> None:
    mouth = (*REGIONS["mouth"], *REGIONS["jaw"])
    values, trust = moving(900), confidence(900, (0, 900), channels=mouth)
    # A moment's doubt about the cover is no sight of what it hides.
    trust[400:403, list(mouth)] = 1
    gaps = find_gaps(values, trust, 30)
    performer = Performer(0.4)
    made, facts = completed(gaps, performer)
    others = [i for i in range(55) if i not in mouth]
    np.testing.assert_array_equal(made[:, others], values[:, others])
    assert not gaps.bridged[:, list(mouth)].any()
    np.testing.assert_allclose(made[:, list(mouth)], 0.4)
    assert facts["performed"] == [[0, pytest.approx(29.97, abs=0.01)]]
    assert gaps.never_seen == [CHANNELS[i] for i in range(55) if i in mouth]
    for place, request in enumerate(performer.requests):
        assert request.observed is not None
        # It is not told what was read of a mask, but what it performed in the second before.
        told = request.observed.confidence[:, list(mouth)]
        assert (told[:30] == (1 if place else 0)).all() and not told[30:].any()
        assert (request.observed.confidence[:, others] == 1).all()


def test_hidden_eyes_blink_as_the_model_does_and_are_open_between() -> None:
    eyes = (*REGIONS["lids"], *REGIONS["gaze"])
    gaps = find_gaps(np.full((300, 55), 0.6, np.float32), confidence(300, (0, 300), channels=eyes), 30)
    lids = completed(gaps, Blinker(0.0))[0][:, LIDS]
    assert len(runs(lids[:, 0] > 0.9)) == 10
    assert np.median(lids) == 0


def test_a_face_of_which_hardly_anything_is_seen_stays_as_it_is() -> None:
    values, trust = moving(90), np.full((90, 55), 0.2, np.float32)
    trust[:, list(REGIONS["brows"])] = 1
    assert not find_gaps(values, trust, 30).share.any()


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_values_pass_smoothly_into_a_gap_and_out_of_it(fps: float) -> None:
    frames, first, last = round(8 * fps), round(2.5 * fps), round(5.5 * fps)
    values = moving(frames, fps)
    read = values.copy()
    read[first:last] = 0.9
    for trust in (confidence(frames, (first, last)), _ramped(frames, first, last)):
        gaps = find_gaps(read, trust, fps)
        made, _ = completed(gaps, Performer(0.5))
        second = np.abs(np.diff(np.delete(made, LIDS, axis=1), 2, axis=0)).max(1) * fps**2
        natural = np.abs(np.diff(values, 2, axis=0)).max() * fps**2
        # A step of 0.05 in one frame would be 45 at 30 frames a second.
        assert second.max() < natural + 10, second.argmax() / fps


def _ramped(frames: int, first: int, last: int) -> np.ndarray:
    """Confidence that falls before a gap and rises after it within a fifth of a second or so."""
    trust = confidence(frames, (first, last))
    for place in range(6):
        trust[[first - 1 - place, last + place]] = (place + 1) / 7
    return trust


def test_a_long_hidden_mouth_is_performed_without_seams() -> None:
    if not (weights_folder() / "performance.safetensors").is_file():
        pytest.skip("needs the performance model's weights")
    mouth = [*REGIONS["mouth"], *REGIONS["jaw"]]
    gaps = find_gaps(np.zeros((900, 55), np.float32), confidence(900, (0, 900), channels=tuple(mouth)), 30)
    made = completed(gaps, load_generator("cpu"))[0][:, mouth]
    steps = np.abs(np.diff(made, axis=0)).max(1)
    assert made.max() > 0.02
    joints = [frame for joint in (360, 720) for frame in range(joint - 3, joint + 3)]
    assert steps[joints].max() <= max(0.02, np.quantile(steps, 0.99))


def test_ends_that_were_not_seen_hold() -> None:
    values = moving(90)
    gaps = find_gaps(values, confidence(90, (0, 8), (84, 90)), 30)
    np.testing.assert_allclose(gaps.bridged[0], gaps.bridged[7], atol=0.01)
    np.testing.assert_allclose(gaps.bridged[89], gaps.bridged[85], atol=0.01)
    np.testing.assert_allclose(gaps.bridged[0], values[12], atol=0.06)


def test_lids_that_are_lost_in_a_blink_open() -> None:
    values = np.zeros((90, 55), np.float32)
    values[30:36, LIDS] = 0.9
    values[34:50, LIDS] = 0.6
    lids = find_gaps(values, confidence(90, (36, 50), channels=tuple(LIDS)), 30).bridged[:, LIDS[0]]
    assert lids[30] > 0.89
    assert lids[40:48].max() < 0.1


@given(st.integers(1, 200), st.sampled_from([5.0, 15.0, 30.0, 60.0, 120.0]), st.integers(0, 99))
def test_any_confidence_gives_values_in_range_and_keeps_what_was_seen(frames: int, fps: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = (LOWEST + (HIGHEST - LOWEST) * rng.random((frames, 55))).astype(np.float32)
    trust = np.repeat(rng.random((-(-frames // 9), 55)), 9, axis=0)[:frames].astype(np.float32) ** 0.5
    gaps = find_gaps(values, trust, fps)
    made, _ = completed(gaps, Performer(0.3))
    kept = gaps.share == 0
    np.testing.assert_array_equal(made[kept], values[kept])
    assert np.isfinite(made).all()
    assert (made >= LOWEST - 1e-6).all() and (made <= HIGHEST + 1e-6).all()
