import importlib.util
import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.channels import CHANNELS
from engine.clip import Clip
from engine.takes.formats import write_take

ROOT = Path(__file__).resolve().parents[2]


def test_hello_answers_from_any_folder_without_anything_heavy(start_worker: Callable) -> None:
    pipe = start_worker()
    header, arrays = pipe.ask(1, "hello")
    assert header["type"] == "result"
    assert header["protocol"] == 1
    assert header["pid"] == pipe.process.pid
    assert arrays == {}
    # Linux tells which libraries a process has mapped.
    maps = Path(f"/proc/{pipe.process.pid}/maps")
    if maps.is_file():
        for heavy in ("torch", "mediapipe", "scipy"):
            assert heavy not in maps.read_text(), heavy
    assert pipe.end() == 0


def test_the_worker_runs_without_its_parent_on_the_path(tmp_path: Path) -> None:
    code = (
        "import runpy, sys; sys.argv = ['x', '--version']\n"
        f"try: runpy.run_path({str(ROOT / 'engine' / '__main__.py')!r}, run_name='__main__')\n"
        f"except SystemExit: print({str(ROOT)!r} in sys.path, 'client' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.splitlines()[-1] == "False False"


def test_info_tells_versions_and_weights(start_worker: Callable) -> None:
    header, _ = start_worker().ask(1, "info")
    assert header["type"] == "result"
    assert header["packages"]["numpy"] == np.__version__
    assert ("cpu" in header["devices"]) == (importlib.util.find_spec("torch") is not None)
    assert set(header["weights"]) == {"folder", "sha256"}


def test_requests_are_answered_in_order_and_refusals_keep_the_worker_alive(start_worker: Callable) -> None:
    pipe = start_worker()
    pipe.send({"id": 1, "op": "juggle"})
    pipe.send({"id": 2})
    pipe.send({"id": 3, "op": ["hello"]})
    pipe.send({"id": 4, "op": "generate", "request": {"beats": [{"emotion": "hapy"}]}})
    pipe.send({"id": 5, "op": "generate"})
    pipe.send({"id": 6, "op": "video", "path": "/nowhere/at/all.mp4"})
    pipe.send({"id": 7, "op": "video"})
    pipe.send({"id": 8, "op": "convert", "path": "/nowhere/take.csv"})
    pipe.send({"id": 9, "op": "hello"})
    kinds = {1: "request", 2: "request", 3: "request", 4: "request", 5: "request", 6: "video", 7: "request", 8: "file"}
    for number, kind in kinds.items():
        header, _, _ = pipe.answer(number)
        assert (header["type"], header["kind"]) == ("error", kind), header
        assert header["message"].endswith((".", "?"))
    assert pipe.answer(9)[0]["type"] == "result"
    assert pipe.end() == 0


def test_an_unforeseen_failure_is_one_sentence_and_the_worker_lives() -> None:
    code = "def odd(w, job): return ({'fps': float('nan')}, {}) if job.number == 1 else 1 / 0"
    with _worker_that_knows(code) as process:
        for number, what in ((1, "ValueError"), (2, "ZeroDivisionError: division by zero")):
            header = _ask(process, {"id": number, "op": "odd"})
            assert (header["id"], header["type"], header["kind"]) == (number, "error", "internal")
            assert what in header["message"] and "\n" not in header["message"]
        assert _ask(process, {"id": 3, "op": "hello"})["type"] == "result"
        process.stdin.close()
        assert process.stderr.read().count(b"Traceback") == 2


def test_a_failure_of_many_lines_is_one_sentence() -> None:
    """CUDA explains itself at length, over several lines."""
    with _worker_that_knows(
        "def odd(w, job): raise RuntimeError('CUDA error: no kernel.\\n\\n' + 'Hints. ' * 500)"
    ) as process:
        message = _ask(process, {"id": 1, "op": "odd"})["message"]
        assert "RuntimeError: CUDA error: no kernel." in message
        assert "\n" not in message and len(message) < 300
        process.stdin.close()
        assert b"Hints. Hints." in process.stderr.read()


def test_memory_that_runs_out_while_reading_ends_the_worker() -> None:
    code = (
        "from engine import worker as room\n"
        "def odd(w, job):\n"
        "    def full(stream): raise MemoryError\n"
        "    room.read_message = full\n"
        "    return {}, {}\n"
    )
    with _worker_that_knows(code) as process:
        _ask(process, {"id": 1, "op": "odd"})
        _ask(process, {"id": 2, "op": "hello"})
        try:
            assert process.wait(20) == 1
            assert b"The worker stops" in process.stderr.read()
        finally:
            process.kill()


def test_a_package_that_is_not_installed_is_named() -> None:
    with _worker_that_knows("def odd(w, job): raise ModuleNotFoundError('gone', name='scipy.signal')") as process:
        header = _ask(process, {"id": 1, "op": "odd"})
        assert (header["type"], header["kind"]) == ("error", "device")
        assert "needs scipy" in header["message"]
        process.stdin.close()
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        struct.pack("<I", 0xFFFFFFF0),
        struct.pack("<I", 3) + b"{]}",
        struct.pack("<I", 2) + b"{}",
        struct.pack("<I", 12) + b'{"id": "one"',
    ],
)
def test_garbage_on_stdin_ends_the_worker_with_a_message(start_worker: Callable, noise: bytes) -> None:
    pipe = start_worker()
    assert pipe.ask(1, "hello")[0]["type"] == "result"
    pipe.stdin.write(noise)
    pipe.stdin.flush()
    assert pipe.end() == 1
    assert "The worker stops" in pipe.log.read_text()
    assert "Traceback" not in pipe.log.read_text()


