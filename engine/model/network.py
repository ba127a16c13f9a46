"""The network: a transformer that sees a noisy, partly observed performance and answers with the clean one.

Flow matching with x-prediction: with tokens as wide as a patch of 55 channels, only predicting the clean signal works
(Li & He 2025, JiT). Rotary positions and q-k norm as measured there; modulation by time and style is shared by all
layers, with a learned table for each (PixArt-α's adaLN-single), which saves a third of the parameters. Tokens write
patches that overlap by half and fade into one another, so that no step shows where two tokens meet. A small convolution
over frames has the last word: it sees the noisy and the known values frame by frame, which a token squeezes together,
so that lids and gaze keep their edges.
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.channels import CHANNELS
from engine.emotions import emotions
from engine.model.linear import Linear
from engine.request import STYLE_KNOBS

HINTS = 32
"""Numbers for each frame that the tokens hand to the refiner beside their answer."""


@dataclass(frozen=True)
class Config:
    """The network's shape. patch: frames in a token. window: tokens that it was trained on at most."""

    width: int = 192
    depth: int = 6
    heads: int = 6
    patch: int = 4
    window: int = 64
    channels: tuple[str, ...] = CHANNELS
    emotions: tuple[str, ...] = tuple(emotions())
    style: tuple[str, ...] = STYLE_KNOBS

    @property
    def asked(self) -> int:
        """Numbers that say for one token what the beats ask: see conditions.asked_tracks."""
        return len(self.emotions) + self.patch + 3

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_dict(table: dict[str, Any]) -> "Config":
        """Reads what to_dict gave, also after JSON has made lists of the tuples. Raises TypeError for unknown names."""
        return Config(**{name: _untangled(value) for name, value in table.items()})


