import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.channels import INDEX, SHAPES
from engine.video.clean import evenly, filled, smoothed, without_outliers
from engine.video.head import head_angles, head_degrees
from engine.video.lids import blinks, measured_lids, straight_gaze, with_closing_lids, with_steady_gaze
from engine.video.lips import with_sealed_lips
from engine.video.raw_scores import blind_channels, largest_bias
from engine.video.rest import expression, resting_bias, resting_frames, without_bias

SHUT = (0.45, 0.65)
EYES = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]


def pose(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """A head that is turned to its left, then up, then tilted to its left shoulder; radians."""
    matrix = np.eye(4)
    turn = Rotation.from_euler("y", yaw) * Rotation.from_euler("x", -pitch) * Rotation.from_euler("z", -roll)
    matrix[:3, :3] = turn.as_matrix()
    matrix[:3, 3] = (3, -2, -50)
    return matrix


def scores(frames: int, **channels: float) -> np.ndarray:
    table = np.zeros((frames, len(SHAPES)), np.float32)
    for name, value in channels.items():
        table[:, INDEX[name]] = value
    return table


def rested_of(table: np.ndarray, resting: np.ndarray) -> np.ndarray:
    return without_bias(table, resting_bias(table, resting, largest_bias()))


def resting_in(table: np.ndarray, most: np.ndarray | None = None) -> np.ndarray:
    shown = expression((table, largest_bias() if most is None else most))
    return resting_frames(np.arange(len(table)) / 30, table, shown)


def closing(table: np.ndarray, resting: np.ndarray) -> np.ndarray:
    return with_closing_lids(table, measured_lids(table, resting, 0.25, SHUT))


def steady_of(times: np.ndarray, table: np.ndarray, resting: np.ndarray) -> np.ndarray:
    return with_steady_gaze(times, table, straight_gaze(table, times, resting, 0.15))


angle = st.floats(-0.7, 0.7)


@given(angle, angle, angle)
def test_head_angles_are_those_of_the_pose(yaw: float, pitch: float, roll: float) -> None:
    poses = np.stack([pose(0, 0, 0), pose(yaw, pitch, roll)])
    poses[:, :3, :3] *= 1.7
    angles = head_angles(head_degrees(poses), np.array([True, False]))
    np.testing.assert_allclose(angles[0], 0, atol=1e-6)
    np.testing.assert_allclose(angles[1], [yaw, pitch, roll], atol=1e-5)


@given(angle, angle, angle)
def test_head_angles_are_read_in_the_resting_heads_axes(yaw: float, pitch: float, roll: float) -> None:
    # A camera that looks from aside sees the same movement.
    camera = np.eye(4)
    camera[:3, :3] = Rotation.from_euler("yx", [0.5, 0.2]).as_matrix()
    poses = np.stack([camera @ pose(0, 0, 0), camera @ pose(yaw, pitch, roll)])
    np.testing.assert_allclose(
        head_angles(head_degrees(poses), np.array([True, False]))[1], [yaw, pitch, roll], atol=1e-5
    )


def test_a_head_that_turns_left_moves_its_nose_to_its_left() -> None:
    assert (pose(0.3, 0, 0)[:3, :3] @ [0, 0, 1])[0] > 0.2
    assert (pose(0, 0.3, 0)[:3, :3] @ [0, 0, 1])[1] > 0.2
    assert (pose(0, 0, 0.3)[:3, :3] @ [0, 1, 0])[0] > 0.2


def test_lost_poses_stay_unknown_until_they_are_filled() -> None:
    poses = np.stack([pose(0, 0, 0), np.full((4, 4), np.nan), pose(0.2, 0, 0)])
    angles = head_angles(head_degrees(poses), np.array([True, False, False]))
    assert np.isnan(angles[1]).all()
    np.testing.assert_allclose(filled(np.array([0.0, 0.1, 0.2]), angles)[1], [0.1, 0, 0], atol=1e-6)


@given(st.lists(st.booleans(), min_size=2, max_size=40).filter(any), st.integers(0, 99))
def test_filling_keeps_good_rows_and_stays_between_them(good: list[bool], seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random((len(good), 3))
    holes = values.copy()
    holes[~np.array(good)] = np.nan
    times = np.cumsum(rng.random(len(good)) + 0.01)
    whole = filled(times, holes)
    np.testing.assert_array_equal(whole[good], values[good])
    assert whole.min() >= values[good].min() and whole.max() <= values[good].max()


def test_smoothing_calms_jitter_and_keeps_a_blinks_peak_and_frame() -> None:
    rng = np.random.default_rng(3)
    times = np.arange(150) / 30
    clean = np.zeros((150, 2))
    clean[70:76, 0] = (0.4, 0.9, 1.0, 0.6, 0.3, 0.1)
    clean[:, 1] = 0.5 + 0.3 * np.sin(2 * np.pi * 0.6 * times)
    noisy = clean + rng.normal(0, 0.008, clean.shape)
    calm = smoothed(times, noisy)
    assert np.abs(calm[:60] - clean[:60]).mean() < 0.7 * np.abs(noisy[:60] - clean[:60]).mean()
    assert calm[:, 0].argmax() == noisy[:, 0].argmax()
    assert calm[:, 0].max() > 0.97 * noisy[:, 0].max()


@given(st.integers(1, 80), st.sampled_from([15.0, 30.0, 60.0, 120.0]), st.integers(0, 20))
def test_smoothing_takes_any_length(frames: int, fps: float, seed: int) -> None:
    values = np.random.default_rng(seed).random((frames, 4)).astype(np.float32)
    calm = smoothed(np.arange(frames) / fps, values)
    assert calm.shape == values.shape
    assert np.isfinite(calm).all()


@given(
    st.lists(st.floats(0.004, 0.1), min_size=1, max_size=60), st.floats(1, 240), st.integers(0, 9)
)  # fmt: skip
def test_uneven_times_become_an_even_rate(steps: list[float], fps: float, seed: int) -> None:
    times = 5 + np.concatenate([[0], np.cumsum(steps)])
    values = np.random.default_rng(seed).random((len(times), 2))
    even = evenly(times, values, fps)
    duration = times[-1] - times[0] + np.median(np.diff(times))
    assert abs(len(even) - duration * fps) <= 1
    np.testing.assert_allclose(even[0], values[0], atol=1e-6)
    assert even.min() >= values.min() - 1e-6 and even.max() <= values.max() + 1e-6


def test_frames_at_an_even_rate_stay_as_they_are() -> None:
    values = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    np.testing.assert_allclose(evenly(2 + np.arange(50) / 29.97, values, 29.97), values, atol=1e-5)


def test_a_single_jump_of_the_head_is_removed() -> None:
    angles = np.zeros((9, 3))
    angles[4] = 0.5
    assert not without_outliers(angles).any()
    turning = np.linspace(0, 0.8, 9)[:, None].repeat(3, 1)
    np.testing.assert_allclose(without_outliers(turning), turning, atol=1e-9)


def test_rest_is_the_quiet_face_and_not_the_held_smile() -> None:
    smile = scores(200, mouthSmileLeft=0.8, mouthSmileRight=0.8, browDownLeft=0.3, browDownRight=0.3)
    quiet = scores(40, browDownLeft=0.35, browDownRight=0.35)
    table = np.concatenate([smile, quiet])
    resting = resting_in(table)
    assert resting[:199].sum() == 0
    rested = rested_of(table, resting)
    assert rested[220, INDEX["browDownLeft"]] == pytest.approx(0, abs=1e-6)
    assert rested[100, INDEX["mouthSmileLeft"]] == pytest.approx(0.8)


def test_rest_is_the_face_that_comes_back_and_not_a_pout_that_is_hardly_read() -> None:
    rng = np.random.default_rng(5)
    rest, pout = {"browDownLeft": 0.1, "mouthFrownLeft": 0.06}, {"jawLeft": 0.14, "mouthShrugLower": 0.13}
    smile = scores(40, mouthSmileLeft=0.7, mouthSmileRight=0.7)
    # The pout is held longest at a time, and reads as little as what a resting face may show.
    parts = (scores(25, **rest), smile, scores(25, **rest), scores(50, **pout), smile, scores(25, **rest))
    table = (np.concatenate(parts) + rng.normal(0, 0.002, (205, 52))).clip(0, 1)
    resting = resting_in(table.astype(np.float32), np.full(52, 0.15))
    assert resting.sum() >= 20
    assert not resting[90:140].any() and not resting[25:65].any() and not resting[140:180].any()


def test_what_one_reader_hardly_reads_another_tells_from_rest() -> None:
    # To the one reader the sulk, which is held longest, shows no more than the rest before and after it.
    times, most = np.arange(150) / 30, np.full(52, 0.15, np.float32)
    rest, sulk = scores(30, mouthPressLeft=0.14), scores(90, jawLeft=0.14)
    read = np.concatenate([rest, sulk, rest])
    other = np.concatenate([scores(30), scores(90, mouthShrugLower=0.8, mouthPucker=0.8), scores(30)])
    assert resting_frames(times, read, expression((read, most)))[30:120].any()
    resting = resting_frames(times, read, expression((read, most), (other, most)))
    assert resting.sum() == 15 and not resting[30:120].any()


def test_a_smile_held_throughout_is_not_taken_for_rest() -> None:
    table = scores(90, mouthSmileLeft=0.8, mouthSmileRight=0.8, jawOpen=0.5)
    rested = rested_of(table, resting_in(table))
    assert rested[:, INDEX["mouthSmileLeft"]].min() > 0.7
    assert rested[:, INDEX["jawOpen"]].min() > 0.4


def test_full_expression_stays_full() -> None:
    table = scores(60, browInnerUp=0.2)
    table[50:, INDEX["browInnerUp"]] = 1
    rested = rested_of(table, np.arange(60) < 30)
    assert rested[0, INDEX["browInnerUp"]] == 0
    assert rested[55, INDEX["browInnerUp"]] == 1


def test_lids_and_gaze_keep_their_readings_when_bias_goes() -> None:
    table = scores(30, eyeBlinkLeft=0.2, eyeLookDownLeft=0.1, eyeSquintLeft=0.3)
    rested = rested_of(table, np.ones(30, bool))
    assert rested[0, INDEX["eyeBlinkLeft"]] == np.float32(0.2)
    assert rested[0, INDEX["eyeLookDownLeft"]] == np.float32(0.1)
    assert rested[0, INDEX["eyeSquintLeft"]] == 0


def _blinking(*depths: float) -> np.ndarray:
    table = scores(60 * len(depths), eyeBlinkLeft=0.1, eyeBlinkRight=0.1)
    for place, depth in enumerate(depths):
        middle = 60 * place + 30
        table[middle - 2 : middle + 4, EYES] = (np.array([0.4, 0.8, 1, 0.7, 0.4, 0.2]) * (depth - 0.1) + 0.1)[:, None]
    return table


def test_blinks_are_found_and_close() -> None:
    table = _blinking(0.6, 0.65)
    assert blinks(table).tolist() == [30, 90]
    lids = closing(table, np.arange(120) < 20)[:, EYES]
    assert lids[[30, 90]].min() > 0.95
    assert lids[:25].max() < 1e-6


def test_lids_that_shut_do_not_flutter() -> None:
    table = _blinking(0.6)
    table[29:33, EYES] = np.array([0.52, 0.45, 0.55, 0.44])[:, None]
    lids = closing(table, np.arange(60) < 20)[28:36, EYES[0]]
    deepest = int(lids.argmax())
    assert (np.diff(lids[: deepest + 1]) >= 0).all() and (np.diff(lids[deepest:]) <= 0).all()
    assert lids[1] > 0.8


def test_an_eye_that_never_blinks_is_not_stretched() -> None:
    lids = closing(scores(50, eyeBlinkLeft=0.15, eyeBlinkRight=0.15), np.ones(50, bool))[:, EYES]
    assert lids.max() < 1e-6
    squint = scores(50, eyeBlinkLeft=0.1, eyeBlinkRight=0.1)
    squint[20:40, EYES] = 0.2
    assert closing(squint, np.arange(50) < 20)[:, EYES].max() < 0.25


def test_eyes_that_blink_together_close_alike_and_a_wink_stays_one_sided() -> None:
    table = _blinking(0.6)
    table[28:34, EYES[1]] = 0.1 + (table[28:34, EYES[1]] - 0.1) * 0.5
    lids = closing(table, np.arange(60) < 20)[30, EYES]
    assert lids.min() > 0.95
    wink = _blinking(0.6)
    wink[28:34, EYES[1]] = 0.2
    lids = closing(wink, np.arange(60) < 20)[30, EYES]
    assert lids[0] > 0.95 and lids[1] < 0.35


def test_both_eyes_open_together_after_a_blink() -> None:
    table = _blinking(0.6)
    # One of them is read as opening a frame later, and stays a little narrower.
    table[31:35, EYES[1]] = table[30:34, EYES[1]]
    table[35:, EYES[1]] = 0.2
    lids = closing(table, np.arange(60) < 20)[:, EYES]
    assert lids[30].min() > 0.95
    np.testing.assert_allclose(lids[26:34, 0], lids[26:34, 1], atol=1e-6)
    assert (np.diff(lids[30:35, 0]) <= 0).all()
    assert lids[40, 1] > lids[40, 0] + 0.1


def test_gaze_passes_quietly_through_a_blink() -> None:
    times = np.arange(60) / 30
    table = _blinking(0.7)
    down = [INDEX["eyeLookDownLeft"], INDEX["eyeLookDownRight"]]
    table[28:34, down] = 0.6
    table[:, INDEX["eyeLookInLeft"]], table[:, INDEX["eyeLookOutRight"]] = 0.3, 0.3
    steady = steady_of(times, table, np.arange(60) < 20)
    assert steady[28:34, down].max() < 0.1
    assert steady[:, INDEX["eyeLookInLeft"]].min() == pytest.approx(0.15, abs=1e-6)
    assert not steady[:, INDEX["eyeLookOutLeft"]].any()


def test_a_long_look_down_is_kept() -> None:
    table = scores(90)
    table[30:70, [INDEX["eyeLookDownLeft"], INDEX["eyeLookDownRight"]]] = 0.6
    table[30:70, EYES] = 0.5
    steady = steady_of(np.arange(90) / 30, table, np.arange(90) < 20)
    assert steady[50, INDEX["eyeLookDownLeft"]] == pytest.approx(0.6)


def test_what_is_known_of_the_tracker_names_channels() -> None:
    assert set(blind_channels()) < set(SHAPES)
    assert (largest_bias() >= 0).all() and (largest_bias() < 0.7).all()
    assert largest_bias()[INDEX["browInnerUp"]] == np.float32(0.35)


def test_lips_that_touch_stay_closed_over_a_dropped_jaw() -> None:
    table = scores(6, jawOpen=0.5, mouthClose=0.2)
    gap = np.array([0.01, 0.02, 0.036, 0.08, np.nan, 0.01])
    sealed = with_sealed_lips(table, gap, np.array([1, 1, 1, 1, 1, 0.0]))[:, INDEX["mouthClose"]]
    np.testing.assert_allclose(sealed, [0.5, 0.5, 0.25, 0.2, 0.2, 0.2], atol=0.01)
    assert table[0, INDEX["mouthClose"]] == np.float32(0.2)


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 99))
def test_lost_rows_are_filled_on_straight_lines_in_time(lost: list[bool], seed: int) -> None:
    rng = np.random.default_rng(seed)
    gone = np.array(lost)
    gone[rng.integers(len(gone))] = False
    times, values = rng.uniform(0.01, 0.1, len(gone)).cumsum(), rng.normal(size=(len(gone), 3))
    holes = values.copy()
    holes[gone] = np.nan
    lines = np.stack([np.interp(times, times[~gone], column[~gone]) for column in values.T], 1)
    np.testing.assert_allclose(filled(times, holes), lines, atol=1e-12)
    assert np.isnan(holes[gone]).all()
