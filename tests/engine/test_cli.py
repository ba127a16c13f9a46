import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine import __version__
from engine.channels import CHANNELS
from engine.cli import main
from engine.clip import Clip
from engine.commands.generate import parse_style
from engine.errors import FaceMimicError
from engine.takes.formats import read_take, write_take

ROOT = Path(__file__).resolve().parents[2]


def usage_error(*argv: str) -> int:
    with pytest.raises(SystemExit) as exit_:
        main(argv)
    return int(exit_.value.code or 0)


def test_help_and_version_need_nothing_heavy() -> None:
    code = (
        "import sys, runpy; sys.argv = ['engine', 'generate', '--help']\n"
        "try: runpy.run_module('engine', run_name='__main__')\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'torch', 'mediapipe', 'cv2', 'scipy'} & set(sys.modules), set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-m", "engine", "--version"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert __version__ in done.stdout


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("perform",),
        ("generate", "--out", "x.npz"),
        ("generate", "--emotion", "happy"),
        ("generate", "--emotion", "happy", "--request", "r.toml", "--out", "x.npz"),
        ("generate", "--request", "r.toml", "--duration", "2", "--out", "x.npz"),
        ("generate", "--emotion", "happy", "--intensity", "much", "--out", "x.npz"),
        ("generate", "--emotion", "happy", "--device", "tpu", "--out", "x.npz"),
        ("video", "--out", "x.npz"),
        ("video", "a.mp4", "--face", "first", "--out", "x.npz"),
        ("convert", "a.npz"),
    ],
)
def test_wrong_usage_exits_with_2(argv: tuple[str, ...]) -> None:
    assert usage_error(*argv) == 2


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("generate", "--emotion", "hapy", "--out", "x.npz"), "Did you mean “happy”?"),
        (("generate", "--emotion", "happy=often", "--out", "x.npz"), "share"),
        (("generate", "--emotion", "happy", "--intensity", "3", "--out", "x.npz"), "Intensity"),
        (("generate", "--emotion", "happy", "--duration", "nan", "--out", "x.npz"), "Duration"),
        (("generate", "--emotion", "happy", "--duration", "-1", "--out", "x.npz"), "from 0.3 to 600"),
        (("generate", "--emotion", "happy", "--duration", "0.1", "--out", "x.npz"), "from 0.3 to 600"),
        (("generate", "--emotion", "happy", "--fps", "0", "--out", "x.npz"), "fps"),
        (("generate", "--emotion", "happy", "--seed", "-4", "--out", "x.npz"), "seed"),
        (("generate", "--emotion", "happy", "--seed", str(2**63), "--out", "x.npz"), f"from 0 to {2**63 - 1}"),
        (("generate", "--emotion", "happy", "--style", "mood=1", "--out", "x.npz"), "mood"),
        (("generate", "--emotion", "happy", "--style", "tempo=9", "--out", "x.npz"), "tempo"),
        (("generate", "--emotion", "happy", "--out", "x.fbx"), "ending"),
        (("generate", "--emotion", "happy", "--out", "no/x.npz"), "no folder"),
        (("generate", "--request", "missing.toml", "--out", "x.npz"), "There is no request file missing.toml"),
        (("video", "missing.mp4", "--out", "x.npz"), "does not exist"),
        (("video", "missing.mp4", "--out", "x.fbx"), "ending"),
        (("video", "missing.mp4", "--fps", "0", "--out", "x.npz"), "fps"),
        (("video", "missing.mp4", "--face", "-1", "--out", "x.npz"), "face"),
        (("video", "missing.mp4", "--start", "3", "--end", "2", "--out", "x.npz"), "after the start"),
        (("convert", "missing.npz", "x.csv"), "missing.npz"),
    ],
)
def test_a_problem_exits_with_1_and_one_sentence(
    argv: tuple[str, ...],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(argv) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("Error: ") and says in told.err
    assert told.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_missing_weights_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv("FACEMIMIC_WEIGHTS", str(tmp_path / "none"))
    assert main(["generate", "--emotion", "happy", "--out", str(tmp_path / "x.npz")]) == 1
    assert "weights are missing" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_recipe_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    assert main(["train", "missing.toml"]) == 1
    assert "missing.toml" in capsys.readouterr().err


@pytest.mark.parametrize("command", [("generate", "--emotion", "happy", "--out", "x.npz"), ("train", "x.toml")])
def test_a_missing_torch_is_told(command: tuple[str, ...], tmp_path: Path) -> None:
    # A module set to None cannot be imported, as if it were not installed.
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.modules['torch'] = None\n"
        "from engine.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    asked = [sys.executable, "-c", code, *command]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The engine needs torch. Install it")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="sends the signal that Ctrl-C sends")
