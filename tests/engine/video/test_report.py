import json
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.channels import INDEX, SHAPES
from engine.errors import FaceMimicError
from engine.video.capture import Captured, capture_all
from engine.video.notes import notes
from engine.video.options import Options
from engine.video.page import EVENT, LOST, NEUTRAL, SEEN, UNSEEN, WIDTH, check_sheet
from engine.video.report import MOST_COLUMNS, report, write_report
from engine.video.sheet import OTHER_SIDE, draw_sheet, write_sheet


@pytest.fixture(scope="module")
def flawed(film: Callable, frames_of: Callable, bundle: Path) -> Captured:
    """A video with a dark part and a part without the face."""
    frames = frames_of("face_a.mp4", 2.0, 4.2)
    frames[20:30] = [(frame * 0.03).astype(np.uint8) for frame in frames[20:30]]
    frames[44:56] = [np.full_like(frame, 120) for frame in frames[44:56]]
    return capture_all(film(frames), Options(model=bundle, decoder="none", cache=False))


def test_a_report_is_json_and_tells_what_happened(captured_a: Captured, tmp_path: Path) -> None:
    write_report(captured_a, tmp_path / "report.json")
    table = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert table == json.loads(json.dumps(report(captured_a)))
    assert (table["file"], table["frames"], table["fps"], table["size"]) == ("face_a.mp4", 216, 30, [480, 480])
    assert table["blinks"] == [[pytest.approx(94 / 30, abs=0.04), pytest.approx(97 / 30, abs=0.04)], [6.2, 6.233]]
    assert len(table["closures"]) == 2
    assert set(table["seen"]) == set(table["confidence"]["regions"])
    assert all(len(row) == len(table["confidence"]["times"]) == 216 for row in table["confidence"]["regions"].values())
    assert max(table["curves"]["jaw"]) > 0.8


def test_what_was_not_seen_is_told_with_its_cause(flawed: Captured) -> None:
    table = report(flawed)
    assert table["frames_lost"] >= 12
    assert table["lost"][-1] == [pytest.approx(44 / 30, abs=0.01), pytest.approx(55 / 30, abs=0.01)]
    if table["frames_lost"] < 22:
        assert table["causes"]["eyes"]["dark"] > 0.1
    assert min(table["confidence"]["regions"]["mouth"]) == 0
    assert table["completed"]["spans"]
    assert table["notes"]


def test_a_long_capture_shares_columns_that_show_the_worst(captured_a: Captured) -> None:
    track, count = captured_a.track, 216 * 5
    rows = np.repeat(np.arange(216), 5)
    long_ = replace(
        captured_a,
        track=replace(
            track,
            times=np.arange(count) / 30,
            **{name: getattr(track, name)[rows] for name in ("landmarks", "scores", "poses", "colours", "sharpness")},
        ),
        sighting=replace(captured_a.sighting, regions=captured_a.sighting.regions[rows].copy(), causes={}),
        resting=captured_a.resting[rows],
    )
    long_.sighting.regions[700, 2] = 0.1
    table = report(long_)
    assert len(table["confidence"]["times"]) == MOST_COLUMNS
    assert min(table["confidence"]["regions"]["mouth"]) == pytest.approx(0.1)


def test_few_channels_without_signal_are_named(captured_a: Captured) -> None:
    facts = {**captured_a.clip.provenance, "blind_channels": ["tongueOut"]}
    still = ["tongueOut", "cheekPuff", "jawLeft"]
    assert "cheekPuff and jawLeft did not move." in notes({**facts, "still_channels": still})
    assert "cheekPuff did not move." in notes({**facts, "still_channels": still[:2]})
    assert not any("did not move" in note for note in notes({**facts, "still_channels": still[:1]}))
    assert "7 other channels did not move." in notes({**facts, "still_channels": [*SHAPES[:7], "tongueOut"]})


def pixels(image: object, colour: tuple[int, int, int]) -> int:
    return int((np.asarray(image) == colour).all(2).sum())


