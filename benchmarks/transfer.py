"""Prints what giving a head 52 face shapes costs: `python -m benchmarks.transfer`; a real head's where ../shared is."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.transfer.landmarks import NAMED
from engine.transfer.source import load_source
from engine.transfer.transfer import find_face, transfer
from engine.video.landmarker import find_landmarker

HEAD = Path(__file__).resolve().parents[2] / "shared" / "rigs" / "ict_facekit.npz"


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of one run after one to warm up: of the clock and of this process."""
    work()
    began, spent = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - spent


def real_head() -> tuple[np.ndarray, np.ndarray]:
    """Vertices, z up and looking along -y, and triangles of the shared head."""
    with np.load(HEAD) as data:
        points, faces = data["neutral"].astype(float), data["faces"]
    four = faces[faces[:, 3] >= 0]
    triangles = np.concatenate([faces[:, :3], four[:, [0, 2, 3]]])
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], 1), triangles


def main() -> None:
    source = load_source()
    given = {name: source.landmarks[number] for name, number in NAMED.items()}
    rows: list[tuple[str, Callable[[], object]]] = [
        (
            f"52 shapes, landmarks placed by hand, {len(source.points)} vertices",
            lambda: transfer(source.points, source.triangles, landmarks=given, symmetric=True),
        )
    ]
    if HEAD.exists():
        points, triangles = real_head()
        model = find_landmarker()
        rows += [
            (f"finding the face, {len(points)} vertices", lambda: find_face(points, triangles, None, model)),
            (
                f"finding it and 52 shapes, {len(points)} vertices",
                lambda: transfer(points, triangles, symmetric=True, model=model),
            ),
        ]
    print("\nFace shapes for a mesh that has none")
    print(f"{'':<58}{'seconds':>9}{'process':>9}")
    for name, work in rows:
        clock, process = timed(work)
        print(f"{name:<58}{clock:>9.2f}{process:>9.2f}")


if __name__ == "__main__":
    main()
