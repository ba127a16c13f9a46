"""What crops of a face show, summed up by the decoder's small convolutional network."""

from typing import TYPE_CHECKING

import numpy as np

from engine.video.crops import CROPS, parted

if TYPE_CHECKING:
    from torch import Tensor

SOFT = 6.0
"""Added to a crop's standard deviation, 0..255, so that noise in an even one is not blown up."""
STRIDE = 2
_BATCH = 256


def looks_at(tensors: dict[str, np.ndarray], crops: np.ndarray) -> np.ndarray:
    """float32 (frames, 2, looks): of each face, and of its mirror image.

    tensors: the decoder's weights. crops: uint8 (frames, BYTES), see crops.py. Pure; may be called from any thread.
    """
    width = sum(len(tensors[f"looking.{one.kind}.sum.bias"]) for one in CROPS)
    made = np.empty((len(crops), 2, width), np.float32)
    if not len(crops):
        return made
    import torch  # takes seconds, which a reading of scores alone need not wait for

    with torch.inference_mode():
        for first in range(0, len(crops), _BATCH):
            left, right, *others = (
                torch.from_numpy(standardised(part)) for part in parted(crops[first : first + _BATCH])
            )
            # A mirrored picture's eyes are the same crops in the other order.
            left, right = look(tensors, "eye", left), look(tensors, "eye", right)
            plain, other = [left, right], [right, left]
            for one, part in zip(CROPS[2:], others, strict=True):
                plain.append(look(tensors, one.kind, part))
                other.append(look(tensors, one.kind, part.flip(2)))
            made[first : first + _BATCH] = torch.stack([torch.cat(plain, 1), torch.cat(other, 1)], 1).numpy()
    return made


def look(tensors: dict[str, np.ndarray], kind: str, part: "Tensor") -> "Tensor":
    """What crops of a kind show, (frames, any); part: float (frames, height, width), standardised."""
    import torch
    from torch.nn import functional

    hidden, number = part[:, None], 0
    while f"looking.{kind}.{number}.weight" in tensors:
        weight, bias = (torch.from_numpy(tensors[f"looking.{kind}.{number}.{name}"]) for name in ("weight", "bias"))
        hidden = functional.silu(functional.conv2d(hidden, weight, bias, STRIDE, weight.shape[-1] // 2))
        number += 1
    weight, bias = (torch.from_numpy(tensors[f"looking.{kind}.sum.{name}"]) for name in ("weight", "bias"))
    return functional.linear(hidden.flatten(1), weight, bias)


def standardised(part: np.ndarray) -> np.ndarray:
    """Crops of a kind, float32 (frames, height, width), of uint8 ones, whatever their light and contrast."""
    values = part.astype(np.float32)
    values -= values.mean((1, 2), keepdims=True)
    return values / (values.std((1, 2), keepdims=True) + SOFT)