def test_a_sheet_shows_what_was_lost_and_what_is_neutral(flawed: Captured, captured_a: Captured) -> None:
    whole, broken = draw_sheet(captured_a), draw_sheet(flawed)
    assert whole.width == broken.width == WIDTH
    assert 1200 < whole.height < 3000
    # The legend shows each colour once.
    assert pixels(whole, NEUTRAL) > 2000
    assert pixels(broken, LOST) > pixels(whole, LOST) + 20_000
    assert pixels(broken, UNSEEN) > pixels(whole, UNSEEN) + 2000


def test_no_frame_is_neutral_where_an_actors_calibration_is_used(bundle: Path, shared: Path, tmp_path: Path) -> None:
    options = Options(model=bundle, decoder="none", actor=str(tmp_path / "Anna.json"), end=1.0)
    measured, used = (capture_all(shared / "video" / "face_a.mp4", options) for _ in range(2))
    assert report(measured)["resting"] and not report(used)["resting"]
    legend = 28 * 22
    assert pixels(draw_sheet(measured), NEUTRAL) > legend + 5000
    # What is seen well is written in the same green.
    assert pixels(draw_sheet(used), NEUTRAL) < legend + 2500


def test_a_wink_shows_on_its_side(captured_a: Captured) -> None:
    values = captured_a.clip.values.copy()
    values[:, [INDEX["eyeBlinkRight"], INDEX["mouthSmileRight"], INDEX["browOuterUpRight"]]] = values[
        :, [INDEX["eyeBlinkLeft"], INDEX["mouthSmileLeft"], INDEX["browOuterUpLeft"]]
    ]
    even = replace(captured_a, clip=replace(captured_a.clip, values=values))
    assert pixels(draw_sheet(even), OTHER_SIDE) == 0
    values[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 0
    values[40:50, INDEX["eyeBlinkRight"]] = 0.9
    sides = report(even)["sides"]
    assert set(sides) == {"lids", "brows", "smile"}
    assert (max(sides["lids"][0]), max(sides["lids"][1])) == (0, pytest.approx(0.9))
    assert pixels(draw_sheet(even), OTHER_SIDE) > 500


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".pdf"])
def test_a_sheet_is_written_whole(suffix: str, captured_a: Captured, tmp_path: Path) -> None:
    write_sheet(captured_a, tmp_path / f"sheet{suffix}")
    assert (tmp_path / f"sheet{suffix}").stat().st_size > 20_000
    assert len(list(tmp_path.iterdir())) == 1


def test_a_sheet_of_a_photo_shows_the_face_and_what_is_read(tmp_path: Path, frames_of: Callable, bundle: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    # An open smile.
    cv2.imencode(".png", frames_of("face_a.mp4", 4.5, 4.51)[0][:, :, ::-1])[1].tofile(tmp_path / "photo.png")
    captured = capture_all(tmp_path / "photo.png", Options(model=bundle, decoder="none"))
    table = report(captured)
    assert (table["source"], table["shown"][0][0], table["lost"]) == ("photo", "mouthSmileRight", [])
    assert all(first[1] >= second[1] for first, second in pairwise(table["shown"]))
    page = draw_sheet(captured, tmp_path / "photo.png")
    assert page.width == WIDTH and 1200 < page.height < 2600
    # Dots on 429 landmarks, and bars for what is seen and shown.
    assert pixels(page, SEEN) > 4000
    assert pixels(page, EVENT) > 50_000
    (tmp_path / "photo.png").unlink()
    assert pixels(draw_sheet(captured, tmp_path / "photo.png"), SEEN) < 100


def test_another_ending_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(FaceMimicError, match=r"sheet\.docx: a review sheet is written as \.png"):
        check_sheet(tmp_path / "sheet.docx")


def test_without_pillow_the_way_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(FaceMimicError, match=r"needs Pillow.*--report"):
        check_sheet(tmp_path / "sheet.png")
