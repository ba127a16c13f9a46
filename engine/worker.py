"""The worker: answers requests that come in on stdin, one at a time, until stdin ends. Captures it leaves to a process
of their own, see apart.py.

See protocol.py for the form of a message. A request is {"id": int, "op": name, …}; every one but `cancel` is answered
by any number of {"id", "type": "progress", "fraction", "stage"} and one {"id", "type": "result" | "error", …}.

hello               → engine, protocol, python, pid; at once, before anything heavy is imported
info                → see info.py
warm {device}       loads the model ahead of the first generate → device
generate {request, device} + arrays observed_values, observed_confidence → array values; fps, channels, provenance
video {path, and any of engine/video/options.py} a video, a folder of images or a photo → as generate, and report
faces {path, start, end, fps, mirrored, model} the people to choose from → time, faces (boxes), array portraits (0..1)
convert {path, target, fps} reads a recorded take and writes it as `target` if given → as generate, and notes
add_take {path, target, takes, overwrite, with_provenance, approximate, replace, mapping} + array "values N" of take N
                    adds the takes {name, fps, channels, provenance} to the avatar at path and writes it as target;
                    mapping is a mapping file's text → path, takes {name, seconds, targets}, notes, remarks
write_take {target, fps, channels, provenance, with_provenance} + array values writes that take in the format that the
                    target's ending asks for → path, seconds, notes
retarget {fps, channels, meshes, shown} + array values, and "points N", "moved N" of mesh N: the performance on a rig
                    that lacks channels; see retarget/asked.py → shapes [[mesh, shape], …], looks, notes; array weights
transfer {landmarks, symmetric, tile} + arrays points, triangles and perhaps colours: the 52 face shapes for a mesh; see
                    transfer/asked.py → shapes, notes, landmarks; arrays vertices, deltas, and tiles if asked for
landmarks           + the same arrays: where the face's points lie → seen, landmarks
landmarker          fetches the face landmarker from its official address → path
cancel {target}     stops that request at its next progress; it answers with an error of kind "cancelled"
"""

import os
import platform
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from engine import __version__, protocol
from engine.apart import Apart, spent
from engine.errors import FaceMimicError
from engine.loading import load_generator, missing_package
from engine.protocol import ProtocolError, read_message, write_message

LINGER = 5.0
"""Seconds after stdin's end that a request may take to notice, before the worker ends itself."""
_LONGEST_REASON = 200
SHORTEST_PAUSE = 0.05
"""Seconds between two progress messages of one stage."""

APART = {"video": "Watching the footage", "faces": "Looking for faces"}
"""Operations that a process of their own answers, and what they say they do; see apart.py."""

Progress = Callable[[float], None]


@dataclass
class Job:
    """One request under way."""

    number: int
    header: dict[str, Any]
    arrays: dict[str, np.ndarray]
    cancelled: threading.Event = field(default_factory=threading.Event)


