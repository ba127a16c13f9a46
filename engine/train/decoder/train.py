"""Trains the decoder on rendered shards and see.py's weights: python -m engine.train.decoder.train --out weights/…"""

import argparse
import copy
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor

from engine.files import written_whole
from engine.train.decoder.dataset import load_shards
from engine.train.decoder.network import CHANGING, Network
from engine.train.decoder.see import HELD, straying
from engine.train.decoder.training_set import Augmenter, Geometry, TrainingSet, measure_geometry, training_set
from engine.video.decoder import FORMAT, outputs
from engine.video.looking import looks_at

WIDTH, BLOCKS = 512, 3
BATCH = 128
"""Drawings at once, each as two cameras saw it."""
RATE = 1e-3
STEADY = 1.0
"""What it costs when two cameras' pictures of one drawing are read differently."""
RIDGE = 0.1
"""How strongly the regression is kept small, in units of the inputs' own variance."""


@dataclass(frozen=True)
class Scales:
    """What brings features to about one size: mean and scale of a face's, scale of its change from rest."""

    mean: Tensor
    scale: Tensor
    change: Tensor

    def __call__(self, seen: Tensor, change: Tensor) -> tuple[Tensor, Tensor]:
        return (seen - self.mean) / self.scale, change / self.change


def train(
    shards: dict[str, np.ndarray],
    looking: dict[str, np.ndarray],
    epochs: int,
    seed: int = 0,
    width: int = WIDTH,
    blocks: int = BLOCKS,
) -> tuple[dict[str, np.ndarray], dict]:
    """Trains on load_shards' pictures; returns the decoder's tensors and its configuration.

    looking: the tensors of the part that looks at crops, see see.py.
    """
    torch.manual_seed(seed)
    geometry = measure_geometry(shards)
    looks = looks_at(looking, shards["crops"])
    data = training_set(shards, looks, straying(looking, shards, looks[:, 0], seed), geometry)
    held = torch.from_numpy(shards["person"] % HELD == 0)
    own = torch.arange(data.pictures)
    learned = torch.nonzero(~held & (own <= data.twin[: data.pictures])).flatten()
    held = torch.cat([held, torch.zeros_like(held)])
    # Which faces real ones resemble is not known, so scales are those of all.
    change = data.seen[:, :CHANGING] - data.seen[data.resting[:, 0], :CHANGING]
    scales = Scales(data.seen.mean(0), data.seen.std(0).clamp_min(1e-3), change.std(0).clamp_min(1e-3))
    network = Network(width, blocks)
    generator = torch.Generator().manual_seed(seed)
    augmenter = Augmenter(data, geometry, generator)
    _start_with_components(network, data, scales)
    _start_with_regression(network, augmenter, learned, scales)
    optimizer = torch.optim.AdamW(_groups(network), RATE, weight_decay=0.05)
    steps = epochs * math.ceil(len(learned) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [group["lr"] for group in optimizer.param_groups], total_steps=steps + 1, pct_start=0.1
    )
    smoothed = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995)
    )
    best: tuple[float, dict[str, Tensor]] = (-1.0, {})
    began = time.perf_counter()
    for epoch in range(epochs):
        network.train()
        total = 0.0
        for rows in learned[torch.randperm(len(learned), generator=generator)].split(BATCH):
            seen, change, known, want, turn = augmenter.batch(rows)
            found = network(*scales(seen, change), known)
            one, two = found[0].chunk(2)
            loss = _loss(found, want, turn) + STEADY * (one - two).square().mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            smoothed.update_parameters(network)
            total += float(loss.detach()) * len(rows)
        if epoch % 2 == 1 or epoch == epochs - 1:
            error, alike = _held(smoothed.module, data, held, scales)
            print(
                f"epoch {epoch + 1}: loss {total / len(learned):.4f}, held-out error {error:.4f}, r {alike:.3f},"
                f" {time.perf_counter() - began:.0f} s",
                flush=True,
            )
            if alike > best[0]:
                best = alike, copy.deepcopy(smoothed.module.state_dict())
    network.load_state_dict(best[1])
    tensors = looking | {name: value.detach().numpy() for name, value in network.state_dict().items()}
    tensors |= _frame(geometry, scales) | _calibrated(network, data, held, scales)
    facts = {"pictures": data.pictures, "people": len(np.unique(shards["person"])), "epochs": epochs, "seed": seed}
    return tensors, {"outputs": outputs(), "blocks": blocks, "width": width, "facts": facts}


@torch.no_grad()
def _start_with_components(network: Network, data: TrainingSet, scales: Scales) -> None:
    """Lets half the first layer see a face's principal components, and half those of its change from rest, all of
    about one size. Landmarks move together so much that learning would start very slowly from random weights.
    """
    half = network.enter.out_features // 2
    rows = torch.randperm(len(data.seen))[:4096]
    rest = data.seen[data.resting[rows]].mean(1)[:, :CHANGING]
    seen, change = scales(data.seen[rows], data.seen[rows, :CHANGING] - rest)
    network.enter.weight.zero_()
    network.change.weight.zero_()
    for layer, features, first in ((network.enter, seen, 0), (network.change, change, half)):
        _, sizes, ways = torch.linalg.svd(features - features.mean(0), full_matrices=False)
        count = min(half, len(sizes))
        sizes = sizes[:count] / math.sqrt(len(rows))
        # The small components are mostly noise, so they start small.
        layer.weight[first : first + count] = ways[:count] / (sizes + 0.1 * sizes[0] ** 0.5)[:, None]
        layer.bias.zero_()