def test_the_end_of_stdin_ends_the_worker_even_in_the_middle_of_a_request(start_worker: Callable, shared: Path) -> None:
    pipe = start_worker(FACEMIMIC_MODELS=str(shared / "models"))
    pipe.send({"id": 1, "op": "video", "path": str(shared / "video" / "face_a.mp4")})
    assert _first_progress(pipe)
    assert pipe.end() == 0


def test_what_libraries_print_does_not_reach_the_pipe() -> None:
    code = "def odd(w, job): print('noise'); os.write(1, b'more noise'); os.system('echo even more'); return {}, {}"
    with _worker_that_knows(code) as process:
        for number in (1, 2):
            assert _ask(process, {"id": number, "op": "odd"}) == {"id": number, "type": "result"}
        process.stdin.close()
        assert process.stdout.read() == b""
        assert process.stderr.read().count(b"noise") == 4


def test_a_video_comes_back_as_a_clip(start_worker: Callable, shared: Path) -> None:
    pipe = start_worker(FACEMIMIC_MODELS=str(shared / "models"))
    pipe.send({"id": 5, "op": "video", "path": str(shared / "video" / "face_a.mp4"), "end": 1.0, "fps": 60})
    header, arrays, told = pipe.answer(5)
    assert header["type"] == "result", header
    assert arrays["values"].shape == (60, 55)
    assert (header["fps"], header["channels"]) == (60, list(CHANNELS))
    assert header["provenance"]["file"] == "face_a.mp4"
    fractions = [row["fraction"] for row in told]
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)


def test_a_running_video_can_be_cancelled_and_so_can_one_that_waits(start_worker: Callable, shared: Path) -> None:
    pipe = start_worker(FACEMIMIC_MODELS=str(shared / "models"))
    video = str(shared / "video" / "face_b.mp4")
    pipe.send({"id": 1, "op": "video", "path": video})
    pipe.send({"id": 2, "op": "video", "path": video})
    assert _first_progress(pipe)
    pipe.send({"op": "cancel", "target": 2})
    pipe.send({"op": "cancel", "target": 1})
    pipe.send({"op": "cancel", "target": 77})
    pipe.send({"op": "cancel", "target": ["nonsense"]})
    for number in (1, 2):
        header, _, told = pipe.answer(number)
        assert (header["type"], header["kind"]) == ("error", "cancelled")
        assert all(row["fraction"] < 0.9 for row in told)
    assert pipe.ask(3, "hello")[0]["type"] == "result"


def test_a_take_is_read_and_written_through_the_worker(start_worker: Callable, tmp_path: Path, some_clip: Clip) -> None:
    write_take(some_clip, tmp_path / "take.csv")
    pipe = start_worker()
    pipe.send({"id": 1, "op": "convert", "path": str(tmp_path / "take.csv"), "target": str(tmp_path / "take.npz")})
    header, arrays, _ = pipe.answer(1)
    assert header["type"] == "result", header
    np.testing.assert_allclose(arrays["values"], some_clip.values, atol=1e-6)
    np.testing.assert_array_equal(Clip.load(tmp_path / "take.npz").values, arrays["values"])


