"""Reading and writing the model's weights: safetensors with the configuration inside."""

import hashlib
import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from engine.channels import CHANNELS
from engine.emotions import emotions
from engine.errors import FaceMimicError
from engine.files import written_whole
from engine.model.network import Config, Network
from engine.request import STYLE_KNOBS

FORMAT = "facemimic-performance-1"
PRECISION_VARIABLE = "FACEMIMIC_PRECISION"


def save_network(network: Network, path: str | Path, facts: dict[str, object]) -> None:
    """Writes float16 weights; `facts` (JSON-ready: steps, seed, data …) are kept beside the configuration."""
    tensors = {name: value.detach().cpu().half().contiguous() for name, value in network.state_dict().items()}
    # One entry, since safetensors writes several in any order and the same run must give the same bytes.
    table = {"format": FORMAT, "config": network.config.to_dict(), "facts": facts}
    metadata = {"facemimic": json.dumps(table, sort_keys=True)}
    with written_whole(path) as part:
        save_file(tensors, part, metadata)


def load_network(path: str | Path) -> tuple[Network, str]:
    """The network and its file's sha256. Raises FaceMimicError (kind "weights") with what to do."""
    path = Path(path)
    if not path.is_file():
        raise FaceMimicError(
            f"The model's weights are missing: there is no {path}. Install FaceMimic again, or set FACEMIMIC_WEIGHTS"
            " to the folder that holds performance.safetensors.",
            "weights",
        )
    try:
        with safe_open(path, framework="pt") as file:
            table = json.loads((file.metadata() or {}).get("facemimic", "{}"))
            if table.get("format") != FORMAT:
                raise _other_version(path)
            config = Config.from_dict(table["config"])
            if not _speaks_our_names(config):
                raise _other_version(path)
            network = Network(config)
            network.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise FaceMimicError(
            f"{path.name} is damaged or is no weights file. Install FaceMimic again.", "weights"
        ) from error
    except (RuntimeError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise _other_version(path) from error
    return network.eval(), hashlib.sha256(path.read_bytes()).hexdigest()


def _speaks_our_names(config: Config) -> bool:
    """Whether the network answers in our channels, and understands every emotion and knob that can be asked for."""
    return config.channels == CHANNELS and config.style == STYLE_KNOBS and set(emotions()) <= set(config.emotions)


def _other_version(path: Path) -> FaceMimicError:
    return FaceMimicError(
        f"{path.name} is of another version of FaceMimic, so this engine cannot use it. Install the weights that"
        " belong to this version.",
        "weights",
    )


def choose_device(name: str) -> torch.device:
    """auto, cpu, cuda or mps as a device. Raises FaceMimicError (kind "device") for one that is not there."""
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        return torch.device(next(device for device in ("cuda", "mps", "cpu") if present[device]))
    if name not in present:
        raise FaceMimicError(f"There is no device “{name}”. Choose auto, cpu, cuda or mps.", "device")
    if not present[name]:
        raise FaceMimicError(f"This machine's PyTorch cannot use {name}. Choose auto or cpu.", "device")
    return torch.device(name)


def choose_precision(name: str | None, device: torch.device) -> torch.dtype:
    """float32 or bfloat16: `name`, else $FACEMIMIC_PRECISION, else float32.

    bfloat16 is for long or many performances on an NVIDIA GPU of compute capability 8 or more (Ampere, 2020), which
    multiplies it many times as fast. Raises FaceMimicError (kind "device") elsewhere: it would only cost precision.
    """
    name = name or os.environ.get(PRECISION_VARIABLE) or "float32"
    if name not in ("float32", "bfloat16"):
        raise FaceMimicError(f"There is no precision “{name}”. Choose float32 or bfloat16.", "device")
    if name == "float32":
        return torch.float32
    if device.type != "cuda" or torch.cuda.get_device_capability(device) < (8, 0):
        raise FaceMimicError(
            "bfloat16 needs an NVIDIA GPU of the Ampere generation (2020) or later. Choose float32, or remove"
            f" {PRECISION_VARIABLE} from the environment.",
            "device",
        )
    return torch.bfloat16
