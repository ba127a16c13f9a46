"""The training loop: reproduces weights/performance.safetensors from a configuration file.

Flow matching: x_t = t · x + (1 - t) · noise; the network predicts x, and the loss is that of the velocity
(x - x_t) / (1 - t) (Lipman et al. 2023; x-prediction with velocity loss as in JiT, Li & He 2025).
"""

import copy
import csv
import dataclasses
import importlib.util
import math
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.channels import CHANNELS, MIRROR_ORDER, REGIONS
from engine.errors import FaceMimicError
from engine.files import written_whole
from engine.model.network import Config, Network
from engine.model.weights import choose_device, save_network
from engine.train.captures import load_captures
from engine.train.examples import Example, draw_example
from engine.train.masks import draw_confidence, observe

MOTION = 4.0
"""Weight of the frame-to-frame error in the loss."""
EYES_MOTION = 10.0
"""The same for lids and gaze, whose quick moves are rare, small against a smile, and what makes a face look alive."""
LEFT = [i for i, name in enumerate(CHANNELS) if name.endswith("Left") and not name.startswith("eyeLook")]
RIGHT = [int(MIRROR_ORDER[i]) for i in LEFT]
SIDES = 3.0
"""Weight of the error in the difference of left and right, small beside what they share but what an eye catches."""
FLOOR, HEAD_FLOOR = 0.06, 0.012
"""Channels that hardly move are not blown up beyond this standard deviation (of the head, radians): their noise would
cost as much as a smile."""
LENGTHS = (6, 12, 24, 40)
"""Tokens of the batches that are shorter than the window: few lengths, so that few graphs are compiled."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A training run.

    out: folder for checkpoints, log and weights. captures: recorded takes, of which the first two thirds are seen, in
    a share `captured` of the examples. pool: examples kept in memory, of which `renewed` are drawn anew each step.
    compiled: through torch.compile, which wants a C++ compiler and saves a fifth of the time; on an NVIDIA GPU it wants
    Triton, which PyTorch brings on Linux only, and is left out where that is missing.
    """

    out: str
    captures: tuple[str, ...] = ()
    captured: float = 0.15
    steps: int = 20000
    batch: int = 64
    pool: int = 6000
    renewed: int = 16
    rate: float = 1e-3
    warmup: int = 300
    decay_from: float = 0.6
    ema: float = 0.998
    seed: int = 1
    device: str = "auto"
    compiled: bool = False
    checkpoint_every: int = 200
    width: int = 192
    depth: int = 6
    heads: int = 6

    @staticmethod
    def load(path: str | Path) -> "Recipe":
        try:
            table: dict[str, Any] = tomllib.loads(Path(path).read_text("utf-8"))
            table["captures"] = tuple(table.get("captures", ()))
            return Recipe(**table)
        except (OSError, ValueError, TypeError) as error:
            raise FaceMimicError(f"Cannot read the recipe {path}: {error}.", "file") from error


def train(recipe: Recipe, say: Callable[[str], None] = print) -> Path:
    """Trains, or resumes from the last checkpoint in recipe.out; returns the path of the EMA weights."""
    out = Path(recipe.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    device = choose_device(recipe.device)
    config = Config(width=recipe.width, depth=recipe.depth, heads=recipe.heads)
    network = Network(config).to(device)
    say(f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f} M parameters on {device}")
    captures = load_captures(list(recipe.captures))
    pool = [draw_example(rng, config, captures, recipe.captured) for _ in range(recipe.pool)]
    _normalise(network, pool)
    average = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)
    first = _resume(out, network, average, optimiser)
    if first:
        # A resumed run must not see the same examples again.
        rng = np.random.default_rng((recipe.seed, first))
    forward = torch.compile(network, dynamic=False) if recipe.compiled and _compiles(device, say) else network
    losses: list[float] = []
    began = time.monotonic()
    for step in range(first, recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * schedule(step, recipe)
        for _ in range(recipe.renewed):
            pool[rng.integers(len(pool))] = draw_example(rng, config, captures, recipe.captured)
        batch = batch_of(rng, pool, recipe.batch, network)
        with torch.autocast(device.type, torch.bfloat16):
            loss = flow_loss(forward, *batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        blend = min(recipe.ema, (step + 1) / (step + 10))
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), network.parameters(), strict=True):
                slow.lerp_(fast, 1 - blend)
        losses.append(loss.item())
        done = step + 1
        if done % 50 == 0:
            pace = (time.monotonic() - began) / (done - first)
            say(f"step {done}/{recipe.steps}  loss {np.mean(losses[-50:]):.4f}  {pace:.2f} s/step")
            _log(out / "log.csv", done, float(np.mean(losses[-50:])))
        if done % recipe.checkpoint_every == 0 or done == recipe.steps:
            _checkpoint(out, done, network, average, optimiser)
            facts = {"steps": done, "recipe": dataclasses.asdict(recipe), "loss": float(np.mean(losses[-200:]))}
            facts["recipe"].pop("out")
            save_network(average, out / "performance.safetensors", facts)
    return out / "performance.safetensors"