class Worker:
    """Reads requests from `incoming` on a thread of its own, answers them on `outgoing` in their order.

    inner: it is the process that another worker keeps for captures, see apart.py.
    """

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO, inner: bool = False) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._inner, self._apart = inner, Apart()
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._open: dict[int, Job] = {}
        self._lock = threading.Lock()
        self._broken: ProtocolError | MemoryError | None = None
        self._finished = threading.Event()
        self._generators: dict[str, Any] = {}

    def run(self) -> int:
        """Works until stdin ends; returns the process's exit code."""
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        try:
            while (job := self._jobs.get()) is not None:
                self._answer(job)
                with self._lock:
                    self._open.pop(job.number, None)
        except (BrokenPipeError, ConnectionResetError):
            return 0
        finally:
            self._finished.set()
        if self._broken:
            print(f"The worker stops: {str(self._broken) or 'out of memory'}", file=sys.stderr, flush=True)
            return 1
        return 0

    def _read(self) -> None:
        try:
            while (message := read_message(self._incoming)) is not None:
                self._accept(*message)
        except (ProtocolError, MemoryError) as error:
            self._broken = error
        except OSError:
            pass
        with self._lock:
            for job in self._open.values():
                job.cancelled.set()
        self._apart.close()
        self._jobs.put(None)
        if not self._finished.wait(LINGER):
            os._exit(1)

    def _accept(self, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        if header.get("op") == "cancel":
            target = header.get("target")
            with self._lock:
                job = self._open.get(target) if isinstance(target, int) else None
            if job:
                job.cancelled.set()
            return
        number = header.get("id")
        if type(number) is not int:
            raise ProtocolError("A request has no id, which must be a whole number.")
        job = Job(number, header, arrays)
        with self._lock:
            if number in self._open:
                raise ProtocolError(f"The id {number} is still in use.")
            self._open[number] = job
        self._jobs.put(job)

    def _answer(self, job: Job) -> None:
        try:
            if job.cancelled.is_set():
                raise FaceMimicError("Cancelled.", "cancelled")
            op = job.header.get("op")
            handler = OPERATIONS.get(op) if isinstance(op, str) else None
            if handler is None:
                raise FaceMimicError(
                    f"This engine does not know the operation “{op}”. It knows {', '.join(OPERATIONS)}."
                )
            answer, arrays = self._ask_apart(job) if op in APART and not self._inner else handler(self, job)
            write_message(self._outgoing, {"id": job.number, "type": "result", **answer, **self._left()}, arrays)
        except FaceMimicError as error:
            self._refuse(job, error.kind, str(error))
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            told = missing_package(error) if isinstance(error, ModuleNotFoundError) else error
            if isinstance(told, FaceMimicError):
                self._refuse(job, told.kind, str(told))
                return
            traceback.print_exc()
            first = next(iter(str(error).splitlines()), "")[:_LONGEST_REASON].rstrip(".")
            what = f"The engine failed unexpectedly: {type(error).__name__}: {first}. Its log has the details."
            self._refuse(job, "internal", what)

    def _refuse(self, job: Job, kind: str, message: str) -> None:
        error = {"id": job.number, "type": "error", "kind": kind, "message": message}
        write_message(self._outgoing, {**error, **self._left()})

    def _left(self) -> dict[str, Any]:
        """What the other worker must know of this one after an answer."""
        return {"spent": True} if self._inner and spent() else {}

    def _ask_apart(self, job: Job) -> "Answer":
        # Before the first progress comes, a process may have to start.
        self.progress(job, APART[job.header["op"]])
        told = partial(write_message, self._outgoing)
        return self._apart.ask(job.header, job.arrays, job.cancelled, told)

    def progress(self, job: Job, stage: str) -> Progress:
        """A function of the fraction done that tells the other side, and raises when the job is cancelled."""
        told = [-1.0]

        def tell(fraction: float) -> None:
            if job.cancelled.is_set():
                raise FaceMimicError("Cancelled.", "cancelled")
            now = time.monotonic()
            if now - told[0] >= SHORTEST_PAUSE:
                told[0] = now
                fraction = min(1.0, max(0.0, float(fraction)))
                row = {"id": job.number, "type": "progress", "fraction": fraction, "stage": stage}
                write_message(self._outgoing, row)

        tell(0.0)
        return tell

    def generator(self, job: Job) -> Any:
        """The loaded model for the job's device; loaded once and kept."""
        device = _text(job, "device") or "auto"
        if device not in self._generators:
            tell = self.progress(job, "Loading the model")
            self._generators[device] = load_generator(device)
            tell(1.0)
        return self._generators[device]


Answer = tuple[dict[str, Any], dict[str, np.ndarray]]


def _hello(worker: Worker, job: Job) -> Answer:
    python = platform.python_version()
    return {"engine": __version__, "protocol": protocol.VERSION, "python": python, "pid": os.getpid()}, {}


def _info(worker: Worker, job: Job) -> Answer:
    from engine.info import engine_info

    return engine_info(), {}


def _warm(worker: Worker, job: Job) -> Answer:
    worker.generator(job)
    return {"device": _text(job, "device") or "auto"}, {}


def _generate(worker: Worker, job: Job) -> Answer:
    from engine.request import Observed, Request

    arrays = job.arrays
    observed = None
    if arrays:
        if set(arrays) != {"observed_values", "observed_confidence"}:
            raise FaceMimicError("Observed curves need the arrays observed_values and observed_confidence.")
        observed = Observed(arrays["observed_values"], arrays["observed_confidence"])
    request = Request.from_dict(job.header.get("request"), observed)
    generator = worker.generator(job)
    return _performance(generator.generate(request, progress=worker.progress(job, "Performing")))


def _video(worker: Worker, job: Job) -> Answer:
    from engine.video.capture import capture_all
    from engine.video.options import Options
    from engine.video.report import report

    path = _text(job, "path", needed=True) or ""
    captured = capture_all(path, Options.from_dict(job.header), worker.progress(job, APART["video"]))
    answer, arrays = _performance(captured.clip)
    return {**answer, "report": report(captured)}, arrays


def _faces(worker: Worker, job: Job) -> Answer:
    from engine.video.faces import faces_to_choose
    from engine.video.footage import open_footage
    from engine.video.landmarker import find_landmarker
    from engine.video.options import Options

    path = _text(job, "path", needed=True) or ""
    options = Options.from_dict(job.header)
    tell = worker.progress(job, APART["faces"])
    with open_footage(path, options.fps, options.mirrored) as footage:
        crowd = faces_to_choose(footage, find_landmarker(options.model), options.start, options.stop, tell)
    boxes = [[round(float(edge), 4) for edge in face.box] for face in crowd.faces]
    return {"time": crowd.time, "faces": boxes}, {"portraits": crowd.portraits().astype(np.float32) / 255}


def _convert(worker: Worker, job: Job) -> Answer:
    from engine.takes.formats import convert

    path, target = _text(job, "path", needed=True), _text(job, "target")
    take = convert(path or "", target, job.header.get("fps"))
    answer, arrays = _performance(take.clip)
    return {**answer, "notes": list(take.notes)}, arrays


def _add_take(worker: Worker, job: Job) -> Answer:
    from engine.avatars.add_take import add_takes
    from engine.avatars.mapping import mapping_of

    header, told = job.header, job.header.get("takes")
    path, target = (_text(job, field, needed=True) or "" for field in ("path", "target"))
    mapping = _text(job, "mapping")
    if not (isinstance(told, list) and told and all(isinstance(one, dict) for one in told)):
        raise FaceMimicError("The operation “add_take” needs “takes” as a list.")
    names = [one.get("name") for one in told]
    if not all(isinstance(name, str) and name for name in names):
        raise FaceMimicError("Each of the takes needs a name.")
    made = add_takes(
        path,
        [(_clip_of(one, job.arrays.get(f"values {place}")), str(one["name"])) for place, one in enumerate(told)],
        target,
        overwrite=header.get("overwrite") is True,
        with_provenance=header.get("with_provenance") is not False,
        approximate=header.get("approximate") is not False,
        replace=header.get("replace") is True,
        corrections=mapping_of(mapping, "The character's mapping") if mapping else None,
    )
    return {
        "path": str(made[0].path),
        "takes": [{"name": one.animation, "seconds": one.seconds, "targets": one.targets} for one in made],
        "notes": list(dict.fromkeys(note for one in made for note in one.notes)),
        "remarks": list(dict.fromkeys(remark for one in made for remark in one.remarks)),
    }, {}


def _write_take(worker: Worker, job: Job) -> Answer:
    from engine.takes.formats import lost, write_take

    target, clip = _text(job, "target", needed=True) or "", _given_clip(job)
    write_take(clip, target, with_provenance=job.header.get("with_provenance") is not False)
    return {"path": target, "seconds": (len(clip.values) - 1) / clip.fps, "notes": lost(clip, target)}, {}


def _given_clip(job: Job) -> Any:
    """The Clip that a request carries."""
    return _clip_of(job.header, job.arrays.get("values"))


def _clip_of(told: dict[str, Any], values: np.ndarray | None) -> Any:
    from engine.clip import Clip
    from engine.request import number

    channels, facts = told.get("channels"), told.get("provenance", {})
    if values is None or not isinstance(channels, list) or not isinstance(facts, dict):
        raise FaceMimicError("A take needs the array values, and fps, channels and provenance.")
    return Clip(values, number("fps", told.get("fps"), 1, 1000), tuple(channels), facts)


def _retarget(worker: Worker, job: Job) -> Answer:
    from engine.channels import SHAPES
    from engine.clip import Clip
    from engine.request import number
    from engine.retarget.asked import meshes_from, names_from
    from engine.retarget.retarget import retarget

    header, values = job.header, job.arrays.get("values")
    if values is None:
        raise FaceMimicError("A rig is fitted to a performance, which needs the array values, fps and channels.")
    clip = Clip(values, number("fps", header.get("fps"), 1, 1000), tuple(names_from(header.get("channels"))))
    tell = worker.progress(job, "Fitting the performance to the rig")
    made = retarget(clip, meshes_from(header.get("meshes"), job.arrays), names_from(header.get("shown", [])))
    tell(1.0)
    shapes = [(mesh, name) for mesh, weights in enumerate(made.weights) for name in weights]
    columns = [made.weights[mesh][name] for mesh, name in shapes]
    table = np.stack(columns, axis=1) if columns else np.zeros((len(clip.values), 0), np.float32)
    looks = [dict(zip(SHAPES, made.looks[mesh][name].round(3).tolist(), strict=True)) for mesh, name in shapes]
    looks = [{channel: gain for channel, gain in look.items() if gain} for look in looks]
    told = {"shapes": [list(one) for one in shapes], "looks": looks, "notes": [*made.notes, *made.lost]}
    return told, {"weights": table, "head": made.head}


def _transfer(worker: Worker, job: Job) -> Answer:
    from engine.transfer.asked import transferred

    return transferred(job.header, job.arrays, lambda stage: worker.progress(job, stage))


def _landmarks(worker: Worker, job: Job) -> Answer:
    from engine.transfer.asked import found

    return found(job.header, job.arrays, lambda stage: worker.progress(job, stage))


def _landmarker(worker: Worker, job: Job) -> Answer:
    from engine.video.landmarker import download_landmarker

    return {"path": str(download_landmarker(worker.progress(job, "Downloading the face landmarker")))}, {}


OPERATIONS: dict[str, Callable[[Worker, Job], Answer]] = {
    "hello": _hello,
    "info": _info,
    "warm": _warm,
    "generate": _generate,
    "video": _video,
    "faces": _faces,
    "convert": _convert,
    "add_take": _add_take,
    "write_take": _write_take,
    "retarget": _retarget,
    "transfer": _transfer,
    "landmarks": _landmarks,
    "landmarker": _landmarker,
}


def _performance(clip: Any) -> Answer:
    answer = {"fps": clip.fps, "channels": list(clip.channels), "provenance": clip.provenance}
    return answer, {"values": clip.values}


def _text(job: Job, name: str, needed: bool = False) -> str | None:
    value = job.header.get(name)
    if value is None and not needed:
        return None
    if not isinstance(value, str) or not value:
        raise FaceMimicError(f"The operation “{job.header.get('op')}” needs “{name}” as text; it is {value!r}.")
    return value


def serve(inner: bool = False) -> int:
    """Runs a worker on this process's own stdin and stdout, kept private: what libraries print goes to stderr."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(incoming.fileno(), os.O_BINARY)
        msvcrt.setmode(outgoing.fileno(), os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return Worker(incoming, outgoing, inner).run()
