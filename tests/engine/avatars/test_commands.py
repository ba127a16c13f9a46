"""Adding a take from the command line, and by asking the worker."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.cli import main
from engine.clip import Clip
from tests.engine.avatars.made import clip_of, track, unpacked

NAMES = ["jawOpen", "eyeBlinkLeft"]


@pytest.fixture
def clip() -> Clip:
    return clip_of({"jawOpen": np.linspace(0, 1, 20), "tongueOut": np.linspace(0, 1, 20)}, seed=3)


def test_the_command_adds_a_take(
    make_avatar: Callable[..., Path], clip: Clip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, take, new = make_avatar(NAMES), tmp_path / "hello there.npz", tmp_path / "new.vrm"
    clip.save(take)
    assert main(["add-take", str(path), str(take), "--out", str(new)]) == 0
    told = capsys.readouterr()
    assert "“hello there”, 0.63 s on 2 morph targets" in told.out
    assert told.err == "Note: Not shown, for no shape comes near: tongueOut.\n"
    assert main(["add-take", str(new), str(take), "--overwrite", "--name", "Again", "--no-provenance"]) == 0
    document = unpacked(new.read_bytes())[0]
    assert [one["name"] for one in document["animations"]] == ["hello there", "Again"]
    assert [("extras" in one) for one in document["animations"]] == [True, False]


def test_the_command_adds_several_takes_or_none(
    make_avatar: Callable[..., Path], clip: Clip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, new = make_avatar(NAMES), tmp_path / "new.vrm"
    takes = [tmp_path / f"{name}.npz" for name in ("a", "b", "c")]
    for take in takes[:2]:
        clip.save(take)
    takes[2].write_bytes(b"no take")
    assert main(["add-take", str(path), *map(str, takes), "--out", str(new)]) == 1
    assert not new.exists()
    assert main(["add-take", str(path), *map(str, takes[:2]), "--out", str(new)]) == 0
    told = capsys.readouterr()
    assert told.out.count("on 2 morph targets") == 2
    assert told.err.count("tongueOut") == 1
    document, binary, _ = unpacked(new.read_bytes())
    assert [one["name"] for one in document["animations"]] == ["a", "b"]
    ends = [track(document, binary, 2, "weights", place)[1][-1].tolist() for place in (0, 1)]
    assert ends == [[1, 0], [1, 0]]
    before = new.read_bytes()
    assert main(["add-take", str(new), *map(str, takes[:2]), "--overwrite", "--replace"]) == 0
    document, binary, _ = unpacked(new.read_bytes())
    assert [one["name"] for one in document["animations"]] == ["a", "b"]
    assert [track(document, binary, 2, "weights", place)[1][-1].tolist() for place in (0, 1)] == ends
    assert len(new.read_bytes()) < len(before) + 2000
    with pytest.raises(SystemExit):
        main(["add-take", str(path), *map(str, takes[:2]), "--out", str(new), "--name", "One"])


def test_the_command_refuses_in_a_sentence(
    make_avatar: Callable[..., Path], clip: Clip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, take = make_avatar(NAMES), tmp_path / "take.npz"
    clip.save(take)
    for argv in (["--out", str(path)], ["--out", str(tmp_path / "new.fbx")]):
        assert main(["add-take", str(path), str(take), *argv]) == 1
        assert capsys.readouterr().err.startswith("Error: ")
    assert main(["add-take", str(path), str(tmp_path / "none.npz"), "--out", str(tmp_path / "new.vrm")]) == 1
    assert main(["add-take", str(path), str(take), "--out", str(path)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    with pytest.raises(SystemExit) as exit_:
        main(["add-take", str(path), str(take)])
    assert exit_.value.code == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["avatar.vrm", "take.npz"]


def test_the_worker_adds_a_take(
    start_worker: Callable, make_avatar: Callable[..., Path], clip: Clip, tmp_path: Path
) -> None:
    path, new = make_avatar(NAMES), tmp_path / "new.vrm"
    pipe = start_worker()
    about = {
        "op": "add_take",
        "path": str(path),
        "target": str(new),
        "name": "Take",
        "fps": clip.fps,
        "channels": list(clip.channels),
        "provenance": clip.provenance,
    }
    pipe.send({"id": 1, **about}, ("values", clip.values))
    answer, _, _ = pipe.answer(1)
    assert answer["type"] == "result", answer
    assert (answer["path"], answer["name"], answer["targets"]) == (str(new), "Take", 2)
    document, binary, _ = unpacked(new.read_bytes())
    assert track(document, binary, 2, "weights")[1][-1].tolist() == [1, 0]
    assert document["animations"][0]["extras"]["FaceMimic"]["seed"] == 3

    for number, wrong in enumerate([{"target": str(path)}, {"fps": 0}, {"channels": "all"}, {"name": ""}], start=2):
        pipe.send({"id": number, **about, **wrong}, ("values", clip.values))
        assert pipe.answer(number)[0]["type"] == "error"
    csv = {**about, "op": "write_take", "target": str(tmp_path / "take.csv")}
    pipe.send({"id": 8, **csv}, ("values", clip.values))
    assert pipe.answer(8)[0]["seconds"] == pytest.approx((len(clip.values) - 1) / clip.fps)
    assert (tmp_path / "take.csv").read_text().startswith("Timecode,BlendShapeCount")
    pipe.send({"id": 9, **about})
    assert "array values" in pipe.answer(9)[0]["message"]
    assert pipe.end() == 0
