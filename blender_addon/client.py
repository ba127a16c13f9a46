"""The pipe to the engine: starts its worker, asks, reports progress, cancels.

A message is a little-endian uint32 with the length of a JSON header, the header, then the raw float32 arrays that
the header's "arrays" lists. The worker answers in the order it was asked and exits when its stdin ends.
"""

import atexit
import json
import math
import queue
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np

from .messages import AddonError

PROTOCOL = 1
LARGEST_HEADER = 1 << 24
LARGEST_ARRAYS = 1 << 30
"""Bytes. A header or arrays beyond these are noise on the pipe: an hour of performance is 50 MB."""
LARGEST_LOG = 1 << 20
PATIENCE = 10.0
"""Seconds a cancelled request may take to stop, such as to load PyTorch, before a fresh worker replaces this one."""
SILENCE = 60.0
"""Seconds a new worker may take to greet: a cold disk is slow, but a program that is no engine never answers."""


class Answer(NamedTuple):
    """A worker's result: its JSON header, and the arrays by name (float32)."""

    header: dict[str, Any]
    arrays: dict[str, np.ndarray]


@dataclass
class Job:
    """One request on its way. `fraction` is 0..1 of the present stage.

    When `done`, either `answer`, `error` or `cancelled` is set.
    """

    number: int
    operation: str
    stage: str
    fraction: float = 0.0
    answer: Answer | None = None
    error: AddonError | None = None
    cancelled: bool = False

    @property
    def done(self) -> bool:
        return self.cancelled or self.answer is not None or self.error is not None

    def advance(self, fraction: Any, stage: str) -> None:
        """Notes progress; within a stage it never goes back, and each stage begins anew."""
        reached = fraction if isinstance(fraction, (int, float)) and math.isfinite(fraction) else 0.0
        before = self.fraction if stage == self.stage else 0.0
        self.fraction, self.stage = min(1.0, max(before, reached)), stage

    def result(self) -> Answer:
        """The answer of a job that is done. Raises its AddonError."""
        if self.error is not None:
            raise self.error
        if self.answer is None:
            raise AddonError("Cancelled. Nothing was changed.")
        return self.answer


def write_message(stream: BinaryIO, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Writes one message; arrays travel as float32 in the mapping's order."""
    rows = {name: np.ascontiguousarray(array, "<f4") for name, array in arrays.items()}
    described = [{"name": name, "shape": list(array.shape)} for name, array in rows.items()]
    text = json.dumps({**header, "arrays": described}).encode()
    stream.write(struct.pack("<I", len(text)) + text)
    for array in rows.values():
        stream.write(array.tobytes())
    stream.flush()


def read_message(stream: BinaryIO) -> Answer:
    """Reads one message. Raises EOFError at the stream's end and ValueError for anything that is no message."""
    (length,) = struct.unpack("<I", _exactly(stream, 4))
    if length > LARGEST_HEADER:
        raise ValueError("header too long")
    header = json.loads(_exactly(stream, length))
    if not isinstance(header, dict):
        raise ValueError("header is no table")
    try:
        listed = [(str(row["name"]), tuple(int(length) for length in row["shape"])) for row in header.get("arrays", ())]
    except (TypeError, KeyError, OverflowError) as error:
        raise ValueError("array without name or shape") from error
    arrays: dict[str, np.ndarray] = {}
    size = 0
    for name, shape in listed:
        size += 4 * math.prod(shape)
        if any(length < 0 for length in shape) or size > LARGEST_ARRAYS:
            raise ValueError("array of an impossible size")
        arrays[name] = np.frombuffer(_exactly(stream, 4 * math.prod(shape)), "<f4").reshape(shape)
    return Answer(header, arrays)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


@dataclass
class _Process:
    """The running worker and the two threads that keep its pipes from ever blocking Blender."""

    handle: subprocess.Popen
    stdin: BinaryIO
    stdout: BinaryIO
    outgoing: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)
    incoming: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        for work in (self._write, self._read):
            threading.Thread(target=work, name=f"facemimic{work.__name__}", daemon=True).start()

    def _write(self) -> None:
        try:
            while (message := self.outgoing.get()) is not None:
                write_message(self.stdin, *message)
            self.stdin.close()
        except OSError:
            # A dead worker shows at its stdout's end, which the reader reports.
            return

    def _read(self) -> None:
        try:
            while True:
                self.incoming.put(read_message(self.stdout))
        except (EOFError, OSError):
            self.incoming.put("died")
        except (ValueError, struct.error, RecursionError, MemoryError):
            self.incoming.put("garbage")


