import contextlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.channels import CHANNELS, HEAD
from engine.clip import Clip
from engine.paths import weights_folder

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "engine" / "__main__.py"


def packed(header: dict[str, Any], *arrays: tuple[str, np.ndarray]) -> bytes:
    """A message as it is written down in the protocol, without the engine's own code."""
    table = dict(header)
    if arrays:
        table["arrays"] = [{"name": name, "shape": list(array.shape)} for name, array in arrays]
    text = json.dumps(table).encode()
    return struct.pack("<I", len(text)) + text + b"".join(array.astype("<f4").tobytes() for _, array in arrays)


def unpacked(stream: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    (length,) = struct.unpack("<I", stream.read(4))
    header = json.loads(stream.read(length))
    arrays = {}
    for row in header.get("arrays", []):
        size = 4 * int(np.prod(row["shape"]))
        arrays[row["name"]] = np.frombuffer(stream.read(size), "<f4").reshape(row["shape"])
    return header, arrays


class Pipe:
    """A real worker process, started as the add-on starts it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.log = folder / "worker.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-I", str(MAIN), "worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env={**os.environ, **environment},
            )
        assert self.process.stdin and self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout

    def send(self, header: dict[str, Any], *arrays: tuple[str, np.ndarray]) -> None:
        self.stdin.write(packed(header, *arrays))
        self.stdin.flush()

    def answer(self, number: int) -> tuple[dict[str, Any], dict[str, np.ndarray], list[dict[str, Any]]]:
        """The result or error of a request, and the progress before it."""
        told = []
        while True:
            header, arrays = unpacked(self.stdout)
            assert header["id"] == number, header
            if header["type"] != "progress":
                return header, arrays, told
            told.append(header)

    def ask(self, number: int, op: str, **fields: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        self.send({"id": number, "op": op, **fields})
        header, arrays, _ = self.answer(number)
        return header, arrays

    def end(self) -> int:
        self.stdin.close()
        code = self.process.wait(30)
        self.stdout.close()
        return code


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[..., Pipe]]:
    pipes: list[Pipe] = []

    def start(**environment: str) -> Pipe:
        pipes.append(Pipe(tmp_path, **environment))
        return pipes[-1]

    yield start
    for pipe in pipes:
        if pipe.process.poll() is None:
            pipe.process.kill()
        pipe.process.wait()
        for stream in (pipe.stdin, pipe.stdout):
            with contextlib.suppress(OSError):
                stream.close()


@pytest.fixture
def some_clip() -> Clip:
    rng = np.random.default_rng(4)
    values = rng.random((40, len(CHANNELS))).astype(np.float32)
    values[:, -len(HEAD) :] -= 0.5
    return Clip(values, 30.0, CHANNELS, {"source": "test"})


@pytest.fixture
def trained() -> None:
    """Skips without what a generate needs."""
    pytest.importorskip("torch")
    if not (weights_folder() / "performance.safetensors").is_file():
        pytest.skip("needs the trained weights")
