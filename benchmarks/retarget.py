"""Prints what fitting a minute of performance to sparse rigs costs: `python -m benchmarks.retarget`. Medians, warm."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.avatars import performance
from engine.channels import SHAPES
from engine.retarget.controls import Mesh
from engine.retarget.retarget import retarget
from engine.retarget.solve import solve

BUDGET = 0.5
SECONDS = 60.0
RUNS = 7
VOWELS, EMOTIONS = ["aa", "ih", "ou", "ee", "oh"], ["happy", "angry", "sad", "relaxed", "surprised"]
EYES = ["blink", "blinkLeft", "blinkRight", "lookUp", "lookDown", "lookLeft", "lookRight"]
RIGS = {
    "VRM 1.0 presets, 17 shapes": [*VOWELS, *EMOTIONS, *EYES],
    "ARKit without 10 of its 52 shapes": list(SHAPES[10:]),
}


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Median seconds after one run to warm up: of the clock and of this process."""
    work()
    clock, process = [], []
    for _ in range(RUNS):
        began, spent = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - began)
        process.append(time.process_time() - spent)
    return statistics.median(clock), statistics.median(process)


def main() -> None:
    clip = performance(SECONDS)
    values = clip.values[:, : len(SHAPES)]
    print(f"\n{SECONDS:g} s at {clip.fps:g} frames a second, all channels moving")
    print(f"{'':<58}{'seconds':>9}{'process':>9}{'budget':>9}")
    for shapes in (15, 30, 50):
        rng = np.random.default_rng(shapes)
        meanings = np.where(rng.random((shapes, len(SHAPES))) < 0.12, rng.random((shapes, len(SHAPES))), 0)
        meanings[np.arange(shapes), rng.integers(0, len(SHAPES), shapes)] += 0.8
        clock, process = timed(lambda meanings=meanings: solve(values, meanings))
        print(f"{f'the solve for {shapes} shapes':<58}{clock:>9.3f}{process:>9.3f}{BUDGET:>9}")
    for name, keys in RIGS.items():
        clock, process = timed(lambda keys=keys: retarget(clip, [Mesh(keys)]))
        print(f"{f'names, looks, two solves: {name}':<58}{clock:>9.3f}{process:>9.3f}{BUDGET:>9}")


if __name__ == "__main__":
    main()
