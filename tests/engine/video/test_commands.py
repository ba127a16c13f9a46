"""The `video` command and the worker's operations on footage."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.channels import INDEX
from engine.cli import main
from engine.clip import Clip
from engine.video.faces import PORTRAIT


@pytest.fixture
def asked(shared: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setenv("FACEMIMIC_MODELS", str(bundle.parent))
    video = str(shared / "video" / "face_a.mp4")
    return lambda *arguments: main(["video", video, "--end", "0.7", "--decoder", "none", *map(str, arguments)])


def test_a_take_its_sheet_and_its_report_come_from_one_run(asked: Callable, tmp_path: Path) -> None:
    out, sheet, table = tmp_path / "a.npz", tmp_path / "a.png", tmp_path / "a.json"
    assert asked("--out", out, "--review", sheet, "--report", table) == 0
    assert len(Clip.load(out).values) == json.loads(table.read_text("utf-8"))["frames"] == 21
    assert sheet.read_bytes()[:4] == b"\x89PNG"


def test_channels_without_signal_are_listed_where_one_is_sent(
    asked: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert asked("--out", tmp_path / "a.npz") == 0
    told = capsys.readouterr().err
    assert "channels did not move." in told and "--review lists the channels" in told
    assert asked("--out", tmp_path / "a.npz", "--review", tmp_path / "a.png") == 0
    assert "--review" not in capsys.readouterr().err
    assert "review" not in " ".join(Clip.load(tmp_path / "a.npz").provenance["notes"])


def test_faces_are_written_with_their_numbers(asked: Callable, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert asked("--faces", tmp_path / "faces.png") == 0
    assert "1 face at 0.00 s" in capsys.readouterr().out
    cv2 = pytest.importorskip("cv2")
    assert cv2.imread(str(tmp_path / "faces.png")).shape == (PORTRAIT, PORTRAIT, 3)


def test_what_becomes_of_an_actor_is_told_in_a_line(
    asked: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    actor = tmp_path / "Zoë.json"
    for says in ("Measured the resting face of Zoë here, and kept it in", "Used the resting face of Zoë, kept in"):
        assert asked("--out", tmp_path / "a.npz", "--actor", actor) == 0
        assert f"{says} {actor}." in capsys.readouterr().out.splitlines()
    assert asked("--out", tmp_path / "a.npz", "--actor", actor, "--neutral", "0.5") == 0
    assert "nothing is kept of Zoë" in capsys.readouterr().out


def test_a_neutral_frame_is_counted_in_frames(asked: Callable, tmp_path: Path) -> None:
    for name, neutral in (("seconds", "0.5"), ("frames", "15f")):
        assert asked("--neutral", neutral, "--out", tmp_path / f"{name}.npz") == 0
    seconds, frames = (Clip.load(tmp_path / f"{name}.npz").values for name in ("seconds", "frames"))
    np.testing.assert_array_equal(seconds, frames)


def test_every_stage_can_be_left_out(asked: Callable, tmp_path: Path) -> None:
    takes = {}
    for stages in ("", "smoothing", "calibration", "sealing", "completion", "smoothing, calibration,completion"):
        assert asked("--without", stages, "--out", tmp_path / "a.npz") == 0
        clip = Clip.load(tmp_path / "a.npz")
        takes[stages] = clip.values
        assert clip.provenance["without"] == [stage.strip() for stage in stages.split(",") if stage]
    mouth = takes[""][:, INDEX["mouthPucker"]]
    assert np.abs(takes["smoothing"] - takes[""]).max() > 0.005
    assert np.abs(takes["calibration"] - takes[""]).max() > 0.1
    np.testing.assert_array_equal(takes["completion"], takes[""])
    assert np.abs(takes["calibration"][:, INDEX["mouthPucker"]] - mouth).max() < 0.2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Say what to write"),
        (
            ("--out", "a.npz", "--without", "thinking"),
            "Only smoothing, calibration, sealing, completion can be left out",
        ),
        (("--out", "a.npz", "--neutral", "soon"), "--neutral is a time"),
        (("--out", "a.npz", "--neutral", "9"), "must lie in the part"),
        (("--out", "a.npz", "--decoder", "magic"), "no decoder “magic”"),
        (("--out", "a.npz", "--actor", "a|b"), "cannot be an actor's name"),
        (("--out", "a.npz", "--full-range"), "Name the actor"),
        (("--out", "a.npz", "--actor", "Ben", "--without", "smoothing,calibration"), "Nothing of the actor “Ben”"),
        (("--out", "a.npz", "--actor", "nowhere/ben.json"), "there is no folder"),
        (("--review", "sheet.doc"), "a review sheet is written as"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(
    arguments: tuple[str, ...], says: str, asked: Callable, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    placed = [str(tmp_path / one) if one.endswith((".npz", ".doc", ".json")) else one for one in arguments]
    assert asked(*placed) == 1
    error = capsys.readouterr().err
    assert says in error and len(error.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_photo_becomes_a_take_of_one_frame(frames_of: Callable, bundle: Path, tmp_path: Path, monkeypatch) -> None:
    cv2 = pytest.importorskip("cv2")
    monkeypatch.setenv("FACEMIMIC_MODELS", str(bundle.parent))
    cv2.imencode(".jpg", frames_of("face_a.mp4", 2.5, 2.52)[0][:, :, ::-1])[1].tofile(tmp_path / "photo.jpg")
    for name in ("pose.npz", "pose.csv"):
        assert main(["video", str(tmp_path / "photo.jpg"), "--out", str(tmp_path / name)]) == 0
    assert Clip.load(tmp_path / "pose.npz").values.shape == (1, 55)


def test_the_worker_shows_the_faces_and_reports(start_worker: Callable, shared: Path, tmp_path: Path) -> None:
    pipe = start_worker(FACEMIMIC_MODELS=str(shared / "models"), FACEMIMIC_CACHE=str(tmp_path))
    video = str(shared / "video" / "face_a.mp4")
    pipe.send({"id": 1, "op": "faces", "path": video, "end": 0.3})
    pipe.send(
        {"id": 2, "op": "video", "path": video, "end": 0.3, "decoder": "none", "without": ["completion"], "face": 0}
    )
    pipe.send({"id": 3, "op": "video", "path": video, "face": "first"})
    pipe.send({"id": 4, "op": "faces", "path": str(tmp_path / "none.mp4")})
    header, arrays, _ = pipe.answer(1)
    assert header["type"] == "result", header
    assert arrays["portraits"].shape == (1, PORTRAIT, PORTRAIT, 3)
    assert 0.2 < arrays["portraits"].mean() < 0.8 and arrays["portraits"].max() <= 1
    left, top, right, bottom = header["faces"][0]
    assert 0 < left < right < 1 and 0 < top < bottom < 1
    header, arrays, _ = pipe.answer(2)
    assert header["report"]["file"] == "face_a.mp4"
    assert header["report"]["frames"] == len(arrays["values"])
    assert pipe.answer(3)[0]["kind"] == "request"
    assert pipe.answer(4)[0]["kind"] == "video"
