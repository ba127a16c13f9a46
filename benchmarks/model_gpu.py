"""What a performance costs on an NVIDIA GPU: `python -m benchmarks.model_gpu [WEIGHTS]`.

Single requests by plain calls, from CUDA graphs and in bfloat16; then batches, as clips a second and as a share of the
rate at which the same card multiplies large matrices.
"""

import sys
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.model import requests, timed
from engine.channels import CHANNELS
from engine.errors import FaceMimicError
from engine.model.flow import guided, integrate
from engine.model.generate import GUIDANCE, STEPS, Generator
from engine.model.graphs import Replayed
from engine.paths import weights_folder

BATCHES = (1, 4, 16, 64, 256)
FRAMES = 240
"""Of the clips in a batch: 4 s."""
SQUARE = 8192
"""Rows and columns of the matrices whose product is the card's rate."""


def ways(weights: Path) -> dict[str, Generator]:
    """The ways in which this machine's GPU can be asked."""
    graphs = Generator.load("cuda", weights)
    found = {"plain": Generator(graphs.network, graphs.digest, graphs.device, asked=graphs.network), "graphs": graphs}
    try:
        found["bfloat16"] = Generator.load("cuda", weights, "bfloat16")
    except FaceMimicError as error:
        print(f"Without bfloat16: {error}")
    return found


@torch.inference_mode()
def perform_batch(generator: Generator, size: int) -> None:
    """`size` clips at once by the default sampler, until they are on the processor."""
    config, device = generator.network.config, generator.device
    noise = torch.randn(size, FRAMES, len(CHANNELS), device=device)
    nothing = torch.zeros_like(noise)
    asked = torch.ones(size, FRAMES // config.patch, config.asked + 1, device=device)
    style = torch.zeros(size, len(config.style) + 1, device=device)
    integrate(
        lambda x, now: guided(generator.network, x, x.new_full((size,), now), nothing, nothing, asked, style, GUIDANCE),
        noise,
        STEPS,
    ).cpu()


def matrix_rate(device: torch.device, dtype: torch.dtype, size: int = SQUARE) -> float:
    """Operations a second in the product of two large matrices."""
    square = torch.randn(size, size, device=device).to(dtype)
    return 2 * size**3 / timed(lambda: (square @ square)[0, 0].item(), 9)


def batches(generator: Generator, sizes: tuple[int, ...] = BATCHES, square: int = SQUARE) -> str:
    """A line about the best of the batch sizes."""
    with FlopCounterMode(display=False) as counter:
        perform_batch(generator, 1)
    best, size = max((size / timed(lambda size=size: perform_batch(generator, size), 5), size) for size in sizes)
    rate = best * counter.get_total_flops()
    card = matrix_rate(generator.device, getattr(torch, generator.precision), square)
    return (
        f"{generator.precision}: {best:.0f} clips of 4 s a second in batches of {size}, {rate / 1e12:.2f} of"
        f" {card / 1e12:.2f} TFLOP/s, {rate / card:.0%} of the matrix rate"
    )


def main() -> None:
    if not torch.cuda.is_available():
        print("No NVIDIA GPU that PyTorch can use: nothing measured on one.")
        return
    weights = Path(sys.argv[1]) if len(sys.argv) > 1 else weights_folder() / "performance.safetensors"
    print(f"\n{torch.cuda.get_device_name()}, torch {torch.__version__}, CUDA {torch.version.cuda}")
    generators = ways(weights)
    print(f"{'seconds':<58}" + "".join(f"{name:>10}" for name in generators))
    for name, request in requests().items():
        taken = [timed(lambda one=one, request=request: one.generate(request), 9) for one in generators.values()]
        print(f"{name:<58}" + "".join(f"{seconds:>10.4f}" for seconds in taken))
    for name, generator in generators.items():
        if isinstance(generator.asked, Replayed) and generator.asked.refused:
            print(f"No graphs ({name}): {generator.asked.refused}")
        if name != "plain":
            print(batches(generator))


if __name__ == "__main__":
    main()
