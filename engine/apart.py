"""Requests that a process of its own answers: captures.

Whatever footage, its codec and the tracker do to that process, the worker lives on. And no capture finds the
performance model in its memory: the process is kept for the next one, which saves its start, but not once it has
needed PyTorch, which never leaves a process.
"""

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from engine.errors import FaceMimicError
from engine.protocol import ProtocolError, read_message, write_message

COMMAND = (sys.executable, *["-I"] * sys.flags.isolated, str(Path(__file__).with_name("__main__.py")), "worker")
PATIENCE = 8.0
"""Seconds that a cancelled request may take to stop; shorter than the add-on waits for the worker."""
NOTICED = 0.05
"""Seconds after which a cancellation is noticed at most."""

Message = tuple[dict[str, Any], dict[str, np.ndarray]]


def spent() -> bool:
    """Whether this process should not be kept."""
    return "torch" in sys.modules


@dataclass
class _Process:
    handle: subprocess.Popen[bytes]
    answers: queue.SimpleQueue[Message | None] = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, name="answers", daemon=True).start()

    def send(self, header: dict[str, Any], arrays: dict[str, np.ndarray] | None = None) -> None:
        try:
            write_message(cast(BinaryIO, self.handle.stdin), header, arrays)
        except OSError:
            # That it is gone shows at the end of its answers.
            return

    def _read(self) -> None:
        try:
            while (message := read_message(cast(BinaryIO, self.handle.stdout))) is not None:
                self.answers.put(message)
        except (ProtocolError, MemoryError, OSError):
            self.handle.kill()
        self.handle.wait()
        self.answers.put(None)


class Apart:
    """The other process, started when it is first needed; one request at a time."""

    def __init__(self, command: Sequence[str] = (*COMMAND, "--inner")) -> None:
        self._command = command
        self._process: _Process | None = None

    def close(self) -> None:
        """Lets the process end as soon as it notices; a request under way, in another thread, ends as cancelled."""
        process, self._process = self._process, None
        if process is not None:
            try:
                cast(BinaryIO, process.handle.stdin).close()
            except OSError:
                process.handle.kill()

    def ask(
        self,
        header: dict[str, Any],
        arrays: dict[str, np.ndarray],
        cancelled: threading.Event,
        tell: Callable[[dict[str, Any]], None],
    ) -> Message:
        """The result of a request; `tell` is handed its progress. Raises FaceMimicError as the other process says, and
        of kind "internal" when that ends before it has answered."""
        process = self._running()
        process.send(header, arrays)
        stopping = 0.0
        while True:
            if cancelled.is_set() and not stopping:
                stopping = time.monotonic()
                process.send({"op": "cancel", "target": header["id"]})
            if stopping and time.monotonic() - stopping > PATIENCE:
                process.handle.kill()
            if self._process is not process:
                raise FaceMimicError("Cancelled.", "cancelled")
            try:
                message = process.answers.get(timeout=NOTICED)
            except queue.Empty:
                continue
            if message is None:
                self.close()
                if stopping:
                    raise FaceMimicError("Cancelled.", "cancelled")
                raise FaceMimicError(_ended(header, process.handle.returncode), "internal")
            answer, results = message
            if answer.get("type") == "progress":
                if not stopping:
                    tell(answer)
                continue
            if answer.pop("spent", False):
                self.close()
            if answer.pop("type", None) == "error":
                raise FaceMimicError(str(answer.get("message")), str(answer.get("kind")))
            del answer["id"]
            return answer, results

    def _running(self) -> _Process:
        if self._process is not None and self._process.handle.poll() is not None:
            self.close()
        if self._process is None:
            handle = subprocess.Popen(  # noqa: S603
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            self._process = _Process(handle)
        return self._process


def _ended(header: dict[str, Any], code: int | None) -> str:
    name = Path(str(header.get("path") or "")).name
    return (
        f"The process that read {name} ended unexpectedly ({code}): its memory ran out, or the video's codec crashed."
        " Try a shorter part, or export the video again as .mp4 (H.264)."
    )
