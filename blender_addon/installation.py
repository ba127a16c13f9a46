"""Makes the engine's own Python: a virtual environment in the user's folder, filled by pip in the background.

Nothing is installed into Blender's Python. A mark is written last, so that an interrupted installation is never used.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from . import places
from .messages import AddonError

OLDEST, NEWEST = (3, 11), (3, 13)
"""Versions of Python for which all of the engine's packages exist."""
SMALL, LARGE = 3 << 30, 10 << 30
"""Bytes that the packages and pip's unpacking take: without CUDA, and with it, as PyPI's PyTorch for Linux brings."""


class Step(NamedTuple):
    """One command of the installation, what the artist reads meanwhile, and the share done when it is over."""

    stage: str
    command: list[str]
    share: float
    needed: bool = True


def requirements() -> list[str]:
    """The packages that the engine needs, from the project's own table."""
    project = tomllib.loads((places.house() / "pyproject.toml").read_text("utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["video"]]


def base_python(chosen: str) -> Path:
    """The Python to make the environment from: the chosen one, else Blender's own, else one on the path.

    Raises AddonError when none of a fitting version is found.
    """
    if chosen:
        version = _version(Path(chosen))
        if version is None:
            raise AddonError(f"{chosen} is not a Python. Choose the python program of a Python 3.11, 3.12 or 3.13.")
        if not OLDEST <= version <= NEWEST:
            raise AddonError(f"{chosen} is Python {version[0]}.{version[1]}. Choose a Python 3.11, 3.12 or 3.13.")
        return Path(chosen)
    names = [f"python{major}.{minor}" for major, minor in ((3, 11), (3, 12), (3, 13))] + ["python3"]
    candidates = [sys.executable, *(shutil.which(name) for name in names)]
    for candidate in candidates:
        if candidate and OLDEST <= (_version(Path(candidate)) or (0, 0)) <= NEWEST:
            return Path(candidate)
    raise AddonError(
        "No Python 3.11, 3.12 or 3.13 was found. Install one from python.org and choose it as Base Python, "
        "in FaceMimic's preferences under Install Engine."
    )


def _version(python: Path) -> tuple[int, int] | None:
    """(major, minor) of an interpreter that can make virtual environments, else None."""
    check = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run(  # noqa: S603  (the artist's own choice of interpreter)
            [str(python), "-I", "-c", check], capture_output=True, text=True, timeout=20, creationflags=_no_window()
        )
        major, minor = answer.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def steps(base: Path, environment: Path, wheels: str = "", extra_index: str = "") -> list[Step]:
    """The commands that fill `environment`."""
    python = str(places.python_in(environment))
    source = ["--no-index", "--find-links", wheels] if wheels else []
    if extra_index and not wheels:
        source = ["--extra-index-url", extra_index]
    pip = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    engine = [python, "-I", str(places.house() / "engine" / "__main__.py")]
    tracker = Step("Downloading the face tracker", [*engine, "download-landmarker"], 0.98, needed=False)
    return [
        Step("Making a Python for the engine", [str(base), "-I", "-m", "venv", str(environment)], 0.05),
        Step("Installing the engine's packages", [python, "-I", *pip, *source, *requirements()], 0.95),
        *(() if wheels else (tracker,)),
        Step("Checking the engine", [*engine, "info"], 1.0),
    ]


@dataclass
class Installation:
    """A running installation. Call `poll` until `done`; on failure or cancel the environment is removed."""

    environment: Path
    todo: list[Step]
    log: Path
    fraction: float = 0.0
    stage: str = ""
    done: bool = False
    error: AddonError | None = None
    _process: subprocess.Popen | None = field(default=None, repr=False)
    _step: Step | None = field(default=None, repr=False)
    _start_of_step: int = 0
    _since: float = field(default_factory=time.monotonic)

    def poll(self) -> None:
        """Starts the next step when one is over; reads how far pip is from its log."""
        if self.done:
            return
        if self._process is not None and self._step is not None:
            code = self._process.poll()
            if code is None:
                self._look(self._step)
                return
            if code != 0 and self._step.needed:
                self._give_up(
                    f"{self._step.stage} failed: {self._reason()} The log has more: {self.log}. "
                    "Nothing was installed; correct it and press Install Engine again."
                )
                return
            self.fraction = self._step.share
        if not self.todo:
            places.finished_mark(self.environment).write_text("complete\n", "utf-8")
            self.done = True
            return
        self._start(self.todo.pop(0))

    def run(self) -> None:
        """Blocks until it is done. An interruption cancels it."""
        try:
            while not self.done:
                self.poll()
                time.sleep(0.05)
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Stops, and removes what was made so far."""
        if not self.done:
            self._give_up("The installation was cancelled. Nothing was installed.")

    def _start(self, step: Step) -> None:
        self._step, self.stage = step, step.stage
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        try:
            with self.log.open("ab") as log:
                log.write(f"\n{step.stage}: {subprocess.list2cmdline(step.command)}\n".encode())
                log.flush()
                self._start_of_step = log.tell()
                self._process = subprocess.Popen(  # noqa: S603  (only the steps above)
                    step.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    creationflags=_no_window(),
                )
        except OSError as error:
            self._give_up(f"{step.command[0]} cannot be started: {error.strerror}. Choose another Base Python.")

    def _look(self, step: Step) -> None:
        """Shows which package pip is at. pip tells no total, so the bar closes in on the step's end."""
        found = re.findall(r"^(Collecting|Downloading|Installing) ([^\s(;<>=!~]*)", self._tail(), re.MULTILINE)
        if found:
            verb, what = found[-1]
            name = re.split(r"[-_]\d", what.rpartition("/")[2])[0]
            self.stage = "Unpacking the packages" if verb == "Installing" else f"{verb} {name}"
        seconds = time.monotonic() - self._since
        self.fraction = max(self.fraction, step.share * seconds / (seconds + 60))

    def _tail(self) -> str:
        with self.log.open("rb") as log:
            log.seek(max(self._start_of_step, log.seek(0, os.SEEK_END) - 4096))
            return log.read().decode("utf-8", "replace")

    def _reason(self) -> str:
        lines = [line.strip() for line in self._tail().splitlines() if line.strip()]
        errors = [line for line in lines if line.lower().startswith("error")]
        return (errors or lines or ["it gave no reason."])[-1].rstrip(".") + "."

    def _give_up(self, sentence: str) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.environment, ignore_errors=True)
        self.error, self.done = AddonError(sentence), True


def _no_window() -> int:
    return getattr(subprocess, "CREATE_NO_WINDOW", 0)


_running: Installation | None = None


def start(base: Path, wheels: str = "", extra_index: str = "") -> Installation:
    """Begins to install the engine in the background. Raises AddonError when there is no room for it."""
    global _running
    environment, log = places.engine_environment(), places.log_file("install")
    needed = LARGE if sys.platform == "linux" and not (wheels or extra_index) else SMALL
    free = shutil.disk_usage(environment.parent).free
    if free < needed:
        raise AddonError(
            f"{environment.parent} has {free / 2**30:.1f} GB free, and the engine needs {needed >> 30} GB. "
            "Make room and press Install Engine again."
        )
    places.finished_mark(environment).unlink(missing_ok=True)
    shutil.rmtree(environment, ignore_errors=True)
    log.write_bytes(b"")
    _running = Installation(environment, steps(base, environment, wheels, extra_index), log)
    return _running


def running() -> Installation | None:
    """The installation that is at work, for the preferences and for Cancel."""
    return _running if _running is not None and not _running.done else None


def cancel() -> None:
    """Cancels the installation that is at work, if there is one."""
    if (installation := running()) is not None:
        installation.cancel()
