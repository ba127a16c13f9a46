from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.channels import CHANNELS, INDEX, REGIONS, mirrored_name
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.paths import weights_folder
from engine.video import capture as room
from engine.video.capture import Captured
from engine.video.options import Options


def capture(path: Path, **options: Any) -> Clip:
    """With the tracker's own scores, whose readings do not change with the decoder's weights."""
    return room.capture(path, **{"decoder": "none", **options})


def between(clip: Clip, name: str, start: float, end: float) -> np.ndarray:
    return clip.values[round(start * clip.fps) : round(end * clip.fps), INDEX[name]]


def test_a_real_video_becomes_a_whole_clip(clip_a: Clip) -> None:
    assert (clip_a.values.shape, clip_a.fps, clip_a.channels) == ((216, 55), 30.0, CHANNELS)
    assert clip_a.provenance["frames_lost"] == 0
    assert clip_a.provenance["landmarker_sha256"].startswith("64184e22")
    assert not clip_a.values[:, INDEX["tongueOut"]].any()


def test_expressions_come_at_their_times(clip_a: Clip) -> None:
    # Seen in the video: pursed lips 0.6-1.3 s, an open mouth 2.3-3.0 s, an open smile 3.9-5.0 s.
    assert between(clip_a, "mouthPucker", 0.7, 1.3).min() > 0.8
    assert between(clip_a, "jawOpen", 2.4, 3.0).min() > 0.8
    assert between(clip_a, "mouthSmileLeft", 3.9, 5.0).min() > 0.4
    assert between(clip_a, "jawOpen", 3.4, 3.7).max() < 0.1
    assert between(clip_a, "mouthSmileLeft", 2.3, 3.0).max() < 0.1
    # The man's dark brows read as lowered throughout; at rest they must not.
    assert between(clip_a, "browDownLeft", 5.3, 5.6).max() < 0.1


def test_blinks_close_both_eyes_on_their_frames(clip_a: Clip, clip_b: Clip) -> None:
    # Seen in the video, frame by frame: both eyes are shut in frames 94-97 and 186-187 of one, 99-100 of the other.
    for clip, shut, open_ in ((clip_a, (95, 96), (85, 105)), (clip_a, (187,), (175, 205)), (clip_b, (100,), (70, 108))):
        for eye in ("eyeBlinkLeft", "eyeBlinkRight"):
            curve = clip.values[:, INDEX[eye]]
            assert min(curve[frame] for frame in shut) > 0.8, (eye, shut)
            assert max(curve[frame] for frame in open_) < 0.2, (eye, open_)
    np.testing.assert_allclose(clip_a.provenance["blinks"], [95 / 30, 187 / 30], atol=0.05)
    np.testing.assert_allclose(clip_b.provenance["blinks"], [100 / 30], atol=0.05)


def test_left_is_the_persons_own_left(clip_b: Clip) -> None:
    # Seen in the video: the mouth is pulled to the picture's right at 0.3-0.7 s and to its left at 1.5-1.9 s, and the
    # head turns and tilts along with it. The picture is not mirrored, so its right is the man's left.
    assert between(clip_b, "mouthLeft", 0.35, 0.7).min() > 0.4
    assert between(clip_b, "mouthRight", 0.35, 0.7).max() < 0.1
    assert between(clip_b, "mouthRight", 1.5, 1.8).min() > 0.4
    assert between(clip_b, "mouthSmileLeft", 0.35, 0.7).min() > between(clip_b, "mouthSmileRight", 0.35, 0.7).max()
    assert np.degrees(between(clip_b, "headYaw", 0.4, 0.7)).min() > 1.5
    assert np.degrees(between(clip_b, "headYaw", 1.5, 1.8)).max() < -1.5


def test_a_mirrored_video_gives_the_mirrored_performance(
    clip_b: Clip, film: Callable, frames_of: Callable, bundle: Path
) -> None:
    seen = capture(film([frame[:, ::-1] for frame in frames_of("face_b.mp4", 0, 1.9)]), model=bundle)
    # The tracker itself is not symmetric: it reads a smile on one side better than on the other.
    for name in ("mouthLeft", "mouthRight", "mouthSmileLeft", "headYaw", "headRoll"):
        sign = -1 if name.startswith("head") else 1
        other = sign * seen.values[:, INDEX[mirrored_name(name)]]
        assert np.corrcoef(other, clip_b.values[: len(other), INDEX[name]])[0, 1] > 0.9, name


