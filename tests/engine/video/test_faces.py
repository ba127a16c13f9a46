import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.channels import INDEX
from engine.errors import FaceMimicError
from engine.video import capture as capturing
from engine.video.capture import CHOOSING, TRACKING, capture
from engine.video.faces import PORTRAIT, chosen_face, faces_to_choose, portrait
from engine.video.footage import open_footage


@pytest.fixture(scope="module")
def pair(frames_of: Callable) -> list[np.ndarray]:
    """Two men side by side, the one on the left larger: he purses his lips, the other pulls a corner of his mouth."""
    cv2 = pytest.importorskip("cv2")
    pictures = []
    for near, far in zip(frames_of("face_a.mp4", 0, 1.4), frames_of("face_b.mp4", 0, 1.4), strict=True):
        picture = np.full((480, 820, 3), 150, np.uint8)
        picture[:, :480], picture[80:400, 490:810] = near, cv2.resize(far, (320, 320))
        pictures.append(picture)
    return pictures


def pursed(path: Path, bundle: Path, **options: Any) -> np.ndarray:
    clip = capture(path, model=bundle, decoder="none", without=("completion", "smoothing"), **options)
    return clip.values[:, INDEX["mouthPucker"]]


def test_people_are_numbered_by_size_with_their_portraits(film: Callable, pair: list, bundle: Path) -> None:
    with open_footage(film(pair)) as footage:
        crowd = faces_to_choose(footage, bundle)
    assert len(crowd.faces) == 2
    assert crowd.faces[0].box[0] < 0.5 < crowd.faces[1].box[0]
    portraits = crowd.portraits()
    assert portraits.shape == (2, PORTRAIT, PORTRAIT, 3)
    # A face is in the middle of its portrait: skin, which is red before it is blue.
    for picture in portraits:
        red, _, blue = picture[60:110, 60:100].reshape(-1, 3).mean(0)
        assert red > blue + 20


def test_people_who_come_later_can_be_chosen(film: Callable, pair: list, bundle: Path) -> None:
    alone = [picture.copy() for picture in pair[:20]]
    for picture in alone:
        picture[:, :480] = 150
    # At first only the smaller man is there; the larger, who is number 0, comes later.
    path = film(alone + pair[18:42])
    values = pursed(path, bundle, face=0)
    assert values[25:].min() > 0.6
    assert pursed(path, bundle, face=1).max() < 0.4


def test_a_face_that_is_lost_comes_back_as_itself(film: Callable, pair: list, bundle: Path) -> None:
    frames = [picture.copy() for picture in pair]
    for picture in frames[12:24]:
        picture[:, :480] = 150
    values = pursed(film(frames), bundle, face=0)
    assert values[26:36].min() > 0.6


def test_after_a_cut_the_same_person_is_followed(film: Callable, pair: list, bundle: Path) -> None:
    # The second shot shows them the other way round and in other sizes.
    cv2 = pytest.importorskip("cv2")
    second = []
    for picture in pair[20:]:
        shot = np.full((480, 820, 3), 60, np.uint8)
        shot[120:400, 520:800] = cv2.resize(picture[:, :480], (280, 280))
        shot[:, :480] = cv2.resize(picture[80:400, 490:810], (480, 480))
        second.append(shot)
    path = film(pair[:10] + second)
    values = pursed(path, bundle, face=0)
    assert values[12:28].min() > 0.6
    assert pursed(path, bundle, face=1).max() < 0.4


def test_without_a_choice_several_faces_are_told(film: Callable, pair: list, bundle: Path) -> None:
    clip = capture(film(pair[:6]), model=bundle, decoder="none")
    assert clip.provenance["notes"][0].startswith("2 faces were seen; the largest was followed")


def test_a_number_that_is_not_there_is_told(film: Callable, pair: list, bundle: Path) -> None:
    with open_footage(film(pair[:2])) as footage:
        crowd = faces_to_choose(footage, bundle)
    with pytest.raises(FaceMimicError, match=r"no face number 2 in it\.mp4: at most 2 faces are seen"):
        chosen_face(crowd, 2, "it.mp4")


def test_no_face_to_choose_from_is_told(film: Callable, bundle: Path) -> None:
    with (
        open_footage(film([np.full((120, 160, 3), 90, np.uint8)] * 3)) as footage,
        pytest.raises(FaceMimicError, match="No face was found in the first half minute"),
    ):
        faces_to_choose(footage, bundle)


@pytest.mark.parametrize("scale", [0.1, 0.5, 1, 4])
def test_a_portrait_shows_its_box_at_any_size(scale: float) -> None:
    side = round(300 * scale)
    picture = np.zeros((side, side, 3), np.uint8)
    first, last = round(0.4 * side), round(0.6 * side)
    picture[first:last, first:last] = 200
    seen = portrait(picture, np.array([0.4, 0.4, 0.6, 0.6]))
    assert seen.shape == (PORTRAIT, PORTRAIT, 3)
    bright = (seen > 100).mean()
    assert bright == pytest.approx((1 / 1.44) ** 2, abs=0.06)


def test_a_picture_that_lies_on_its_side_is_turned(film: Callable, frames_of: Callable, bundle: Path) -> None:
    upright = frames_of("face_a.mp4", 2.4, 2.6)
    for turns in (1, 2, 3):
        frames = [np.rot90(frame, turns) for frame in upright]
        clip = capture(film(frames), model=bundle, decoder="none")
        assert clip.provenance["quarter_turns"] == 4 - turns
        assert clip.values[:, INDEX["jawOpen"]].min() > 0.6
        assert any("lies on its side or head" in note for note in clip.provenance["notes"])


def test_people_are_chosen_once(film: Callable, pair: list, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, told = film(pair), []
    whole = capture(path, model=bundle, decoder="none", face=1, cache=False)

    def stop(fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.5:
            raise FaceMimicError("Cancelled.", "cancelled")

    with pytest.raises(FaceMimicError):
        capture(path, model=bundle, decoder="none", face=1, progress=stop)
    # Looking for the people is told as well.
    assert told == sorted(told) and len([fraction for fraction in told if fraction < CHOOSING * TRACKING]) > 1
    monkeypatch.setattr(capturing, "faces_to_choose", None)
    for _ in range(2):
        np.testing.assert_array_equal(capture(path, model=bundle, decoder="none", face=1).values, whole.values)


def test_importing_mediapipe_keeps_nothing_of_its_caller() -> None:
    pytest.importorskip("mediapipe")
    code = (
        "import gc, weakref\nfrom engine.video import landmarker\nclass Rows: pass\n"
        "def capture():\n    rows = Rows()\n    landmarker.tracking_library()\n    return weakref.ref(rows)\n"
        "kept = capture(); gc.collect(); print(kept())"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None"]
