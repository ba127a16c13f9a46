"""Sampling: from noise to a performance along the flow, over windows that share their overlaps."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.channels import CHANNELS
from engine.model.graphs import Replayed
from engine.model.network import Network

GUIDED = (0.1, 0.4)
"""Times of the flow, 0..1, between which guidance acts, at twice the cost. In the noise before it changes nothing that
is asked for; later the expression is settled, and only detail would be exaggerated (Kynkäänniemi et al. 2024)."""
STYLED_UNTIL = 0.9
"""The same for a style, which works on detail too: how the sides differ, how the eyes wander."""
LIVING = [i for i, name in enumerate(CHANNELS) if name.startswith(("eyeBlink", "eyeLook", "head"))]
"""Channels that guidance leaves as they are learned: nobody asks for a blink, and exaggeration takes half of them."""
GOLDEN = (math.sqrt(5) - 1) / 2
"""Share of their room by which windows move on from step to step: so they spread evenly over however many steps."""
BLIND = 16
"""The part of a window on each side, a sixteenth, that has no say where another window sees better."""
MANNER = 1.0
"""How much more a style is exaggerated in them than elsewhere: what it changes there is small beside their noise."""


@dataclass(frozen=True)
class Conditions:
    """Everything the network is told, for one performance of `frames` frames (a whole number of tokens).

    known, confidence: (frames, channels), normalised. asked: (tokens, asked + 1). style: (knobs + 1,).
    """

    known: Tensor
    confidence: Tensor
    asked: Tensor
    style: Tensor


def sample(
    network: Network | Replayed,
    noise: Tensor,
    given: Conditions,
    steps: int,
    guidance: float,
    progress: Callable[[float], None] = lambda fraction: None,
    placement: int = 0,
) -> Tensor:
    """A performance, normalised, (frames, channels), by `steps` steps from `noise` of the same shape.

    guidance: see guided. placement: of the windows at the first step, see windows.
    """
    if not given.asked.any() and not given.style.any():
        guidance = 1.0  # nothing is asked that could be exaggerated
    longest, patch = network.config.window * network.config.patch, network.config.patch
    placed = (windows(len(noise), longest, patch, step) for step in itertools.count(placement))
    # Else cuDNN would choose by timing, or round to 10 bits.
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        return integrate(
            lambda x, now: _predict(network, x, now, given, next(placed), guidance), noise, steps, progress
        )


def integrate(
    predict: Callable[[Tensor, float], Tensor],
    noise: Tensor,
    steps: int,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Tensor:
    """Follows the flow from noise to a clean performance; predict(x, time 0..1) says how the clean one would look.

    The steps are of second order, from this and the last prediction (as DPM-Solver++ 2M, Lu et al. 2022), at the
    cost of first order.
    """
    x = noise
    # Denser near the noise, where it is decided what will be shown; a few steps must also reach the end.
    times = (torch.linspace(0, 1, steps + 1) ** min(2.0, 1 + steps / 14)).tolist()
    before, last = 0.0, None
    for now, after in itertools.pairwise(times):
        clean = predict(x, now)
        ahead = clean if last is None else clean + (clean - last) * (after - now) / (2 * (now - before))
        x = x + (after - now) / (1 - now) * (ahead - x)
        before, last = now, clean
        progress(after)
    return x


def guided(
    network: Network | Replayed,
    noisy: Tensor,
    time: Tensor,
    known: Tensor,
    confidence: Tensor,
    asked: Tensor,
    style: Tensor,
    guidance: float,
) -> Tensor:
    """The network's prediction, as Network.forward gives it, under classifier-free guidance (Ho & Salimans 2022).

    guidance 1 follows the conditions as learned, 0 leaves them out; above 1 exaggerates what distinguishes the asked
    beats from an open request, and what distinguishes the asked style from the natural one. Each costs as much again.
    time: (batch,), the same for all.
    """
    now = float(time[0])
    natural = torch.zeros_like(style)
    natural[:, -1] = style[:, -1]
    pushed = guidance < 1 or (guidance > 1 and GUIDED[0] <= now < GUIDED[1])
    styled = guidance > 1 and GUIDED[0] <= now < STYLED_UNTIL and not torch.equal(natural, style)
    told = [(asked, natural if styled else style)]
    if pushed:
        told.append((torch.zeros_like(asked), torch.zeros_like(style)))
    if styled:
        told.append((asked, style))
    seen = [torch.cat([x] * len(told)) for x in (noisy, time, known, confidence)]
    plain, *others = network(*seen, *(torch.cat(column) for column in zip(*told, strict=True))).chunk(len(told))
    answer = plain
    if pushed:
        weight = noisy.new_full((noisy.shape[2],), guidance)
        weight[LIVING] = min(guidance, 1.0)
        answer = others[0] + weight * (plain - others[0])
    if styled:
        manner = noisy.new_full((noisy.shape[2],), guidance)
        manner[LIVING] += MANNER * (guidance - 1)
        answer = answer + manner * (others[-1] - plain)
    return answer


def windows(frames: int, longest: int, patch: int, step: int = 0) -> list[slice]:
    """Spans of equal length that cover `frames` on whole tokens; long ones overlap by a quarter or more.

    Three and more lie elsewhere at each step, so that no frame is beside a joint throughout; else motion there is 4 %
    quicker (weights/performance.md, long). Their number is the same at all steps.
    """
    if frames <= longest:
        return [slice(0, frames)]
    stride, beyond = longest // patch * 3 // 4, (frames - longest) // patch
    count = -(-beyond // stride)
    if count > 1:
        count = -(-(beyond + stride // 8) // stride)
    room = count * stride - beyond
    least, most = max(0, room - stride), min(room, stride)
    back = least + round((most - least) * (step * GOLDEN % 1))
    starts = [0, *(index * stride - back for index in range(1, count)), beyond]
    return [slice(start * patch, start * patch + longest) for start in starts]


def blending(spans: list[slice], frames: int, device: torch.device) -> Tensor:
    """(windows, length, 1): how much of each frame each window decides, summing to 1 over the windows."""
    length = spans[0].stop - spans[0].start
    ramp = torch.minimum(torch.arange(length) + 1, torch.arange(length, 0, -1)).float()
    # Beside its edges a window has seen one side only, and leaves the say to another where there is one.
    ramp = (ramp - length // BLIND).clamp(min=1e-3)
    total = torch.zeros(frames)
    for span in spans:
        total[span] += ramp
    return torch.stack([ramp / total[span] for span in spans]).unsqueeze(2).to(device)


def _predict(
    network: Network | Replayed,
    x: Tensor,
    now: float,
    given: Conditions,
    spans: list[slice],
    guidance: float,
) -> Tensor:
    patch = network.config.patch
    cut = [slice(span.start // patch, span.stop // patch) for span in spans]
    noisy = torch.stack([x[span] for span in spans])
    known = torch.stack([given.known[span] for span in spans])
    confidence = torch.stack([given.confidence[span] for span in spans])
    asked = torch.stack([given.asked[span] for span in cut])
    style = given.style.expand(len(spans), -1)
    time = x.new_full((len(spans),), now)
    clean = guided(network, noisy, time, known, confidence, asked, style, guidance)
    together = torch.zeros_like(x)
    for span, part in zip(spans, clean * blending(spans, len(x), x.device), strict=True):
        together[span] += part
    return together
