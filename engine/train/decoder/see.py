"""Trains what looks at crops, to find points of the face in them, and to tell channels from nothing else:
python -m engine.train.decoder.see --shards out/decoder --out out/decoder/looking.safetensors."""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

from engine.files import written_whole
from engine.train.decoder.crop_faults import draw_tone, faulty
from engine.train.decoder.dataset import load_shards
from engine.train.decoder.network import LOOKS, Looking
from engine.train.decoder.points import COUNTS, in_crops
from engine.train.decoder.training_set import companions
from engine.video.crops import CROPS, parted
from engine.video.decoder import as_outputs, output_mirror, outputs
from engine.video.looking import look, standardised

PEOPLE, EACH = 12, 4
"""People in a batch, and drawings of each one, all of which are there as two cameras saw them."""
RATE = 1.5e-3
FINDING = 2.0
"""What it costs when points are missed, in half crops."""
STEADY = 3.0
"""What it costs when two cameras' pictures of one drawing are read differently."""
HELD = 20
"""Every so many-th person's pictures calibrate the confidence instead of being learned from."""
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


def learn_looking(
    shards: dict[str, np.ndarray],
    epochs: int,
    seed: int,
    held: int = HELD,
    keep: Callable[[dict[str, np.ndarray]], None] = lambda tensors: None,
) -> dict[str, np.ndarray]:
    """Trains on load_shards' pictures, without every `held`-th person's; returns the tensors, see Looking.weights.

    keep: gets the tensors after every epoch.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    views = _views(shards)
    once = np.arange(len(shards["person"])) <= views.twin.numpy()
    others = shards["person"] % held == 0
    drawings, unseen = np.flatnonzero(~others & once), np.flatnonzero(others & once)
    looking, telling = Looking(), Telling()
    looking.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    with torch.no_grad():
        for one, marks in zip(CROPS, views.points.clamp(-1.2, 1.2).mean(0).split(list(COUNTS)), strict=True):
            looking.get_parameter(f"points.{one.kind}.bias").copy_(marks.flatten())
    parameters = [*looking.parameters(), *telling.parameters()]
    optimizer = torch.optim.AdamW(parameters, RATE, weight_decay=0.05, fused=True)
    steps = epochs * len(_batches(views, drawings, generator))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1, pct_start=0.1)
    smoothed = torch.optim.swa_utils.AveragedModel(
        looking, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    smooth = cast(Looking, smoothed.module)
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
        missed = [
            _missed(smooth, views, rows) for rows in (torch.from_numpy(part[:512]) for part in (drawings, unseen))
        ]
        print(
            f"looking, epoch {epoch + 1}: loss {np.mean(losses):.4f}, points missed by"
            f" {missed[0]:.4f} (people learned from), {missed[1]:.4f} (others), {time.perf_counter() - began:.0f} s",
            flush=True,
        )
        keep({name: value.numpy() for name, value in smooth.weights().items()})
    return {name: value.numpy() for name, value in smooth.weights().items()}


@torch.no_grad()
def _missed(looking: Looking, views: Views, rows: Tensor) -> float:
    """By how much points of some pictures are missed, median, half crops."""
    if not len(rows):
        return float("nan")
    looking.eval()
    parts = parted(views.crops[rows].numpy())
    found = looking.found_points(looking([torch.from_numpy(standardised(part)) for part in parts]))
    looking.train()
    return float((found - views.points[rows]).norm(dim=2).median())


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
    missed = torch.where(told, looking.found_points(looks) - points, torch.zeros(()))
    finding = missed.abs().sum() / told.sum().clamp(min=1)
    # How far points move from the resting face says more than where they are.
    still = missed[len(rows) :].view(len(people), 2, *missed.shape[1:]).mean(1)[who]
    moving = (missed[: len(rows)] - still).abs().sum() / told[: len(rows)].sum().clamp(min=1)
    turned, sign = output_mirror()
    want = views.outputs[rows]
    want = torch.where(flip[who], want[:, turned] * torch.from_numpy(sign), want)
    rest = looks[len(rows) :].view(len(people), 2, -1).mean(1)[who]
    read = telling(looks[: len(rows)], rest)
    one, two = read.chunk(2)
    error = (read - want).abs()
    channels = ((1 + want.abs()) * (0.3 * error + 4 * error**2)).mean()
    return channels + FINDING * (finding + moving) / 2 + STEADY * (one - two).square().mean()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, default=Path("out/decoder"))
    parser.add_argument("--out", type=Path, default=Path("out/decoder/looking.safetensors"))
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    def keep(tensors: dict[str, np.ndarray]) -> None:
        with written_whole(asked.out) as part:
            save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, part)

    learn_looking(load_shards(asked.shards, "train"), asked.epochs, asked.seed, keep=keep)


if __name__ == "__main__":
    main()
