"""Loading the model, for those who only ask it."""

from typing import TYPE_CHECKING

from engine.errors import FaceMimicError

if TYPE_CHECKING:
    from engine.model.generate import Generator


def load_generator(device: str = "auto") -> "Generator":
    """The model on a device. Imports torch, which takes a second.

    Raises FaceMimicError, kind "weights" or "device"; also when torch is not installed.
    """
    try:
        from engine.model.generate import Generator
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "safetensors"):
            raise
        raise FaceMimicError(
            f"Generating needs {error.name}. Install it into the engine's Python: pip install “torch>=2.11,<3”"
            " “safetensors>=0.5,<1”.",
            "device",
        ) from error
    return Generator.load(device=device)