def test_missing_weights_are_told(start_worker: Callable, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pipe = start_worker(FACEMIMIC_WEIGHTS=str(tmp_path / "empty"))
    header, _ = pipe.ask(1, "generate", request={"duration": 1.0})
    assert (header["type"], header["kind"]) == ("error", "weights")
    assert str(tmp_path / "empty") in header["message"]


def test_a_generate_comes_back_as_a_clip_and_the_model_stays_warm(start_worker: Callable, trained: None) -> None:
    pipe = start_worker()
    request = {"beats": [{"emotion": "happy", "duration": 1.0}], "duration": 1.0, "fps": 30, "seed": 7}
    pipe.send({"id": 1, "op": "generate", "request": request, "device": "cpu"})
    header, arrays, told = pipe.answer(1)
    assert header["type"] == "result", header
    assert arrays["values"].shape == (30, 55)
    assert any(row["stage"] == "Loading the model" for row in told)
    pipe.send({"id": 2, "op": "generate", "request": request, "device": "cpu"})
    again, repeated, told = pipe.answer(2)
    np.testing.assert_array_equal(repeated["values"], arrays["values"])
    assert not any(row["stage"] == "Loading the model" for row in told)
    assert again["provenance"]["request"]["seed"] == 7


def test_observed_curves_travel_as_arrays(start_worker: Callable, trained: None) -> None:
    pipe = start_worker()
    values, confidence = np.zeros((30, 55), np.float32), np.zeros((30, 55), np.float32)
    values[:, CHANNELS.index("jawOpen")], confidence[:, CHANNELS.index("jawOpen")] = 0.25, 1.0
    sent = ("observed_values", values), ("observed_confidence", confidence)
    pipe.send({"id": 1, "op": "generate", "request": {"duration": 1.0, "fps": 30}, "device": "cpu"}, *sent)
    header, arrays, _ = pipe.answer(1)
    assert header["type"] == "result", header
    np.testing.assert_allclose(arrays["values"][:, CHANNELS.index("jawOpen")], 0.25, atol=1e-4)
    pipe.send({"id": 2, "op": "generate", "request": {"duration": 1.0, "fps": 30}}, sent[0])
    assert pipe.answer(2)[0]["kind"] == "request"
    pipe.send({"id": 3, "op": "generate", "request": {"duration": 2.0, "fps": 30}}, *sent)
    assert pipe.answer(3)[0]["kind"] == "request"


def test_a_running_generate_can_be_cancelled(start_worker: Callable, trained: None) -> None:
    pipe = start_worker()
    request = {"beats": [{"emotion": "happy"}], "duration": 120.0, "steps": 200}
    pipe.ask(1, "warm", device="cpu")
    pipe.send({"id": 2, "op": "generate", "request": request, "device": "cpu"})
    assert _first_progress(pipe)
    pipe.send({"op": "cancel", "target": 2})
    assert pipe.answer(2)[0]["kind"] == "cancelled"


@pytest.mark.skipif(os.name != "posix", reason="a pipe that is closed on purpose")
def test_an_owner_that_stops_reading_ends_the_worker(start_worker: Callable) -> None:
    pipe = start_worker()
    assert pipe.ask(1, "hello")[0]["type"] == "result"
    pipe.stdout.close()
    for number in range(2, 6):
        try:
            pipe.send({"id": number, "op": "hello"})
        except BrokenPipeError:
            break
        time.sleep(0.05)
    assert pipe.process.wait(30) == 0
    assert "Traceback" not in pipe.log.read_text()


def _first_progress(pipe: Any) -> bool:
    (length,) = struct.unpack("<I", pipe.stdout.read(4))
    return json.loads(pipe.stdout.read(length))["type"] == "progress"


def _worker_that_knows(operation: str) -> Any:
    """A worker process with the operation `odd` as the code given."""
    code = (
        f"import sys, os; sys.path.insert(0, {str(ROOT)!r})\nimport engine.worker as worker\n{operation}\n"
        "worker.OPERATIONS['odd'] = odd\nraise SystemExit(worker.serve())"
    )
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe)


def _ask(process: Any, header: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(header).encode()
    process.stdin.write(struct.pack("<I", len(text)) + text)
    process.stdin.flush()
    (length,) = struct.unpack("<I", process.stdout.read(4))
    return json.loads(process.stdout.read(length))
