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
    facts = {"fps": clip.fps, "channels": list(clip.channels), "provenance": clip.provenance}
    take = {"name": "Take", **facts}
    about = {"op": "add_take", "path": str(path), "target": str(new), "takes": [take, {**take, "name": "Other"}]}
    both = ("values 0", clip.values), ("values 1", 0.5 * clip.values)
    pipe.send({"id": 1, **about}, *both)
    answer, _, _ = pipe.answer(1)
    assert answer["type"] == "result", answer
    assert answer["path"] == str(new)
    assert [(one["name"], one["targets"]) for one in answer["takes"]] == [("Take", 2), ("Other", 2)]
    document, binary, _ = unpacked(new.read_bytes())
    assert [track(document, binary, 2, "weights", place)[1][-1, 0] for place in (0, 1)] == [1, 0.5]
    assert document["animations"][0]["extras"]["FaceMimic"]["seed"] == 3

    wrongs = [{"target": str(path)}, {"takes": []}, {"takes": "all"}, {"takes": [take, {**take, "fps": 0}]}]
    wrongs += [{"takes": [take, {**take, **wrong}]} for wrong in ({"channels": "all"}, {"name": ""})]
    for number, wrong in enumerate(wrongs, start=20):
        pipe.send({"id": number, **about, **wrong}, *both)
        assert pipe.answer(number)[0]["type"] == "error"
    csv = {**facts, "op": "write_take", "target": str(tmp_path / "take.csv")}
    pipe.send({"id": 8, **csv}, ("values", clip.values))
    assert pipe.answer(8)[0]["seconds"] == pytest.approx((len(clip.values) - 1) / clip.fps)
    assert (tmp_path / "take.csv").read_text().startswith("Timecode,BlendShapeCount")
    pipe.send({"id": 9, **about})
    assert "array values" in pipe.answer(9)[0]["message"]
    assert pipe.end() == 0
