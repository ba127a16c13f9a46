"""Many Requests at once, as Generator.generate would answer each."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from engine.channels import CHANNELS
from engine.model.flow import Conditions, guided, integrate
from engine.model.generate import FPS, GUIDANCE, STEPS, Generator, with_neutral_ends
from engine.request import Request

TOGETHER = 24
"""Performances in one batch; on two cores more are no faster."""


@torch.inference_mode()
def perform_batch(generator: Generator, requests: Sequence[Request]) -> list[np.ndarray]:
    """Each Request's values, float32 (request.frames, 55), to 1e-4 of what Generator.generate gives.

    Those of one length share their forward passes; those longer than the model's window go one by one.
    """
    config = generator.network.config
    answers: dict[int, np.ndarray] = {}
    groups: dict[tuple[int, int, float], list[int]] = defaultdict(list)
    for place, request in enumerate(requests):
        frames = int(-(-max(request.frames * FPS / request.fps, 2) // config.patch)) * config.patch
        if frames > config.window * config.patch:
            answers[place] = generator.generate(request).values
        else:
            guidance = GUIDANCE if request.guidance is None else request.guidance
            groups[frames, request.steps or STEPS, guidance].append(place)
    for (frames, steps, guidance), places in groups.items():
        for first in range(0, len(places), TOGETHER):
            some = places[first : first + TOGETHER]
            for place, values in zip(
                some, _sampled(generator, [requests[i] for i in some], frames, steps, guidance), strict=True
            ):
                answers[place] = values
    return [answers[place] for place in range(len(requests))]


def _sampled(
    generator: Generator, requests: list[Request], frames: int, steps: int, guidance: float
) -> list[np.ndarray]:
    observed = [with_neutral_ends(request) for request in requests]
    given = [generator.conditions(*pair, frames) for pair in zip(requests, observed, strict=True)]
    rows = sample_together(generator, given, [request.seed for request in requests], steps, guidance)
    return [generator.finished(*one) for one in zip(rows, observed, requests, strict=True)]


@torch.inference_mode()
def sample_together(
    generator: Generator,
    given: Sequence[Conditions],
    seeds: Sequence[int],
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> Tensor:
    """Performances of equal length, (performances, frames, 55), normalised, at 60 fps, as flow.sample makes each."""
    network = generator.network
    known, confidence, asked, style = (
        torch.stack([getattr(one, name) for one in given]) for name in ("known", "confidence", "asked", "style")
    )
    frames = known.shape[1]
    x = torch.stack([torch.randn(frames, len(CHANNELS), generator=torch.Generator().manual_seed(s)) for s in seeds])
    x = x.to(generator.device)

    def predict(x: Tensor, now: float) -> Tensor:
        return guided(network, x, x.new_full((len(x),), now), known, confidence, asked, style, guidance)

    return integrate(predict, x, steps)