def test_ctrl_c_in_the_middle_of_a_video_keeps_nothing(tmp_path: Path, shared: Path) -> None:
    asked = [sys.executable, "-m", "engine", "video", str(shared / "video" / "face_a.mp4")]
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv.pop(1))\n"
        # Shells start what runs in the background with this signal ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from engine.commands import terminal\n"
        "call = terminal.Progress.__call__\n"
        "def stop(self, fraction):\n"
        "    if fraction > 0.1: os.kill(os.getpid(), signal.SIGINT)\n"
        "    call(self, fraction)\n"
        "terminal.Progress.__call__ = stop\n"
        "from engine.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    asked = [sys.executable, "-c", code, str(ROOT), *asked[3:], "--out", str(tmp_path / "x.npz")]
    environment = {**os.environ, "FACEMIMIC_MODELS": str(shared / "models")}
    done = subprocess.run(asked, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.endswith("Stopped.\n") and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_exits_with_130_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.commands.generate.load_generator", stop)
    assert main(["generate", "--emotion", "happy", "--out", str(tmp_path / "x.npz")]) == 130
    assert capsys.readouterr().err == "Stopped.\n"
    assert list(tmp_path.iterdir()) == []


def test_convert_writes_the_other_format_and_tells_what_it_left_out(
    tmp_path: Path, some_clip: Clip, capsys: pytest.CaptureFixture[str]
) -> None:
    write_take(some_clip, tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text().replace("JawOpen", "JawWagging")
    (tmp_path / "a.csv").write_text(text)
    assert main(["convert", str(tmp_path / "a.csv"), str(tmp_path / "b.npz"), "--fps", "60"]) == 0
    told = capsys.readouterr()
    assert "80 frames at 60 fps" in told.out
    assert "Note: Columns not understood: JawWagging." in told.err
    assert Clip.load(tmp_path / "b.npz").fps == 60


def test_info_as_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["engine"] == __version__
    assert facts["packages"]["numpy"] == np.__version__


def test_info_tells_how_to_get_a_missing_landmarker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FACEMIMIC_MODELS", raising=False)
    monkeypatch.setattr("engine.paths.data_folder", lambda: tmp_path)
    assert main(["info"]) == 0
    told = capsys.readouterr().out
    assert "download-landmarker" in told
    assert "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff" in told


def test_a_reader_that_leaves_early_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "engine", "info"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_style_knobs_are_read() -> None:
    assert parse_style("tempo=1.3, gaze=0.5") == {"tempo": 1.3, "gaze": 0.5}
    for text in ("", "tempo", "tempo=", "tempo=fast", "=1"):
        with pytest.raises(FaceMimicError):
            parse_style(text)


def test_generate_writes_the_asked_take(tmp_path: Path, trained: None, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["generate", "--emotion", "happy=0.6,surprised=0.4", "--intensity", "0.8", "--duration", "2", "--seed", "7"]
    asked += ["--fps", "30", "--style", "tempo=1.3", "--device", "cpu", "--out"]
    assert main([*asked, str(tmp_path / "a.npz")]) == 0
    assert "60 frames at 30 fps" in capsys.readouterr().out
    assert main([*asked, str(tmp_path / "b.csv")]) == 0
    clip = Clip.load(tmp_path / "a.npz")
    assert (clip.values.shape, clip.channels) == ((60, 55), CHANNELS)
    np.testing.assert_allclose(read_take(tmp_path / "b.csv").clip.values, clip.values, atol=1e-6)
    assert clip.provenance["request"]["seed"] == 7
    assert clip.provenance["request"]["style"]["tempo"] == 1.3


def test_generate_reads_a_request_file(tmp_path: Path, trained: None) -> None:
    (tmp_path / "ask.toml").write_text('fps = 24\n[[beats]]\nemotion = "sad"\nduration = 1.5\n')
    out = tmp_path / "a.npz"
    assert main(["generate", "--request", str(tmp_path / "ask.toml"), "--seed", "3", "--out", str(out)]) == 0
    clip = Clip.load(out)
    assert (len(clip.values), clip.fps) == (36, 24)
    assert clip.provenance["request"]["seed"] == 3


def test_video_writes_a_take(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FACEMIMIC_MODELS", str(shared / "models"))
    out = tmp_path / "a.csv"
    assert main(["video", str(shared / "video" / "face_a.mp4"), "--out", str(out), "--end", "0.5", "--fps", "60"]) == 0
    told = capfd.readouterr()
    assert "30 frames at 60 fps" in told.out
    # MediaPipe's own chatter would hide what the person should know.
    assert all(line.startswith("Note: ") for line in told.err.splitlines())
    assert read_take(out).clip.values.shape == (30, 55)


def test_a_package_that_is_not_installed_is_named(tmp_path: Path, some_clip: Clip) -> None:
    some_clip.save(tmp_path / "take.npz")
    arguments = ["convert", str(tmp_path / "take.npz"), str(tmp_path / "take.openface.csv")]
    code = f"import sys; sys.modules['scipy'] = None; from engine.cli import main; sys.exit(main({arguments}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ") and "pip install “scipy" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_that_the_terminal_cannot_show_is_no_failure(tmp_path: Path, some_clip: Clip) -> None:
    some_clip.save(tmp_path / "笑顔.npz")
    command = [sys.executable, "-m", "engine", "convert", str(tmp_path / "笑顔.npz"), str(tmp_path / "笑顔.csv")]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "Wrote " in done.stdout
    assert (tmp_path / "笑顔.csv").is_file()
