"""A process of its own for captures: kept, replaced, cancelled and outlived."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from engine import apart
from engine.apart import Apart
from engine.errors import FaceMimicError

ROOT = Path(__file__).resolve().parents[2]
OTHER = f"""
import os, sys, time
sys.path.insert(0, {str(ROOT)!r})
from engine.errors import FaceMimicError
from engine import worker

def odd(w, job):
    how = job.header.get("how")
    tell = w.progress(job, "Working")
    if how == "heavy":
        sys.modules["torch"] = sys
    if how == "refuse":
        raise FaceMimicError("No face.", "video")
    if how == "crash":
        os._exit(9)
    while how == "long":
        tell(0.5)
        time.sleep(0.01)
    while how == "deaf":
        time.sleep(0.01)
    return {{"pid": os.getpid()}}, dict(job.arrays)

worker.OPERATIONS["odd"] = odd
raise SystemExit(worker.serve(inner=True))
"""
NUMBERS = count(1)


@pytest.fixture
def other() -> Iterator[Apart]:
    made = Apart((sys.executable, "-c", OTHER))
    yield made
    made.close()


def ask(other: Apart, how: str = "", cancelled: threading.Event | None = None, tell: Callable = print) -> Any:
    header = {"id": next(NUMBERS), "op": "odd", "how": how, "path": "/some/film.mp4"}
    return other.ask(header, {}, cancelled or threading.Event(), tell)[0]


def test_it_is_kept_for_the_next_request_and_after_a_refusal(other: Apart) -> None:
    told: list[dict] = []
    first = ask(other, tell=told.append)
    assert set(first) == {"pid"} and first["pid"] != os.getpid()
    assert [(one["type"], one["fraction"], one["stage"]) for one in told] == [("progress", 0.0, "Working")]
    with pytest.raises(FaceMimicError, match="No face") as refused:
        ask(other, "refuse")
    assert refused.value.kind == "video"
    assert ask(other) == first


def test_one_that_has_needed_pytorch_is_replaced(other: Apart) -> None:
    heavy = ask(other, "heavy")
    assert set(heavy) == {"pid"}
    assert ask(other) != heavy


def test_a_crash_costs_one_request(other: Apart) -> None:
    before = ask(other)
    with pytest.raises(FaceMimicError, match=r"film\.mp4 ended unexpectedly \(9\)"):
        ask(other, "crash")
    assert ask(other) != before


@pytest.mark.parametrize("how", ["long", "deaf"])
def test_it_can_be_cancelled_whether_it_listens_or_not(other: Apart, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "PATIENCE", 0.3)
    cancelled, after = threading.Event(), []

    def tell(progress: dict) -> None:
        assert not cancelled.is_set()
        after.append(progress)
        cancelled.set()

    with pytest.raises(FaceMimicError) as error:
        ask(other, how, cancelled, tell)
    assert error.value.kind == "cancelled" and len(after) == 1
    assert set(ask(other)) == {"pid"}


def test_closing_it_ends_what_it_does(other: Apart) -> None:
    begun = threading.Event()
    threading.Thread(target=lambda: begun.wait(20) and other.close(), daemon=True).start()
    with pytest.raises(FaceMimicError) as error:
        ask(other, "long", tell=lambda progress: begun.set())
    assert error.value.kind == "cancelled"


@pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="only Linux tells what a process has mapped")
def test_a_capture_leaves_nothing_in_the_worker(start_worker: Callable, shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("mediapipe")
    pipe = start_worker(FACEMIMIC_MODELS=str(shared / "models"), FACEMIMIC_CACHE=str(tmp_path))
    asked = {"op": "video", "path": str(shared / "video" / "face_a.mp4"), "end": 0.3, "without": ["completion"]}
    pipe.send({"id": 1, **asked})
    assert pipe.answer(1)[0]["type"] == "result"
    held = Path(f"/proc/{pipe.process.pid}/maps").read_text()
    assert not any(name in held for name in ("mediapipe", "cv2", "torch", "scipy"))
    (child,) = Path(f"/proc/{pipe.process.pid}/task/{pipe.process.pid}/children").read_text().split()
    assert pipe.end() == 0
    ends = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < ends:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()