def schedule(step: int, recipe: Recipe) -> float:
    """Learning rate as a share of the recipe's: warm-up, plateau, then a cosine to 2 %."""
    start = recipe.decay_from * recipe.steps
    if step < start:
        return min(1.0, (step + 1) / recipe.warmup)
    part = (step - start) / max(1.0, recipe.steps - start)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, part)))


def batch_of(rng: np.random.Generator, pool: list[Example], size: int, network: Network) -> tuple[Tensor, ...]:
    """Clean values, known, confidence, asked and style for a batch cut to one random length."""
    config = network.config
    tokens = config.window if rng.random() < 0.5 else int(rng.choice(LENGTHS))
    frames = tokens * config.patch
    mean, scale = network.mean.cpu().numpy(), network.scale.cpu().numpy()
    rows = []
    for _ in range(size):
        example = pool[rng.integers(len(pool))]
        # Settled starts and ends are kept in view, since that is how most requests look.
        start = int(rng.choice([0, config.window - tokens, rng.integers(0, config.window - tokens + 1)]))
        clean = (example.values[start * config.patch :][:frames] - mean) / scale
        confidence = draw_confidence(rng, frames)
        given = float(example.told and rng.random() > 0.12)
        styled = float(example.told and rng.random() > 0.12)
        asked = np.append(example.asked[start : start + tokens], np.ones((tokens, 1)), axis=1) * given
        style = np.append(example.style, 1.0) * styled
        rows.append((clean, observe(rng, clean, confidence), confidence, asked, style))
    return tuple(
        torch.from_numpy(np.stack(column).astype(np.float32)).to(network.mean.device)
        for column in zip(*rows, strict=True)
    )


def flow_loss(
    network: Callable[..., Tensor], clean: Tensor, known: Tensor, confidence: Tensor, asked: Tensor, style: Tensor
) -> Tensor:
    """Mean squared error of the flow's velocity and, in the same units, of the motion from frame to frame and of
    the difference between the sides.

    Times are logit-normal, wide enough to visit the end, where lids and gaze get their edges. Without the second part
    jitter costs next to nothing, since a face moves little between two frames (geometric losses, Tevet et al. 2023,
    MDM).
    """
    time = torch.sigmoid(1.4 * torch.randn(len(clean), device=clean.device) - 0.2)
    noise = torch.randn_like(clean)
    at = time[:, None, None]
    guess = network(at * clean + (1 - at) * noise, time, known, confidence, asked, style).float()
    error = (guess - clean) / (1 - at).clamp(min=0.1)
    motion = torch.full((clean.shape[2],), MOTION, device=clean.device)
    motion[[*REGIONS["lids"], *REGIONS["gaze"]]] = EYES_MOTION
    sides = error[:, :, LEFT] - error[:, :, RIGHT]
    return (error**2).mean() + (motion * error.diff(dim=1) ** 2).mean() + SIDES * 0.5 * (sides**2).mean()


def _compiles(device: torch.device, say: Callable[[str], None]) -> bool:
    if device.type == "cuda" and importlib.util.find_spec("triton") is None:
        say("There is no Triton for this GPU, so the network is trained without torch.compile.")
        return False
    return True


def _normalise(network: Network, pool: list[Example]) -> None:
    values = np.concatenate([example.values for example in pool[:2000]])
    network.mean.copy_(torch.from_numpy(values.mean(axis=0)))
    floor = np.array([HEAD_FLOOR if name.startswith("head") else FLOOR for name in CHANNELS], np.float32)
    network.scale.copy_(torch.from_numpy(np.maximum(values.std(axis=0), floor)))


def _checkpoint(out: Path, step: int, network: Network, average: Network, optimiser: torch.optim.Optimizer) -> None:
    tensors = {f"network.{k}": v for k, v in network.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{k}": torch.as_tensor(v) for k, v in state.items()}
    with written_whole(out / "checkpoint.safetensors") as part:
        save_file({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, part, {"step": str(step)})


def _resume(out: Path, network: Network, average: Network, optimiser: torch.optim.Optimizer) -> int:
    path = out / "checkpoint.safetensors"
    if not path.exists():
        return 0
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        step = int((file.metadata() or {})["step"])
    tensors = load_file(path)
    for prefix, module in (("network.", network), ("average.", average)):
        module.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
    state = optimiser.state_dict()
    for name, value in tensors.items():
        if name.startswith("optimiser."):
            _, index, key = name.split(".")
            state["state"].setdefault(int(index), {})[key] = value
    optimiser.load_state_dict(state)
    return step


def _log(path: Path, step: int, loss: float) -> None:
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(("step", "loss"))
        writer.writerow((step, f"{loss:.5f}"))
