"""The decoder's networks in torch, for training; engine/video/ runs the same from their weights."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.channels import SHAPES
from engine.train.decoder.points import COUNTS
from engine.video.crops import CROPS
from engine.video.decoder import LANDMARKS, outputs
from engine.video.looking import STRIDE

WIDTHS = (16, 40, 80, 128)
REACH = (5, 3, 3, 3)
"""Channels of the layers that look at a crop, each of which halves its size, and the width of what each sees."""
KINDS = {"eye": 80, "mouth": 112, "face": 96}
"""What each kind of crop is summed up in."""
LOOKS = sum(KINDS[one.kind] for one in CROPS)
CHANGING = 3 * LANDMARKS + len(SHAPES) + LOOKS
"""Features of a face, of which a neutral face has the same; after them follow those of the pose."""
SEEN = CHANGING + 9


class Looking(nn.Module):
    """Crops in; what they show, (batch, LOOKS), out. Both eyes are looked at alike."""

    def __init__(self) -> None:
        super().__init__()
        sizes = {one.kind: (one.height, one.width) for one in CROPS}
        counts = {one.kind: count for one, count in zip(CROPS, COUNTS, strict=True)}
        self.layers, self.norms = nn.ModuleDict(), nn.ModuleDict()
        for kind in sizes:
            before, layers = 1, list[nn.Module]()
            for after, reach in zip(WIDTHS, REACH, strict=True):
                layers.append(nn.Conv2d(before, after, reach, STRIDE, reach // 2))
                before = after
            self.layers[kind] = nn.ModuleList(layers)
            self.norms[kind] = nn.ModuleList(nn.BatchNorm2d(width) for width in WIDTHS)
        self.sums = nn.ModuleDict(
            {kind: nn.Linear(WIDTHS[-1] * _halved(h) * _halved(w), KINDS[kind]) for kind, (h, w) in sizes.items()}
        )
        self.points = nn.ModuleDict({kind: nn.Linear(KINDS[kind], 2 * count) for kind, count in counts.items()})
        self.dropout = nn.Dropout(0.1)

    def forward(self, crops: list[Tensor]) -> Tensor:
        """crops: for each of CROPS, float (batch, height, width), standardised (see engine/video/looking.py)."""
        found = []
        for one, crop in zip(CROPS, crops, strict=True):
            hidden = crop[:, None]
            pairs: Any = zip(self.layers[one.kind], self.norms[one.kind], strict=True)  # pyright: ignore
            for layer, norm in pairs:
                hidden = functional.silu(norm(layer(hidden)))
            found.append(self.sums[one.kind](self.dropout(hidden.flatten(1))))
        return torch.cat(found, 1)

    def found_points(self, looks: Tensor) -> Tensor:
        """Where the points of points.py are in their crops, (batch, points, 2), by what the crops show."""
        parts = looks.split([KINDS[one.kind] for one in CROPS], 1)
        found = [self.points[one.kind](part) for one, part in zip(CROPS, parts, strict=True)]
        return torch.cat(found, 1).view(len(looks), -1, 2)

    def weights(self) -> dict[str, Tensor]:
        """What looking needs, by the names that engine/video/looking.py knows: each norm, as it is after training,
        inside its layer."""
        found = {}
        for kind in KINDS:
            pairs: Any = zip(self.layers[kind], self.norms[kind], strict=True)  # pyright: ignore[reportArgumentType]
            for number, (layer, norm) in enumerate(pairs):
                gain = norm.weight / (norm.running_var + norm.eps).sqrt()
                found[f"looking.{kind}.{number}.weight"] = layer.weight * gain[:, None, None, None]
                found[f"looking.{kind}.{number}.bias"] = (layer.bias - norm.running_mean) * gain + norm.bias
            found[f"looking.{kind}.sum.weight"] = self.sums[kind].weight
            found[f"looking.{kind}.sum.bias"] = self.sums[kind].bias
        return {name: value.detach() for name, value in found.items()}


class Network(nn.Module):
    """Features in; outputs, their expected error (before calibration), and the head's correction out."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.enter = nn.Linear(SEEN, width)
        self.change = nn.Linear(CHANGING, width)
        self.blocks = nn.ModuleList(
            nn.ModuleList([nn.Linear(width, width), nn.Linear(width, width)]) for _ in range(blocks)
        )
        self.means = nn.Linear(width, len(outputs()))
        self.direct = nn.Linear(SEEN, len(outputs()))
        self.direct_change = nn.Linear(CHANGING, len(outputs()))
        self.doubt = nn.ModuleDict({"0": nn.Linear(width, 96), "1": nn.Linear(96, len(outputs()))})
        self.turn = nn.Linear(width, 3)
        self.dropout = nn.Dropout(0.15)

    def forward(self, seen: Tensor, change: Tensor, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """seen: (batch, SEEN), standardised. change: (batch, CHANGING), the difference from the person's neutral
        face. known: (batch, 1), 1 where there is one. Returns means, log of the expected error, rotation vectors.
        """
        hidden = self.enter(seen) + known * self.change(change)
        for one, two in self.blocks:  # pyright: ignore[reportGeneralTypeIssues]
            hidden = hidden + two(self.dropout(functional.silu(one(_normed(hidden)))))
        last = functional.silu(_normed(hidden))
        # Doubt may not bend what it doubts.
        doubt = self.doubt["1"](functional.silu(self.doubt["0"](last.detach())))
        straight = self.direct(seen) + known * self.direct_change(change)
        return self.means(last) + straight, doubt.clamp(-7, 2), self.turn(last)


def _halved(size: int) -> int:
    return -(-size // 2 ** len(WIDTHS))


def _normed(x: Tensor) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:])
