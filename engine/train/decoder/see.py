"""Trains what looks at crops: to find points of the face in them, and to tell channels from nothing else."""

import time
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from engine.train.decoder.crop_faults import draw_tone, faulty
from engine.train.decoder.network import LOOKS, Looking
from engine.train.decoder.points import COUNTS, in_crops
from engine.train.decoder.training_set import companions
from engine.video.crops import CROPS
from engine.video.decoder import as_outputs, output_mirror, outputs
from engine.video.looking import look

PEOPLE, EACH = 12, 4
"""People in a batch, and drawings of each one, all of which are there as two cameras saw them."""
RATE = 1.5e-3
FINDING = 2.0
"""What it costs when points are missed, in half crops."""
STEADY = 3.0
"""What it costs when two cameras' pictures of one drawing are read differently."""
STRAYS = 2048
"""Pictures of which is measured how faults change what their crops show."""


@dataclass(frozen=True)
class Views:
    """crops: uint8 (pictures, BYTES). points: (pictures, points, 2), in their crops. outputs: (pictures, outputs).
    person: int (pictures,). resting, twin: see training_set.TrainingSet."""

    crops: Tensor
    points: Tensor
    outputs: Tensor
    person: Tensor
    resting: Tensor
    twin: Tensor


class Telling(nn.Module):
    """Looks, and their change from the resting face's, in; outputs out. Only helps to train."""

    def __init__(self) -> None:
        super().__init__()
        count = len(outputs())
        self.plain = nn.Sequential(nn.Linear(LOOKS, 256), nn.SiLU(), nn.Linear(256, count))
        self.change = nn.Sequential(nn.Linear(LOOKS, 256), nn.SiLU(), nn.Linear(256, count))

    def forward(self, looks: Tensor, rest: Tensor) -> Tensor:
        return self.plain(looks) + self.change(looks - rest)


def learn_looking(shards: dict[str, np.ndarray], epochs: int, seed: int, held: int) -> dict[str, np.ndarray]:
    """Trains on load_shards' pictures, without every `held`-th person's; returns the tensors, see Looking.weights."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    views = _views(shards)
    drawings = np.flatnonzero((shards["person"] % held != 0) & (np.arange(len(shards["person"])) <= views.twin.numpy()))
    looking, telling = Looking(), Telling()
    with torch.no_grad():
        for one, marks in zip(CROPS, views.points.clamp(-1.2, 1.2).mean(0).split(list(COUNTS)), strict=True):
            looking.get_parameter(f"points.{one.kind}.bias").copy_(marks.flatten())
    parameters = [*looking.parameters(), *telling.parameters()]
    optimizer = torch.optim.AdamW(parameters, RATE, weight_decay=0.05)
    steps = epochs * len(_batches(views, drawings, generator))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1, pct_start=0.1)
    smoothed = torch.optim.swa_utils.AveragedModel(
        looking, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
    )
    began = time.perf_counter()
    for epoch in range(epochs):
        losses = []
        for rows in _batches(views, drawings, generator)[: steps // epochs]:
            loss = _loss(looking, telling, views, rows, generator)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            smoothed.update_parameters(looking)
            losses.append(float(loss.detach()))
        print(
            f"looking, epoch {epoch + 1}: loss {np.mean(losses):.4f}, {time.perf_counter() - began:.0f} s", flush=True
        )
    smooth = cast(Looking, smoothed.module)
    return {name: value.numpy() for name, value in smooth.weights().items()}


@torch.no_grad()
def straying(tensors: dict[str, np.ndarray], shards: dict[str, np.ndarray], looks: np.ndarray, seed: int) -> np.ndarray:
    """How other crops with faults look, (pictures, LOOKS), than the same without, for some of the pictures."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randperm(len(looks), generator=generator)[:STRAYS]
    found = []
    for part in rows.split(256):
        count = len(part)
        crops = torch.from_numpy(shards["crops"][part])
        nowhere, flip = torch.zeros(count, sum(COUNTS), 2), torch.zeros(count, 1, dtype=torch.bool)
        worn, _ = faulty(crops, nowhere, flip, draw_tone(count, generator), generator)
        other = [look(tensors, one.kind, crop.numpy()) for one, crop in zip(CROPS, worn, strict=True)]
        found.append(np.concatenate(other, 1) - looks[part])
    return np.concatenate(found)


def _views(shards: dict[str, np.ndarray]) -> Views:
    pictures = zip(shards["points"], shards["landmarks"], shards["pose"], strict=True)
    points = np.array([in_crops(*picture) for picture in pictures])
    resting, twin = companions(shards)
    parts = (shards["crops"], points, as_outputs(shards["values"]), shards["person"], resting, twin)
    return Views(*(torch.from_numpy(part) for part in parts))


def _batches(views: Views, drawings: np.ndarray, generator: torch.Generator) -> list[Tensor]:
    """Rows of pictures, one of each drawing, in batches of few people."""
    drawings = drawings[torch.randperm(len(drawings), generator=generator)]
    person = views.person[drawings].numpy()
    parts = [part for one in np.unique(person) for part in torch.from_numpy(drawings[person == one]).split(EACH)]
    order = torch.randperm(len(parts), generator=generator).tolist()
    return [
        torch.cat([parts[place] for place in order[first : first + PEOPLE]]) for first in range(0, len(order), PEOPLE)
    ]


def _loss(looking: Looking, telling: Telling, views: Views, rows: Tensor, generator: torch.Generator) -> Tensor:
    """rows: one picture of each drawing; their twins are added."""
    people, who = torch.unique(views.person[rows], return_inverse=True)
    # Two resting pictures of each person are looked at for all their pictures.
    some = torch.stack([views.resting[rows[(who == one).nonzero()[0, 0]], :2] for one in range(len(people))])
    flip = torch.rand(len(people), 1, generator=generator) < 0.5
    tone = draw_tone(len(people), generator)
    rows, who = torch.cat([rows, views.twin[rows]]), who.repeat(2)
    pictures = torch.cat([rows, some.flatten()])
    everyone = torch.cat([who, torch.arange(len(people)).repeat_interleave(2)])
    tones = tone[everyone] + 0.3 * draw_tone(len(pictures), generator)
    crops, points = faulty(views.crops[pictures], views.points[pictures], flip[everyone], tones, generator)
    with torch.autocast("cpu", torch.bfloat16):
        looks = looking(crops)
    looks = looks.float()
    # Points outside a crop can only be guessed.
    told = (points.abs() < 1.1).all(2, keepdim=True)
    missed = torch.where(told, looking.found_points(looks) - points, torch.zeros(())).abs()
    finding = missed.sum() / told.sum().clamp(min=1)
    turned, sign = output_mirror()
    want = views.outputs[rows]
    want = torch.where(flip[who], want[:, turned] * torch.from_numpy(sign), want)
    rest = looks[len(rows) :].view(len(people), 2, -1).mean(1)[who]
    read = telling(looks[: len(rows)], rest)
    one, two = read.chunk(2)
    error = (read - want).abs()
    channels = ((1 + want.abs()) * (0.3 * error + 4 * error**2)).mean()
    return channels + FINDING * finding + STEADY * (one - two).square().mean()
