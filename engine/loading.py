"""Loading the model, for those who only ask it."""

from typing import TYPE_CHECKING

from engine.errors import FaceMimicError

if TYPE_CHECKING:
    from engine.model.generate import Generator

_WANTED = {"torch": "torch>=2.11,<3", "safetensors": "safetensors>=0.5,<1", "scipy": "scipy>=1.14,<2"}


def load_generator(device: str = "auto") -> "Generator":
    """The model on a device. Imports torch, which takes a second.

    Raises FaceMimicError, kind "weights" or "device"; also when torch is not installed.
    """
    try:
        from engine.model.generate import Generator
    except ModuleNotFoundError as error:
        raise missing_package(error) from error
    return Generator.load(device=device)


def missing_package(error: ModuleNotFoundError) -> Exception:
    """What to tell about a package that is not installed; the error itself for one that we never asked for."""
    name = (error.name or "").partition(".")[0]
    if name not in _WANTED:
        return error
    return FaceMimicError(
        f"The engine needs {name}. Install it into the engine's Python: pip install “{_WANTED[name]}”.",
        "device",
    )