class Worker:
    """The engine's worker process. Not thread-safe: use it from Blender's main thread.

    python: the engine's interpreter. arguments: what follows it on the command line. log: where stderr goes.
    """

    def __init__(self, python: Path, arguments: Sequence[str], log: Path) -> None:
        self.python = python
        self.arguments = tuple(arguments)
        self.log = log
        self.jobs: dict[int, Job] = {}
        self._abandoned: dict[int, float] = {}
        self._process: _Process | None = None
        self._greeting = 0
        self._greeted = False
        self._started = 0.0
        self._count = 0

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.handle.poll() is None

    def start(self) -> None:
        """Starts the process unless it runs. Raises AddonError when this Python cannot be started."""
        if self._process is not None and not self.running:
            self.pump()
            self.stop()
        if self._process is not None:
            return
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            fresh = not self.log.exists() or self.log.stat().st_size > LARGEST_LOG
            log = self.log.open("wb" if fresh else "ab")
        except OSError as error:
            raise AddonError(f"The engine's log {self.log} cannot be written: {error.strerror}.") from error
        try:
            with log:
                handle = subprocess.Popen(  # noqa: S603  (the artist's own choice of interpreter)
                    [str(self.python), *self.arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
        except OSError as error:
            raise AddonError(
                f"The engine's Python {self.python} cannot be started: {error.strerror}. "
                "Choose another in the add-on's preferences, or press Install Engine there."
            ) from error
        self._process = _Process(handle, cast(BinaryIO, handle.stdin), cast(BinaryIO, handle.stdout))
        self._greeted = False
        self._started = time.monotonic()
        self._greeting = self._send("hello", {}, {})

    def ask(
        self,
        operation: str,
        fields: Mapping[str, Any] | None = None,
        arrays: Mapping[str, np.ndarray] | None = None,
        stage: str = "Starting the engine",
    ) -> Job:
        """Sends a request and returns at once; call `pump` until the Job is done."""
        self.pump()
        if any(time.monotonic() - since > PATIENCE for since in self._abandoned.values()):
            self.stop()
        self.start()
        job = Job(self._send(operation, fields or {}, arrays or {}), operation, stage)
        self.jobs[job.number] = job
        return job

    def pump(self, wait: float = 0.0) -> None:
        """Takes in what has arrived; waits up to `wait` seconds for the first message."""
        process = self._process
        while process is not None and process is self._process:
            try:
                message = process.incoming.get(timeout=wait) if wait else process.incoming.get_nowait()
            except queue.Empty:
                if not self._greeted and time.monotonic() - self._started > SILENCE:
                    self._lost("silent")
                return
            wait = 0.0
            self._take(message)

    def wait(self, job: Job, progress: Callable[[Job], None] | None = None) -> Answer:
        """Blocks until the job is done. Raises AddonError when it fails."""
        try:
            while not job.done:
                self.pump(0.1)
                if progress is not None:
                    progress(job)
        finally:
            self.cancel(job)
        return job.result()

    def cancel(self, job: Job) -> None:
        """Ends the job for the artist at once; the worker is asked to drop it and its late answer is ignored."""
        if job.done:
            return
        job.cancelled = True
        self.jobs.pop(job.number, None)
        if self.running:
            self._abandoned[job.number] = time.monotonic()
            self._send("cancel", {"target": job.number}, {})

    def stop(self) -> None:
        """Ends the process within about half a second, whatever it is doing; unfinished jobs fail."""
        self._end(grace=0.5)
        self._fail(AddonError("The engine was stopped before it had finished. Try again."))

    def _send(self, operation: str, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> int:
        assert self._process is not None
        self._count += 1
        self._process.outgoing.put(({**fields, "id": self._count, "op": operation}, arrays))
        return self._count

    def _take(self, message: Answer | str) -> None:
        if isinstance(message, str):
            self._lost(message)
            return
        header = message.header
        number, kind = header.get("id"), header.get("type")
        if not isinstance(number, int) or kind not in ("progress", "result", "error"):
            return
        if number == self._greeting and not self._greeted:
            self._greet(header)
            return
        if kind != "progress":
            self._abandoned.pop(number, 0.0)
        if (job := self.jobs.get(number)) is None:
            return
        if kind == "progress":
            job.advance(header.get("fraction"), str(header.get("stage") or job.stage))
            return
        del self.jobs[number]
        if kind == "result":
            job.fraction, job.answer = 1.0, message
        elif header.get("kind") == "cancelled":
            job.cancelled = True
        else:
            job.error = AddonError(self._sentence(header))

    def _sentence(self, header: Mapping[str, Any]) -> str:
        text = str(header.get("message") or "The engine could not do this.")
        return f"{text} The engine's log has more: {self.log}" if header.get("kind") == "internal" else text

    def _greet(self, header: Mapping[str, Any]) -> None:
        theirs = header.get("protocol")
        if theirs == PROTOCOL:
            self._greeted = True
            return
        self._end()
        self._fail(
            AddonError(
                f"The engine speaks version {theirs} of the protocol and this add-on version {PROTOCOL}. "
                "Install the newest FaceMimic, then press Install Engine in its preferences."
            )
        )

    def _lost(self, how: str) -> None:
        ending = self._end(grace=1.0 if how == "died" else 0.0)
        if how == "garbage":
            what = f"{self.python} does not answer as FaceMimic's engine. Check it in the add-on's preferences."
        elif how == "silent":
            what = f"{self.python} does not answer. Check it in the add-on's preferences."
        elif self._greeted:
            what = f"The engine stopped while it was working ({ending}). Try again."
        else:
            what = f"The engine does not start ({ending}). Check it in the add-on's preferences."
        self._fail(AddonError(f"{what} Its log: {self.log}"))

    def _end(self, grace: float = 0.0) -> str:
        """Makes sure that the process is gone, and says how it ended."""
        process, self._process = self._process, None
        self._abandoned.clear()
        if process is None:
            return "it was stopped"
        process.outgoing.put(None)
        try:
            code = process.handle.wait(grace)
        except subprocess.TimeoutExpired:
            process.handle.kill()
            process.handle.wait()
            return "it closed its pipe"
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def _fail(self, error: AddonError) -> None:
        for job in self.jobs.values():
            job.error = error
        self.jobs.clear()


_worker: Worker | None = None


def worker(python: Path, arguments: Sequence[str], log: Path) -> Worker:
    """The session's worker for this Python, which is kept warm between requests; started on the first ask."""
    global _worker
    if _worker is None or (_worker.python, _worker.arguments) != (python, tuple(arguments)):
        stop()
        _worker = Worker(python, arguments, log)
        # Blender as a Python module runs no unregister at exit, and a warm worker must not outlive it.
        atexit.register(stop)
    return _worker


def running_job() -> Job | None:
    """The request that is being worked on, for the panels."""
    return next(iter(_worker.jobs.values()), None) if _worker is not None else None


def pump() -> None:
    """Takes in what the worker has sent."""
    if _worker is not None:
        _worker.pump()


def wait(job: Job) -> Answer:
    """Blocks until the job is done. Raises AddonError when it fails."""
    return _worker.wait(job) if _worker is not None else job.result()


def cancel_running() -> None:
    """Cancels whatever is being worked on."""
    if _worker is not None:
        for job in list(_worker.jobs.values()):
            _worker.cancel(job)


def stop() -> None:
    """Stops the session's worker, if there is one."""
    global _worker
    atexit.unregister(stop)
    stopping, _worker = _worker, None
    if stopping is not None:
        stopping.stop()
