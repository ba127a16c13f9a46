"""What crops of a face show, summed up by the decoder's small convolutional network.

It runs in numpy: PyTorch beside the tracker would take a fifth of a gigabyte and two seconds to start.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from engine.video.crops import CROPS, parted

SOFT = 6.0
"""Added to a crop's standard deviation, 0..255, so that noise in an even one is not blown up."""
STRIDE = 2
_BATCH = 16


def looks_at(tensors: dict[str, np.ndarray], crops: np.ndarray) -> np.ndarray:
    """float32 (frames, 2, looks): of each face, and of its mirror image.

    tensors: the decoder's weights. crops: uint8 (frames, BYTES), see crops.py. Pure; may be called from any thread.
    """
    width = sum(len(tensors[f"looking.{one.kind}.sum.bias"]) for one in CROPS)
    made = np.empty((len(crops), 2, width), np.float32)
    for first in range(0, len(crops), _BATCH):
        left, right, *others = (standardised(part) for part in parted(crops[first : first + _BATCH]))
        # A mirrored picture's eyes are the same crops in the other order.
        left, right = look(tensors, "eye", left), look(tensors, "eye", right)
        plain, other = [left, right], [right, left]
        for one, part in zip(CROPS[2:], others, strict=True):
            plain.append(look(tensors, one.kind, part))
            other.append(look(tensors, one.kind, part[:, :, ::-1]))
        made[first : first + _BATCH] = np.stack([np.concatenate(plain, 1), np.concatenate(other, 1)], 1)
    return made


def look(tensors: dict[str, np.ndarray], kind: str, part: np.ndarray) -> np.ndarray:
    """What crops of a kind show, float32 (frames, any); part: float32 (frames, height, width), standardised."""
    hidden, number = part[..., None], 0
    while f"looking.{kind}.{number}.weight" in tensors:
        weight, bias = (tensors[f"looking.{kind}.{number}.{name}"] for name in ("weight", "bias"))
        hidden = _convolved(hidden, weight)
        hidden += bias
        # x / (1 + exp(-x)); tanh does not overflow.
        part = 0.5 * hidden
        np.tanh(part, out=part)
        part += 1
        part *= 0.5
        hidden *= part
        number += 1
    weight, bias = (tensors[f"looking.{kind}.sum.{name}"] for name in ("weight", "bias"))
    return hidden.transpose(0, 3, 1, 2).reshape(len(part), -1) @ weight.T + bias


def _convolved(pictures: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(frames, height / STRIDE, width / STRIDE, after), rounded up; pictures: (frames, height, width, before), seen as
    0 beyond their edges. weight: (after, before, reach, reach)."""
    frames, height, width, before = pictures.shape
    after, reach = weight.shape[0], weight.shape[-1]
    edge = reach // 2
    padded = np.zeros((frames, height + 2 * edge, width + 2 * edge, before), np.float32)
    padded[:, edge : edge + height, edge : edge + width] = pictures
    down, across = -(-height // STRIDE), -(-width // STRIDE)
    frame, row, column, one = padded.strides
    # A row of what lies under the kernel is in one piece.
    under = as_strided(
        padded, (frames, down, across, reach, reach * before), (frame, STRIDE * row, STRIDE * column, row, one)
    )
    kernel = weight.transpose(2, 3, 1, 0).reshape(-1, after)
    return (under.reshape(-1, len(kernel)) @ kernel).reshape(frames, down, across, after)


def standardised(part: np.ndarray) -> np.ndarray:
    """Crops of a kind, float32 (frames, height, width), of uint8 ones, whatever their light and contrast."""
    values = part.astype(np.float32)
    values -= values.mean((1, 2), keepdims=True)
    return values / (values.std((1, 2), keepdims=True) + SOFT)