def _untangled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class Block(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.table = nn.Parameter(torch.zeros(6, width))
        self.qkv = Linear(width, 3 * width)
        self.query_norm = nn.RMSNorm(width // config.heads)
        self.key_norm = nn.RMSNorm(width // config.heads)
        self.out = Linear(width, width)
        self.up = Linear(width, 4 * width)
        self.down = Linear(4 * width, width)

    def forward(self, x: Tensor, modulation: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """x: (batch, tokens, width). modulation: (batch, 6, width). turn: cosines and sines of the positions."""
        shift_a, scale_a, gate_a, shift_b, scale_b, gate_b = (modulation + self.table).unsqueeze(2).unbind(1)
        batch, tokens, width = x.shape
        h = F.layer_norm(x, (width,)) * (1 + scale_a) + shift_a
        q, k, v = self.qkv(h).view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k = rotate(self.query_norm(q), turn), rotate(self.key_norm(k), turn)
        # Plain products: windows are short, and the fused attention's backward takes four times as long on a CPU.
        attention = torch.softmax(q @ k.transpose(2, 3) * q.shape[3] ** -0.5, dim=3)
        h = (attention @ v).transpose(1, 2).reshape(batch, tokens, width)
        x = x + gate_a * self.out(h)
        h = F.layer_norm(x, (width,)) * (1 + scale_b) + shift_b
        return x + gate_b * self.down(self.up.then_gelu(h))


class Refiner(nn.Module):
    """Corrects the trunk's answer frame by frame, from the eight frames on each side in noisy and known values.

    keep: how much of each noisy channel passes through, by time: near the end all of what is already there.
    """

    HIDDEN = 96

    def __init__(self, channels: int, hints: int, width: int) -> None:
        super().__init__()
        self.read = nn.Conv1d(4 * channels + hints, self.HIDDEN, 5, padding=2)
        self.modulate = Linear(width, 2 * self.HIDDEN)
        self.spread = nn.Conv1d(self.HIDDEN, self.HIDDEN, 5, padding=4, dilation=2)
        self.write = nn.Conv1d(self.HIDDEN, channels, 5, padding=2)
        self.keep = Linear(width, channels)
        for layer in (self.modulate, self.write, self.keep):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, rough: Tensor, noisy: Tensor, known: Tensor, confidence: Tensor, about: Tensor) -> Tensor:
        """rough: (batch, frames, channels + hints). noisy, known, confidence: (batch, frames, channels). about:
        (batch, width). Returns (batch, frames, channels).
        """
        shift, scale = self.modulate(about).unsqueeze(2).chunk(2, dim=1)
        frames = torch.cat([rough, noisy, known, confidence], dim=2)
        h = F.silu(self.read(frames.transpose(1, 2)) * (1 + scale) + shift)
        h = F.silu(self.spread(h))
        fine = self.write(h).transpose(1, 2) + self.keep(about).unsqueeze(1) * noisy
        return rough[:, :, : noisy.shape[2]] + fine


class Network(nn.Module):
    """Predicts the clean performance from a noisy one.

    mean, scale: (channels,) buffers; the network works on (value - mean) / scale.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        width, patch, channels = config.width, config.patch, len(config.channels)
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("scale", torch.ones(channels))
        self.read = Linear(3 * channels * patch, width)
        told = config.asked + 1 + len(config.style) + 1
        self.ask = nn.Sequential(Linear(told, width), nn.GELU(), Linear(width, width))
        self.style = Linear(len(config.style) + 1, width)
        self.time = nn.Sequential(Linear(width, width), nn.SiLU(), Linear(width, width))
        self.modulate = nn.Sequential(nn.SiLU(), Linear(width, 6 * width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.last = Linear(width, 2 * width)
        self.write = Linear(width, (channels + HINTS) * 2 * patch)
        self.refiner = Refiner(channels, HINTS, width)
        # Every block starts as the identity (adaLN-zero), which steadies the first steps of training.
        for layer in (self.modulate[1], self.last, self.write):
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(
        self, noisy: Tensor, time: Tensor, known: Tensor, confidence: Tensor, asked: Tensor, style: Tensor
    ) -> Tensor:
        """The clean performance, (batch, frames, channels), normalised as `noisy` is.

        noisy, known, confidence: (batch, frames, channels); known is zero where confidence is.
        time: (batch,), 0 noise .. 1 clean. asked: (batch, tokens, asked + 1) and style: (batch, knobs + 1), the last
        column 1 where they are given and 0 where they are left open.
        """
        batch, frames, channels = noisy.shape
        tokens = frames // self.config.patch
        together = torch.cat([noisy, known, confidence], dim=2).view(batch, tokens, -1)
        # A style also changes how each moment of a beat is shown: how its onset rises, how the sides share it.
        told = torch.cat([asked, style.unsqueeze(1).expand(-1, tokens, -1)], dim=2)
        x = self.read(together) + self.ask(told)
        about = self.time(wave(time, self.config.width)) + self.style(style)
        modulation = self.modulate(about).view(batch, 6, -1)
        turn = positions(tokens, self.config.width // self.config.heads, noisy.device)
        for block in self.blocks:
            x = block(x, modulation, turn)
        shift, scale = self.last(F.silu(about)).unsqueeze(1).chunk(2, dim=2)
        x = F.layer_norm(x, (x.shape[2],)) * (1 + scale) + shift
        rough = overlapped(self.write(x).view(batch, tokens, 2 * self.config.patch, channels + HINTS))
        return self.refiner(rough, noisy, known, confidence, F.silu(about))


def overlapped(patches: Tensor) -> Tensor:
    """Adds up patches of twice a token's length, each fading in and out; (batch, tokens, 2 p, channels) → frames.

    The frames beyond the first and last token's own are cut off; what a fade leaves out there is made up.
    """
    batch, tokens, length, channels = patches.shape
    half = length // 2
    rise = (torch.arange(half, device=patches.device) + 0.5) / half
    early, late = patches.split(half, dim=2)
    early, late = early * rise[:, None], late * (1 - rise)[:, None]
    frames = F.pad(early, (0, 0, 0, 0, 0, 1)) + F.pad(late, (0, 0, 0, 0, 1, 0))
    share = torch.ones(tokens + 1, half, device=patches.device)
    share[0], share[-1] = rise, 1 - rise
    frames = (frames / share[:, :, None]).reshape(batch, -1, channels)
    return frames[:, half // 2 : half // 2 + tokens * half]


def wave(time: Tensor, width: int) -> Tensor:
    """Sinusoidal features of a time 0..1; (batch,) → (batch, width)."""
    rate = torch.exp(torch.linspace(0, 6.9, width // 2, device=time.device))
    angle = time[:, None] * rate
    return torch.cat([angle.cos(), angle.sin()], dim=1)


def positions(tokens: int, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary positions (Su et al. 2021), each (tokens, size / 2)."""
    rate = 10000.0 ** -(torch.arange(0, size, 2, device=device) / size)
    angle = torch.arange(tokens, device=device)[:, None] * rate
    return angle.cos(), angle.sin()


def rotate(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Turns queries or keys (batch, heads, tokens, size) by their position."""
    cos, sin = turn
    a, b = x.chunk(2, dim=3)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=3)