@pytest.mark.parametrize(("turn", "sign"), [(-12, 1), (12, -1)])
def test_a_tilted_picture_is_a_tilted_head(
    turn: int, sign: int, film: Callable, frames_of: Callable, bundle: Path
) -> None:
    cv2 = pytest.importorskip("cv2")
    still = frames_of("face_b.mp4", 1.0, 1.01)[0]
    # Turned clockwise, the head leans to the picture's right, to the man's left shoulder.
    matrix = cv2.getRotationMatrix2D((240, 240), turn, 1)
    tilted = cv2.warpAffine(still, matrix, (480, 480), borderMode=cv2.BORDER_REPLICATE)
    clip = capture(film([still] * 16 + [tilted] * 8), model=bundle)
    rolls = np.degrees(clip.values[:, INDEX["headRoll"]])
    assert sign * (np.median(rolls[18:]) - np.median(rolls[3:13])) == pytest.approx(12, abs=1.5)


def test_the_rate_and_the_part_can_be_chosen(shared: Path, bundle: Path, clip_a: Clip) -> None:
    part = capture(shared / "video" / "face_a.mp4", model=bundle, start=2.0, end=3.0, fps=60)
    assert (part.values.shape, part.fps) == ((60, 55), 60)
    assert part.provenance["start"] == 2.0
    whole = clip_a.values[60:90, INDEX["jawOpen"]]
    np.testing.assert_allclose(part.values[::2, INDEX["jawOpen"]], whole, atol=0.12)


def test_the_same_video_gives_the_same_clip(shared: Path, bundle: Path, clip_a: Clip) -> None:
    again = capture(shared / "video" / "face_a.mp4", model=bundle)
    np.testing.assert_array_equal(again.values, clip_a.values)


def test_footage_without_a_resting_face_is_told(shared: Path, bundle: Path, clip_a: Clip) -> None:
    # He shouts throughout.
    loud = capture(shared / "video" / "face_a.mp4", model=bundle, start=4.2, end=4.9)
    assert any("No face at rest was found" in note for note in loud.provenance["notes"])
    assert not any("No face at rest was found" in note for note in clip_a.provenance["notes"])


def test_lost_frames_are_interpolated_and_counted(film: Callable, frames_of: Callable, bundle: Path) -> None:
    frames = frames_of("face_b.mp4", 0.0, 1.2)
    for place in range(20, 26):
        frames[place] = np.full_like(frames[place], 128)
    clip = capture(film(frames), model=bundle, without=("completion",))
    assert len(clip.values) == 36
    lost = clip.provenance["lost"]
    assert clip.provenance["frames_lost"] >= 6
    assert lost[0][0] == pytest.approx(20 / 30, abs=0.01)
    assert any("lost in" in note for note in clip.provenance["notes"])
    gone = clip.values[21:25]
    assert (np.abs(np.diff(gone, 2, axis=0)) < 0.05).all()


def test_what_a_mask_hides_is_performed_and_tells_no_events(
    film: Callable, frames_of: Callable, bundle: Path, captured_a: Captured
) -> None:
    cv2 = pytest.importorskip("cv2")
    # He laughs with his mouth wide open behind it.
    frames = frames_of("face_a.mp4", 3.4, 4.8)
    for picture, marks in zip(frames, captured_a.track.landmarks[102:], strict=False):
        edge = (marks[[227, 50, 5, 280, 447, 361, 288, 397, 378, 152, 149, 172, 58, 132], :2] * 480).astype(np.int32)
        cv2.fillConvexPoly(picture, cv2.convexHull(edge), (125, 170, 200))
    masked = room.capture_all(film(frames), Options(model=bundle, decoder="none", cache=False))
    told = masked.clip.provenance
    assert told["covered"] == ["mouth", "jaw", "nose"]
    assert {"jawOpen", "mouthSmileLeft", "noseSneerRight"} <= set(told["completed"]["never_seen"])
    assert "browInnerUp" not in told["completed"]["never_seen"]
    assert not masked.events.mouth_open and not masked.events.smiles
    assert any("something seems to cover the mouth, the jaw and the nose" in note for note in told["notes"])
    if (weights_folder() / "performance.safetensors").is_file():
        assert "performed" in told["completed"]
        assert masked.clip.values[:, INDEX["jawOpen"]].max() < 0.6


