"""Linear layers: through oneDNN where PyTorch's own choice, MKL, is slow, and in bfloat16 where that is asked for."""

import platform

import torch
from torch import Tensor, nn
from torch.nn import functional as F

QUICK = (
    torch.backends.mkldnn.is_available()
    and platform.machine().lower() in ("x86_64", "amd64")
    and hasattr(torch.ops.mkldnn, "_linear_pointwise")
)
"""Whether this machine's oneDNN answers. On AMD's processors MKL leaves AVX-512 unused, so that oneDNN is twice as fast
there; with AVX2 alone they are alike."""


class Linear(nn.Linear):
    """nn.Linear that asks oneDNN when a float32 answer is wanted of a processor and nothing is learned.

    Both ways round differently, in the last digits. Which one is taken depends on the machine alone.
    """

    def forward(self, input: Tensor) -> Tensor:
        if self._quick(input):
            return torch.ops.mkldnn._linear_pointwise(input, self.weight, self.bias, "none", [], "")
        if self.weight.dtype is torch.bfloat16:
            return super().forward(input.bfloat16()).to(input.dtype)
        return super().forward(input)

    def then_gelu(self, x: Tensor) -> Tensor:
        """The layer, then GELU in its tanh form; on a processor in one pass."""
        if self._quick(x):
            return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "gelu", [], "tanh")
        return F.gelu(self(x), approximate="tanh")

    def _quick(self, x: Tensor) -> bool:
        if not QUICK or torch.is_grad_enabled() or x.device.type != "cpu" or torch.is_autocast_enabled("cpu"):
            return False
        return x.dtype is torch.float32 and self.weight.dtype is torch.float32


def in_bfloat16(module: nn.Module) -> None:
    """Keeps the linear layers inside `module` in bfloat16, so that their products are of numbers with 8 bits; what lies
    between them stays float32.
    """
    for layer in module.modules():
        if isinstance(layer, Linear):
            layer.bfloat16()
