"""The decoder's network in torch, for training; engine/video/decoder.py runs the same in numpy."""

from torch import Tensor, nn
from torch.nn import functional

from engine.channels import SHAPES
from engine.video.decoder import LANDMARKS, outputs

CHANGING = 3 * LANDMARKS + len(SHAPES)
"""Features of a face, of which a neutral face has the same; after them follow those of the pose."""
SEEN = CHANGING + 9


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
        self.dropout = nn.Dropout(0.2)

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


def _normed(x: Tensor) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:])