@torch.no_grad()
def _start_with_regression(network: Network, augmenter: Augmenter, rows: Tensor, scales: "Scales") -> None:
    """Gives the direct way through the network the ridge regression's weights; the rest learns what that leaves."""
    size = network.direct.in_features + network.direct_change.in_features + 1
    normal, found = torch.zeros(size, size), torch.zeros(size, network.direct.out_features)
    for part in rows.split(1024):
        seen, change, known, want, _ = augmenter.batch(part)
        seen, change = scales(seen, change)
        inputs = torch.cat([seen, known * change, torch.ones(len(seen), 1)], 1)
        normal.addmm_(inputs.T, inputs)
        found.addmm_(inputs.T, want)
    normal.diagonal().add_(RIDGE * 2 * len(rows))
    weights = torch.linalg.solve(normal, found).T
    seen_columns = network.direct.in_features
    network.direct.weight.copy_(weights[:, :seen_columns])
    network.direct_change.weight.copy_(weights[:, seen_columns:-1])
    network.direct.bias.copy_(weights[:, -1])
    network.direct_change.bias.zero_()
    network.means.weight.mul_(0.1)
    network.means.bias.zero_()


def save(tensors: dict[str, np.ndarray], config: dict, path: Path) -> None:
    """Writes the weights as float16, the geometry as float32."""
    kept = {
        name: value.astype(np.float16) if name.endswith("weight") else value.astype(np.float32)
        for name, value in tensors.items()
    }
    metadata = {"facemimic": json.dumps({"format": FORMAT, "config": config}, sort_keys=True)}
    with written_whole(path) as part:
        save_file({name: np.ascontiguousarray(value) for name, value in kept.items()}, part, metadata)


def _loss(found: tuple[Tensor, Tensor, Tensor], want: Tensor, turn: Tensor) -> Tensor:
    means, doubt, turned = found
    signed = torch.tensor([bool(minus) for _, minus in outputs()])
    error = means - want
    # Below 0 and above 1 is cut off later, so it costs little there.
    free = ((want <= 0) & (error < 0) & ~signed) | ((want >= 1) & (error > 0))
    error = torch.where(free, 0.05 * error, error).abs()
    weight = 1 + want.abs()
    channels = (weight * (0.3 * error + 4 * error**2)).mean()
    distance = error.detach()
    honest = (distance / doubt.exp() + doubt).mean()
    return channels + 0.02 * honest + 8 * (turned - turn).square().sum(1).mean()


def _groups(network: Network) -> list[dict[str, Any]]:
    """The direct way starts where it is best alone, so it learns slowly."""
    direct = [*network.direct.parameters(), *network.direct_change.parameters()]
    known = {id(parameter) for parameter in direct}
    others = [parameter for parameter in network.parameters() if id(parameter) not in known]
    return [{"params": others, "lr": RATE}, {"params": direct, "lr": 0.02 * RATE}]


@torch.no_grad()
def _read(network: torch.nn.Module, data: TrainingSet, rows: Tensor, scales: Scales) -> tuple[Tensor, Tensor]:
    """Means within their range and expected errors, with the neutral face known."""
    network.eval()
    rest = data.seen[data.resting[rows]].mean(1)[:, :CHANGING]
    seen, change = scales(data.seen[rows], data.seen[rows, :CHANGING] - rest)
    means, doubt, _ = network(seen, change, torch.ones(len(rows), 1))
    lowest = torch.tensor([-1.0 if minus else 0.0 for _, minus in outputs()])
    return means.clamp(max=1).maximum(lowest), doubt.exp()


def _held(network: torch.nn.Module, data: TrainingSet, held: Tensor, scales: Scales) -> tuple[float, float]:
    """Mean error and pooled correlation on people who are not learned from."""
    rows = torch.nonzero(held).flatten()
    means, _ = _read(network, data, rows, scales)
    want = data.outputs[rows]
    alike = torch.corrcoef(torch.stack([means.flatten(), want.flatten()]))[0, 1]
    return float((means - want).abs().mean()), float(alike)


def _frame(geometry: Geometry, scales: Scales) -> dict[str, np.ndarray]:
    return {
        "template": geometry.template,
        "stable": geometry.stable,
        "mirror": geometry.mirror.astype(np.float32),
        "input_mean": scales.mean.numpy(),
        "input_scale": scales.scale.numpy(),
        "change_scale": scales.change.numpy(),
    }


def _calibrated(network: Network, data: TrainingSet, held: Tensor, scales: Scales) -> dict[str, np.ndarray]:
    """spread_scale: makes the expected error right on average. usual_spread: what a guess would err where a channel
    shows. reliability: the correlation with the truth, 0..1; all (outputs,), on people who were not learned from."""
    rows = torch.nonzero(held).flatten()
    means, spread = (part.numpy() for part in _read(network, data, rows, scales))
    want = data.outputs[rows].numpy()
    right = np.abs(means - want).mean(0) / spread.mean(0)
    usual = np.array([_active_spread(column) for column in data.outputs.numpy().T])
    together = ((means - means.mean(0)) * (want - want.mean(0))).mean(0)
    reliability = np.clip(together / np.maximum(means.std(0) * want.std(0), 1e-9), 0, 1)
    return {"spread_scale": right, "usual_spread": usual, "reliability": reliability}


def _active_spread(column: np.ndarray) -> float:
    active = column[np.abs(column) > 0.05]
    return float(np.abs(active - np.median(active)).mean()) if len(active) else 0.25


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, default=Path("out/decoder"))
    parser.add_argument("--out", type=Path, default=Path("out/decoder/decoder.safetensors"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument(
        "--looking", type=Path, default=Path("out/decoder/looking.safetensors"), help="what see.py has made"
    )
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    shards, looking = load_shards(asked.shards, "train"), load_file(asked.looking)
    tensors, config = train(shards, looking, asked.epochs, asked.seed)
    save(tensors, config, asked.out)
    print(f"{asked.out}: {asked.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