def test_two_people_are_told_apart_by_size(film: Callable, frames_of: Callable, bundle: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    small = [cv2.resize(frame, (320, 320)) for frame in frames_of("face_b.mp4", 0, 1.2)]
    large = frames_of("face_a.mp4", 0, 1.2)
    pictures = []
    for near, far in zip(large, small, strict=True):
        picture = np.full((480, 820, 3), 150, np.uint8)
        picture[:, :480], picture[80:400, 490:810] = near, far
        pictures.append(picture)
    path = film(pictures)
    nearer, farther = capture(path, model=bundle, face=0), capture(path, model=bundle, face=1)
    # The nearer man purses his lips at 0.6-1.3 s; the farther one pulls his mouth to one side and to the other.
    assert between(nearer, "mouthPucker", 0.7, 1.2).min() > 0.6
    assert between(farther, "mouthPucker", 0.7, 1.2).max() < 0.3
    assert between(farther, "mouthLeft", 0.4, 0.6).min() > 0.3
    assert between(nearer, "mouthLeft", 0.4, 0.6).max() < 0.1
    with pytest.raises(FaceMimicError, match=r"no face number 2 .* at most 2 faces"):
        capture(path, model=bundle, face=2)


def test_a_cut_is_found_and_does_not_bleed(film: Callable, frames_of: Callable, bundle: Path) -> None:
    # Two men before the same wall: one with his mouth wide open, then the other at rest.
    clip = capture(film(frames_of("face_a.mp4", 2.3, 3.0) + frames_of("face_b.mp4", 1.0, 1.3)), model=bundle)
    np.testing.assert_allclose(clip.provenance["cuts"], [0.7], atol=0.01)
    jaw = clip.values[:, INDEX["jawOpen"]]
    assert jaw[20] > 0.7
    assert jaw[21:].max() < 0.1


def test_fast_motion_is_no_cut(film: Callable, frames_of: Callable, bundle: Path) -> None:
    still = frames_of("face_b.mp4", 1.0, 1.01)[0]
    shaken = [np.roll(still, round(12 * np.sin(place * 1.2)), axis=1) for place in range(24)]
    assert capture(film(shaken), model=bundle).provenance["cuts"] == []


def test_a_face_that_is_never_there_is_told(film: Callable, bundle: Path) -> None:
    rng = np.random.default_rng(0)
    path = film([rng.integers(0, 255, (240, 320, 3), np.uint8) for _ in range(12)], name="noise.mp4")
    with pytest.raises(FaceMimicError, match=r"No face was found in noise\.mp4") as error:
        capture(path, model=bundle)
    assert error.value.kind == "video"


def test_a_face_number_that_is_not_there_is_told(shared: Path, bundle: Path) -> None:
    with pytest.raises(FaceMimicError, match=r"no face number 1 .* at most 1 face is seen"):
        capture(shared / "video" / "face_a.mp4", model=bundle, face=1, end=0.3)


def test_a_start_behind_the_end_of_the_video_is_told(shared: Path, bundle: Path) -> None:
    with pytest.raises(FaceMimicError, match="ends before 60 s"):
        capture(shared / "video" / "face_a.mp4", model=bundle, start=60)


def test_a_video_of_one_frame_is_a_clip_of_one_frame(film: Callable, frames_of: Callable, bundle: Path) -> None:
    clip = capture(film(frames_of("face_a.mp4", 0, 0.01)), model=bundle)
    assert clip.values.shape == (1, 55)


def test_a_video_that_is_cut_short_gives_what_is_there(film: Callable, frames_of: Callable, bundle: Path) -> None:
    path = film(frames_of("face_a.mp4", 0, 1), name="short.avi", codec="MJPG")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    clip = capture(path, model=bundle)
    assert 5 < len(clip.values) < 23


def test_progress_rises_to_one_and_can_stop(shared: Path, bundle: Path) -> None:
    told: list[float] = []
    capture(shared / "video" / "face_a.mp4", model=bundle, end=0.5, cache=False, progress=told.append)
    assert told == sorted(told)
    assert 0 <= told[0] < 0.2 and told[-1] > 0.9
    # What follows the tracking of a long video takes seconds, in which it can be cancelled as well.
    assert len([fraction for fraction in told if fraction > room.TRACKING]) > 3

    def stop(fraction: float) -> None:
        if fraction > 0.02:
            raise FaceMimicError("Cancelled.", "cancelled")

    with pytest.raises(FaceMimicError) as error:
        capture(shared / "video" / "face_a.mp4", model=bundle, cache=False, progress=stop)
    assert error.value.kind == "cancelled"


def test_a_still_face_stays_still_and_jitters_little(film: Callable, frames_of: Callable, bundle: Path) -> None:
    rng = np.random.default_rng(1)
    still = frames_of("face_b.mp4", 1.0, 1.01)[0].astype(float)
    noisy = [np.clip(still + rng.normal(0, 4, still.shape), 0, 255).astype(np.uint8) for _ in range(30)]
    clip = capture(film(noisy), model=bundle)
    shapes = [place for region, places in REGIONS.items() if region != "head" for place in places]
    assert np.abs(np.diff(clip.values[5:, shapes], axis=0)).mean() < 0.002
    assert clip.values[5:, list(REGIONS["mouth"])].max() < 0.15


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"fps": 0}, "fps"),
        ({"fps": float("nan")}, "fps"),
        ({"fps": "30"}, "fps"),
        ({"face": -1}, "face"),
        ({"face": 1.5}, "face"),
        ({"start": -1}, "Start"),
        ({"start": 2, "end": 1}, "after the start"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_before_the_work(options: dict, says: str, tmp_path: Path) -> None:
    with pytest.raises(FaceMimicError, match=says) as error:
        capture(tmp_path / "missing.mp4", **options)
    assert error.value.kind == "request"
