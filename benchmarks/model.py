"""Prints what a performance costs: `python -m benchmarks.model [WEIGHTS]`. Medians of warm runs, and what it takes
resident, beside a transformer of the size that text-to-motion work uses, as ratios from one run; then on an NVIDIA GPU,
where there is one (model_gpu.py).

The other transformer: 8 layers × 512 (4 heads, 1024 between), one token a frame at 20 frames a second, 1000 steps or
50, as in MDM (Tevet et al. 2023) and Express4D. A few steps are timed and scaled up: all of them cost the same.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from engine.evaluate.long import long_request
from engine.model.generate import STEPS, Generator
from engine.paths import weights_folder
from engine.request import Beat, Request

PREVIEW = 4
"""Sampling steps of a preview."""
TIMED_STEPS = 20
OTHER_FPS = 20


def timed(work: Callable[[], object], runs: int) -> float:
    """Median seconds of `runs` calls after one to warm up."""
    work()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def resident() -> float:
    """The most memory that this process has held, MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1e3


def other_step(seconds: float) -> float:
    """Seconds of one step of the other transformer on a clip of so many seconds."""
    layer = nn.TransformerEncoderLayer(512, 4, 1024, dropout=0.0, activation="gelu", batch_first=True)
    model = nn.TransformerEncoder(layer, 8, enable_nested_tensor=False).eval()
    tokens = torch.randn(1, round(seconds * OTHER_FPS), 512)

    def steps() -> None:
        with torch.inference_mode():
            for _ in range(TIMED_STEPS):
                model(tokens)

    return timed(steps, 3) / TIMED_STEPS


def requests() -> dict[str, Request]:
    """What is timed, by name: the default, a preview and a minute."""
    short = Request((Beat.spanning("happy", 0.8, 0.3, 3.0),), duration=4.0, seed=1)
    return {
        f"4 s, {STEPS} steps (default)": short,
        f"4 s, {PREVIEW} steps (preview)": Request(short.beats, duration=4.0, seed=1, steps=PREVIEW),
        f"60 s with 12 beats, {STEPS} steps": long_request(0),
    }


def main() -> None:
    weights = Path(sys.argv[1]) if len(sys.argv) > 1 else weights_folder() / "performance.safetensors"
    generator = Generator.load("cpu", weights)
    rows: list[tuple[str, float, float | None]] = [
        (name, timed(lambda request=request: generator.generate(request), runs), budget)
        for (name, request), runs, budget in zip(requests().items(), (9, 9, 3), (0.15, 0.05, 2.0), strict=True)
    ]
    usual = rows[0][1]
    held = resident()
    step = other_step(4.0)
    rows += [(f"8 × 512 transformer, 4 s, {steps} steps (scaled up)", steps * step, None) for steps in (1000, 50)]

    size = sum(parameter.numel() for parameter in generator.network.parameters()) / 1e6
    print(f"\n{size:.1f} M parameters, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"{'':<58}{'seconds':>9}{'budget':>9}{'of default':>12}")
    for name, seconds, budget in rows:
        print(f"{name:<58}{seconds:>9.3f}{budget if budget else '':>9}{seconds / usual:>11.2f}×")
    print(f"{'resident at most, MB':<58}{held:>9.0f}{900:>9}")
    if torch.cuda.is_available():
        from benchmarks import model_gpu

        model_gpu.main()


if __name__ == "__main__":
    main()
